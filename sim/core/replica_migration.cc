#include "sim/core/replica_migration.h"

#include <algorithm>
#include <vector>

#include "sim/core/mutation.h"
#include "sim/core/role.h"

namespace sim {
namespace {

constexpr std::int64_t kDelayMs = 5000;  // orphans may be helped by someone nearer
constexpr std::uint32_t kSpareFrom = 2;  // a shard with fewer replicas has none to give away

// For each row, how many replicas follow it that lack all of `flags`.
std::vector<std::uint32_t> count_replicas_without(const PeerTable& peers, std::uint16_t flags) {
  std::vector<std::uint32_t> counts(peers.rows());
  peers.each([&](PeerId peer) {
    const PeerId primary = peers.cold(peer).primary;
    if (!primary.is_none() && !peers.hot(peer).has(flags)) ++counts[primary.value];
  });
  return counts;
}

// The replicas of all primaries, as step 4a of the cron sees them: a suspect counts as working.
Helpers find_helpers(const ClusterState& cluster) {
  const PeerTable& peers = cluster.peers;
  const std::vector<std::uint32_t> working = count_replicas_without(peers, bus::flag::kFail);
  constexpr std::uint16_t kPassedOver =
      bus::flag::kMyself | bus::flag::kNoAddr | bus::flag::kHandshake | bus::flag::kFail;
  Helpers helpers{true, false, 0, 0};
  peers.each([&](PeerId peer) {
    const PeerHot& hot = peers.hot(peer);
    if (hot.has(kPassedOver) || !hot.is_primary()) return;
    const std::uint32_t count = working[peer.value];
    if (count == 0 && hot.serving() && hot.has(bus::flag::kMigrateTo)) helpers.orphans = true;
    helpers.most = std::max(helpers.most, count);
    if (peer == my_primary(cluster)) helpers.mine = count;
  });
  return helpers;
}

// It has none that works, though it once had or, taking over or getting its first slot, should.
bool is_orphaned(const PeerHot& hot, std::uint32_t working) {
  return !hot.is_replica() && !hot.has(bus::flag::kFail) && hot.has(bus::flag::kMigrateTo) &&
         working == 0;
}

std::uint32_t sound_replicas(const Server& server, PeerId primary) {
  return count_replicas_without(server.cluster.peers,
                                bus::flag::kPfail | bus::flag::kFail)[primary.value];
}

bool can_be_spared(const Server& server, PeerId primary) {
  if (server.mutation == Mutation::kBarrierIgnored) return true;
  return std::int64_t{sound_replicas(server, primary)} > server.config.cluster_migration_barrier;
}

// Times every orphan, and answers the first that has slots.
PeerId watch_orphans(ClusterState& cluster, const std::vector<std::uint32_t>& working,
                     std::int64_t now_ms) {
  PeerId first = kNoPeer;
  cluster.peers.each([&](PeerId peer) {
    const PeerHot& hot = cluster.peers.hot(peer);
    if (!is_orphaned(hot, working[peer.value])) {
      cluster.orphaned_ms.erase(peer);
      return;
    }
    cluster.orphaned_ms.emplace(peer, now_ms);
    if (first.is_none() && hot.serving()) first = peer;
  });
  return first;
}

// Of the replicas of the best provided primaries the one with the smallest id goes, even if it is
// FAIL: then nobody does.
bool am_candidate(const Server& server, const std::vector<std::uint32_t>& working) {
  const ClusterState& cluster = server.cluster;
  const PeerTable& peers = cluster.peers;
  const std::uint32_t most = cluster.view_cache.helpers.most;
  bool smallest = true;
  peers.each([&](PeerId peer) {
    const PeerId primary = peers.cold(peer).primary;
    if (primary.is_none() || !peers.hot(primary).is_primary()) return;
    if (working[primary.value] == most && peer_name(server, peer) < my_name(server)) {
      smallest = false;
    }
  });
  return smallest;
}

}  // namespace

bool may_have_to_migrate(const Server& server) {
  const ClusterState& cluster = server.cluster;
  if (am_primary(cluster) || !server.config.cluster_allow_replica_migration) return false;
  if (server.mutation == Mutation::kNoReplicaMigration) return false;
  Helpers& helpers = cluster.view_cache.helpers;
  if (!helpers.known) helpers = find_helpers(cluster);
  return helpers.orphans && helpers.most >= kSpareFrom && helpers.mine == helpers.most;
}

void handle_replica_migration(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const PeerId primary = my_primary(cluster);
  if (!cluster.ok || primary.is_none() || !can_be_spared(server, primary)) return;
  const std::vector<std::uint32_t> working =
      count_replicas_without(cluster.peers, bus::flag::kFail);
  const PeerId orphan = watch_orphans(cluster, working, pass.wall_ms());
  if (orphan.is_none() || !am_candidate(server, working)) return;
  if (pass.wall_ms() - cluster.orphaned_ms[orphan] <= kDelayMs) return;
  pass.note(event::ReplicaMigrated{peer_name(server, primary), peer_name(server, orphan),
                                   sound_replicas(server, primary),
                                   server.config.cluster_migration_barrier});
  // Saved with whatever is saved next; 7.0 does not ask for it.
  follow(server, pass, orphan);
}

}  // namespace sim
