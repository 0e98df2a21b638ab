#include "sim/core/gossip.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sim/core/epochs.h"
#include "sim/core/links.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::uint16_t kUnfitForGossip = bus::flag::kHandshake | bus::flag::kNoAddr;

bus::Gossip entry_of(Server& server, PeerId peer) {
  PeerTable& peers = server.cluster.peers;
  const PeerHot& hot = peers.hot(peer);
  return {peers.profile(peer, *server.names), hot.ping_sent_s(),
          static_cast<std::uint32_t>(hot.pong_received_ms() / 1000)};
}

// A tenth of the cluster but at least three, drawn with replacement in at most three times as many
// attempts.
void pick_at_random(Server& server, Choices& choices, std::vector<bus::Gossip>& picked,
                    std::int64_t fresh, std::int64_t wanted) {
  PeerTable& peers = server.cluster.peers;
  const std::uint16_t come_anyway =
      deviates(server, Deviation::kSuspectsByChance) ? std::uint16_t{0} : bus::flag::kPfail;
  std::array<std::uint32_t, 64> rows;
  picked.resize(static_cast<std::size_t>(wanted));
  bus::Gossip* next = picked.data();
  for (std::int64_t draws = 3 * wanted; draws > 0 && fresh > 0;) {
    // A draw fills at most one place, so as many draws as there are places left are made in any
    // case: make them first, and the rows are fetched from memory side by side.
    const std::int64_t places = picked.data() + wanted - next;
    const std::int64_t batch = std::min({places, draws, fresh, std::int64_t{rows.size()}});
    if (batch <= 0) break;
    draws -= batch;
    const std::span<std::uint32_t> drawn(rows.data(), static_cast<std::size_t>(batch));
    draw_peers(peers, choices, Site::kGossipPick, drawn);
    for (const std::uint32_t row : drawn) peers.expect(PeerId{row});
    for (const std::uint32_t row : drawn) {
      const PeerId peer{row};
      const PeerHot& hot = peers.hot(peer);
      if (peer == kMyself || hot.has(come_anyway) || peers.marked(peer)) continue;
      --fresh;
      if (hot.has(kUnfitForGossip) || (!hot.linked() && !hot.serving())) continue;
      *next++ = entry_of(server, peer);
      peers.mark(peer);
    }
  }
  picked.resize(static_cast<std::size_t>(next - picked.data()));
  peers.unmark_all();
}

// Every suspected peer comes along, as many as the last cron counted.
void add_suspected(Server& server, std::vector<bus::Gossip>& picked) {
  std::uint32_t left = server.cluster.suspected_at_cron;
  const PeerTable& peers = server.cluster.peers;
  for (std::uint32_t row = 0; left > 0 && row < peers.rows(); ++row) {
    const PeerId peer{row};
    const PeerHot& hot = peers.hot(peer);
    if (!hot.used() || !hot.has(bus::flag::kPfail) || hot.has(kUnfitForGossip)) continue;
    picked.push_back(entry_of(server, peer));
    --left;
  }
}

void fill_header(const Server& server, bus::Type type, bus::Header& header) {
  const ClusterState& cluster = server.cluster;
  const PeerHot& me = cluster.peers.hot(kMyself);
  const PeerId primary = my_primary(cluster);
  const PeerId spokesman = primary.is_none() ? kMyself : primary;
  header.type = type;
  header.current_epoch = cluster.current_epoch;
  header.config_epoch = announced_config_epoch(cluster);
  header.offset = static_cast<std::uint64_t>(replication_offset(server));
  header.sender = cluster.peers.name(kMyself);
  header.slots = cluster.peers.cold(spokesman).slots;
  if (!primary.is_none()) header.replica_of = cluster.peers.name(primary);
  header.address = cluster.header_address;
  header.flags = me.flags();
  header.state = cluster.ok ? 0 : 1;
  if (me.is_primary() && cluster.manual.end_ms != 0) header.mflags[0] |= bus::mflag::kPaused;
}

void fill_heartbeat(Server& server, Pass& pass, bus::Header& header, bus::Heartbeat& beat) {
  const ClusterState& cluster = server.cluster;
  const auto known = static_cast<std::int64_t>(cluster.peers.known());
  const std::int64_t fresh = known - 2;  // neither me nor the receiver
  const std::int64_t wanted = std::min(std::max<std::int64_t>(known / 10, 3), fresh);
  if (wanted > 0) {
    beat.gossip.reserve(static_cast<std::size_t>(wanted) + cluster.suspected_at_cron);
    pick_at_random(server, pass.choices, beat.gossip, fresh, wanted);
  }
  if (cluster.suspected_at_cron > 0 && !deviates(server, Deviation::kSuspectsByChance))
    add_suspected(server, beat.gossip);
  header.count = static_cast<std::uint16_t>(beat.gossip.size());
  if (!server.config.cluster_announce_hostname.empty()) {
    beat.extensions.push_back(bus::hostname_extension(server.config.cluster_announce_hostname));
    header.extensions = 1;
    header.mflags[0] |= bus::mflag::kExtData;
  }
}

}  // namespace

void draw_peers(const PeerTable& peers, Choices& choices, Site site,
                std::span<std::uint32_t> rows) {
  choices.choose_each(site, peers.rows(), rows);
  if (peers.known() == peers.rows()) return;
  for (std::uint32_t& row : rows) {  // row 0 is always in use
    while (!peers.hot(PeerId{row}).used()) {
      row = static_cast<std::uint32_t>(choices.choose(site, peers.rows()));
    }
  }
}

bus::Message build_message(const Server& server, bus::Type type) {
  bus::Message message{{}, bus::Nothing{}};
  fill_header(server, type, message.header);
  return message;
}

PayloadRef make_heartbeat(Server& server, Pass& pass, bus::Type type) {
  return PayloadRef(new bus::BusPayload(server.names, [&](bus::Message& message) {
    fill_header(server, type, message.header);
    fill_heartbeat(server, pass, message.header, std::get<bus::Heartbeat>(message.body));
  }));
}

void send_heartbeat(Server& server, Pass& pass, ConnId conn, bus::Type type) {
  send_on(server, pass, conn, type, make_heartbeat(server, pass, type));
}

void send_ping(Server& server, Pass& pass, PeerId peer) {
  ClusterState& cluster = server.cluster;
  send_heartbeat(server, pass, dialled_conn(server, peer), bus::Type::kPing);
  cluster.peers.set_ping_sent(peer, pass.wall_ms());
  cluster.next_scan_ms =
      std::min(cluster.next_scan_ms, pass.wall_ms() + server.config.cluster_node_timeout_ms / 2);
}

void send_pong(Server& server, Pass& pass, ConnId conn) {
  send_heartbeat(server, pass, conn, bus::Type::kPong);
}

void broadcast_pong(Server& server, Pass& pass, bool siblings_only) {
  const PeerTable& peers = server.cluster.peers;
  const PeerId primary = my_primary(server.cluster);
  peers.each([&](PeerId peer) {
    const PeerHot& hot = peers.hot(peer);
    if (peer == kMyself || !hot.linked() || hot.has(bus::flag::kHandshake)) return;
    if (siblings_only) {
      const PeerId followed = peers.cold(peer).primary;
      const bool sibling =
          hot.is_replica() && !followed.is_none() && (followed == kMyself || followed == primary);
      if (!sibling) return;
    }
    send_pong(server, pass, dialled_conn(server, peer));
  });
}

}  // namespace sim
