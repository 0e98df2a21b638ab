// A primary's side of an election. (Protocol §7.2.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// FAILOVER_AUTH_REQUEST: one vote in each epoch, and none for the replicas of one primary within
// 2T. Refusals are silent.
void consider_vote(Server& server, Pass& pass, PeerId candidate, const bus::Header& request);

}  // namespace sim
