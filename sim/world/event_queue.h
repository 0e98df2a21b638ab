// What is due, in exact order: by time, then tie-break, then the order in which it was scheduled.
//
// Events are plain data of 32 bytes; what they speak of lives in slabs and is named by index.
// Copying the queue copies the future.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/time.h"

namespace sim {

enum class DueKind : std::uint8_t {
  kBoot,        // subject: machine
  kWake,        // subject: machine, detail: generation of its wake-up
  kStepDone,    // subject: machine, detail: number of the step that is over (slow machines)
  kArrive,      // subject: segment
  kNotice,      // subject: notice
  kDialAgain,   // subject: stream, detail: its generation
  kRetransmit,  // subject: stream, detail: its generation
  kPump,        // subject: stream, detail: its generation
  kTellUnsent,  // subject: stream, detail: its generation
};

struct Due {
  SimTime at;
  std::uint64_t order = 0;  // sequence number above, kind in the low byte
  std::uint32_t tie = 0;
  std::uint32_t subject = 0;
  std::uint32_t detail = 0;

  DueKind kind() const { return static_cast<DueKind>(order & 0xff); }
};
static_assert(sizeof(Due) <= 32);

// The order of the world: never two equal, because sequence numbers differ.
inline bool before(const Due& a, const Due& b) {
  if (a.at != b.at) return a.at < b.at;
  if (a.tie != b.tie) return a.tie < b.tie;
  return a.order < b.order;
}

class EventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  void push(SimTime at, std::uint32_t tie, DueKind kind, std::uint32_t subject,
            std::uint32_t detail);
  // The earliest. Precondition: not empty.
  const Due& top() const { return heap_.front(); }
  Due pop();

 private:
  std::vector<Due> heap_;  // 4-ary
  std::uint64_t sequence_ = 0;
};

}  // namespace sim
