// How connections come to be: SYN, SYN-ACK, ACK, and what happens when one of them is lost.
//
// The kernel of a machine answers even while its program is paused. A SYN into silence is sent
// again after 1 s, 3 s, 7 s, ... since the dial (initial RTO 1 s, doubling: RFC 6298), until
// `connect_timeout`.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

constexpr Duration kFirstSynRto = 1s;
constexpr Duration kUnknownHostDelay = 3s;  // until ARP has failed and the router says so
constexpr std::uint32_t kLoopbackNet = 127;

}  // namespace

// Several machines may share an address (as processes on one host do); then the one that listens is
// meant.
MachineId World::Impl::resolve(const Machine& from, Endpoint remote) const {
  const auto found = addresses.find(remote.ipv4);
  if (found == addresses.end() || found->second.empty()) {
    return (remote.ipv4 >> 24) == kLoopbackNet ? from.id : kNoMachine;
  }
  for (const MachineId candidate : found->second) {
    const auto& ports = at(candidate).listening;
    if (std::find(ports.begin(), ports.end(), remote.port) != ports.end()) return candidate;
  }
  return found->second.front();
}

void World::Impl::dial(Machine& machine, const Dial& effect) {
  CHECK(effect.conn.is_dialled());
  CHECK(effect.conn.incarnation() == machine.incarnation);
  const std::uint32_t index = connections.take();
  Connection& conn = connections[index];
  const std::uint32_t generation = conn.generation;
  conn = Connection{};
  conn.generation = generation;
  conn.live = true;
  conn.machine = {machine.id, resolve(machine, effect.remote)};
  conn.serial[0] = effect.conn.serial();
  conn.end = {End::kUnborn, End::kUnborn};
  machine.dialled.insert(effect.conn.serial(), index);
  if (effect.remote.ipv4 == 0 || effect.remote.port == 0) {
    return lose_end(index, 0, CloseReason::kFailedAtOnce);
  }
  const std::uint32_t s = stream_of(index, 0);
  Stream& stream = streams[s];
  stream.dialling = true;
  stream.since = now_;
  stream.port = effect.remote.port;
  if (conn.machine[1] == kNoMachine) {
    // An address this world once had is silent; one it never had is reported by the network.
    const bool known = retired_addresses.count(effect.remote.ipv4) > 0;
    return schedule(now_ + (known ? spec->connect_timeout : kUnknownHostDelay), DueKind::kDialAgain,
                    s, stream.generation);
  }
  for (const auto& [port, plane] : spec->machines[conn.machine[1].value].ports) {
    if (port == effect.remote.port) conn.plane = plane;
  }
  send_syn(s);
}

void World::Impl::send_syn(std::uint32_t s) {
  Stream& stream = streams[s];
  Connection& conn = connections[stream.conn];
  Waiting syn;
  syn.kind = SegmentKind::kSyn;
  syn.port = stream.port;
  switch (passage(conn, 0)) {
    case Passage::kOpen: {
      if (!transmit(stream.conn, 0, syn)) dial_again_later(s);
      return;
    }
    case Passage::kClogged:
      count_blocked(conn, 0);
      stream.clogged = true;
      return;
    case Passage::kCut:
      if (is_listened_to(conn)) frame_sets_out(stream.conn, 0, syn, true);
      count_blocked(conn, 0);
      return dial_again_later(s);
  }
}

// A part of the handshake was lost: the dialler's kernel tries again at the next instant of its
// schedule.
void World::Impl::handshake_lost(std::uint32_t c, const Segment& segment) {
  Connection& conn = connections[c];
  const std::uint32_t s = stream_at(conn, 0);
  CHECK(s != kNil);
  if (passage(conn, segment.end) == Passage::kClogged) {
    streams[s].clogged = true;
    return;
  }
  dial_again_later(s);
}

void World::Impl::dial_again_later(std::uint32_t s) {
  Stream& stream = streams[s];
  Duration after = kFirstSynRto;
  while (stream.since + after <= now_) after = after * 2 + kFirstSynRto;
  schedule(stream.since + std::min<Duration>(after, spec->connect_timeout), DueKind::kDialAgain, s,
           stream.generation);
}

void World::Impl::dial_again(std::uint32_t s) {
  const Stream& stream = streams[s];
  if (connections[stream.conn].machine[1] == kNoMachine) {
    const bool silent = now_ - stream.since >= spec->connect_timeout;
    return lose_end(stream.conn, 0, silent ? CloseReason::kTimedOut : CloseReason::kUnreachable);
  }
  if (now_ - stream.since >= spec->connect_timeout) {
    return lose_end(stream.conn, 0, CloseReason::kTimedOut);
  }
  send_syn(s);
}

void World::Impl::syn_arrives(std::uint32_t c, const Segment& segment) {
  const Connection& conn = connections[c];
  const Machine& machine = at(conn.machine[1]);
  const auto& ports = machine.listening;
  const bool listens =
      machine.node != nullptr && std::find(ports.begin(), ports.end(), segment.port) != ports.end();
  Waiting answer;
  answer.kind = listens ? SegmentKind::kSynAck : SegmentKind::kRefusal;
  if (passage(connections[c], 1) != Passage::kOpen) {
    if (is_listened_to(conn)) frame_sets_out(c, 1, answer, true);
    count_blocked(conn, 1);
  } else if (transmit(c, 1, answer)) {
    return;
  }
  Segment lost;
  lost.end = 1;
  handshake_lost(c, lost);
}

void World::Impl::refusal_arrives(std::uint32_t c) {
  lose_end(c, 0, CloseReason::kRefused);
}

void World::Impl::syn_ack_arrives(std::uint32_t c) {
  Connection& conn = connections[c];
  CHECK(conn.end[0] == End::kUnborn);
  const std::uint32_t s = stream_at(conn, 0);
  Stream& stream = streams[s];
  conn.end[0] = End::kOpen;
  stream.dialling = false;
  Machine& machine = at(conn.machine[0]);
  const ConnId id = conn_id(conn, 0);
  const Endpoint remote{at(conn.machine[1]).ipv4, stream.port};
  Waiting ack;
  ack.kind = SegmentKind::kAck;
  ack.port = stream.port;
  // It goes ahead of whatever the node may have sent without waiting.
  stream.queue.put_in_front({ack});
  pump(s);
  if (spec->record_deliveries) {
    record(machine.id, Source::kWorld, event::Connection{"opened", conn.machine[1]});
  }
  deliver(machine, Connected{id, Endpoint{machine.ipv4, ephemeral_port(id.serial())}, remote});
}

void World::Impl::ack_arrives(std::uint32_t c, const Segment& segment) {
  Connection& conn = connections[c];
  Machine& machine = at(conn.machine[1]);
  const auto& ports = machine.listening;
  if (machine.node == nullptr ||
      std::find(ports.begin(), ports.end(), segment.port) == ports.end()) {
    conn.end[1] = End::kGone;  // it died or stopped listening in between
    send_rst(c, 1);
    return;
  }
  conn.end[1] = End::kOpen;
  conn.serial[1] = ++machine.next_accepted;
  machine.accepted.insert(conn.serial[1], c);
  const Machine& dialler = at(conn.machine[0]);
  deliver(machine, Accepted{conn_id(conn, 1), Endpoint{machine.ipv4, segment.port},
                            Endpoint{dialler.ipv4, ephemeral_port(conn.serial[0])}});
}

// Loopback, without a network: the console is accepted at once and its one command is there.
std::uint32_t World::Impl::console_ask(Machine& machine, const std::vector<std::string>& command) {
  const std::uint32_t ticket = ++console_tickets;
  if (machine.node == nullptr) {
    console_replies.push_back({ticket, machine.id, "(connection lost)"});
    return ticket;
  }
  CHECK(spec->console != nullptr);
  PayloadRef request = spec->console->request(command);
  CHECK(request != nullptr);
  const std::uint32_t index = connections.take();
  Connection& conn = connections[index];
  const std::uint32_t generation = conn.generation;
  conn = Connection{};
  conn.generation = generation;
  conn.live = true;
  conn.machine = {kNoMachine, machine.id};
  conn.serial = {ticket, ++machine.next_accepted};
  conn.end = {End::kOpen, End::kOpen};
  machine.accepted.insert(conn.serial[1], index);
  const std::uint32_t loopback = (kLoopbackNet << 24) | 1;
  const ConnId id = conn_id(conn, 1);
  const std::uint16_t port = spec->machines[machine.id.value].info.endpoint.port;
  notify(machine,
         Accepted{id, Endpoint{loopback, port}, Endpoint{loopback, ephemeral_port(ticket)}});
  Waiting message;
  message.size = static_cast<std::uint32_t>(request->size());
  message.payload = std::move(request);
  transmit(index, 0, message);  // nothing gets lost on loopback
  return ticket;
}

// `payload` is the answer, or a piece of it; null: there will be none.
void World::Impl::console_answer(std::uint32_t c, const Payload* payload) {
  const Connection& conn = connections[c];
  Machine& machine = at(conn.machine[1]);
  const std::uint32_t ticket = conn.serial[0];
  std::optional<std::string> text = "(connection lost)";
  if (payload != nullptr) text = spec->console->reply_text(*payload, half_replies[ticket]);
  if (!text) return;
  half_replies.erase(ticket);
  console_replies.push_back({ticket, machine.id, std::move(*text)});
  connections[c].end[0] = End::kGone;
  if (payload != nullptr) lose_end(c, 1, CloseReason::kPeerClosed);
}

}  // namespace sim
