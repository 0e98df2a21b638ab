// What whoever listens on every cable is told: segments as they set out, and what became of them.
//
// A kernel sends into a cut as into any other network, so that is told too, as lost. A clog keeps
// what it holds, and tells of it when it is on its way.
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

Frame::Kind kind_of(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kSyn:
      return Frame::Kind::kSyn;
    case SegmentKind::kSynAck:
      return Frame::Kind::kSynAck;
    case SegmentKind::kAck:
      return Frame::Kind::kAck;
    case SegmentKind::kData:
      return Frame::Kind::kData;
    case SegmentKind::kFin:
      return Frame::Kind::kFin;
    case SegmentKind::kRefusal:
    case SegmentKind::kRst:
    case SegmentKind::kVoid:
      break;
  }
  return Frame::Kind::kRst;
}

}  // namespace

void World::Impl::tell_frame(std::uint32_t c, std::uint8_t sender, Frame::Kind kind) {
  const Connection& conn = connections[c];
  if (conn.is_loopback()) return;  // no cable in between
  Frame frame;
  frame.at = now_;
  frame.from = conn.machine[sender];
  frame.to = conn.machine[1 - sender];
  frame.line = line_of(c);
  frame.kind = kind;
  frame.by_dialler = sender == 0;
  frames.push_back(std::move(frame));
}

void World::Impl::frame_sets_out(std::uint32_t c, std::uint8_t sender, const Waiting& message,
                                 bool lost) {
  const Connection& conn = connections[c];
  if (conn.is_loopback()) return;
  tell_frame(c, sender, kind_of(message.kind));
  Frame& frame = frames.back();
  frame.lost = lost;
  frame.payload = message.payload;
  if (message.kind != SegmentKind::kSyn) return;
  frame.dialler = {at(conn.machine[0]).ipv4, ephemeral_port(conn.serial[0])};
  frame.listener = {at(conn.machine[1]).ipv4, message.port};
}

}  // namespace sim
