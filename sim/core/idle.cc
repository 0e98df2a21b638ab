#include "sim/core/idle.h"

#include <algorithm>
#include <chrono>

#include "sim/core/cluster_cron.h"
#include "sim/core/replica_migration.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::uint32_t kTicksPerSecond = 10;

// Keys to expire, a file to sync, clients to let go on, a snapshot on its way, a shutdown.
bool data_waits(const Server& server) {
  const bool expires = server.keyspace.expiring() > 0 && !server.replication.link.primary;
  const bool syncs = server.config.appendonly && server.persistence.aof_unsynced;
  const bool pauses = server.sessions.held > 0 || pause_begun(server.sessions);
  if (server.sessions.blocked > 0 || full_sync_runs(server.replication)) return true;
  return expires || syncs || pauses || server.shutdown.asked;
}

// Trouble of any kind: links to make, suspects, an election or its aftermath, things left to do.
bool cluster_waits(const Server& server) {
  const ClusterState& cluster = server.cluster;
  if (cluster.next_scan_ms == 0 || cluster.manual.end_ms != 0 || !cluster.ok || cluster.todo != 0) {
    return true;
  }
  if (!cluster.election.hindrance.empty()) return true;
  const PeerId primary = my_primary(cluster);
  if (am_primary(cluster) || primary.is_none()) return false;
  return !replication_has_target(server) || cluster.peers.hot(primary).has(bus::flag::kFail) ||
         may_have_to_migrate(server);
}

// Has replication something to do at its next turn? Not if I am a primary whose replicas are all in
// the stream and acknowledged it lately, unless a PING is due. (Protocol §10.)
bool replication_waits(const Server& server, std::int64_t last_wall_s) {
  const ReplicationState& replication = server.replication;
  if (replication.link.primary) return true;
  if (replication.replicas.empty()) return replication.backlog.exists();
  const auto ping_period = static_cast<std::uint64_t>(server.config.repl_ping_replica_period_s);
  if (replication.cron_runs % ping_period == 0) return true;
  // By then the clock shows up to two seconds more.
  const std::int64_t oldest_ack_s =
      last_wall_s + 2 -
      std::min<std::int64_t>(server.config.repl_timeout_s, server.config.min_replicas_max_lag_s);
  return std::any_of(
      replication.replicas.begin(), replication.replicas.end(), [oldest_ack_s](const auto& entry) {
        const AttachedReplica& replica = entry.second;
        return replica.state != AttachedReplica::State::kOnline || replica.unsent_bytes != 0 ||
               replica.over_limit_since_s != 0 || replica.ack_at_s < oldest_ack_s;
      });
}

// Ticks until the first that looks at all peers, if there are not `most` of them.
std::uint32_t ticks_before_scan(const ClusterState& cluster, WallTime last_wall, Duration period,
                                std::uint32_t most) {
  // A tick scans when its whole milliseconds are beyond: from a millisecond later on.
  const std::int64_t beyond_ms = cluster.next_scan_ms - to_ms(last_wall);
  if (beyond_ms >= 10'000) return most;
  const Duration left = WallTime{std::chrono::milliseconds(cluster.next_scan_ms + 1)} - last_wall;
  if (left > most * period) return most;
  return left <= Duration{1} ? 0 : static_cast<std::uint32_t>((left - Duration{1}) / period);
}

}  // namespace

std::uint32_t idle_ticks(const Server& server, const Clocks& now, MonotonicTime last_tick,
                         Duration period) {
  if (server.config.hz != kTicksPerSecond || data_waits(server)) return 0;
  const WallTime last_wall = now.wall - (now.monotonic - last_tick);
  // Replication has its turn once a second, the random PING between two of its turns.
  const auto to_turn = static_cast<std::uint32_t>(
      (kTicksPerSecond - server.cron_runs % kTicksPerSecond) % kTicksPerSecond);
  const auto before_turn = [&](std::uint32_t most) {
    const bool in_vain = to_turn < most && server.migrate.sockets.empty() &&
                         !replication_waits(server, to_ms(last_wall) / 1000);
    return std::min(most, in_vain ? to_turn + kTicksPerSecond : to_turn);
  };
  if (!server.config.cluster_enabled) return before_turn(2 * kTicksPerSecond);
  const ClusterState& cluster = server.cluster;
  if (cluster_waits(server)) return 0;
  const auto to_ping =
      kRandomPingEvery - 1 - static_cast<std::uint32_t>(cluster.cron_iteration % kRandomPingEvery);
  const std::uint32_t most = before_turn(to_ping);
  return most == 0 ? 0 : ticks_before_scan(cluster, last_wall, period, most);
}

void skip_ticks(Server& server, std::uint32_t count, std::int64_t last_wall_ms) {
  if (count == 0) return;
  server.cached_wall_ms = last_wall_ms;
  const auto turns = [](std::uint64_t runs) {
    return (runs + kTicksPerSecond - 1) / kTicksPerSecond;
  };
  server.replication.cron_runs += turns(server.cron_runs + count) - turns(server.cron_runs);
  server.cron_runs += count;
  if (server.config.cluster_enabled) server.cluster.cron_iteration += count;
}

}  // namespace sim
