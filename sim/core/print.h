// The cluster as CLUSTER NODES, INFO, SLOTS, SHARDS and LINKS tell it. (Protocol §11.1, §11.2.)
#pragma once

#include <string>

#include "sim/core/server.h"
#include "sim/wire/resp.h"

namespace sim {

std::string print_nodes(const Server& server);
std::string print_info(const Server& server);
resp::Value print_slots(const Server& server);
resp::Value print_shards(const Server& server);
resp::Value print_links(const Server& server);

}  // namespace sim
