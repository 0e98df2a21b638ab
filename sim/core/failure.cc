#include "sim/core/failure.h"

#include <algorithm>

#include "sim/core/election.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"

namespace sim {
namespace {

event::Suspicion suspicion_of(const PeerHot& hot) {
  if (hot.has(bus::flag::kFail)) return event::Suspicion::kFail;
  return hot.has(bus::flag::kPfail) ? event::Suspicion::kPfail : event::Suspicion::kNone;
}

// All changes of mind about a peer come through here.
void change_suspicion(Server& server, Pass& pass, PeerId peer, event::Suspicion to,
                      std::uint32_t reports) {
  ClusterState& cluster = server.cluster;
  PeerHot& hot = cluster.peers.hot(peer);
  const event::Suspicion from = suspicion_of(hot);
  hot.clear(bus::flag::kPfail | bus::flag::kFail);
  if (to == event::Suspicion::kPfail) hot.set(bus::flag::kPfail);
  if (to == event::Suspicion::kFail) {
    hot.set(bus::flag::kFail);
    cluster.failed_ms[peer] = pass.wall_ms();
  }
  cluster.next_scan_ms = 0;
  cluster.view_cache = {};
  pass.note(event::SuspicionChanged{peer_name(server, peer), from, to, reports,
                                    reports == 0 ? 0 : quorum(cluster)});
}

void expire_reports(Server& server, const Pass& pass, std::vector<FailureReport>& reports) {
  if (server.mutation == Mutation::kReportsNeverExpire) return;
  const std::int64_t oldest = pass.wall_ms() - 2 * server.config.cluster_node_timeout_ms;
  std::erase_if(reports, [oldest](const FailureReport& report) { return report.time_ms < oldest; });
}

// How many reports, my own suspicion among them, make a FAIL.
std::uint32_t reports_needed(const Server& server) {
  if (server.mutation == Mutation::kFailWithoutReports) return 1;
  if (server.mutation == Mutation::kFailOnHalf) return (server.cluster.size + 1) / 2;
  return quorum(server.cluster);
}

// PFAIL becomes FAIL when a majority of primaries says so, and everybody is told.
void fail_if_majority_agrees(Server& server, Pass& pass, PeerId peer) {
  ClusterState& cluster = server.cluster;
  const PeerHot& hot = cluster.peers.hot(peer);
  if (!hot.has(bus::flag::kPfail) || hot.has(bus::flag::kFail)) return;
  // Even without slots, in 7.0.
  std::uint32_t mine = may_report(server, kMyself) ? 1 : 0;
  if (server.mutation == Mutation::kReporterCountsTwice) mine *= 2;
  const std::uint32_t reports = count_failure_reports(server, pass, peer) + mine;
  if (reports < reports_needed(server)) return;
  change_suspicion(server, pass, peer, event::Suspicion::kFail, reports);
  const bool told = server.mutation != Mutation::kFailNotTold;
  if (told && (am_primary(cluster) || !deviates(server, Deviation::kReplicasKeepFailure))) {
    bus::Message message = build_message(server, bus::Type::kFail);
    message.body = bus::Fail{cluster.peers.name(peer)};
    send_to_all(server, pass, message);
  }
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, false);
}

}  // namespace

void suspect(Server& server, Pass& pass, PeerId peer) {
  change_suspicion(server, pass, peer, event::Suspicion::kPfail, 0);
  const ClusterState& cluster = server.cluster;
  if (server.mutation == Mutation::kFailWithoutReports) fail_if_majority_agrees(server, pass, peer);
  if (deviates(server, Deviation::kSolePrimaryDeclares) && cluster.size == 1 &&
      am_primary(cluster) && am_serving(cluster)) {
    fail_if_majority_agrees(server, pass, peer);
  }
}

bool may_report(const Server& server, PeerId reporter) {
  const PeerHot& hot = server.cluster.peers.hot(reporter);
  if (server.mutation == Mutation::kReplicasReport) return true;
  return hot.is_primary() &&
         (hot.serving() || !deviates(server, Deviation::kServingPrimariesReport));
}

void add_failure_report(Server& server, Pass& pass, PeerId peer, PeerId reporter) {
  auto& reports = server.cluster.failure_reports[peer];
  const auto known =
      std::find_if(reports.begin(), reports.end(),
                   [reporter](const FailureReport& report) { return report.reporter == reporter; });
  if (known != reports.end()) {
    known->time_ms = pass.wall_ms();
  } else {
    reports.push_back({reporter, pass.wall_ms()});
  }
  fail_if_majority_agrees(server, pass, peer);
}

void remove_failure_report(Server& server, Pass& pass, PeerId peer, PeerId reporter) {
  const auto found = server.cluster.failure_reports.find(peer);
  if (found == server.cluster.failure_reports.end()) return;
  auto& reports = found->second;
  const auto gone = std::erase_if(
      reports, [reporter](const FailureReport& report) { return report.reporter == reporter; });
  if (gone != 0) expire_reports(server, pass, reports);
  if (reports.empty()) server.cluster.failure_reports.erase(found);
}

std::uint32_t count_failure_reports(Server& server, const Pass& pass, PeerId peer) {
  const auto found = server.cluster.failure_reports.find(peer);
  if (found == server.cluster.failure_reports.end()) return 0;
  expire_reports(server, pass, found->second);
  const auto count = static_cast<std::uint32_t>(found->second.size());
  if (count == 0) server.cluster.failure_reports.erase(found);
  return count;
}

void read_fail(Server& server, Pass& pass, PeerId sender, const bus::Fail& fail) {
  ClusterState& cluster = server.cluster;
  if (sender.is_none()) return;
  const PeerId peer = mentioned_peer(server, fail.node);
  if (peer.is_none() || peer == kMyself || cluster.peers.hot(peer).has(bus::flag::kFail)) return;
  change_suspicion(server, pass, peer, event::Suspicion::kFail, 0);
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, false);
}

void clear_suspicion(Server& server, Pass& pass, PeerId peer) {
  ClusterState& cluster = server.cluster;
  const PeerHot& hot = cluster.peers.hot(peer);
  if (hot.has(bus::flag::kFail)) {
    if (server.mutation == Mutation::kFailNeverClears) return;
    // A primary with slots was probably being replaced: give that a chance first.
    const auto failed = cluster.failed_ms.find(peer);
    const std::int64_t since = failed == cluster.failed_ms.end() ? 0 : failed->second;
    const bool at_once = hot.is_replica() || !hot.serving();
    const bool undone = hot.is_primary() && hot.serving() &&
                        pass.wall_ms() - since > 2 * server.config.cluster_node_timeout_ms;
    if (!at_once && !undone && server.mutation != Mutation::kFailClearsTooSoon) return;
  } else if (!hot.has(bus::flag::kPfail) || server.mutation == Mutation::kPfailNeverClears) {
    return;
  }
  change_suspicion(server, pass, peer, event::Suspicion::kNone, 0);
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, false);
}

}  // namespace sim
