#include "sim/core/idle.h"

#include <algorithm>
#include <chrono>

#include "sim/core/cluster_cron.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::uint32_t kTicksPerSecond = 10;

// Keys to expire, a file to sync, clients to let go on, a snapshot being loaded, a shutdown.
bool data_waits(const Server& server) {
  const bool expires = server.keyspace.expiring() > 0 && !server.replication.link.primary;
  const bool syncs = server.config.appendonly && server.persistence.aof_unsynced;
  const bool pauses = server.sessions.held > 0 || server.sessions.pause_until_wall_ms != 0;
  return expires || syncs || pauses || is_loading(server) || server.shutdown.asked;
}

// Trouble of any kind: links to make, suspects, an election or its aftermath, things left to do.
bool cluster_waits(const Server& server) {
  const ClusterState& cluster = server.cluster;
  if (cluster.next_scan_ms == 0 || cluster.manual.end_ms != 0 || !cluster.ok || cluster.todo != 0) {
    return true;
  }
  const PeerId primary = my_primary(cluster);
  if (am_primary(cluster) || primary.is_none()) return !cluster.election.hindrance.empty();
  return !replication_has_target(server) || cluster.peers.hot(primary).has(bus::flag::kFail) ||
         !cluster.election.hindrance.empty();
}

// Ticks until the first that looks at all peers.
std::uint32_t ticks_before_scan(const ClusterState& cluster, const Clocks& now,
                                MonotonicTime last_tick, Duration period) {
  const WallTime last_wall = now.wall - (now.monotonic - last_tick);
  const WallTime scan{
      std::chrono::milliseconds(std::min(cluster.next_scan_ms, to_ms(last_wall) + 2000))};
  // A tick scans when its whole milliseconds are beyond: from a millisecond later on.
  const Duration left = scan + std::chrono::milliseconds(1) - last_wall - Duration{1};
  return left <= Duration::zero() ? 0 : static_cast<std::uint32_t>(left / period);
}

}  // namespace

std::uint32_t idle_ticks(const Server& server, const Clocks& now, MonotonicTime last_tick,
                         Duration period) {
  if (server.config.hz != kTicksPerSecond || data_waits(server)) return 0;
  // Once a second replication has its turn.
  const auto to_replication = static_cast<std::uint32_t>(
      (kTicksPerSecond - server.cron_runs % kTicksPerSecond) % kTicksPerSecond);
  if (!server.config.cluster_enabled) return to_replication;
  const ClusterState& cluster = server.cluster;
  if (to_replication == 0 || cluster_waits(server)) return 0;
  const auto to_ping =
      kRandomPingEvery - 1 - static_cast<std::uint32_t>(cluster.cron_iteration % kRandomPingEvery);
  return std::min({to_replication, to_ping, ticks_before_scan(cluster, now, last_tick, period)});
}

void skip_ticks(Server& server, std::uint32_t count, std::int64_t last_wall_ms) {
  if (count == 0) return;
  server.cached_wall_ms = last_wall_ms;
  server.cron_runs += count;
  if (server.config.cluster_enabled) server.cluster.cron_iteration += count;
}

}  // namespace sim
