// CLUSTER SETSLOT, in all its forms. (Protocol §9.3.)
//
// In 7.0 it is a primary's own affair. With `open-slots-replicated`, as in Valkey 8, a primary
// first puts the command into the stream, and carries it out when every replica that takes it has
// acknowledged it; then a replica that is promoted knows what was going on.
#pragma once

#include "sim/core/commands.h"

namespace sim {

resp::Value cluster_set_slot(Server& server, Pass& pass, const resp::Command& command);
// For the dispatcher of CLUSTER: true if the command waits for the replicas now, and answers later.
bool set_slot_waits(Execution& execution);
// From the stream of my primary. What cannot be done here is not.
void apply_set_slot(Server& server, Pass& pass, const resp::Command& command);
bool is_set_slot(const resp::Command& command);

}  // namespace sim
