#include "sim/core/gossip_reading.h"

#include <string_view>

#include "sim/core/failure.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"

namespace sim {
namespace {

constexpr std::uint16_t kFailing = bus::flag::kPfail | bus::flag::kFail;
constexpr std::int64_t kFutureToleranceMs = 500;

bool same_text_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Somebody heard of the peer later than I did, if not later than can be.
void take_later_pong(PeerHot& hot, const bus::Gossip& entry, std::int64_t latest_ms) {
  const std::int64_t pong_ms = std::int64_t{entry.pong_received_s} * 1000;
  if (pong_ms > hot.pong_received_ms() && pong_ms <= latest_ms) hot.set_pong_received(pong_ms);
}

// Someone else can reach a peer that I cannot: perhaps it has moved.
void take_other_address(Server& server, Pass& pass, PeerId peer, AddressRef address) {
  ClusterState& cluster = server.cluster;
  const Address& known = peer_address(server, peer);
  const Address& told = server.names->address(address);
  if (same_text_ignoring_case(known.ip, told.ip) && known.port == told.port &&
      known.cport == told.cport) {
    return;
  }
  free_dialled_link(server, pass, peer);
  cluster.peers.set_address(peer, address);
  cluster.peers.hot(peer).clear(bus::flag::kNoAddr);
  cluster.view_cache = {};
  cluster.next_scan_ms = 0;
}

void read_known(Server& server, Pass& pass, PeerId sender, bool sender_is_primary, PeerId peer,
                const bus::Gossip& entry, const Profile& told) {
  ClusterState& cluster = server.cluster;
  const bool failing = (told.flags & kFailing) != 0;
  if (sender_is_primary && peer != kMyself) {
    if (failing) {
      add_failure_report(server, pass, peer, sender);
    } else if (!cluster.failure_reports.empty()) {
      remove_failure_report(server, pass, peer, sender);
    }
  }
  if (failing) return;
  PeerHot& hot = cluster.peers.hot(peer);
  if (!hot.pinged() &&
      (cluster.failure_reports.empty() || count_failure_reports(server, pass, peer) == 0)) {
    take_later_pong(hot, entry, server.cached_wall_ms + kFutureToleranceMs);
  }
  if (hot.has(kFailing) && (told.flags & bus::flag::kNoAddr) == 0) {
    take_other_address(server, pass, peer, told.address);
  }
}

void learn(Server& server, Pass& pass, PeerId sender, const Profile& told) {
  if (sender.is_none() || (told.flags & bus::flag::kNoAddr) != 0) return;
  const NodeName& name = server.names->name(told.node);
  if (blacklisted(server, name)) return;
  if (server.deviations.has(Deviation::kGossipIntroduces)) {
    start_handshake(server, pass, server.names->address(told.address));
    return;
  }
  if (!admit_name(server, pass, told.node)) return;
  add_peer(server, pass, told.node, told.address, told.flags);
}

void expect_rows(const PeerTable& peers, const Names& names,
                 const std::vector<bus::Gossip>& entries) {
  constexpr std::size_t kFew = 16;  // a small cluster's rows are at hand anyway
  if (entries.size() < kFew) return;
  for (const bus::Gossip& entry : entries) peers.expect(names.profile(entry.profile).node);
  for (const bus::Gossip& entry : entries) {
    const PeerId peer = peers.find(names.profile(entry.profile).node);
    if (!peer.is_none()) peers.expect(peer);
  }
}

// Nearly every entry is about a healthy peer nobody complains of, and says at most that it was
// heard of later than I know. False: this one is another, and nothing was done.
bool read_good_news(Server& server, const bus::Gossip& entry, const Profile& told,
                    std::int64_t latest_ms) {
  PeerTable& peers = server.cluster.peers;
  const PeerId peer = peers.find(told.node);
  if (peer.is_none() || (told.flags & kFailing) != 0) return false;
  PeerHot& hot = peers.hot(peer);
  if (hot.has(kFailing)) return false;
  if (!hot.pinged()) take_later_pong(hot, entry, latest_ms);
  return true;
}

}  // namespace

void read_gossip(Server& server, Pass& pass, PeerId sender, const bus::Heartbeat& beat) {
  const ClusterState& cluster = server.cluster;
  expect_rows(cluster.peers, *server.names, beat.gossip);
  const std::int64_t latest_ms = server.cached_wall_ms + kFutureToleranceMs;
  for (const bus::Gossip& entry : beat.gossip) {
    const bool quiet = cluster.failure_reports.empty() && !cluster.malformed_names;
    const Profile told = server.names->profile(entry.profile);
    if (quiet && read_good_news(server, entry, told, latest_ms)) continue;
    const PeerId peer = mentioned_peer(server, told.node);
    const bool sender_is_primary = !sender.is_none() && may_report(server, sender);
    if (peer.is_none()) {
      learn(server, pass, sender, told);
      if (pass.exited()) return;
    } else {
      read_known(server, pass, sender, sender_is_primary, peer, entry, told);
    }
  }
}

void read_extensions(Server& server, PeerId sender, const bus::Heartbeat& beat) {
  ClusterState& cluster = server.cluster;
  if (!cluster.hostnames.empty()) cluster.hostnames.erase(sender);  // unless it is told again
  for (const bus::Extension& extension : beat.extensions) {
    if (extension.type == 0) cluster.hostnames[sender] = bus::hostname_of(extension);
  }
}

}  // namespace sim
