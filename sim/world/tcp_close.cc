// How connections end: FIN in its place in the stream, RST at once, or not at all.
#include <algorithm>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

std::string_view word_for(CloseReason why) {
  switch (why) {
    case CloseReason::kPeerClosed:
      return "closed";
    case CloseReason::kReset:
      return "reset";
    case CloseReason::kRefused:
    case CloseReason::kUnreachable:
    case CloseReason::kFailedAtOnce:
      return "refused";
    case CloseReason::kTimedOut:
      return "timed out";
  }
  return "closed";
}

ConnId conn_named_in(const Input& input) {
  if (const auto* received = std::get_if<Received>(&input)) return received->conn;
  if (const auto* sent = std::get_if<Sent>(&input)) return sent->conn;
  if (const auto* closed = std::get_if<Closed>(&input)) return closed->conn;
  if (const auto* connected = std::get_if<Connected>(&input)) return connected->conn;
  return kNoConn;
}

}  // namespace

// The host forgets the id; the machine's table must not name it any longer.
void World::Impl::forget_end(std::uint32_t c, std::uint8_t end, End now_is) {
  Connection& conn = connections[c];
  const bool was_named = conn.end[end] == End::kOpen || (end == 0 && conn.end[0] == End::kUnborn);
  conn.end[end] = now_is;
  if (!was_named || conn.machine[end] == kNoMachine) return;
  Machine& machine = at(conn.machine[end]);
  (end == 0 ? machine.dialled : machine.accepted).erase(conn.serial[end]);
}

void World::Impl::lose_end(std::uint32_t c, std::uint8_t end, CloseReason why) {
  Connection& conn = connections[c];
  const bool held = conn.end[end] == End::kOpen || (end == 0 && conn.end[0] == End::kUnborn);
  if (held) {
    Machine& machine = at(conn.machine[end]);
    const ConnId id = conn_id(conn, end);
    machine.closed_untold.push_back(id);
    notify(machine, Closed{id, why});
    if (spec->record_deliveries && conn.machine[0] != kNoMachine) {
      record(machine.id, Source::kWorld,
             event::Connection{std::string(word_for(why)), conn.machine[1 - end]});
    }
  }
  // Of a dial that failed, the other side never was.
  if (conn.end[0] == End::kUnborn) conn.end[1] = End::kGone;
  forget_end(c, end, End::kGone);
  drop_stream(c, end);
  free_if_done(c);
}

void World::Impl::free_if_done(std::uint32_t c) {
  Connection& conn = connections[c];
  if (!conn.live || conn.end[0] != End::kGone) return;
  if (conn.end[1] != End::kGone) {
    // The dialler's ACK may still be on its way to give birth to the other end.
    if (conn.end[1] != End::kUnborn || tail_of(conn, 0) != kNil) return;
  }
  drop_stream(c, 0);
  drop_stream(c, 1);
  if (is_listened_to(conn)) tell_frame(c, 0, Frame::Kind::kForgotten);
  conn.live = false;
  ++conn.generation;  // what is still in flight speaks of nobody
  connections.release(c);
}

void World::Impl::close(Machine& machine, const Close& effect) {
  const std::uint32_t c = find(machine, effect.conn);
  // A slow program hears nothing more of what it has closed, even if it came before.
  std::erase_if(machine.inbox,
                [&](const Input& input) { return conn_named_in(input) == effect.conn; });
  if (c == kNil) {
    std::erase(machine.closed_untold, effect.conn);
    return;
  }
  const std::uint8_t end = effect.conn.is_dialled() ? 0 : 1;
  Connection& conn = connections[c];
  if (conn.machine[0] == kNoMachine) {
    forget_end(c, 1, End::kGone);
    console_answer(c, nullptr);
    return free_if_done(c);
  }
  if (conn.end[end] == End::kUnborn) {  // a dial given up
    conn.end[1] = End::kGone;
    forget_end(c, end, End::kGone);
    return free_if_done(c);
  }
  if (effect.reset) {
    drop_stream(c, end);
    forget_end(c, end, End::kGone);
    send_rst(c, end);
    return free_if_done(c);
  }
  stop_reading(c, end);
  forget_end(c, end, End::kClosing);
  Waiting fin;
  fin.kind = SegmentKind::kFin;
  fin.stopped = passage(conn, end) != Passage::kOpen;
  if (fin.stopped) count_blocked(conn, end);
  if (fin.stopped || stream_at(conn, end) != kNil) {
    enqueue(c, end, std::move(fin));
  } else {
    transmit_or_keep(c, end, std::move(fin));
  }
}

void World::Impl::fin_arrives(std::uint32_t c, std::uint8_t sender) {
  Connection& conn = connections[c];
  const std::uint8_t receiver = 1 - sender;
  conn.end[sender] = End::kGone;
  drop_stream(c, sender);
  if (conn.end[receiver] == End::kOpen) return lose_end(c, receiver, CloseReason::kPeerClosed);
  free_if_done(c);
}

void World::Impl::rst_arrives(std::uint32_t c, std::uint8_t sender) {
  lose_end(c, 1 - sender, CloseReason::kReset);
}

// Not retransmitted, as no RST is: what is lost is lost.
bool World::Impl::send_rst(std::uint32_t c, std::uint8_t end) {
  Connection& conn = connections[c];
  Waiting rst;
  rst.kind = SegmentKind::kRst;
  if (passage(conn, end) != Passage::kOpen) {
    if (is_listened_to(conn)) frame_sets_out(c, end, rst, true);
    count_blocked(conn, end);
    return false;
  }
  return transmit(c, end, rst);
}

void World::Impl::reset_both(std::uint32_t c) {
  // What cuts it off looks like the other host to each.
  if (is_listened_to(connections[c])) {
    tell_frame(c, 0, Frame::Kind::kRst);
    tell_frame(c, 1, Frame::Kind::kRst);
  }
  // The first end must not free the connection under the second.
  End& second = connections[c].end[1];
  if (second == End::kUnborn) second = End::kGone;
  const bool second_held = second == End::kOpen;
  lose_end(c, 0, CloseReason::kReset);
  if (second_held) lose_end(c, 1, CloseReason::kReset);
}

// The receiver is no more, so its closed window is none either: the sender tries, and finds out.
void World::Impl::stop_reading(std::uint32_t c, std::uint8_t receiver) {
  const std::uint32_t s = stream_at(connections[c], 1 - receiver);
  if (s == kNil) return;
  Stream& stream = streams[s];
  stream.unread = 0;
  if (std::exchange(stream.window_closed, false)) {
    schedule(now_, DueKind::kPump, s, stream.generation);
  } else {
    settle(s);
  }
}

// All connections of a program that dies. `silently`: the box died with it, so nobody is told.
void World::Impl::kill_connections(Machine& machine, bool silently) {
  std::vector<std::uint32_t> held = machine.dialled.slots();
  const std::size_t dialled = held.size();
  const std::vector<std::uint32_t> others = machine.accepted.slots();
  held.insert(held.end(), others.begin(), others.end());
  for (std::size_t i = 0; i < held.size(); ++i) {
    const std::uint32_t c = held[i];
    const std::uint8_t end = i < dialled ? 0 : 1;
    Connection& conn = connections[c];
    if (conn.machine[0] == kNoMachine) {
      forget_end(c, 1, End::kGone);
      console_answer(c, nullptr);
      free_if_done(c);
      continue;
    }
    stop_reading(c, end);
    const bool was_open = conn.end[end] == End::kOpen;
    if (!was_open) conn.end[1] = End::kGone;  // a dial under way
    drop_stream(c, end);
    forget_end(c, end, End::kGone);
    if (was_open && !silently) send_rst(c, end);
    free_if_done(c);
  }
  if (!silently) return;
  // The kernel's own remains: closed connections it was still serving.
  for (std::uint32_t s = 0; s < streams.high_water(); ++s) {
    const Stream& stream = streams[s];
    if (stream.conn == kNil) continue;
    Connection& conn = connections[stream.conn];
    if (conn.machine[stream.end] != machine.id || conn.end[stream.end] != End::kClosing) continue;
    lose_end(stream.conn, stream.end, CloseReason::kReset);
  }
}

}  // namespace sim
