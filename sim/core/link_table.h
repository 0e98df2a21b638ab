// Links of the cluster bus by connection. A pair of nodes keeps two TCP connections: each dials one
// and accepts one.
//
// Serials of connections are minted ascending, so a table sorted by serial is only ever appended
// to; 16 bytes a link.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/check.h"
#include "sim/core/peer_table.h"

namespace sim {

// A connection's serial, whom it leads to and when it was made, in 12 bytes.
class BusLink {
 public:
  BusLink(std::uint32_t serial_given, PeerId peer, std::int64_t created_ms) : serial(serial_given) {
    put(peer, created_ms);
  }
  std::uint32_t serial;
  PeerId peer() const {  // of an accepted one none: its sender is not known (yet)
    const std::uint32_t row = low_ & kNobody;
    return row == kNobody ? kNoPeer : PeerId{row};
  }
  std::int64_t created_ms() const {  // fresh wall
    return static_cast<std::int64_t>(std::uint64_t{high_} << 32 | low_) >> kRowBits;
  }
  void set_peer(PeerId peer) { put(peer, created_ms()); }

 private:
  static constexpr int kRowBits = 20;
  static constexpr std::uint32_t kNobody = (1u << kRowBits) - 1;
  void put(PeerId peer, std::int64_t created_ms) {
    CHECK(peer.is_none() || peer.value < kNobody);
    const std::uint64_t word = static_cast<std::uint64_t>(created_ms) << kRowBits |
                               (peer.is_none() ? kNobody : peer.value);
    low_ = static_cast<std::uint32_t>(word);
    high_ = static_cast<std::uint32_t>(word >> 32);
  }
  std::uint32_t low_ = 0, high_ = 0;  // of the row, 20 bits, and the time above it
};

using DialledLink = BusLink;

struct AcceptedLink : BusLink {
  AcceptedLink(std::uint32_t serial_given, std::uint32_t ipv4, std::int64_t created_ms)
      : BusLink(serial_given, kNoPeer, created_ms), remote_ipv4(ipv4) {}
  std::uint32_t remote_ipv4;
};

template <class Link>
class LinkTable {
 public:
  // nullptr: not a link of the bus. The pointer is good until the next `add` or `remove`.
  Link* find(std::uint32_t serial) {
    // Serials are nearly dense while no link was lost: it is here or a few places before.
    if (links_.empty() || serial < links_.front().serial) return nullptr;
    std::size_t guess = std::min<std::size_t>(serial - links_.front().serial, links_.size() - 1);
    for (int steps = 0; steps < 4 && links_[guess].serial > serial; ++steps) --guess;
    if (links_[guess].serial == serial) return &links_[guess];
    const auto at = std::lower_bound(
        links_.begin(), links_.end(), serial,
        [](const Link& link, std::uint32_t wanted) { return link.serial < wanted; });
    return at != links_.end() && at->serial == serial ? &*at : nullptr;
  }
  const Link* find(std::uint32_t serial) const {
    return const_cast<LinkTable*>(this)->find(serial);
  }
  // At the first link of what may become `links`: growing by halves would leave as much again in
  // holes of the heap.
  void expect(std::size_t links) {
    if (links_.empty()) links_.reserve(links);
  }
  // Precondition: `link.serial` is greater than every serial in the table.
  void add(const Link& link) {
    CHECK(links_.empty() || links_.back().serial < link.serial);
    links_.push_back(link);
  }
  void remove(std::uint32_t serial) {
    if (Link* link = find(serial)) links_.erase(links_.begin() + (link - links_.data()));
  }
  const std::vector<Link>& all() const { return links_; }

 private:
  std::vector<Link> links_;
};

}  // namespace sim
