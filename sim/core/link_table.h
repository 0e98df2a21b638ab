// Links of the cluster bus by connection. A pair of nodes keeps two TCP connections: each dials one
// and accepts one.
//
// Serials of connections are minted ascending, so a table sorted by serial is only ever appended
// to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/base/check.h"
#include "sim/core/peer_table.h"

namespace sim {

struct DialledLink {
  std::uint32_t serial = 0;
  PeerId peer;
};

struct AcceptedLink {
  std::uint32_t serial = 0;
  PeerId peer;  // none: its sender is not known (yet)
  std::uint32_t remote_ipv4 = 0;
  std::uint32_t created_s = 0;  // fresh wall
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
