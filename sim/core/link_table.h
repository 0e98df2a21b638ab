// Links of the cluster bus by connection. A pair of nodes keeps two TCP connections: each dials one
// and accepts one.
//
// Serials of connections are minted ascending, so a table sorted by serial is only ever appended
// to; 16 bytes a link.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/peer_table.h"

namespace sim {

struct Link {
  std::uint32_t serial = 0;
  PeerId peer;                  // none: accepted, and its sender is not known (yet)
  std::int64_t created_ms = 0;  // fresh wall
};

class LinkTable {
 public:
  // nullptr: not a link of the bus.
  Link* find(std::uint32_t serial);
  const Link* find(std::uint32_t serial) const;
  // Precondition: `link.serial` is greater than every serial seen before.
  void add(const Link& link);
  void remove(std::uint32_t serial);
  const std::vector<Link>& all() const { return links_; }

 private:
  std::vector<Link> links_;
};

}  // namespace sim
