#include "sim/import/cluster.h"

#include <map>

#include "sim/base/numbers.h"
#include "sim/import/read_nodes.h"
#include "sim/scenario/json.h"

namespace sim {
namespace {

enum class Form : std::uint8_t { kNodes, kShards, kSlots, kQuoted, kError };

// By how it begins.
Form form_of(const std::vector<PastedLine>& lines) {
  const std::string_view text = lines.front().text;
  const std::vector<PastedWord> words = words_of(text);
  const std::string_view first = words.front().text;
  if (first == "(error)" || first == "ERR" || first.starts_with("-ERR")) return Form::kError;
  if (first == "slots" || first.starts_with('[') || first.starts_with('{')) return Form::kShards;
  if (first.starts_with('"')) return Form::kQuoted;
  if (first.size() < 2 || first.size() > 5 || (!first.ends_with(')') && !first.ends_with('#')))
    return Form::kNodes;
  // CLUSTER SLOTS begins with a number.
  return words.back().text.starts_with('"') || text.find("slots") != std::string_view::npos
             ? Form::kShards
             : Form::kSlots;
}

// What no cluster can be: a node twice, a slot of two nodes, a replica of somebody who is missing.
void check(const PastedCluster& cluster, Problems& problems) {
  std::map<std::string_view, const PastedNode*> by_id;
  std::vector<const PastedNode*> owner(kSlotCount);
  const auto line = [](const PastedNode& node) { return std::to_string(node.place.line); };
  constexpr std::size_t kNameMax = 255;  // of the domain name system; no address is longer
  for (const PastedNode& node : cluster.nodes) {
    for (const std::string* name : {&node.ip, &node.hostname, &node.nodename, &node.zone}) {
      if (name->size() > kNameMax)
        problems.add({node.place, "", quote(*name) + " is longer than any name of a machine", ""});
    }
    const auto [earlier, is_new] = by_id.emplace(node.id, &node);
    if (!is_new) {
      problems.add({node.place, "",
                    "node " + quote(node.id) + " is in line " + line(*earlier->second) + " already",
                    "paste what one node answered"});
      continue;
    }
    const PastedNode* other = nullptr;
    std::size_t shared = 0;
    each_slot(node.slots, [&](SlotId slot) {
      const PastedNode*& has = owner[slot.value];
      if (has != nullptr && other == nullptr) {
        other = has;
        shared = slot.value;
      }
      has = &node;
    });
    if (other != nullptr) {
      problems.add({node.place, "",
                    "slot " + std::to_string(shared) + " belongs to the node in line " +
                        line(*other) + " too",
                    ""});
    }
  }
  for (const PastedNode& node : cluster.nodes) {
    if (node.follows.empty() || node.handshake || by_id.count(node.follows) > 0) continue;
    problems.add({node.place, "", "its primary " + quote(node.follows) + " is not in the text",
                  "is a line missing?"});
  }
}

}  // namespace

std::string PastedNode::label() const {
  if (!hostname.empty()) return hostname;
  return ip.empty() ? id : address();
}

PastedCluster read_pasted_cluster(std::string_view text, Problems& problems) {
  PastedCluster cluster;
  const std::vector<PastedLine> lines = pasted_lines(text);
  const auto refuse = [&](std::string what, std::string hint) {
    problems.add(
        {lines.empty() ? Place{} : lines.front().at(0), "", std::move(what), std::move(hint)});
  };
  if (lines.empty()) {
    refuse("there is no node in it", "expected CLUSTER NODES, CLUSTER SHARDS or a nodes.conf");
    return cluster;
  }
  switch (form_of(lines)) {
    case Form::kNodes:
      read_nodes(lines, cluster, problems);
      break;
    case Form::kShards:
      read_shards(lines, cluster, problems);
      break;
    case Form::kSlots:
      refuse("this looks like CLUSTER SLOTS, which does not tell of every node",
             "paste CLUSTER NODES or CLUSTER SHARDS");
      break;
    case Form::kQuoted:
      refuse("this is a reply in quotation marks, with its line ends written as \\n",
             "paste CLUSTER NODES as redis-cli shows it without --json and --no-raw");
      break;
    case Form::kError:
      refuse("the server answered with an error", "paste what CLUSTER NODES answers");
      break;
  }
  if (!problems.empty()) return cluster;
  check(cluster, problems);
  if (cluster.nodes.empty()) refuse("there is no node in it", "");
  return cluster;
}

}  // namespace sim
