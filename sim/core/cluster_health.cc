#include "sim/core/cluster_health.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/core/election.h"
#include "sim/core/mutation.h"

namespace sim {
namespace {

constexpr std::int64_t kWritableDelayMs = 2000;  // a primary that has just started waits for news
constexpr std::int64_t kRejoinDelayMinMs = 500, kRejoinDelayMaxMs = 5000;

// "": every slot is bound to a node that is not FAIL. PFAIL does not matter here.
std::string coverage_gap(const ClusterState& cluster) {
  std::string gap;
  cluster.owners.each_run([&](SlotId first, SlotId, PeerId owner) {
    if (!gap.empty()) return;
    if (owner.is_none() || cluster.peers.hot(owner).has(bus::flag::kFail)) {
      gap = "slot " + std::to_string(first.value) + " is not covered";
    }
  });
  return gap;
}

std::uint32_t count_primaries(ClusterState& cluster) {
  std::uint32_t reachable = 0;
  cluster.size = 0;
  cluster.peers.each([&](PeerId peer) {
    const PeerHot& hot = cluster.peers.hot(peer);
    if (!hot.is_primary() || !hot.serving()) return;
    ++cluster.size;
    if (!hot.has(bus::flag::kPfail | bus::flag::kFail)) ++reachable;
  });
  return reachable;
}

}  // namespace

void evaluate_health(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const std::int64_t now = pass.wall_ms();
  cluster.todo &= static_cast<std::uint8_t>(~todo::kUpdateState);
  if (cluster.first_evaluation_ms == 0) cluster.first_evaluation_ms = now;
  if (am_primary(cluster) && !cluster.ok && now - cluster.first_evaluation_ms < kWritableDelayMs &&
      server.mutation != Mutation::kNoWritableDelay) {
    return;
  }
  std::string why;
  if (server.config.cluster_require_full_coverage &&
      server.mutation != Mutation::kCoverageIgnored) {
    why = coverage_gap(cluster);
  }
  const std::uint32_t reachable = count_primaries(cluster);
  if (reachable < quorum(cluster) && server.mutation != Mutation::kMinorityKeepsWriting) {
    why = "minority: " + std::to_string(reachable) + " of " + std::to_string(cluster.size) +
          " primaries reachable";
    cluster.minority_seen_ms = now;
  }
  const bool ok = why.empty();
  if (ok == cluster.ok) return;
  const std::int64_t rejoin_delay =
      std::clamp(server.config.cluster_node_timeout_ms, kRejoinDelayMinMs, kRejoinDelayMaxMs);
  if (ok && am_primary(cluster) && now - cluster.minority_seen_ms < rejoin_delay &&
      server.mutation != Mutation::kNoRejoinDelay) {
    return;
  }
  cluster.ok = ok;
  pass.note(event::HealthChanged{ok, std::move(why)});
}

}  // namespace sim
