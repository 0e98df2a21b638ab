#include "viz/graph_boxes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace sim {
namespace {

// Nodes side by side in the whole picture: about as many as stay readable on a page.
constexpr std::uint32_t kBoxColumns = 12;

struct Level {
  const char* kind;
  std::string MachineInfo::*name;
};
constexpr std::uint32_t kLevels = 4;
const Level& level(std::uint32_t depth) {
  static const Level levels[kLevels] = {{"region", &MachineInfo::region},
                                        {"zone", &MachineInfo::zone},
                                        {"rack", &MachineInfo::rack},
                                        {"host", &MachineInfo::host}};
  return levels[depth];
}

// Where a node stands, from the region down; "" where nobody said.
using Place = std::vector<std::string>;

Place place_of(const MachineInfo& info) {
  Place place;
  for (std::uint32_t depth = 0; depth < kLevels; ++depth) place.push_back(info.*level(depth).name);
  return place;
}

// Does a box at this level say anything? A zone always does; a host if it holds several nodes; a
// region or a rack if there are several of them in the place above.
bool tells_something(const ClusterPicture& picture, const Place& place, std::uint32_t depth) {
  if (place[depth].empty()) return false;
  if (level(depth).name == &MachineInfo::zone) return true;
  const bool is_host = level(depth).name == &MachineInfo::host;
  if (is_host && is_summarised(picture)) return false;
  std::uint32_t here = 0;
  for (const auto& entry : picture.nodes) {
    const Place other = place_of(entry.second.info);
    const bool same_above = std::equal(place.begin(), place.begin() + depth, other.begin());
    if (same_above && other[depth] == place[depth]) ++here;
    if (same_above && other[depth] != place[depth] && !is_host) return true;
  }
  return is_host && here > 1;
}

GraphBox& box_in(GraphBox& parent, const std::string& kind, const std::string& name) {
  for (GraphBox& box : parent.boxes) {
    if (box.kind == kind && box.name == name) return box;
  }
  return parent.boxes.emplace_back(GraphBox{kind, name, {}, {}, {}});
}

// A box that has boxes keeps its loose nodes in a nameless box of their own, so that
// every node is in a leaf.
void settle(const ClusterPicture& picture, GraphBox& box) {
  for (GraphBox& inner : box.boxes) settle(picture, inner);
  std::sort(box.nodes.begin(), box.nodes.end(), [&](MachineId a, MachineId b) {
    const PictureNode &one = picture.nodes.at(a), &two = picture.nodes.at(b);
    return std::make_tuple(one.alone, one.role != Role::kPrimary, one.info.shard, a) <
           std::make_tuple(two.alone, two.role != Role::kPrimary, two.info.shard, b);
  });
  if (!box.boxes.empty() && !box.nodes.empty()) {
    box.boxes.push_back(GraphBox{"", "", {}, std::move(box.nodes), {}});
    box.nodes.clear();
  }
}

void summarise(const ClusterPicture& picture, GraphBox& box) {
  for (GraphBox& inner : box.boxes) summarise(picture, inner);
  std::map<std::pair<std::optional<std::uint32_t>, std::string>, std::vector<MachineId>> alike;
  for (const MachineId id : box.nodes) {
    const PictureNode& node = picture.nodes.at(id);
    alike[{node.side, what_stands_out(picture, node)}].push_back(id);
  }
  for (auto& [kind, nodes] : alike) {
    if (!are_drawn_as_one(nodes.size(), kind.second)) continue;
    const std::set<MachineId> hidden(nodes.begin() + 1, nodes.end());
    std::erase_if(box.nodes, [&](MachineId id) { return hidden.contains(id); });
    box.summaries.push_back(std::move(nodes));
  }
}

struct Extent {
  std::uint32_t rows = 0, columns = 0;
};

class Placing {
 public:
  Placing(const ClusterPicture& picture, Grid& grid) : picture_(picture), grid_(grid) {}

  // Places the box with its upper left corner at `corner`, at most `columns` wide if it can.
  Extent place(const GraphBox& box, GridCell corner, std::uint32_t columns) {
    return box.boxes.empty() ? place_nodes(box, corner, columns)
                             : place_boxes(box, corner, columns);
  }

 private:
  // Rows of primaries, then rows of replicas, so that a replica stands lower than any primary.
  Extent place_nodes(const GraphBox& box, GridCell corner, std::uint32_t columns) {
    if (box.kind == "host" || box.kind == "shard") columns = 1;
    Extent extent;
    std::uint32_t column = 0;
    Role before = Role::kPrimary;
    for (const MachineId id : box.nodes) {
      const Role role = picture_.nodes.at(id).role;
      if (extent.rows == 0 || role != before || column == columns) ++extent.rows, column = 0;
      grid_[{corner.row + extent.rows - 1, corner.column + column}] = id;
      extent.columns = std::max(extent.columns, ++column);
      before = role;
    }
    return extent;
  }

  // Boxes side by side until the row is full; the next row starts under the deepest of them.
  Extent place_boxes(const GraphBox& box, GridCell corner, std::uint32_t columns) {
    const auto count = static_cast<std::uint32_t>(box.boxes.size());
    const std::uint32_t share = std::max(columns / count, std::min(columns, 2u));
    Extent all, row;
    for (const GraphBox& inner : box.boxes) {
      if (row.columns != 0 && row.columns + std::min(share, width(inner)) > columns) {
        all.rows += row.rows;
        row = Extent{};
      }
      const Extent placed =
          place(inner, {corner.row + all.rows, corner.column + row.columns}, share);
      row = {std::max(row.rows, placed.rows), row.columns + placed.columns};
      all.columns = std::max(all.columns, row.columns);
    }
    all.rows += row.rows;
    return all;
  }

  // How wide the box would like to be.
  static std::uint32_t width(const GraphBox& box) {
    if (box.kind == "host" || box.kind == "shard") return 1;
    auto wide = static_cast<std::uint32_t>(box.nodes.size());
    for (const GraphBox& inner : box.boxes) wide += width(inner);
    return wide;
  }

  const ClusterPicture& picture_;
  Grid& grid_;
};

}  // namespace

GraphBox box_tree(const ClusterPicture& picture) {
  GraphBox root;
  for (const auto& [id, node] : picture.nodes) {
    const Place place = place_of(node.info);
    GraphBox* box = &root;
    for (std::uint32_t depth = 0; depth < kLevels; ++depth) {
      if (tells_something(picture, place, depth))
        box = &box_in(*box, level(depth).kind, place[depth]);
    }
    // Without a place, a shard is the best neighbourhood there is.
    if (box == &root && node.info.shard >= 0) {
      box = &box_in(root, "shard", "shard-" + std::to_string(node.info.shard));
    }
    box->nodes.push_back(id);
  }
  settle(picture, root);
  if (is_summarised(picture)) summarise(picture, root);
  return root;
}

Grid grid_of(const ClusterPicture& picture, const GraphBox& root) {
  Grid grid;
  Placing(picture, grid).place(root, {}, kBoxColumns);
  return grid;
}

}  // namespace sim
