// A queue in one piece of memory: entered at the back, left at the front, at a constant cost each
// however long it is. Empty it costs nothing but itself, unlike std::deque, which allocates before
// anything is in it; there is one in every stream.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "sim/base/check.h"

namespace sim {

template <class T>
class Fifo {
 public:
  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }
  T& front() { return items_[first_]; }
  auto begin() { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() { return items_.end(); }

  void push_back(T item) { items_.push_back(std::move(item)); }
  void pop_front() {
    CHECK(!empty());
    items_[first_++] = T{};
    // Closing the gap moves no more items than have left since it was closed last.
    if (first_ >= size()) close_gap();
  }
  // In their order, ahead of all that is there.
  void put_in_front(std::vector<T> items) {
    items_.insert(begin(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  }

 private:
  void close_gap() {
    items_.erase(items_.begin(), begin());
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0;  // those before it have left
};

}  // namespace sim
