// Cluster state: ok or fail, with its two delays. (Protocol §8.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

void evaluate_health(Server& server, Pass& pass);

}  // namespace sim
