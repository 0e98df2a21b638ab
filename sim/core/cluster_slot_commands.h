// The CLUSTER subcommands about slots and the keys in them. (Protocol §11.1.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/wire/resp.h"

namespace sim {

// OK to a command that changed what is believed of the cluster: before sleeping the state is
// evaluated and nodes.conf saved.
resp::Value cluster_changed(Server& server);

// ADDSLOTS, ADDSLOTSRANGE (`add`), DELSLOTS, DELSLOTSRANGE: all arguments are checked before any
// slot moves.
resp::Value cluster_change_slots(Server& server, Pass& pass, const resp::Command& command, bool add,
                                 bool ranges);
// SETSLOT, in all its forms. (Protocol §9.3.)
resp::Value cluster_set_slot(Server& server, Pass& pass, const resp::Command& command);
resp::Value cluster_flush_slots(Server& server, Pass& pass);
resp::Value cluster_key_slot(const resp::Command& command);
resp::Value cluster_count_keys_in_slot(const Server& server, const resp::Command& command);
resp::Value cluster_get_keys_in_slot(const Server& server, const resp::Command& command);

}  // namespace sim
