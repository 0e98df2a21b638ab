#include "sim/world/serial_table.h"

#include <algorithm>

namespace sim {

void SerialTable::insert(std::uint32_t serial, std::uint32_t slot) {
  const std::uint32_t number = serial / kPage;
  if (directory_.empty()) first_ = number;
  if (number < first_) {  // a node may number its dials as it likes, only not twice
    directory_.insert(directory_.begin(), first_ - number, kNil);
    first_ = number;
  }
  if (number - first_ >= directory_.size()) directory_.resize(number - first_ + 1, kNil);
  std::uint32_t& page = directory_[number - first_];
  if (page == kNil) {
    if (free_pages_.empty()) {
      page = static_cast<std::uint32_t>(pages_.size());
      pages_.emplace_back();
    } else {
      page = free_pages_.back();
      free_pages_.pop_back();
    }
    pages_[page].slots.fill(kNil);
  }
  CHECK(pages_[page].slots[serial % kPage] == kNil);
  pages_[page].slots[serial % kPage] = slot;
  ++pages_[page].live;
  ++live_;
}

void SerialTable::erase(std::uint32_t serial) {
  const std::uint32_t page = page_of(serial);
  CHECK(page != kNil);
  CHECK(pages_[page].slots[serial % kPage] != kNil);
  pages_[page].slots[serial % kPage] = kNil;
  --live_;
  if (--pages_[page].live > 0) return;
  free_pages_.push_back(page);
  directory_[serial / kPage - first_] = kNil;
  // Trim the front in strides, so that erasing stays cheap.
  const auto alive = std::find_if(directory_.begin(), directory_.end(),
                                  [](std::uint32_t entry) { return entry != kNil; });
  const auto dead = alive - directory_.begin();
  if (dead < 64 && alive != directory_.end()) return;
  directory_.erase(directory_.begin(), alive);
  first_ += static_cast<std::uint32_t>(dead);
}

std::vector<std::uint32_t> SerialTable::slots() const {
  std::vector<std::uint32_t> all;
  all.reserve(live_);
  for (const std::uint32_t page : directory_) {
    if (page == kNil) continue;
    for (const std::uint32_t slot : pages_[page].slots) {
      if (slot != kNil) all.push_back(slot);
    }
  }
  return all;
}

}  // namespace sim
