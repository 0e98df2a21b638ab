// How messages travel on an open connection: in order, never lost, sometimes late.
//
// A message that is lost, or meets a cut on leaving or on arriving, is kept by the sender's kernel,
// together with all that follows it. It is sent again 200 ms after the trouble began, then after
// 400 ms more, 800 ms, ... capped at 120 s (Linux: TCP_RTO_MIN, TCP_RTO_MAX), so that a stream
// flushes some time *after* a long cut heals, as it does on real hosts; after `tcp_timeout` the
// kernel gives up. Each of these transmissions meets the losses, cuts and delays of its own moment.
// A clog instead keeps everything and flushes at once when released.
//
// Simplified: there is no fast retransmit; a lost message waits for its timeout however many follow
// it. What has piled up behind it goes out in one go with its retransmission and is not drawn
// again: further gaps in such a burst a kernel does mend within a round trip or so, and a stream
// that carries more messages than it has timeouts would otherwise fall behind for as long as
// anything is lost.
//
// Simplified: acknowledgements of delivered data come back at once and are never lost, since each
// repeats all before it, unless the way back is cut; then data still flows one way until the window
// is full, and the sender gives up like above. A receiver that does not read (paused, slow) takes
// `send_buffer_bytes` per connection into its kernel, then closes the window; a closed window never
// times out.
#include <algorithm>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

constexpr Duration kRtoMin = 200ms;
constexpr Duration kRtoMax = 120s;
constexpr std::uint32_t kDoublingsMax = 10;  // 200 ms * 2^10 is beyond kRtoMax

}  // namespace

std::uint32_t World::Impl::find(const Machine& machine, ConnId id) const {
  if (id.incarnation() != machine.incarnation) return kNil;
  return (id.is_dialled() ? machine.dialled : machine.accepted).find(id.serial());
}

ConnId World::Impl::conn_id(const Connection& conn, std::uint8_t end) const {
  const std::uint32_t incarnation = at(conn.machine[end]).incarnation;
  return end == 0 ? ConnId::dialled(incarnation, conn.serial[0])
                  : ConnId::accepted(incarnation, conn.serial[1]);
}

void World::Impl::send(Machine& machine, ConnId id, PayloadRef payload) {
  CHECK(payload != nullptr);
  const std::uint32_t c = find(machine, id);
  if (c == kNil) return;  // gone, and the node is about to hear of it
  const std::uint8_t end = id.is_dialled() ? 0 : 1;
  Connection& conn = connections[c];
  if (conn.machine[0] == kNoMachine) return console_answer(c, payload.get());
  if (conn.plane == Plane::kClient) classify(conn, *payload);
  if (spec->sight_bus) sight(c, end, false, payload);
  Waiting message;
  message.size = static_cast<std::uint32_t>(payload->size());
  CHECK(message.size == payload->size());
  message.payload = std::move(payload);
  if (!levers.rules().empty() && touch(c, end, message)) return;
  if (conn.end[end] == End::kUnborn) return enqueue(c, end, std::move(message));  // still dialling
  message.stopped = passage(conn, end) != Passage::kOpen;
  if (message.stopped) count_blocked(conn, end);
  const bool usual = !message.stopped && stream_at(conn, end) == kNil &&
                     message.held_by.value == 0 && message.not_before <= now_ &&
                     in_flight(conn, end) + message.size <= spec->send_buffer_bytes;
  if (usual) return transmit_or_keep(c, end, std::move(message));
  enqueue(c, end, std::move(message));
}

void World::Impl::sight(std::uint32_t c, std::uint8_t sender, bool arrived,
                        const PayloadRef& payload) {
  const Connection& conn = connections[c];
  if (conn.plane != Plane::kBus) return;
  sightings.push_back(
      {now_, conn.machine[sender], conn.machine[1 - sender], line_of(c), arrived, payload});
}

// Precondition: nothing waits on this way.
void World::Impl::transmit_or_keep(std::uint32_t c, std::uint8_t end, Waiting message) {
  if (transmit(c, end, message)) return;
  stall(streams[stream_of(c, end)]);
  enqueue(c, end, std::move(message));
}

void World::Impl::enqueue(std::uint32_t c, std::uint8_t end, Waiting message) {
  const std::uint32_t s = stream_of(c, end);
  streams[s].queued += message.size;
  streams[s].queue.push_back(std::move(message));
  pump(s);
}

// Puts it on the wire. Nothing overtakes on one way: it arrives at least a nanosecond after what is
// ahead of it.
bool World::Impl::transmit(std::uint32_t c, std::uint8_t end, Waiting& message, bool exposed) {
  Connection& conn = connections[c];
  SimTime arrival = arrival_time(conn, end, message.size, exposed);
  if (is_listened_to(conn)) frame_sets_out(c, end, message, arrival == kNever);
  if (arrival == kNever) return false;
  const std::uint32_t index = segments.take();
  std::uint32_t flying = message.size;
  std::uint32_t& tail = tail_of(conn, end);
  if (tail != kNil) {
    Segment& ahead = segments[tail];
    arrival = std::max(arrival, ahead.at + Duration{1});
    ahead.next = index;
    flying += ahead.flying;
  }
  tail = index;
  Segment& segment = segments[index];
  segment.payload = std::move(message.payload);
  segment.at = arrival;
  segment.conn = c;
  segment.generation = conn.generation;
  segment.next = kNil;
  segment.size = message.size;
  segment.flying = flying;
  segment.port = message.port;
  segment.end = end;
  segment.kind = message.kind;
  schedule(arrival, DueKind::kArrive, index);
  return true;
}

void World::Impl::arrive(std::uint32_t index) {
  Segment segment = std::move(segments[index]);
  segments[index].kind = SegmentKind::kVoid;
  segments[index].size = 0;
  segments.release(index);
  if (segment.kind == SegmentKind::kVoid) return;
  Connection& conn = connections[segment.conn];
  if (!conn.live || conn.generation != segment.generation) return;
  std::uint32_t& tail = tail_of(conn, segment.end);
  if (tail == index) {
    tail = kNil;
  } else {
    CHECK(tail != kNil);
    segments[tail].flying -= segment.size;
  }
  const bool passes = passage(conn, segment.end) == Passage::kOpen;
  const bool heard = passes && host_hears(conn, segment.end);
  if (!passes) count_blocked(conn, segment.end);
  switch (segment.kind) {
    case SegmentKind::kSyn:
    case SegmentKind::kSynAck:
    case SegmentKind::kRefusal:
      if (conn.end[0] != End::kUnborn) return;  // the dialler has given up
      if (!heard) return handshake_lost(segment.conn, segment);
      if (segment.kind == SegmentKind::kSyn) return syn_arrives(segment.conn, segment);
      if (segment.kind == SegmentKind::kSynAck) return syn_ack_arrives(segment.conn);
      return refusal_arrives(segment.conn);
    case SegmentKind::kRst:
      if (heard) return rst_arrives(segment.conn, segment.end);
      return free_if_done(segment.conn);
    case SegmentKind::kAck:
    case SegmentKind::kData:
    case SegmentKind::kFin:
      if (!heard) return take_back(segment.conn, std::move(segment));
      return data_arrives(segment.conn, segment);
    case SegmentKind::kVoid:
      return;
  }
}

void World::Impl::data_arrives(std::uint32_t c, Segment& segment) {
  Connection& conn = connections[c];
  const std::uint8_t sender = segment.end;
  const std::uint8_t receiver = 1 - sender;
  const bool known = conn.end[receiver] == End::kOpen ||
                     (segment.kind == SegmentKind::kAck && conn.end[receiver] == End::kUnborn) ||
                     (segment.kind == SegmentKind::kFin && conn.end[receiver] == End::kClosing);
  if (!known) return stray_arrives(c, segment);
  if (segment.kind == SegmentKind::kFin) {
    if (is_listened_to(conn)) tell_frame(c, sender, Frame::Kind::kArrived);
    return fin_arrives(c, sender);
  }
  if (segment.kind == SegmentKind::kAck) return ack_arrives(c, segment);

  Machine* machine = &at(conn.machine[receiver]);
  const std::uint32_t known_stream = stream_at(conn, sender);
  const bool behind = known_stream != kNil && streams[known_stream].unread > 0;
  if (!machine->reads() || behind) {
    Stream& stream = streams[stream_of(c, sender)];
    if (stream.unread > 0 && stream.unread + segment.size > spec->send_buffer_bytes) {
      stream.window_closed = true;
      return take_back(c, std::move(segment));
    }
    stream.unread += segment.size;
  }
  if (!levers.on_directions().empty() && conn.machine[0] != kNoMachine &&
      passage(conn, receiver) != Passage::kOpen) {
    count_blocked(conn, receiver);  // the acknowledgement
    Stream& stream = streams[stream_of(c, sender)];
    stream.unacked += segment.size;
    arm_retransmission(stream);
  } else if (const std::uint32_t s = stream_at(conn, sender); s != kNil) {
    Stream& stream = streams[s];
    stream.unacked = 0;  // an acknowledgement that comes through is one of all before it too
    if (!stream.lost) stream.retry_at = kNoRetry;
    pump(s);
  }
  if (spec->sight_bus) sight(c, sender, true, segment.payload);
  if (is_listened_to(conn)) tell_frame(c, sender, Frame::Kind::kArrived);
  deliver(*machine, Received{conn_id(conn, receiver), std::move(segment.payload)});
}

// The receiver knows nothing of the connection, and says so. If that gets lost, the sender's kernel
// tries again as with anything that is not acknowledged.
void World::Impl::stray_arrives(std::uint32_t c, const Segment& segment) {
  const Connection& conn = connections[c];
  if (!send_rst(c, 1 - segment.end) && conn.end[segment.end] != End::kGone) {
    Stream& stream = streams[stream_of(c, segment.end)];
    stream.unanswered = true;
    arm_retransmission(stream);
  }
  free_if_done(c);
}

// A segment did not make it. The sender's kernel still has it, and all that it sent after it.
void World::Impl::take_back(std::uint32_t c, Segment first) {
  Connection& conn = connections[c];
  const std::uint8_t end = first.end;
  const bool stopped = passage(conn, end) != Passage::kOpen;
  std::vector<Waiting> lost;
  std::uint64_t bytes = 0;
  const auto take = [&](Segment& segment) {
    Waiting waiting;
    waiting.payload = std::move(segment.payload);
    waiting.size = segment.size;
    waiting.port = segment.port;
    waiting.kind = segment.kind;
    waiting.stopped = stopped;
    bytes += segment.size;
    segment.kind = SegmentKind::kVoid;
    segment.size = 0;
    lost.push_back(std::move(waiting));
  };
  std::uint32_t next = first.next;
  take(first);
  std::uint32_t tail = kNil;
  while (next != kNil) {
    Segment& segment = segments[next];
    const std::uint32_t index = std::exchange(next, segment.next);
    if (segment.kind == SegmentKind::kRst) {
      tail = index;  // nothing is sent after it
      segment.flying = 0;
      continue;
    }
    take(segment);
  }
  tail_of(conn, end) = tail;
  if (is_listened_to(conn)) tell_frame(c, end, Frame::Kind::kReturned);
  for (std::size_t i = 1; stopped && i < lost.size(); ++i) count_blocked(conn, end);
  if (conn.end[end] == End::kGone) return free_if_done(c);  // nobody is left to send it again
  const std::uint32_t s = stream_of(c, end);
  Stream& stream = streams[s];
  stream.queued += bytes;
  stream.queue.put_in_front(std::move(lost));
  if (!stream.window_closed) {
    if (passage(conn, end) == Passage::kClogged) {
      stream.clogged = true;
    } else {
      stall(stream);
    }
  }
  settle(s);
}

// The program has read these from its sockets: there is room in the kernel again, and the sender
// hears of it.
void World::Impl::read_by(Machine& machine, std::span<const Input> inputs) {
  for (const Input& input : inputs) {
    const auto* received = std::get_if<Received>(&input);
    if (received == nullptr) continue;
    const std::uint32_t c = find(machine, received->conn);
    if (c == kNil) continue;
    Connection& conn = connections[c];
    const std::uint8_t receiver = received->conn.is_dialled() ? 0 : 1;
    const std::uint32_t s = stream_at(conn, 1 - receiver);
    if (s == kNil) continue;
    Stream& stream = streams[s];
    stream.unread -= std::min<std::uint64_t>(stream.unread, received->payload->size());
    open_window(c, s);
  }
}

// The program says itself what it has left in the kernel.
void World::Impl::left_unread(Machine& machine, const Unread& effect) {
  machine.tells_unread = true;
  const std::uint32_t c = find(machine, effect.conn);
  if (c == kNil) return;
  const Connection& conn = connections[c];
  if (conn.machine[0] == kNoMachine) return;  // the console sends one command
  const std::uint8_t sender = effect.conn.is_dialled() ? 1 : 0;
  const std::uint32_t s = stream_of(c, sender);
  const bool less = effect.bytes < streams[s].unread;
  streams[s].unread = effect.bytes;
  if (less) return open_window(c, s);
  settle(s);
}

void World::Impl::open_window(std::uint32_t c, std::uint32_t s) {
  Stream& stream = streams[s];
  if (stream.window_closed) {
    stream.window_closed = false;
    stream.clogged = false;
    schedule(now_ + base_latency(connections[c]), DueKind::kPump, s, stream.generation);
  }
  settle(s);
}

// Sends what may go, in one go: only the first of it can be lost.
void World::Impl::pump(std::uint32_t s) {
  Stream& stream = streams[s];
  Connection& conn = connections[stream.conn];
  bool exposed = true;
  while (!stream.queue.empty() && !stream.dialling && !stream.lost && !stream.window_closed) {
    Waiting& front = stream.queue.front();
    if (front.held_by.value != 0) break;
    if (front.not_before > now_) {
      if (std::exchange(stream.pump_at, front.not_before) != front.not_before) {
        schedule(front.not_before, DueKind::kPump, s, stream.generation);
      }
      break;
    }
    const Passage way_on = passage(conn, stream.end);
    stream.clogged = way_on == Passage::kClogged;
    if (way_on == Passage::kCut) {
      if (is_listened_to(conn)) frame_sets_out(stream.conn, stream.end, front, true);
      stall(stream);
    }
    if (way_on != Passage::kOpen) {
      if (!std::exchange(front.stopped, true)) count_blocked(conn, stream.end);
      break;
    }
    const std::uint64_t sent = in_flight(conn, stream.end);
    if (sent > 0 && sent + front.size > spec->send_buffer_bytes) break;
    const std::uint32_t size = front.size;
    if (!transmit(stream.conn, stream.end, front, exposed)) {
      stall(stream);
      break;
    }
    stream.queued -= size;
    stream.queue.pop_front();
    exposed = false;
  }
  settle(s);
}

void World::Impl::stall(Stream& stream) {
  stream.lost = true;
  arm_retransmission(stream);
}

void World::Impl::arm_retransmission(Stream& stream) {
  if (stream.retry_at != kNoRetry) return;
  stream.since = now_;
  stream.attempts = 0;
  retransmit_at(stream, now_ + kRtoMin);
}

void World::Impl::retransmit_at(Stream& stream, SimTime time) {
  stream.retry_at = time;
  const std::uint32_t s = connections[stream.conn].way[stream.end];
  schedule(time, DueKind::kRetransmit, s, stream.generation);
}

void World::Impl::retransmit(std::uint32_t s) {
  Stream& stream = streams[s];
  if (stream.retry_at != now_) return;
  Connection& conn = connections[stream.conn];
  const Passage there = passage(conn, stream.end);
  const Passage back = passage(conn, 1 - stream.end);
  const bool through = there == Passage::kOpen && host_hears(conn, stream.end);
  const bool unacknowledged = stream.unacked > 0 || stream.unanswered;
  if (there != Passage::kOpen) count_blocked(conn, stream.end);
  if (through && unacknowledged && back != Passage::kOpen) count_blocked(conn, 1 - stream.end);
  if (there == Passage::kClogged || back == Passage::kClogged) stream.since = now_;
  if (through && back == Passage::kOpen) {
    stream.unacked = 0;
    stream.unanswered = stream.unanswered && !send_rst(stream.conn, 1 - stream.end);
  }
  if (through) stream.lost = false;
  const bool in_vain = stream.lost && there != Passage::kClogged && !stream.queue.empty();
  if (in_vain && is_listened_to(conn))
    frame_sets_out(stream.conn, stream.end, stream.queue.front(), true);
  pump(s);  // with the timer on: what is lost now belongs to the same trouble
  stream.retry_at = kNoRetry;
  if (stream.lost || stream.unacked > 0 || stream.unanswered) {
    if (now_ - stream.since >= spec->tcp_timeout) {
      return lose_end(stream.conn, stream.end, CloseReason::kTimedOut);
    }
    ++stream.attempts;
    const Duration rto =
        std::min(kRtoMin * (1 << std::min(stream.attempts, kDoublingsMax)), kRtoMax);
    retransmit_at(stream, std::min(now_ + rto, stream.since + spec->tcp_timeout));
  }
  settle(s);
}

std::uint64_t World::Impl::in_flight(const Connection& conn, std::uint8_t end) const {
  const std::uint32_t s = stream_at(conn, end);
  const std::uint32_t tail = s == kNil ? conn.way[end] : streams[s].tail;
  const std::uint64_t flying = tail == kNil ? 0 : segments[tail].flying;
  return flying + (s == kNil ? 0 : streams[s].unacked);
}

// What the kernel has not taken: all that is beyond its buffer, in flight or waiting.
std::uint64_t World::Impl::unsent(const Stream& stream) const {
  const std::uint64_t all = in_flight(connections[stream.conn], stream.end) + stream.queued;
  return all > spec->send_buffer_bytes ? all - spec->send_buffer_bytes : 0;
}

void World::Impl::tell_unsent(std::uint32_t s) {
  Stream& stream = streams[s];
  const Connection& conn = connections[stream.conn];
  stream.tell_due = false;
  const std::uint64_t left = unsent(stream);
  if (left == stream.told || conn.end[stream.end] != End::kOpen) {
    stream.told = left;
    return settle(s);
  }
  stream.told = left;
  Machine& machine = at(conn.machine[stream.end]);
  const Sent sent{conn_id(conn, stream.end), left};
  settle(s);
  deliver(machine, sent);
}

void World::Impl::settle(std::uint32_t s) {
  Stream& stream = streams[s];
  if (!stream.tell_due && unsent(stream) != stream.told) {
    stream.tell_due = true;
    schedule(now_, DueKind::kTellUnsent, s, stream.generation);
  }
  const bool needed = stream.dialling || stream.lost || stream.retry_at != kNoRetry ||
                      stream.clogged || stream.window_closed || stream.tell_due ||
                      stream.unacked > 0 || stream.unread > 0 || stream.told > 0 ||
                      !stream.queue.empty();
  if (!needed) drop_stream(stream.conn, stream.end);
}

std::uint32_t World::Impl::stream_of(std::uint32_t c, std::uint8_t end) {
  Connection& conn = connections[c];
  const std::uint32_t known = stream_at(conn, end);
  if (known != kNil) return known;
  const std::uint32_t s = streams.take();
  streams[s].conn = c;
  streams[s].end = end;
  streams[s].tail = std::exchange(conn.way[end], s);
  conn.streams = (conn.streams | (1 << end)) & 3;
  return s;
}

void World::Impl::drop_stream(std::uint32_t c, std::uint8_t end) {
  Connection& conn = connections[c];
  const std::uint32_t s = stream_at(conn, end);
  if (s == kNil) return;
  conn.way[end] = streams[s].tail;
  conn.streams = conn.streams & ~(1 << end) & 3;
  const std::uint32_t generation = streams[s].generation + 1;
  streams[s] = Stream{};
  streams[s].generation = generation;
  streams.release(s);
}

}  // namespace sim
