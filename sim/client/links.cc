#include <utility>

#include "sim/base/check.h"
#include "sim/client/client.h"

namespace sim::client {

namespace {

// For commands of the connection's own: no operation waits for what they answer.
constexpr Attempt kNobody{};

void send(Pass& pass, Peer& peer, const Attempt& attempt) {
  Flight& flight = pass.client.flights[attempt.flight];
  flight.stage = Stage::kSent;
  if (flight.asking) {
    peer.awaiting.push_back(kNobody);
    pass.out.emplace_back(Send{peer.conn, PayloadRef(new resp::RequestPayload({"ASKING"}))});
  }
  peer.awaiting.push_back(attempt);
  pass.out.emplace_back(Send{peer.conn, flight.request});
}

bool is_current(const Client& client, const Attempt& attempt) {
  return attempt.serial != 0 && client.flights[attempt.flight].serial == attempt.serial;
}

void dial(Pass& pass, PeerId id) {
  Client& c = pass.client;
  Peer& peer = c.peers[id];
  peer.link = Link::kDialling;
  peer.conn = ConnId::dialled(c.incarnation, c.next_conn_serial++);
  c.peer_of.emplace(peer.conn, id);
  pass.out.emplace_back(Dial{peer.conn, peer.server.endpoint});
}

void take_reply(Pass& pass, PeerId id, const resp::Value& reply) {
  Peer& peer = pass.client.peers[id];
  if (peer.awaiting.empty())
    return;  // a server does not speak unasked; whatever it is, it is not ours
  const Attempt attempt = peer.awaiting.front();
  peer.awaiting.pop_front();
  if (peer.unreachable) note_reachable(pass, id);
  if (is_current(pass.client, attempt)) on_reply(pass, attempt.flight, reply);
}

}  // namespace

void ask(Pass& pass, FlightId id, PeerId peer_id) {
  Client& c = pass.client;
  Flight& flight = c.flights[id];
  flight.peer = peer_id;
  flight.serial = c.next_attempt++;
  Peer& peer = c.peers[peer_id];
  const Attempt attempt{id, flight.serial};
  if (peer.link == Link::kUp) return send(pass, peer, attempt);
  flight.stage = Stage::kConnecting;
  peer.waiting.push_back(attempt);
  if (peer.link == Link::kNone) dial(pass, peer_id);
}

void on_connected(Pass& pass, PeerId id) {
  Client& c = pass.client;
  Peer& peer = c.peers[id];
  peer.link = Link::kUp;
  if (c.setup->read_from != ReadFrom::kPrimary) {
    peer.awaiting.push_back(kNobody);
    pass.out.emplace_back(Send{peer.conn, PayloadRef(new resp::RequestPayload({"READONLY"}))});
  }
  for (const Attempt& attempt : std::exchange(peer.waiting, {})) {
    if (is_current(c, attempt)) send(pass, peer, attempt);
  }
}

void on_received(Pass& pass, PeerId id, const Payload& payload) {
  if (payload.kind() == PayloadKind::kReply) {
    return take_reply(pass, id, static_cast<const resp::ReplyPayload&>(payload).value());
  }
  const ConnId conn = pass.client.peers[id].conn;
  pass.client.peers[id].reader.feed(payload.bytes());
  for (resp::Value reply; pass.client.peers[id].reader.next(reply);) {
    take_reply(pass, id, reply);
    if (pass.client.peers[id].conn != conn) return;  // what it said made us hang up
  }
  if (!pass.client.peers[id].reader.broken().empty()) hang_up(pass, id, "unreadable reply");
}

void on_lost(Pass& pass, PeerId id, std::string_view why) {
  Client& c = pass.client;
  Peer& peer = c.peers[id];
  c.peer_of.erase(peer.conn);
  peer.link = Link::kNone;
  peer.conn = kNoConn;
  peer.reader = {};
  peer.shunned_until = pass.time() + c.setup->patience.backoff_max;
  // Both lists are taken away first: an attempt that is lost may make its flight ask this very peer
  // again.
  const std::deque<Attempt> sent = std::exchange(peer.awaiting, {});
  const std::vector<Attempt> unsent = std::exchange(peer.waiting, {});
  if (!peer.unreachable) note_unreachable(pass, id);
  want_refresh(pass);
  for (const Attempt& attempt : sent) {
    if (is_current(c, attempt)) attempt_lost(pass, attempt.flight, true, why);
  }
  for (const Attempt& attempt : unsent) {
    if (is_current(c, attempt)) attempt_lost(pass, attempt.flight, false, why);
  }
}

void hang_up(Pass& pass, PeerId id, std::string_view why) {
  const Peer& peer = pass.client.peers[id];
  CHECK(peer.link != Link::kNone);
  pass.out.emplace_back(Close{peer.conn, false});
  on_lost(pass, id, why);
}

}  // namespace sim::client
