#include "sim/core/shutdown.h"

#include <algorithm>

#include "sim/core/persistence.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::int64_t kTimeoutMs = 10'000;  // shutdown-timeout

bool replicas_caught_up(const ReplicationState& replication) {
  return std::all_of(
      replication.replicas.begin(), replication.replicas.end(),
      [&](const auto& entry) { return entry.second.ack_offset == replication.offset; });
}

void leave(Server& server, Pass& pass) {
  persistence_shutdown(server, pass);
  pass.exit(0, "terminated");
}

// Writes wait from here on. The GETACK moves the offset itself, so it is usually the next periodic
// ACK of a replica that ends the wait.
void wait_for_replicas(Server& server) {
  if (!writes_paused(server)) replication_request_acks(server);
  server.shutdown.wait_until_ms = server.cached_wall_ms + kTimeoutMs;
}

}  // namespace

void ask_to_shut_down(Server& server) {
  server.shutdown.asked = true;
}

void shutdown_cron(Server& server, Pass& pass) {
  const Shutdown& shutdown = server.shutdown;
  if (!shutdown.asked) return;
  if (replicas_caught_up(server.replication)) return leave(server, pass);
  if (shutdown.wait_until_ms == 0) return wait_for_replicas(server);
  if (server.cached_wall_ms >= shutdown.wait_until_ms) leave(server, pass);
}

}  // namespace sim
