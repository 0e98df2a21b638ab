// A replica's side of a failover: when to stand, asking for votes, counting them. (Protocol §7.1,
// §7.3.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// One step of the procedure; called every cron tick and whenever something it waits for has
// happened.
void handle_failover(Server& server, Pass& pass);
// FAILOVER_AUTH_ACK.
void count_vote(Server& server, Pass& pass, PeerId voter, const bus::Header& header);
// How many siblings have more of the primary's data than I.
std::uint32_t replica_rank(const Server& server);
inline std::uint32_t quorum(const ClusterState& cluster) {
  return cluster.size / 2 + 1;
}

}  // namespace sim
