// Where things stand in a cluster graph: boxes in boxes (region, zone, rack, host, or shard where
// no place is known), and a grid of rows and columns, so that a picture of 60 nodes is a page and
// not one row as wide as the cluster is large.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "viz/picture.h"

namespace sim {

struct GraphBox {
  std::string
      kind;  // "zone", ...; empty for the root and for a box of loose nodes, which are not drawn
  std::string name;
  std::vector<GraphBox> boxes;
  std::vector<MachineId> nodes;  // primaries first; only in boxes without boxes
  // Nodes that are drawn as one, in the place of the first of them, which alone is among `nodes`.
  std::vector<std::vector<MachineId>> summaries;
};

// Levels that say nothing are left out: a single region, one rack a zone, hosts with a single node.
// Of a large cluster hosts are left out too, and nodes that are alike are drawn as one, box
// by box and side by side.
GraphBox box_tree(const ClusterPicture& picture);

struct GridCell {
  std::uint32_t row = 0, column = 0;
  auto operator<=>(const GridCell&) const = default;
};
using Grid = std::map<GridCell, MachineId>;
Grid grid_of(const ClusterPicture& picture, const GraphBox& root);

}  // namespace sim
