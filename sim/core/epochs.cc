#include "sim/core/epochs.h"

#include <algorithm>

#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"

namespace sim {

std::uint64_t my_config_epoch(const ClusterState& cluster) {
  return cluster.peers.cold(kMyself).config_epoch;
}

std::uint64_t announced_config_epoch(const ClusterState& cluster) {
  const PeerId primary = my_primary(cluster);
  return cluster.peers.cold(primary.is_none() ? kMyself : primary).config_epoch;
}

void set_epochs(Server& server, Pass& pass, std::uint64_t current, std::uint64_t config,
                event::EpochCause cause) {
  ClusterState& cluster = server.cluster;
  std::uint64_t& mine = cluster.peers.cold(kMyself).config_epoch;
  if (current == cluster.current_epoch && config == mine) return;
  pass.note(event::EpochChanged{cluster.current_epoch, current, mine, config, cause});
  cluster.current_epoch = current;
  mine = config;
}

void merge_current_epoch(Server& server, Pass& pass, std::uint64_t seen) {
  const std::uint64_t current = server.cluster.current_epoch;
  if (seen == current) return;
  if (seen < current && server.mutation != Mutation::kEpochGoesBack) return;
  set_epochs(server, pass, seen, my_config_epoch(server.cluster), event::EpochCause::kSeen);
}

bool bump_epoch_without_consensus(Server& server, Pass& pass, event::EpochCause cause) {
  ClusterState& cluster = server.cluster;
  std::uint64_t greatest = cluster.current_epoch;
  cluster.peers.each(
      [&](PeerId peer) { greatest = std::max(greatest, cluster.peers.cold(peer).config_epoch); });
  const std::uint64_t mine = my_config_epoch(cluster);
  if (mine != 0 && mine == greatest) return false;
  const std::uint64_t next = cluster.current_epoch + 1;
  set_epochs(server, pass, next, next, cause);
  save_later(cluster, true);
  return true;
}

void resolve_epoch_collision(Server& server, Pass& pass, PeerId sender) {
  if (server.mutation == Mutation::kSkipCollisionResolution) return;
  // Bytewise; the greater name never moves.
  if (!(peer_name(server, sender) > my_name(server))) return;
  const std::uint64_t next = server.cluster.current_epoch + 1;
  set_epochs(server, pass, next, next, event::EpochCause::kCollision);
  save_nodes_file(server, pass, true);
}

}  // namespace sim
