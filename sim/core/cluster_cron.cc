#include "sim/core/cluster_cron.h"

#include <algorithm>
#include <array>
#include <limits>

#include "sim/core/cluster_health.h"
#include "sim/core/election.h"
#include "sim/core/epochs.h"
#include "sim/core/failure.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/manual_failover.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/replica_migration.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::size_t kRandomPingSamples = 5;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

void drop_fat_links(Server& server, Pass& pass) {
  const std::uint64_t limit = server.config.cluster_link_sendbuf_limit;
  std::vector<ConnId> fat;
  for (const auto& [conn, bytes] : server.cluster.unsent) {
    if (bytes > limit && is_bus_link(server, conn)) fat.push_back(conn);
  }
  for (ConnId conn : fat) free_link(server, pass, conn);
  server.cluster.links_dropped_for_size += fat.size();
}

void expire_handshakes(Server& server, Pass& pass) {
  const std::int64_t timeout = std::max<std::int64_t>(server.config.cluster_node_timeout_ms, 1000);
  std::vector<PeerId> expired;
  for (const auto& [peer, began] : server.cluster.handshake_began_ms) {
    if (pass.wall_ms() - began > timeout) expired.push_back(peer);
  }
  for (PeerId peer : expired) forget_peer(server, pass, peer, "handshake timed out");
}

// Loop 1 of the cron: links for those who have none.
void reconnect(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  if (server.config.cluster_link_sendbuf_limit > 0) drop_fat_links(server, pass);
  expire_handshakes(server, pass);
  cluster.suspected_at_cron = 0;
  for (std::uint32_t row = 1; row < cluster.peers.rows(); ++row) {
    const PeerHot& hot = cluster.peers.hot(PeerId{row});
    if (!hot.used() || hot.has(bus::flag::kNoAddr)) continue;
    if (hot.has(bus::flag::kPfail)) ++cluster.suspected_at_cron;
    if (server.mutation == Mutation::kNeverReconnects &&
        hot.has(bus::flag::kPfail | bus::flag::kFail)) {
      continue;
    }
    if (!hot.linked()) dial_peer(server, pass, PeerId{row});
  }
}

// Of five drawn at random, the one not heard of for longest.
void ping_random_peer(Server& server, Pass& pass) {
  const PeerTable& peers = server.cluster.peers;
  PeerId chosen = kNoPeer;
  std::array<std::uint32_t, kRandomPingSamples> rows;
  draw_peers(peers, pass.choices, Site::kRandomPing, rows);
  for (const std::uint32_t row : rows) {
    const PeerId peer{row};
    const PeerHot& hot = peers.hot(peer);
    if (!hot.linked() || hot.pinged() || peer == kMyself) continue;
    if (hot.has(bus::flag::kHandshake)) continue;
    if (chosen.is_none() || peers.hot(chosen).pong_received_ms() > hot.pong_received_ms()) {
      chosen = peer;
    }
  }
  if (!chosen.is_none()) send_ping(server, pass, chosen);
}

// When anything at all came from the peer, beside its PONGs.
std::int64_t heard_of_ms(const Server& server, const PeerCold& cold) {
  return deviates(server, Deviation::kPongsOnlyLiveness) ? 0 : cold.data_received_ms;
}

// The link may be stuck: half the timeout without an answer or anything else on a link that is old
// enough. A new one often helps.
void renew_stuck_link(Server& server, Pass& pass, PeerId peer, std::int64_t now) {
  const ClusterState& cluster = server.cluster;
  const PeerHot& hot = cluster.peers.hot(peer);
  if (!hot.linked() || !hot.pinged()) return;
  const PeerCold& cold = cluster.peers.cold(peer);
  const std::int64_t timeout = server.config.cluster_node_timeout_ms;
  if (now - cluster.peers.ping_sent_ms(peer) <= timeout / 2) return;
  if (now - heard_of_ms(server, cold) <= timeout / 2) return;
  if (now - cluster.dialled.find(cold.dialled_link)->created_ms() <= timeout) return;
  free_dialled_link(server, pass, peer);
}

// How long a PING may go unanswered.
std::int64_t patience_ms(const Server& server) {
  const std::int64_t timeout = server.config.cluster_node_timeout_ms;
  if (server.mutation == Mutation::kPfailTooEarly) return timeout / 4;
  if (server.mutation == Mutation::kPfailTooLate) return timeout * 2;
  return timeout;
}

// Loop 2 for one peer. True: it turned PFAIL.
bool watch(Server& server, Pass& pass, PeerId peer) {
  ClusterState& cluster = server.cluster;
  const std::int64_t now = pass.wall_ms();
  const std::int64_t timeout = server.config.cluster_node_timeout_ms;
  renew_stuck_link(server, pass, peer, now);
  const PeerHot& hot = cluster.peers.hot(peer);
  const bool due = !hot.pinged() && now - hot.pong_received_ms() > timeout / 2;
  const bool failing_over =
      cluster.manual.end_ms != 0 && am_primary(cluster) && peer == cluster.manual.replica;
  if (hot.linked() && (due || failing_over)) {
    send_ping(server, pass, peer);
    return false;
  }
  if (!hot.pinged()) return false;
  const std::int64_t silence = now - std::max(cluster.peers.ping_sent_ms(peer),
                                              heard_of_ms(server, cluster.peers.cold(peer)));
  if (silence <= patience_ms(server) || hot.has(bus::flag::kPfail | bus::flag::kFail)) return false;
  suspect(server, pass, peer);
  return true;
}

// Linked, not waited for, heard of lately: all that loop 2 would find out about it.
bool needs_nothing(const PeerHot& hot, std::int64_t oldest_pong_ms) {
  constexpr std::uint16_t kUnusual =
      bus::flag::kNoAddr | bus::flag::kHandshake | bus::flag::kPfail | bus::flag::kFail;
  return hot.used() && hot.linked() && !hot.pinged() && !hot.has(kUnusual) &&
         hot.pong_received_ms() >= oldest_pong_ms;
}

// Loop 2 of the cron. True: somebody turned PFAIL. Finds out, on the way, until when neither loop
// can have anything to do; 0: they must both run next time.
bool watch_all(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const std::int64_t half_timeout = server.config.cluster_node_timeout_ms / 2;
  bool turned = false;
  bool settled = cluster.handshake_began_ms.empty() && cluster.manual.end_ms == 0 &&
                 server.config.cluster_link_sendbuf_limit == 0;
  std::int64_t earliest = kNever;
  const std::int64_t oldest_pong =
      cluster.manual.end_ms != 0 ? kNever : pass.wall_ms() - half_timeout;
  for (std::uint32_t row = 1; row < cluster.peers.rows(); ++row) {
    const PeerHot& hot = cluster.peers.hot(PeerId{row});
    if (needs_nothing(hot, oldest_pong)) {
      earliest = std::min(earliest, hot.pong_received_ms());
      continue;
    }
    if (!hot.used() || hot.has(bus::flag::kNoAddr | bus::flag::kHandshake)) continue;
    if (watch(server, pass, PeerId{row})) turned = true;
    settled = settled && hot.linked() && !hot.has(bus::flag::kPfail);
    earliest = std::min(
        earliest, hot.pinged() ? cluster.peers.ping_sent_ms(PeerId{row}) : hot.pong_received_ms());
  }
  cluster.next_scan_ms = !settled ? 0 : earliest == kNever ? kNever : earliest + half_timeout;
  return turned;
}

// A replica whose replication has no target yet: after a restart, or while its primary's address
// was unknown.
void start_replication(Server& server, Pass& pass) {
  const PeerId primary = my_primary(server.cluster);
  if (primary.is_none() || replication_has_target(server)) return;
  if (server.cluster.peers.hot(primary).has(bus::flag::kNoAddr)) return;
  replication_follow(server, pass, peer_endpoint(server, primary));
}

}  // namespace

void cluster_cron(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  ++cluster.cron_iteration;
  // Loop 1 makes links, counts suspects and ends handshakes: nothing of which there is while a scan
  // can be put off at all.
  if (cluster.next_scan_ms == 0) reconnect(server, pass);
  if (cluster.cron_iteration % kRandomPingEvery == 0) ping_random_peer(server, pass);
  const bool scan = pass.wall_ms() > cluster.next_scan_ms;
  const bool turned = scan && watch_all(server, pass);
  if (!am_primary(cluster)) start_replication(server, pass);
  abort_late_manual_failover(server, pass);
  if (!am_primary(cluster)) {
    handle_manual_failover(server, pass);
    handle_failover(server, pass);
    if (may_have_to_migrate(server)) handle_replica_migration(server, pass);
  }
  if (turned || !cluster.ok) evaluate_health(server, pass);
  if ((cluster.todo & todo::kSaveNextCron) != 0) {
    cluster.todo &= static_cast<std::uint8_t>(~todo::kSaveNextCron);
    save_later(cluster, true);
  }
}

void cluster_before_sleep(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const std::uint8_t flags = cluster.todo;
  if ((flags & ~todo::kSaveNextCron) == 0) return;
  cluster.todo = flags & todo::kSaveNextCron;
  if ((flags & todo::kHandleManualFailover) != 0) {
    if (!am_primary(cluster)) {
      handle_manual_failover(server, pass);
      handle_failover(server, pass);
    }
  } else if ((flags & todo::kHandleFailover) != 0) {
    handle_failover(server, pass);
  }
  if ((flags & todo::kUpdateState) != 0) evaluate_health(server, pass);
  if ((flags & todo::kSaveConfig) != 0) {
    save_nodes_file(server, pass, (flags & todo::kFsyncConfig) != 0);
  }
}

void tell_claim(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const PeerHot& me = cluster.peers.hot(kMyself);
  const PeerCold& mine = cluster.peers.cold(kMyself);
  Told& told = cluster.told;
  const Role role = me.is_primary() ? Role::kPrimary : Role::kReplica;
  const NameRef primary = mine.primary.is_none() ? NameRef{} : cluster.peers.name(mine.primary);
  if (told.started && told.role == role && told.replica_of == primary && told.slots == mine.slots &&
      told.config_epoch == mine.config_epoch && told.current_epoch == cluster.current_epoch) {
    return;
  }
  told = {role, primary, mine.slots, mine.config_epoch, cluster.current_epoch, true};
  pass.note(event::Claim{my_name(server), role, server.names->name(primary), mine.slots,
                         mine.config_epoch, cluster.current_epoch});
}

}  // namespace sim
