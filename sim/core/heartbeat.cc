#include "sim/core/heartbeat.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "sim/core/election.h"
#include "sim/core/epochs.h"
#include "sim/core/failure.h"
#include "sim/core/gossip.h"
#include "sim/core/gossip_reading.h"
#include "sim/core/links.h"
#include "sim/core/manual_failover.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/pubsub.h"
#include "sim/core/replication.h"
#include "sim/core/role.h"
#include "sim/core/slots_config.h"
#include "sim/core/vote.h"

namespace sim {
namespace {

// One packet on its way through the steps below.
struct Packet {
  ConnId conn;
  const bus::Message& message;
  PeerId behind;  // the peer of the link, none on an accepted link whose sender is not known
  PeerId sender;  // none: unknown
  std::uint32_t remote_ipv4 = 0;  // where it came from, on an accepted link
  const bus::Header& header() const { return message.header; }
  const bus::Heartbeat& beat() const { return std::get<bus::Heartbeat>(message.body); }
};

// A link that is tied to a known node speaks for that node, whatever the header says. (Protocol
// §5.2.)
PeerId resolve_sender(Server& server, Pass& pass, ConnId conn, PeerId behind,
                      const bus::Header& header) {
  ClusterState& cluster = server.cluster;
  if (!behind.is_none() && !cluster.peers.hot(behind).has(bus::flag::kHandshake)) return behind;
  const PeerId named = mentioned_peer(server, header.sender);
  if (!named.is_none() && behind.is_none()) bind_accepted_link(server, pass, conn, named);
  return named;
}

// What every packet of a known sender changes, whatever its type. (Protocol §5.3.)
void take_header(Server& server, Pass& pass, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  PeerCold& cold = cluster.peers.cold(packet.sender);
  cold.data_received_ms = pass.wall_ms();
  if (cluster.peers.hot(packet.sender).has(bus::flag::kHandshake)) return;
  const bus::Header& header = packet.header();
  merge_current_epoch(server, pass, header.current_epoch);
  const bool its_own =
      header.replica_of.is_none() || !deviates(server, Deviation::kPrimariesOnlyTellEpochs);
  if (header.config_epoch > cold.config_epoch && its_own) {
    cold.config_epoch = header.config_epoch;
    save_later(cluster, true);
  }
  cold.offset = header.offset;
  if (packet.sender == my_primary(cluster)) learn_paused_offset(server, pass, header);
}

std::string remote_ip(const Server& server, const Packet& packet) {
  return packet.conn.is_dialled() ? peer_address(server, packet.behind).ip
                                  : format_ipv4(packet.remote_ipv4);
}

// Where the sender of this packet can be reached, as far as the packet shows.
Address shown_address(const Server& server, const Packet& packet) {
  Address address = server.names->address(packet.header().address);
  if (address.ip.empty()) address.ip = remote_ip(server, packet);
  return address;
}

// Is that the address it is known by? Answered without making one, since it nearly always is.
bool shows_known_address(const Server& server, const Packet& packet, AddressRef known_ref) {
  const Address& said = server.names->address(packet.header().address);
  const Address& known = server.names->address(known_ref);
  const bool ports =
      said.port == known.port && said.cport == known.cport && said.pport == known.pport;
  if (!ports || !said.ip.empty() || packet.conn.is_dialled()) {
    return shown_address(server, packet) == known;
  }
  return packet.remote_ipv4 == server.names->ipv4(known_ref) ||
         remote_ip(server, packet) == known.ip;
}

// True if the address was another one: then its link is dropped and made anew. (Protocol §5.5c.)
bool update_address(Server& server, Pass& pass, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  const PeerId sender = packet.sender;
  if (packet.conn == dialled_conn(server, sender)) return false;
  if (shows_known_address(server, packet, cluster.peers.address(sender))) return false;
  cluster.peers.set_address(sender, server.names->intern(shown_address(server, packet)));
  free_dialled_link(server, pass, sender);
  cluster.peers.hot(sender).clear(bus::flag::kNoAddr);
  cluster.view_cache = {};
  cluster.next_scan_ms = 0;
  if (sender == my_primary(cluster))
    replication_follow(server, pass, peer_endpoint(server, sender));
  return true;
}

// I may not know my own address: a MEET tells me which one others use. (Protocol §5.4.1.)
void detect_own_address(Server& server, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  if (!server.config.cluster_announce_ip.empty()) return;
  Address address = peer_address(server, kMyself);
  if (packet.header().type != bus::Type::kMeet && !address.ip.empty()) return;
  std::string local = format_ipv4(server.self.ipv4);
  if (address.ip == local) return;
  address.ip = std::move(local);
  cluster.peers.set_address(kMyself, server.names->intern(address));
  save_later(cluster, false);
}

// PING and MEET are answered before anything they say is believed. (Protocol §5.4.)
void answer(Server& server, Pass& pass, const Packet& packet) {
  if (packet.header().type == bus::Type::kPong) return;
  detect_own_address(server, packet);
  const bool introduces =
      packet.header().type == bus::Type::kMeet || server.mutation == Mutation::kPingIntroduces;
  if (packet.sender.is_none() && introduces) {
    add_handshake_peer(server, pass, shown_address(server, packet), false);
    save_later(server.cluster, false);
    read_gossip(server, pass, kNoPeer, packet.beat());
  }
  send_pong(server, pass, packet.conn);
}

// The node I was shaking hands with has told its name. False: the packet ends here.
bool finish_handshake(Server& server, Pass& pass, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  if (!packet.sender.is_none()) {
    if (update_address(server, pass, packet)) {
      cluster.todo |= todo::kUpdateState;
      save_later(cluster, false);
    }
    forget_peer(server, pass, packet.behind, "known already");
    return false;
  }
  const bus::Header& header = packet.header();
  if (!admit_name(server, pass, header.sender)) return false;
  PeerHot& hot = cluster.peers.hot(packet.behind);
  cluster.peers.rename(packet.behind, header.sender);
  hot.clear(bus::flag::kHandshake | bus::flag::kMeet);
  hot.set(header.flags & (bus::flag::kMaster | bus::flag::kSlave));
  cluster.handshake_began_ms.erase(packet.behind);
  cluster.view_cache = {};
  pass.note(event::PeerLearned{server.names->name(header.sender)});
  save_later(cluster, false);
  return true;
}

// Somebody else lives at that address now.
void lose_address(Server& server, Pass& pass, PeerId peer) {
  server.cluster.peers.hot(peer).set(bus::flag::kNoAddr);
  server.cluster.peers.set_address(peer, {});
  server.cluster.view_cache = {};
  free_dialled_link(server, pass, peer);
  save_later(server.cluster, false);
}

// §5.5a. False: the packet ends here.
bool check_identity(Server& server, Pass& pass, const Packet& packet) {
  if (!packet.conn.is_dialled() || packet.behind.is_none()) return true;
  const PeerTable& peers = server.cluster.peers;
  if (peers.hot(packet.behind).has(bus::flag::kHandshake))
    return finish_handshake(server, pass, packet);
  if (peers.name(packet.behind) == packet.header().sender) return true;
  lose_address(server, pass, packet.behind);
  return false;
}

// §5.5d: only a PONG on the link I dialled shows that the peer answers me.
void take_pong(Server& server, Pass& pass, const Packet& packet) {
  if (!packet.conn.is_dialled() || packet.header().type != bus::Type::kPong) return;
  ClusterState& cluster = server.cluster;
  PeerHot& hot = cluster.peers.hot(packet.behind);
  hot.set_pong_received(pass.wall_ms());
  cluster.peers.set_ping_sent(packet.behind, 0);
  cluster.next_scan_ms =
      std::min(cluster.next_scan_ms, pass.wall_ms() + server.config.cluster_node_timeout_ms / 2);
  if (hot.has(bus::flag::kPfail | bus::flag::kFail)) clear_suspicion(server, pass, packet.behind);
}

// Nothing in the slots of a primary without any can differ from what is known; later versions look
// at its claim all the same.
bool tells_of_empty_shard(const Server& server, PeerId sender) {
  const PeerHot& hot = server.cluster.peers.hot(sender);
  return deviates(server, Deviation::kEmptyShardFailsOver) && hot.is_primary() && !hot.serving();
}

// §5.5e-g: role, slots, epoch.
void take_configuration(Server& server, Pass& pass, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  const bus::Header& header = packet.header();
  const PeerId sender = packet.sender;
  PeerHot& hot = cluster.peers.hot(sender);
  if (header.replica_of.is_none()) {
    set_peer_as_primary(server, pass, sender);
  } else {
    set_peer_as_replica(server, pass, sender, header);
  }
  const PeerId owner = hot.is_primary() ? sender : cluster.peers.cold(sender).primary;
  if (!owner.is_none() && (!same_slots(cluster.peers.cold(owner).slots, header.slots) ||
                           tells_of_empty_shard(server, sender))) {
    if (hot.is_primary()) update_slots(server, pass, sender, header.config_epoch, header.slots);
    if (pass.exited()) return;
    correct_stale_claims(server, pass, sender, header);
  }
  if (am_primary(cluster) && hot.is_primary() && header.config_epoch == my_config_epoch(cluster) &&
      cluster.peers.cold(sender).config_epoch == my_config_epoch(cluster)) {
    resolve_epoch_collision(server, pass, sender);
  }
  if (server.mutation == Mutation::kEpochStorm && am_primary(cluster) && hot.is_primary() &&
      header.config_epoch > my_config_epoch(cluster)) {
    bump_epoch_without_consensus(server, pass, event::EpochCause::kCollision);
  }
}

void take_heartbeat(Server& server, Pass& pass, const Packet& packet) {
  ClusterState& cluster = server.cluster;
  const bus::Header& header = packet.header();
  answer(server, pass, packet);
  if (!check_identity(server, pass, packet)) return;
  if (!packet.sender.is_none()) {
    PeerHot& hot = cluster.peers.hot(packet.sender);
    if ((header.flags & bus::flag::kNoFailover) != 0) {
      hot.set(bus::flag::kNoFailover);
    } else {
      hot.clear(bus::flag::kNoFailover);
    }
    if (header.type == bus::Type::kPing && !hot.has(bus::flag::kHandshake) &&
        update_address(server, pass, packet)) {
      cluster.todo |= todo::kUpdateState;
      save_later(cluster, false);
    }
  }
  take_pong(server, pass, packet);
  if (packet.sender.is_none()) return;
  take_configuration(server, pass, packet);
  if (pass.exited()) return;
  read_gossip(server, pass, packet.sender, packet.beat());
  read_extensions(server, packet.sender, packet.beat());
}

struct Dispatch {
  Server& server;
  Pass& pass;
  const Packet& packet;

  void operator()(const bus::Heartbeat&) const { take_heartbeat(server, pass, packet); }
  void operator()(const bus::Fail& fail) const { read_fail(server, pass, packet.sender, fail); }
  void operator()(const bus::Update& update) const {
    read_update(server, pass, packet.sender, update);
  }
  void operator()(const bus::Nothing&) const {
    switch (packet.header().type) {
      case bus::Type::kAuthRequest:
        return consider_vote(server, pass, packet.sender, packet.header());
      case bus::Type::kAuthAck:
        return count_vote(server, pass, packet.sender, packet.header());
      case bus::Type::kMfStart:
        return read_mfstart(server, pass, packet.sender, packet.conn);
      default:
        return;
    }
  }
  void operator()(const bus::Publish& publish) const {
    if (packet.sender.is_none()) return;
    publish_here(server, pass, publish.channel, publish.message,
                 packet.header().type == bus::Type::kPublishShard);
  }
  // Modules have nobody here; unknown types are for later versions.
  void operator()(const bus::Module&) const {}
  void operator()(const bus::Unknown&) const {}
};

void count_received(ClusterState& cluster, bus::Type type) {
  const auto index = static_cast<std::size_t>(type);
  if (index < bus::kTypeCount) ++cluster.counters.received[index];
}

// DEBUG DROP-CLUSTER-PACKET-FILTER. (Protocol §2.5, step 4.)
bool is_dropped(const Server& server, const bus::Message& message) {
  return server.debug.dropped_packets == static_cast<std::int32_t>(message.header.type);
}

void take_message(Server& server, Pass& pass, ConnId conn, const BusLink& link,
                  const bus::Message& message) {
  if (is_dropped(server, message)) return;
  const PeerId behind = link.peer();
  const std::uint32_t remote_ipv4 =
      conn.is_dialled() ? 0 : static_cast<const AcceptedLink&>(link).remote_ipv4;
  const PeerId sender = resolve_sender(server, pass, conn, behind, message.header);
  const Packet packet{conn, message, behind, sender, remote_ipv4};
  if (!sender.is_none()) take_header(server, pass, packet);
  std::visit(Dispatch{server, pass, packet}, message.body);
}

// A real wire: packets have to be cut out of the stream first.
void take_bytes(Server& server, Pass& pass, ConnId conn, const Payload& payload) {
  ClusterState& cluster = server.cluster;
  cluster.framers[conn].feed(payload.bytes());
  std::string bytes;
  while (!pass.exited()) {
    const BusLink* link = find_link(server, conn);
    if (link == nullptr || !cluster.framers[conn].next(bytes)) break;
    count_received(cluster, static_cast<bus::Type>(read_big_endian<std::uint16_t>(bytes, 12)));
    const auto decoded = bus::decode(bytes, *server.names);
    if (const auto* message = std::get_if<bus::Message>(&decoded)) {
      take_message(server, pass, conn, *link, *message);
    }
  }
  const auto framer = cluster.framers.find(conn);
  if (framer != cluster.framers.end() && framer->second.broken()) free_link(server, pass, conn);
}

}  // namespace

void bus_received(Server& server, Pass& pass, ConnId conn, const BusLink& link,
                  const Payload& payload) {
  if (payload.kind() != PayloadKind::kBus) return take_bytes(server, pass, conn, payload);
  const bus::Message& message = static_cast<const bus::BusPayload&>(payload).message();
  count_received(server.cluster, message.header.type);
  take_message(server, pass, conn, link, message);
}

}  // namespace sim
