#include "sim/world/event_queue.h"

#include <algorithm>

#include "sim/base/check.h"

namespace sim {

void EventQueue::push(SimTime at, std::uint32_t tie, DueKind kind, std::uint32_t subject,
                      std::uint32_t detail) {
  const Due due{at, (sequence_++ << 8) | static_cast<std::uint64_t>(kind), tie, subject, detail};
  std::size_t hole = heap_.size();
  heap_.push_back(due);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (!before(due, heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = due;
}

Due EventQueue::pop() {
  CHECK(!heap_.empty());
  const Due first = heap_.front();
  const Due last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  if (size == 0) return first;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t child = hole * 4 + 1;
    if (child >= size) break;
    std::size_t least = child;
    for (std::size_t other = child + 1; other < std::min(child + 4, size); ++other) {
      if (before(heap_[other], heap_[least])) least = other;
    }
    if (!before(heap_[least], last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return first;
}

}  // namespace sim
