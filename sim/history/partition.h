// Operations by what they belong to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/history/history.h"

namespace sim::history {

struct Partition {
  std::vector<std::uint32_t> order;  // indices, part after part, ascending in each
  std::vector<std::uint32_t> begin;  // of each part in `order`, and the end
  std::uint32_t size() const { return static_cast<std::uint32_t>(begin.size() - 1); }
  std::span<const std::uint32_t> of(std::uint32_t part) const {
    return std::span(order).subspan(begin[part], begin[part + 1] - begin[part]);
  }
};

// `count` things, each in the part that `part_of` says, of `parts`.
template <class PartOf>
Partition partition(std::uint32_t count, std::uint32_t parts, const PartOf& part_of) {
  Partition made;
  made.begin.assign(parts + std::size_t{1}, 0);
  for (std::uint32_t i = 0; i < count; ++i) ++made.begin[part_of(i) + 1];
  for (std::size_t i = 1; i < made.begin.size(); ++i) made.begin[i] += made.begin[i - 1];
  made.order.resize(count);
  std::vector<std::uint32_t> next(made.begin.begin(), made.begin.end() - 1);
  for (std::uint32_t i = 0; i < count; ++i) made.order[next[part_of(i)]++] = i;
  return made;
}

inline Partition by_key(const History& history) {
  return partition(static_cast<std::uint32_t>(history.operations.size()), history.keys.size(),
                   [&](std::uint32_t i) { return history.operations[i].key; });
}

}  // namespace sim::history
