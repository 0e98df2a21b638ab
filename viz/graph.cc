#include "viz/graph.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "viz/graph_boxes.h"
#include "viz/graph_labels.h"
#include "viz/renderer.h"

namespace sim {
namespace {

constexpr std::size_t kOneWayCutsShown = 16;
// Edges between boxes; beyond it they are straight lines behind the nodes, because `dot` would lead
// them round everything.
constexpr std::size_t kCurvedEdges = 16;
constexpr std::size_t kLargePicture = 24;  // nodes; beyond it, less is written

std::string node_id(MachineId id) {
  return "n" + std::to_string(id.value);
}

class Drawing {
 public:
  explicit Drawing(const ClusterPicture& picture)
      : picture_(picture), large_(picture.nodes.size() > kLargePicture) {}

  std::string draw() {
    const GraphBox root = box_tree(picture_);
    find_summaries(root);
    grid_ = grid_of(picture_, root);
    straight_ = edges_between_boxes(root) > kCurvedEdges;
    out_ = std::string("digraph slotsim {\n  graph [") + kFont + ", label=<" +
           title_label(picture_) +
           ">, labelloc=t, fontsize=14, bgcolor=white,\n         newrank=true, nodesep=0.25, "
           "ranksep=0.45, " +
           "outputorder=edgesfirst" + (straight_ ? ", splines=line" : "") + "];\n  node [" + kFont +
           ", fontsize=10, margin=\"0.08,0.05\", width=1.25, shape=box];\n  edge [" + kFont +
           ", fontsize=9];\n";
    draw_box(root, "  ");
    hold_grid();
    draw_replication();
    draw_sides();
    draw_one_way_cuts();
    for (const auto& [nodes, weight] : holds_) {
      out_ += "  " + node_id(nodes.first) + " -> " + node_id(nodes.second) + " [style=invis" +
              weight + "];\n";
    }
    out_ += "  legend [shape=plain, label=<" + legend_label(picture_, legend_) + ">];\n";
    if (!grid_.empty()) out_ += "  " + node_id(first_of_last_row()) + " -> legend [style=invis];\n";
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  void find_summaries(const GraphBox& box) {
    for (const GraphBox& inner : box.boxes) find_summaries(inner);
    for (const auto& nodes : box.summaries) {
      summaries_[nodes.front()] = &nodes;
      for (const MachineId id : nodes) drawn_as_[id] = nodes.front();
    }
  }
  // Is it drawn for itself, and not as one of many?
  bool is_drawn(MachineId id) const { return !drawn_as_.contains(id); }

  // Replication edges that leave their box.
  std::size_t edges_between_boxes(const GraphBox& box) const {
    std::size_t count = 0;
    for (const GraphBox& inner : box.boxes) count += edges_between_boxes(inner);
    for (const MachineId id : box.nodes) {
      const auto& primary = picture_.nodes.at(id).follows;
      count +=
          primary && std::find(box.nodes.begin(), box.nodes.end(), *primary) == box.nodes.end();
    }
    return count;
  }

  void draw_box(const GraphBox& box, const std::string& indent) {
    const std::string inner = box.kind.empty() ? indent : indent + "  ";
    if (!box.kind.empty()) {
      const bool single = std::find(picture_.single_points.begin(), picture_.single_points.end(),
                                    box.name) != picture_.single_points.end();
      std::string label =
          box.kind == "shard" ? escaped(box.name) : box.kind + " " + bold(escaped(box.name));
      if (single) label += "  " + colored(bold("! single point of failure"), kVermillion);
      out_ += indent + "subgraph " +
              quoted("cluster_" + box.kind + "_" + std::to_string(++boxes_)) + " {\n";
      out_ += inner + "label=<" + label + ">; labeljust=l; fontsize=11; margin=10; style=" +
              (single ? "\"rounded,bold\"; penwidth=3; color=" + quoted(kVermillion)
                      : "rounded; color=" + quoted(kGrey)) +
              ";\n";
    }
    for (const GraphBox& child : box.boxes) draw_box(child, inner);
    for (const MachineId id : box.nodes) {
      const auto summary = summaries_.find(id);
      if (summary == summaries_.end()) {
        draw_node(id, picture_.nodes.at(id), inner);
      } else {
        draw_summary(*summary->second, inner);
      }
    }
    if (!box.kind.empty()) out_ += indent + "}\n";
  }

  void draw_node(MachineId id, const PictureNode& node, const std::string& indent) {
    const bool primary = node.role == Role::kPrimary && !node.alone;
    std::string style = primary ? "filled" : "filled,rounded";
    const char* fill = node.side ? side_fill(*node.side) : primary ? kPrimaryFill : kReplicaFill;
    const char* color = kInk;
    const char* width = primary ? "2.2" : "1";
    if (node.up && node.paused) style += ",dotted";
    if (!node.up || !node.known) style += ",dashed", fill = kDownFill;
    if (node.held_as == event::Suspicion::kPfail) color = kOrange, width = "3";
    if (node.held_as == event::Suspicion::kFail) color = kVermillion, width = "4";
    out_ += indent + node_id(id) + " [style=" + quoted(style) + ", fillcolor=" + quoted(fill) +
            ", color=" + quoted(color) + ", penwidth=" + width + ", label=<" +
            node_label(picture_, node, legend_) + ">];\n";
  }

  // A pile of sheets, as it were.
  void draw_summary(const std::vector<MachineId>& nodes, const std::string& indent) {
    const PictureNode& first = picture_.nodes.at(nodes.front());
    const char* fill = !first.up || !first.known ? kDownFill
                       : first.side              ? side_fill(*first.side)
                                                 : kReplicaFill;
    out_ += indent + node_id(nodes.front()) +
            " [style=" + quoted(first.up && first.known ? "filled" : "filled,dashed") +
            ", peripheries=2, fillcolor=" + quoted(fill) +
            ", color=" + quoted(stands_out(picture_, first) ? kVermillion : kGrey) + ", label=<" +
            summary_label(picture_, nodes, legend_) + ">];\n";
  }

  // Invisible edges hold the nodes in their rows and columns.
  void hold_grid() {
    std::map<std::uint32_t, std::vector<MachineId>> rows;
    for (const auto& [cell, id] : grid_) rows[cell.row].push_back(id);
    for (const auto& row : rows) {
      out_ += "  {rank=same;";
      for (const MachineId id : row.second) out_ += " " + node_id(id) + ";";
      out_ += "}\n";
      for (std::size_t i = 1; i < row.second.size(); ++i)
        hold(row.second[i - 1], row.second[i], "");
    }
    std::map<std::uint32_t, MachineId> above;  // by column: the node last seen
    for (const auto& [cell, id] : grid_) {
      const auto over = above.find(cell.column);
      if (over != above.end()) {
        hold(over->second, id, ", weight=50");
      } else if (cell.row > 0) {
        hold(rows.at(cell.row - 1).front(), id, "");
      }
      above[cell.column] = id;
    }
  }
  void hold(MachineId a, MachineId b, const char* weight) { holds_[{a, b}] = weight; }
  // Draws an edge. Where the layout holds the same two nodes, the drawn edge does the holding:
  // `dot` 2.42 stumbles over parallel edges in one row ("merge_chain: Assertion failed").
  void connect(MachineId from, MachineId to, const char* head, const std::string& attributes) {
    const auto held = holds_.extract(std::make_pair(from, to));
    const auto held_back =
        held.empty() ? holds_.extract(std::make_pair(to, from)) : decltype(held)();
    out_ += "  " +
            (held_back.empty() ? node_id(from) + " -> " + node_id(to)
                               : node_id(to) + " -> " + node_id(from)) +
            " [";
    if (*head == '\0') {
      out_ += "dir=none";
    } else if (held_back.empty()) {
      out_ += std::string("arrowhead=") + head;
    } else {
      out_ += std::string("dir=back, arrowtail=") + head;
    }
    const bool holds = !held.empty() || !held_back.empty();
    out_ += (holds ? (held.empty() ? held_back : held).mapped() : ", constraint=false") + ", " +
            attributes + "];\n";
  }
  MachineId first_of_last_row() const {
    return grid_.lower_bound({grid_.rbegin()->first.row, 0})->second;
  }

  void draw_replication() {
    for (const auto& [id, node] : picture_.nodes) {
      if (node.role != Role::kReplica || !node.follows) continue;
      if (!is_drawn(id) || !is_drawn(*node.follows)) continue;
      // Too many lines hide each other; replicas say in words whom they follow.
      const PictureNode& primary = picture_.nodes.at(*node.follows);
      if (straight_ && !stands_out(picture_, node) && !stands_out(picture_, primary)) {
        legend_.insert("some replication");
        continue;
      }
      const bool works = node.up && picture_.nodes.at(*node.follows).up;
      connect(*node.follows, id, "normal",
              "color=" + quoted(works ? kBlue : kGrey) + (works ? "" : ", style=dotted") +
                  (large_ ? ", arrowsize=0.6" : ""));
      legend_.insert("replication");
    }
  }

  void draw_cut(MachineId a, MachineId b, bool both_ways) {
    connect(a, b, both_ways ? "" : "tee",
            "style=dashed, penwidth=2, color=" + quoted(kVermillion) +
                ", fontcolor=" + quoted(kVermillion) +
                (large_      ? ""
                 : both_ways ? ", label=\"cut\""
                             : ", label=\"no way\""));
    legend_.insert(both_ways ? "cut" : "one way");
  }

  // Sides are told by tint and word on each node; one line a pair of sides says that nothing passes
  // between them.
  void draw_sides() {
    for (std::size_t a = 0; a < picture_.sides.size(); ++a) {
      for (std::size_t b = a + 1; b < picture_.sides.size(); ++b)
        draw_cut_between(picture_.sides[a], picture_.sides[b]);
    }
  }
  // The line is drawn where the sides come nearest to each other.
  void draw_cut_between(const std::vector<MachineId>& one, const std::vector<MachineId>& other) {
    std::map<MachineId, GridCell> cells;
    for (const auto& [cell, id] : grid_) cells[id] = cell;
    const auto apart = [](std::uint32_t a, std::uint32_t b) { return a < b ? b - a : a - b; };
    std::tuple<std::uint32_t, MachineId, MachineId> nearest{~0u, one.front(), other.front()};
    for (const MachineId a : one) {
      for (const MachineId b : other) {
        if (!cells.contains(a) || !cells.contains(b)) continue;  // others are drawn for them
        const std::uint32_t distance = 2 * apart(cells.at(a).row, cells.at(b).row) +
                                       apart(cells.at(a).column, cells.at(b).column);
        nearest = std::min(nearest, std::make_tuple(distance, a, b));
      }
    }
    draw_cut(std::get<1>(nearest), std::get<2>(nearest), true);
  }

  void draw_one_way_cuts() {
    const std::set<std::pair<MachineId, MachineId>> cuts(picture_.one_way_cuts.begin(),
                                                         picture_.one_way_cuts.end());
    std::size_t shown = 0;
    for (const auto& [from, to] : cuts) {
      const bool both_ways = cuts.contains({to, from});
      if (both_ways && to < from) continue;  // drawn the other way round
      if (!is_drawn(from) || !is_drawn(to)) {
        legend_.insert("more cuts");
        continue;
      }
      if (++shown > kOneWayCutsShown) {
        legend_.insert("more cuts");
        return;
      }
      draw_cut(from, to, both_ways);
    }
  }

  const ClusterPicture& picture_;
  const bool large_;
  bool straight_ = false;
  Grid grid_;
  std::map<std::pair<MachineId, MachineId>, std::string>
      holds_;  // invisible edges, with their weight
  std::string out_;
  std::uint32_t boxes_ = 0;
  std::map<MachineId, const std::vector<MachineId>*> summaries_;  // by the first of them
  std::map<MachineId, MachineId> drawn_as_;
  LegendKeys legend_;
};

class GraphRenderer final : public Renderer {
 public:
  explicit GraphRenderer(const Scene& scene) : fold_(scene) {}
  void see(const Record& record) override { fold_.see(record); }
  std::string render() const override { return to_dot(fold_.picture()); }

 private:
  PictureFold fold_;
};

}  // namespace

std::string to_dot(const ClusterPicture& picture) {
  return Drawing(picture).draw();
}

std::unique_ptr<Renderer> make_graph(const Scene& scene) {
  return std::make_unique<GraphRenderer>(scene);
}

}  // namespace sim
