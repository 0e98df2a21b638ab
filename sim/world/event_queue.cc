#include "sim/world/event_queue.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

void heap_push(std::vector<Due>& heap, const Due& due) {
  std::size_t hole = heap.size();
  heap.push_back(due);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (!before(due, heap[parent])) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = due;
}

Due heap_pop(std::vector<Due>& heap) {
  const Due first = heap.front();
  const Due last = heap.back();
  heap.pop_back();
  const std::size_t size = heap.size();
  if (size == 0) return first;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t child = hole * 4 + 1;
    if (child >= size) break;
    std::size_t least = child;
    for (std::size_t other = child + 1; other < std::min(child + 4, size); ++other) {
      if (before(heap[other], heap[least])) least = other;
    }
    if (!before(heap[least], last)) break;
    heap[hole] = heap[least];
    hole = least;
  }
  heap[hole] = last;
  return first;
}

}  // namespace

void EventQueue::push(SimTime at, std::uint32_t tie, DueKind kind, std::uint32_t subject,
                      std::uint32_t detail) {
  place(Due{at, (sequence_++ << 8) | static_cast<std::uint64_t>(kind), tie, subject, detail});
  ++size_;
  if (current_.empty()) refill();
}

Due EventQueue::pop() {
  CHECK(size_ > 0);
  const Due first = heap_pop(current_);
  --size_;
  if (current_.empty() && size_ > 0) refill();
  return first;
}

void EventQueue::place(const Due& due) {
  const std::int64_t stretch = stretch_of(due.at);
  if (stretch <= stretch_) return heap_push(current_, due);
  if (stretch < stretch_ + kStretches) return into_wheel(stretch, due);
  heap_push(far_, due);
}

void EventQueue::into_wheel(std::int64_t stretch, const Due& due) {
  const auto slot = static_cast<std::size_t>(stretch % kStretches);
  std::uint32_t entry = free_entry_;
  if (entry == kNil) {
    entry = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  } else {
    free_entry_ = entries_[entry].next;
  }
  entries_[entry] = Entry{due, heads_[slot]};
  heads_[slot] = entry;
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

// The first stretch after the current one that has events in the wheel; the end of time if none
// has.
std::int64_t EventQueue::next_in_wheel() const {
  const auto start = static_cast<std::size_t>((stretch_ + 1) % kStretches);
  for (std::size_t i = 0; i <= occupied_.size(); ++i) {
    const std::size_t word = (start / 64 + i) % occupied_.size();
    std::uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~std::uint64_t{0} << (start % 64);
    if (bits == 0) continue;
    const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    const std::size_t ahead = (slot + kStretches - start) % kStretches;
    return stretch_ + 1 + static_cast<std::int64_t>(ahead);
  }
  return std::numeric_limits<std::int64_t>::max();
}

// Moves on to the next stretch that has events. Precondition: there is one.
void EventQueue::refill() {
  std::int64_t next = next_in_wheel();
  if (!far_.empty()) next = std::min(next, stretch_of(far_.front().at));
  stretch_ = next;
  // What lay beyond the wheel may lie in it now; it must be there before anything is taken out.
  while (!far_.empty() && stretch_of(far_.front().at) < stretch_ + kStretches) {
    place(heap_pop(far_));
  }
  const auto slot = static_cast<std::size_t>(stretch_ % kStretches);
  std::uint32_t entry = std::exchange(heads_[slot], kNil);
  occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  while (entry != kNil) {
    heap_push(current_, entries_[entry].due);
    const std::uint32_t next_entry = entries_[entry].next;
    entries_[entry].next = std::exchange(free_entry_, entry);
    entry = next_entry;
  }
  CHECK(!current_.empty());
}

}  // namespace sim
