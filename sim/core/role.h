// Roles: mine and my peers', and the act of promotion. (Protocol §5.5e, §7.4, §7.9.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// What a peer's own header says it is.
void set_peer_as_primary(Server& server, Pass& pass, PeerId peer);
void set_peer_as_replica(Server& server, Pass& pass, PeerId peer, const bus::Header& header);
// Changes whom a replica's record points at, and the records that depend on it.
void link_replica(Server& server, PeerId replica, PeerId primary);
// The primary's record has at least one replica in my table.
bool has_replicas(const ClusterState& cluster, PeerId primary);

// I become, or stay, a replica, of this primary. Asserts as redis 7.0.15 does if I own slots. Saves
// nothing.
void follow(Server& server, Pass& pass, PeerId primary);
// I take my primary's place. `votes` is 0 for a takeover.
void promote_myself(Server& server, Pass& pass, std::uint32_t votes, bool takeover);

}  // namespace sim
