// Who must have been before whom, and cycles in that.
//
// An edge says why its first end came before its second:
//   ww  the second appended right behind what the first appended
//   wr  the second read what the first appended last
//   rw  the first read the list up to what the second appended next
//   process, real time  the first ended before the second began, in the same process or any
// (Adya 1999; the names of cycles, G0 to G2, are his. -process and -realtime say that such edges
// are needed.)
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sim/history/lists.h"

namespace sim::history {

enum class Why : std::uint8_t { kWw, kWr, kRw, kProcess, kRealtime };

struct Edge {
  std::uint32_t from = 0, to = 0;  // index among the operations of the graph
  Why why{};
};

struct Cycle {
  std::string_view anomaly;  // "G-single-realtime"
  std::vector<Edge> edges;   // each begins where the one before ends, the first where the last ends
};

// The graph of operations that touch the same keys, or keys that transactions tie together.
// `operations` are indices, ascending; `keys` all keys that they touch; `places` has room for every
// operation of the history.
std::vector<Edge> edges_of(const History& history, const Lists& lists,
                           std::span<const std::uint32_t> operations,
                           std::span<const std::uint32_t> keys, std::vector<std::uint32_t>& places);

// One cycle of each knot of the graph, the simplest that is there: first those that need fewest
// kinds of edges, of these a short one. At most `most`.
std::vector<Cycle> find_cycles(std::uint32_t vertices, const std::vector<Edge>& edges,
                               std::size_t most);

}  // namespace sim::history
