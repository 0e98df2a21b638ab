// Shards: what each owns, who leads it, who follows. Of a large cluster, shards that are alike are
// drawn as one.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "viz/graph.h"
#include "viz/graph_table.h"

namespace sim {
namespace {

constexpr std::size_t kShardsInARow = 6;
constexpr std::size_t kShardsOneByOne = 24;

struct ShardDrawing {
  MachineId primary;
  std::vector<MachineId> replicas;
};

class Logical {
 public:
  explicit Logical(const ClusterPicture& picture) : picture_(picture) {}

  std::string draw() {
    collect();
    const bool large = shards_.size() > kShardsOneByOne;
    std::map<std::string, std::vector<const ShardDrawing*>> alike;
    for (const ShardDrawing& shard : shards_) alike[signature(shard)].push_back(&shard);
    std::vector<const std::vector<const ShardDrawing*>*> summaries;
    for (const ShardDrawing& shard : shards_) {
      const auto& group = alike.at(signature(shard));
      if (!large || !are_drawn_as_one(group.size(), what_of(shard))) {
        boxes_.push_back(shard_table(shard));
      } else if (group.front() == &shard) {
        summaries.push_back(&group);
      }
    }
    for (const auto* group : summaries) boxes_.push_back(summary(*group));
    if (!loose_.empty()) boxes_.push_back(loose_table());
    return framed(picture_, "", rows(), legend());
  }

 private:
  const PictureNode& node(MachineId id) const { return picture_.nodes.at(id); }

  void collect() {
    std::map<MachineId, ShardDrawing> shards;
    for (const auto& [id, node] : picture_.nodes) {
      const bool follows = node.role == Role::kReplica && node.follows.has_value();
      if (follows) {
        shards[*node.follows].replicas.push_back(id);
      } else if (node.role == Role::kPrimary && (node.slots.any() || node.stale > 0)) {
        shards[id];
      }
    }
    std::map<std::tuple<std::size_t, MachineId>, ShardDrawing> by_slot;
    std::vector<MachineId> placed;
    for (auto& [primary, shard] : shards) {
      shard.primary = primary;
      placed.push_back(primary);
      placed.insert(placed.end(), shard.replicas.begin(), shard.replicas.end());
      const SlotSet& slots = node(primary).slots;
      by_slot[{slots.any() ? slots._Find_first() : kSlotCount, primary}] = std::move(shard);
    }
    for (auto& entry : by_slot) shards_.push_back(std::move(entry.second));
    for (const auto& [id, node] : picture_.nodes) {
      if (std::find(placed.begin(), placed.end(), id) == placed.end()) loose_.push_back(id);
    }
  }

  // What there is to see in its servers, "" for nothing.
  std::string what_of(const ShardDrawing& shard) const {
    std::string text = what_stands_out(picture_, node(shard.primary));
    if (!text.empty()) text = "primaries: " + text;
    std::set<std::string> replicas;
    for (const MachineId id : shard.replicas) replicas.insert(what_stands_out(picture_, node(id)));
    replicas.erase("");
    for (const std::string& what : replicas)
      text += (text.empty() ? "replicas: " : "; replicas: ") + what;
    return text;
  }
  // Shards with the same are drawn alike.
  std::string signature(const ShardDrawing& shard) const {
    std::string text = std::to_string(shard.replicas.size()) + what_of(shard);
    const auto add_side = [&](MachineId id) {
      text += '|' + (node(id).side ? std::to_string(*node(id).side) : "");
    };
    add_side(shard.primary);
    for (const MachineId id : shard.replicas) add_side(id);
    return text;
  }

  TableCell cell_of(MachineId id) const {
    const PictureNode& one = node(id);
    std::string html = node_line(one);
    if (!one.info.zone.empty()) html += "<BR/>zone " + escaped(one.info.zone);
    if (one.role == Role::kPrimary) html += ", epoch " + std::to_string(one.config_epoch);
    if (one.shares_host) html += "<BR/>" + colored(bold("! shares host"), kVermillion);
    if (one.side) html += "<BR/>" + side_text(picture_, *one.side);
    return {html, " ALIGN=\"LEFT\"" + node_fill(one) +
                      (one.role == Role::kPrimary ? " BORDER=\"2\"" : "")};
  }

  std::string shard_table(const ShardDrawing& shard) const {
    const SlotSet& slots = node(shard.primary).slots;
    std::string heading = slots.none() ? "no slots"
                                       : "slots " + bold(slots_text(slots)) + " (" +
                                             std::to_string(slots.count()) + ")";
    if (shard.replicas.empty() && slots.any())
      heading += "<BR/>" + colored(bold("! no replica"), kVermillion);
    const std::string& within = node(shard.primary).shard_within;
    if (!within.empty()) heading += "<BR/>" + colored(bold("! all in one " + within), kVermillion);
    std::vector<TableCell> cells = {cell_of(shard.primary)};
    for (const MachineId id : shard.replicas) cells.push_back(cell_of(id));
    return headed_table(heading, cells, 1);
  }

  std::string summary(const std::vector<const ShardDrawing*>& alike) const {
    const ShardDrawing& first = *alike.front();
    std::size_t slots = 0;
    for (const ShardDrawing* shard : alike) slots += node(shard->primary).slots.count();
    const std::size_t replicas = first.replicas.size();
    std::string text = "1 PRIMARY and " +
                       (replicas == 0   ? std::string("no replica")
                        : replicas == 1 ? "1 replica"
                                        : std::to_string(replicas) + " replicas") +
                       " each<BR/>" + std::to_string(slots) + " slots<BR/>";
    const std::string what = what_of(first);
    text += what.empty() ? "nothing to tell of them" : colored(bold(escaped(what)), kVermillion);
    if (node(first.primary).side) text += "<BR/>" + side_text(picture_, *node(first.primary).side);
    return headed_table(bold(std::to_string(alike.size()) + " shards"),
                        {{text, " ALIGN=\"LEFT\"" + node_fill(node(first.primary))}}, 1);
  }

  std::string loose_table() const {
    std::vector<TableCell> cells;
    for (const MachineId id : loose_) cells.push_back(cell_of(id));
    return headed_table("of no shard", cells, 4);
  }

  // Invisible edges hold the boxes in rows.
  std::string rows() const {
    std::string text;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      const std::string name = "shard" + std::to_string(i);
      text += "  " + name + " [label=<" + boxes_[i] + ">];\n";
      if (i >= kShardsInARow)
        text += "  shard" + std::to_string(i - kShardsInARow) + " -> " + name + " [style=invis];\n";
    }
    if (!boxes_.empty()) {
      const std::size_t last_row = (boxes_.size() - 1) / kShardsInARow * kShardsInARow;
      text += "  shard" + std::to_string(last_row) + " -> legend [style=invis];\n";
    }
    return text;
  }

  std::vector<std::pair<std::string, std::string>> legend() const {
    return {{"heavy border", "the shard's primary; its replicas below it"},
            {"grey", "DOWN: the program does not run"},
            {colored(bold("? PFAIL, X FAIL"), kVermillion), "as most running nodes hold it"}};
  }

  const ClusterPicture& picture_;
  std::vector<ShardDrawing> shards_;
  std::vector<MachineId> loose_;
  std::vector<std::string> boxes_;
};

}  // namespace

std::string logical_dot(const ClusterPicture& picture) {
  return Logical(picture).draw();
}

}  // namespace sim
