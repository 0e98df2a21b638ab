#include "sim/core/links.h"

#include <utility>

#include "sim/core/gossip.h"

namespace sim {
namespace {

ConnId dialled_id(const Server& server, std::uint32_t serial) {
  return ConnId::dialled(server.incarnation, serial);
}
ConnId accepted_id(const Server& server, std::uint32_t serial) {
  return ConnId::accepted(server.incarnation, serial);
}

void count_sent(Server& server, bus::Type type) {
  const auto index = static_cast<std::size_t>(type);
  if (index < bus::kTypeCount) ++server.cluster.counters.sent[index];
}

void send_payload(Server& server, Pass& pass, ConnId conn, PayloadRef payload) {
  auto& connecting = server.cluster.connecting;
  if (conn.is_dialled() && !connecting.empty()) {
    const auto waiting = connecting.find(conn.serial());
    if (waiting != connecting.end()) {
      waiting->second.push_back(std::move(payload));
      return;
    }
  }
  pass.send(conn, std::move(payload));
}

PayloadRef make_payload(const Server& server, bus::Message&& message) {
  return PayloadRef(new bus::BusPayload(std::move(message), server.names));
}

// Takes the link out of all tables; the connection itself is the caller's business.
void forget_link(Server& server, ConnId conn) {
  ClusterState& cluster = server.cluster;
  if (conn.is_dialled()) {
    if (const DialledLink* link = cluster.dialled.find(conn.serial())) {
      cluster.peers.cold(link->peer()).dialled_link = 0;
      cluster.peers.hot(link->peer()).set_linked(false);
      cluster.next_scan_ms = 0;  // cron makes a new one
      cluster.dialled.remove(conn.serial());
      cluster.connecting.erase(conn.serial());
    }
  } else if (const AcceptedLink* link = cluster.accepted.find(conn.serial())) {
    if (!link->peer().is_none()) cluster.peers.cold(link->peer()).accepted_link = 0;
    cluster.accepted.remove(conn.serial());
  }
  cluster.unsent.erase(conn);
  cluster.framers.erase(conn);
}

}  // namespace

const BusLink* find_link(const Server& server, ConnId conn) {
  if (conn.is_dialled()) return server.cluster.dialled.find(conn.serial());
  return server.cluster.accepted.find(conn.serial());
}

void dial_peer(Server& server, Pass& pass, PeerId peer) {
  ClusterState& cluster = server.cluster;
  const Address& address = peer_address(server, peer);
  const ConnId conn = mint_conn(server);
  cluster.dialled.expect(cluster.peers.known());
  cluster.dialled.add({conn.serial(), peer, pass.wall_ms()});
  cluster.peers.cold(peer).dialled_link = conn.serial();
  cluster.peers.hot(peer).set_linked(true);
  cluster.connecting[conn.serial()];
  pass.dial(conn, Endpoint{parse_ipv4(address.ip), address.cport});
}

void link_connected(Server& server, Pass& pass, ConnId conn) {
  ClusterState& cluster = server.cluster;
  const PeerId peer = cluster.dialled.find(conn.serial())->peer();
  const auto waiting = cluster.connecting.find(conn.serial());
  if (waiting != cluster.connecting.end()) {
    for (PayloadRef& payload : waiting->second) pass.send_at_once(conn, std::move(payload));
    cluster.connecting.erase(waiting);
  }
  PeerHot& hot = cluster.peers.hot(peer);
  const bus::Type type = hot.has(bus::flag::kMeet) ? bus::Type::kMeet : bus::Type::kPing;
  count_sent(server, type);
  pass.send_at_once(conn, make_heartbeat(server, pass, type));
  // A PING that was outstanding before keeps its age: reconnecting does not put off suspicion.
  if (type == bus::Type::kPing && !hot.pinged()) {
    cluster.peers.set_ping_sent(peer, pass.wall_ms());
  }
  if (!deviates(server, Deviation::kMeetUntilAnswered)) hot.clear(bus::flag::kMeet);
  cluster.next_scan_ms = 0;
}

void link_accepted(Server& server, Pass& pass, const Accepted& accepted) {
  server.cluster.accepted.expect(server.cluster.peers.known());
  server.cluster.accepted.add({accepted.conn.serial(), accepted.remote.ipv4, pass.wall_ms()});
}

void link_closed(Server& server, Pass& pass, ConnId conn, CloseReason why) {
  if (conn.is_dialled() && why == CloseReason::kFailedAtOnce) {
    // The connect call itself failed: the peer counts as pinged in vain from now on. (Protocol §4.1
    // 2d.) An asynchronous refusal leaves it alone.
    PeerTable& peers = server.cluster.peers;
    const PeerId peer = server.cluster.dialled.find(conn.serial())->peer();
    if (!peers.hot(peer).pinged()) peers.set_ping_sent(peer, pass.wall_ms());
  }
  forget_link(server, conn);
}

void link_unsent(Server& server, Pass& pass, const Sent& sent) {
  auto& unsent = server.cluster.unsent;
  const auto before = unsent.find(sent.conn);
  // It had a backlog, so it was being watched for writability, and now it is writable.
  if (before != unsent.end() && sent.unsent_bytes < before->second) pass.release(sent.conn);
  if (sent.unsent_bytes != 0) {
    unsent[sent.conn] = sent.unsent_bytes;
  } else if (before != unsent.end()) {
    unsent.erase(before);
  }
}

void free_link(Server& server, Pass& pass, ConnId conn) {
  forget_link(server, conn);
  pass.close(conn);
}

ConnId dialled_conn(const Server& server, PeerId peer) {
  const std::uint32_t serial = server.cluster.peers.cold(peer).dialled_link;
  return serial == 0 ? kNoConn : dialled_id(server, serial);
}

void free_dialled_link(Server& server, Pass& pass, PeerId peer) {
  const ConnId conn = dialled_conn(server, peer);
  if (!conn.is_none()) free_link(server, pass, conn);
}

void free_accepted_link(Server& server, Pass& pass, PeerId peer) {
  const std::uint32_t serial = server.cluster.peers.cold(peer).accepted_link;
  if (serial != 0) free_link(server, pass, accepted_id(server, serial));
}

void bind_accepted_link(Server& server, Pass& pass, ConnId conn, PeerId peer) {
  free_accepted_link(server, pass, peer);
  server.cluster.accepted.find(conn.serial())->set_peer(peer);
  server.cluster.peers.cold(peer).accepted_link = conn.serial();
}

void send_on(Server& server, Pass& pass, ConnId conn, bus::Type type, PayloadRef message) {
  count_sent(server, type);
  send_payload(server, pass, conn, std::move(message));
}

void send_to(Server& server, Pass& pass, PeerId peer, const bus::Message& message) {
  const ConnId conn = dialled_conn(server, peer);
  if (conn.is_none()) return;
  send_on(server, pass, conn, message.header.type, make_payload(server, bus::Message(message)));
}

void send_to_all(Server& server, Pass& pass, const bus::Message& message) {
  const PayloadRef payload = make_payload(server, bus::Message(message));
  server.cluster.peers.each([&](PeerId peer) {
    if (peer == kMyself || server.cluster.peers.hot(peer).has(bus::flag::kHandshake)) return;
    const ConnId conn = dialled_conn(server, peer);
    if (conn.is_none()) return;
    send_on(server, pass, conn, message.header.type, payload);
  });
}

}  // namespace sim
