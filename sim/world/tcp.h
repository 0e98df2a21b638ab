// The state of TCP-like connections between machines, as plain data. What is done with it is in
// tcp_*.cc.
//
// A connection has two ends: end 0 dialled, end 1 accepts. What end e sends travels on `way[e]`, in
// order. An idle connection costs 36 bytes here and about 4 bytes in the serial table of each end;
// everything that is not needed while all goes well (waiting messages, retransmission, push-back)
// lives in a `Stream` beside it, which exists only while needed.
#pragma once

#include <array>
#include <cstdint>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/node/payload.h"
#include "sim/world/fifo.h"
#include "sim/world/levers.h"
#include "sim/world/slab.h"
#include "sim/world/topology.h"

namespace sim {

// How an end stands, as its own host sees it.
enum class End : std::uint8_t {
  kUnborn,   // dialling, or not accepted yet
  kOpen,     // a node holds it
  kClosing,  // closed by its node; the kernel still delivers what was sent, then says so
  kGone,     // the host knows nothing of it: what arrives for it is answered by RST
};

struct Connection {
  std::array<MachineId, 2> machine{};  // machine[0] == kNoMachine: the console
  std::array<std::uint32_t, 2> serial{};
  std::array<std::uint32_t, 2> way{kNil, kNil};  // its last segment in flight, or its stream
  PathId path;                                   // 0xffffffff: to be asked for again
  std::uint32_t generation = 0;
  Plane plane = Plane::kClient;
  std::array<End, 2> end{End::kGone, End::kGone};
  bool live : 1 = false;
  std::uint8_t streams : 2 = 0;  // bit e: way[e] has a stream, and that knows the last segment

  // Of a machine with itself, or of its console: no network in between.
  bool is_loopback() const { return machine[0] == kNoMachine || machine[0] == machine[1]; }
};
static_assert(sizeof(Connection) <= 36);

enum class SegmentKind : std::uint8_t {
  kSyn,
  kSynAck,
  kRefusal,  // RST in answer to a SYN
  kAck,      // third of the handshake: now the other side accepts
  kData,
  kFin,
  kRst,
  kVoid,  // was taken off the wire; only its event is still to come
};

// Something on its way. The whole message is one segment: bandwidth and loss are reckoned per
// message.
struct Segment {
  PayloadRef payload;
  SimTime at;  // of arrival
  std::uint32_t conn = kNil;
  std::uint32_t generation = 0;  // of the connection
  std::uint32_t next = kNil;     // the one sent after it on the same way
  std::uint32_t size = 0;
  std::uint32_t flying = 0;  // if it is the last on its way: bytes in flight there
  std::uint16_t port = 0;    // of a SYN and the ACK that follows: what was dialled
  std::uint8_t end = 0;      // who sent it
  SegmentKind kind = SegmentKind::kVoid;
};

// A message that cannot go yet.
struct Waiting {
  PayloadRef payload;
  SimTime not_before;
  LeverId held_by;  // a message rule; 0 for none
  std::uint32_t size = 0;
  std::uint16_t port = 0;
  SegmentKind kind = SegmentKind::kData;
  bool stopped = false;  // a cut or clog has counted that it is in the way
};
static_assert(sizeof(Waiting) <= 32);

// A local port that looks like one. Nothing but eyes depends on it.
inline std::uint16_t ephemeral_port(std::uint32_t serial) {
  return static_cast<std::uint16_t>(32768 + serial % 28232);
}

inline constexpr SimTime kNoRetry = SimTime::max();

struct Stream {
  std::uint32_t conn = kNil;  // kNil: this place is free
  std::uint32_t generation = 0;
  std::uint32_t tail = kNil;  // the last segment in flight
  std::uint8_t end = 0;
  bool dialling = false;
  bool lost = false;     // the front of the queue was lost: nothing moves before it is sent again
  bool clogged = false;  // waits for a clog to be released
  bool window_closed = false;   // the receiver does not read and its buffer is full
  bool unanswered = false;      // the receiver knows nothing of it, but its RST was lost
  bool tell_due = false;        // a kTellUnsent event is under way
  std::uint16_t port = 0;       // dialled
  std::uint32_t attempts = 0;   // of retransmission since `since`
  SimTime since;                // dialling: the dial. Else: when the trouble began
  SimTime pump_at;              // of the last kPump event for a delayed front
  SimTime retry_at = kNoRetry;  // of the retransmission event that counts; others are out of date
  std::uint64_t queued = 0;     // bytes waiting
  std::uint64_t unacked = 0;    // bytes delivered whose acknowledgement was lost
  std::uint64_t unread = 0;     // bytes in the receiver's kernel
  std::uint64_t told = 0;       // unsent bytes the sender knows of
  Fifo<Waiting> queue;
};

}  // namespace sim
