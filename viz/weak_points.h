// Where a network is thin: articulation points, bridges and the smallest cut of the usable graph,
// that is of the links that are up.
//
// Boost.Graph proposes (biconnected components, maximum flow), and what servers then still reach
// decides: hosts pass nothing on, which no plain graph knows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "viz/cluster_map.h"

namespace sim {

// Places and links without which two servers that stand elsewhere, and reach each other now, no
// longer do. Ascending. A place is not told for what stands in it: that is lost with it anyhow.
struct WeakPoints {
  std::vector<std::uint32_t> places, links;
  bool operator==(const WeakPoints&) const = default;
};
WeakPoints weak_points(const ClusterMap& map);

// The fewest links whose loss parts servers of different zones: links between zones, regions and
// switches, and links of racks to others than their zone. Zones are taken as whole, and what hosts
// have of links of their own is left out. None: servers stand in fewer than two zones, or in more
// than kZonesCut.
struct SmallestCut {
  std::vector<std::uint32_t> links;    // ascending; empty: they are apart already
  std::vector<std::uint32_t> servers;  // on the side with fewer primaries, in order
};
inline constexpr std::size_t kZonesCut = 100;
std::optional<SmallestCut> smallest_cut(const ClusterMap& map);

}  // namespace sim
