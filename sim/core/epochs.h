// Epochs: the logical clock of the cluster, and the versions of its slot map. (Protocol §7.5,
// §7.6.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

std::uint64_t my_config_epoch(const ClusterState& cluster);
// The epoch a header of mine carries: my primary's if I am a replica that knows it.
std::uint64_t announced_config_epoch(const ClusterState& cluster);
// Every change of an own epoch comes through here; it notes but saves nothing.
void set_epochs(Server& server, Pass& pass, std::uint64_t current, std::uint64_t config,
                event::EpochCause cause);
// A header's currentEpoch.
void merge_current_epoch(Server& server, Pass& pass, std::uint64_t seen);
// currentEpoch + 1 becomes my configEpoch, unless mine is the greatest known already. True if it
// moved.
bool bump_epoch_without_consensus(Server& server, Pass& pass, event::EpochCause cause);
// Two primaries with one configEpoch: the one with the smaller id moves on.
void resolve_epoch_collision(Server& server, Pass& pass, PeerId sender);

}  // namespace sim
