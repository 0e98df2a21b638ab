// CLUSTER RESET: a node leaves its cluster and begins anew. (Protocol §7.12.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// A replica becomes an empty primary; slots are unbound and all other nodes forgotten. `hard`: the
// epochs start over, under a new id. What is not on the list stays: who was forgotten by command,
// the last election, the own address. Precondition: a primary holds no keys.
void reset_cluster(Server& server, Pass& pass, bool hard);

}  // namespace sim
