#include "sim/core/shards.h"

namespace sim {
namespace {

NameRef shard_of(const ClusterState& cluster, PeerId peer) {
  const auto joined = cluster.shards.find(peer);
  return joined == cluster.shards.end() ? cluster.peers.name(peer) : joined->second;
}

}  // namespace

bool keeps_shards(const Server& server) {
  return deviates(server, Deviation::kOpenSlotsReplicated) ||
         deviates(server, Deviation::kOpenSlotsRepointed) ||
         deviates(server, Deviation::kEmptyShardFailsOver) ||
         deviates(server, Deviation::kMigrationStartsAfresh);
}

bool same_shard(const Server& server, PeerId a, PeerId b) {
  return shard_of(server.cluster, a) == shard_of(server.cluster, b);
}

void join_shard(Server& server, PeerId peer, PeerId primary) {
  if (!keeps_shards(server)) return;
  server.cluster.shards[peer] = shard_of(server.cluster, primary);
}

}  // namespace sim
