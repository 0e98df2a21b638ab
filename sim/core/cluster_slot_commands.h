// The CLUSTER subcommands about slots and the keys in them. (Protocol §11.1.)
#pragma once

#include <optional>
#include <string>

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/wire/resp.h"

namespace sim {

// A slot's number; nothing if it is none.
std::optional<SlotId> parse_slot(const std::string& text);

// OK to a command that changed what is believed of the cluster: before sleeping the state is
// evaluated and nodes.conf saved.
resp::Value cluster_changed(Server& server);

// ADDSLOTS, ADDSLOTSRANGE (`add`), DELSLOTS, DELSLOTSRANGE: all arguments are checked before any
// slot moves.
resp::Value cluster_change_slots(Server& server, Pass& pass, const resp::Command& command, bool add,
                                 bool ranges);
resp::Value cluster_flush_slots(Server& server, Pass& pass);
resp::Value cluster_key_slot(const resp::Command& command);
resp::Value cluster_count_keys_in_slot(const Server& server, const resp::Command& command);
resp::Value cluster_get_keys_in_slot(const Server& server, const resp::Command& command);

}  // namespace sim
