// What is due, in exact order: by time, then tie-break, then the order in which it was scheduled.
//
// Events are plain data of 32 bytes; what they speak of lives in slabs and is named by index.
// Copying the queue copies the future.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/time.h"
#include "sim/world/slab.h"

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

// Three tiers, so that the work per event does not grow with how many are due: a heap of what is
// due in the current stretch of time (262 us), a wheel of 4,096 stretches for the next 1.07 s (a
// node's next round lies within), unsorted, and a heap of what lies beyond. Exact order is the
// first heap's affair; the wheel only decides when an event enters it.
class EventQueue {
 public:
  EventQueue() { heads_.fill(kNil); }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  void push(SimTime at, std::uint32_t tie, DueKind kind, std::uint32_t subject,
            std::uint32_t detail);
  // The earliest. Precondition: not empty.
  const Due& top() const { return current_.front(); }
  Due pop();

 private:
  static constexpr int kStretchBits = 18;
  static constexpr std::int64_t kStretches = 4096;
  struct Entry {
    Due due;
    std::uint32_t next = kNil;
  };
  static std::int64_t stretch_of(SimTime at) {
    return at.time_since_epoch().count() >> kStretchBits;
  }
  void place(const Due& due);
  void into_wheel(std::int64_t stretch, const Due& due);
  std::int64_t next_in_wheel() const;
  void refill();

  std::vector<Due> current_;  // 4-ary heap; never empty unless all is
  std::vector<Due> far_;      // 4-ary heap
  std::int64_t stretch_ = 0;  // the one `current_` is about; it may hold earlier events too
  std::size_t size_ = 0;
  std::uint64_t sequence_ = 0;

  std::array<std::uint32_t, kStretches> heads_;  // lists of entries, by stretch modulo their number
  std::array<std::uint64_t, kStretches / 64> occupied_{};  // which lists have any
  std::vector<Entry> entries_;
  std::uint32_t free_entry_ = kNil;
};

}  // namespace sim
