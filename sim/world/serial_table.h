// From a connection's serial number to its slot: what stands behind a `ConnId` lookup.
//
// Serials only grow, and a node that reconnects ten times a second for days uses millions of them
// while a few old ones stay alive. So the table is paged: a page of 64 serials costs 256 bytes
// while one of them lives and 4 bytes afterwards, and dead pages at the front cost nothing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/world/slab.h"

namespace sim {

class SerialTable {
 public:
  // kNil if there is no such serial.
  std::uint32_t find(std::uint32_t serial) const {
    const std::uint32_t page = page_of(serial);
    return page == kNil ? kNil : pages_[page].slots[serial % kPage];
  }
  void insert(std::uint32_t serial, std::uint32_t slot);
  // Precondition: it is there.
  void erase(std::uint32_t serial);
  // Live slots in order of serial.
  std::vector<std::uint32_t> slots() const;
  void clear() { *this = SerialTable(); }
  std::uint32_t live() const { return live_; }
  std::size_t bytes() const { return directory_.capacity() * 4 + pages_.capacity() * sizeof(Page); }

 private:
  static constexpr std::uint32_t kPage = 64;
  struct Page {
    std::uint32_t live = 0;
    std::array<std::uint32_t, kPage> slots;
  };
  std::uint32_t page_of(std::uint32_t serial) const {
    const std::uint32_t number = serial / kPage;
    if (number < first_ || number - first_ >= directory_.size()) return kNil;
    return directory_[number - first_];
  }

  std::vector<std::uint32_t> directory_;  // page index by page number less `first_`
  std::uint32_t first_ = 0;
  std::vector<Page> pages_;
  std::vector<std::uint32_t> free_pages_;
  std::uint32_t live_ = 0;
};

}  // namespace sim
