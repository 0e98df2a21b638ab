#include "sim/core/role.h"

#include "sim/core/broken.h"
#include "sim/core/cluster_health.h"
#include "sim/core/data.h"
#include "sim/core/election.h"
#include "sim/core/epochs.h"
#include "sim/core/gossip.h"
#include "sim/core/manual_failover.h"
#include "sim/core/membership.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/replication.h"
#include "sim/core/shards.h"
#include "sim/core/slots_config.h"

namespace sim {

bool has_replicas(const ClusterState& cluster, PeerId primary) {
  for (std::uint32_t row = 0; row < cluster.peers.rows(); ++row) {
    const PeerId peer{row};
    if (cluster.peers.hot(peer).used() && cluster.peers.cold(peer).primary == primary) return true;
  }
  return false;
}

void link_replica(Server& server, PeerId replica, PeerId primary) {
  ClusterState& cluster = server.cluster;
  const PeerId before = std::exchange(cluster.peers.cold(replica).primary, primary);
  if (!before.is_none() && !has_replicas(cluster, before)) {
    cluster.peers.hot(before).clear(bus::flag::kMigrateTo);
  }
  if (!primary.is_none()) {
    cluster.peers.hot(primary).set(bus::flag::kMigrateTo);
    join_shard(server, replica, primary);
  }
  cluster.view_cache = {};
}

void set_peer_as_primary(Server& server, Pass&, PeerId peer) {
  ClusterState& cluster = server.cluster;
  PeerHot& hot = cluster.peers.hot(peer);
  if (hot.is_primary()) return;
  const bool had_primary = !cluster.peers.cold(peer).primary.is_none();
  if (had_primary) link_replica(server, peer, kNoPeer);
  if (had_primary && peer != kMyself) hot.set(bus::flag::kMigrateTo);
  hot.clear(bus::flag::kSlave);
  hot.set(bus::flag::kMaster);
  cluster.view_cache = {};
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, false);
}

namespace {

// The peer steps down for one of its own replicas, which later versions take for its successor.
// False: it is none, or an older word than what is known of the peer.
bool hand_over(Server& server, Pass& pass, PeerId peer, const bus::Header& header) {
  ClusterState& cluster = server.cluster;
  const PeerId successor = mentioned_peer(server, header.replica_of);
  if (successor.is_none() || cluster.peers.cold(successor).primary != peer) return false;
  if (cluster.peers.cold(peer).config_epoch > header.config_epoch) return true;
  set_peer_as_primary(server, pass, successor);
  cluster.peers.cold(successor).config_epoch = header.config_epoch;
  if (deviates(server, Deviation::kDemotionMovesSlots)) {
    bind_slots(server, pass, cluster.peers.cold(peer).slots->slots(), successor,
               header.config_epoch);
  }
  return true;
}

}  // namespace

void set_peer_as_replica(Server& server, Pass& pass, PeerId peer, const bus::Header& header) {
  ClusterState& cluster = server.cluster;
  PeerHot& hot = cluster.peers.hot(peer);
  if (hot.is_primary()) {
    const bool later = deviates(server, Deviation::kDemotionKeepsSlots) ||
                       deviates(server, Deviation::kDemotionMovesSlots);
    const bool keeps_slots = later && hand_over(server, pass, peer, header);
    // 7.0 unbinds at once, whether or not somebody claims these slots yet: readers of a demotion
    // that overtakes the successor's claim see them uncovered for a while.
    if (!keeps_slots) unbind_all(server, pass, peer, event::RebindCause::kDemotion);
    hot.clear(bus::flag::kMaster | bus::flag::kMigrateTo);
    hot.set(bus::flag::kSlave);
    cluster.view_cache = {};
    cluster.todo |= todo::kUpdateState;
    save_later(cluster, false);
  }
  const PeerId named = mentioned_peer(server, header.replica_of);
  if (!named.is_none() && named != cluster.peers.cold(peer).primary) {
    link_replica(server, peer, named);
    save_later(cluster, false);
  }
}

void follow(Server& server, Pass& pass, PeerId primary) {
  ClusterState& cluster = server.cluster;
  PeerHot& me = cluster.peers.hot(kMyself);
  if (primary == kMyself || me.serving()) {
    return pass.exit(kAssertionExit, primary == kMyself
                                         ? "assertion failed: n != myself"
                                         : "assertion failed: myself->numslots == 0");
  }
  const bool was_primary = me.is_primary();
  const bool stays = same_shard(server, kMyself, primary);
  if (was_primary) {
    me.clear(bus::flag::kMaster | bus::flag::kMigrateTo);
    me.set(bus::flag::kSlave);
  }
  const bool replicated = deviates(server, Deviation::kOpenSlotsReplicated);
  if (replicated ? !stays : was_primary) close_all_slots(server, pass);
  if (deviates(server, Deviation::kNewPrimaryNewElection)) cluster.election.scheduled_ms = 0;
  link_replica(server, kMyself, primary);
  pass.note(event::Following{peer_name(server, primary), was_primary});
  replication_follow(server, pass, peer_endpoint(server, primary));
  // 7.0 asks the new primary to go on from the history it had, whosever that was.
  if (!stays && deviates(server, Deviation::kMigrationStartsAfresh)) {
    server.replication.cached = false;
  }
  reset_manual_failover(server, pass);
  if (was_primary) session_role_changed(server, pass);
}

void promote_myself(Server& server, Pass& pass, std::uint32_t votes, bool takeover) {
  ClusterState& cluster = server.cluster;
  const PeerId old_primary = my_primary(cluster);
  if (am_primary(cluster) || old_primary.is_none()) return;
  pass.note(event::Promoted{peer_name(server, old_primary), my_config_epoch(cluster), votes,
                            takeover ? 0 : quorum(cluster), takeover, cluster.manual.end_ms != 0});
  set_peer_as_primary(server, pass, kMyself);
  replication_promote(server, pass);
  bind_slots(server, pass, cluster.peers.cold(old_primary).slots->slots(), kMyself,
             my_config_epoch(cluster), event::RebindCause::kPromotion);
  evaluate_health(server, pass);
  save_nodes_file(server, pass, true);
  broadcast_pong(server, pass, false);
  if (cluster.manual.end_ms != 0) pass.note(event::ManualFailover{"done"});
  reset_manual_failover(server, pass);
}

}  // namespace sim
