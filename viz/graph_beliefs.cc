// Who holds whom for PFAIL or FAIL: a row for all who believe the same, a column for whoever is
// held so by somebody.
#include <map>
#include <set>
#include <vector>

#include "sim/trace/describe.h"
#include "viz/graph.h"
#include "viz/graph_table.h"

namespace sim {
namespace {

using Row = std::map<MachineId, event::Suspicion>;

// "m2, m3 and m4 (3)"
std::string counted_names(const ClusterPicture& picture, const std::vector<MachineId>& nodes) {
  std::vector<std::string> names;
  for (const MachineId id : nodes) names.push_back(picture.nodes.at(id).info.name);
  return escaped(name_list(names)) +
         (names.size() > 1 ? " (" + std::to_string(names.size()) + ")" : "");
}

TableCell belief_cell(const Row& row, MachineId peer) {
  const auto held = row.find(peer);
  if (held == row.end()) return {" ", ""};
  const bool fail = held->second == event::Suspicion::kFail;
  return {colored(bold(fail ? "X FAIL" : "? PFAIL"), kVermillion),
          fail ? " BGCOLOR=\"#FBDCC8\"" : " BGCOLOR=\"#FCEBC5\""};
}

std::string state_of(const PictureNode& node) {
  const char* state = !node.up ? "DOWN" : node.paused ? "PAUSED" : "runs";
  return std::string(state) +
         (node.side ? ", side " + std::string(1, static_cast<char>('A' + *node.side % 26)) : "");
}

}  // namespace

std::string beliefs_dot(const ClusterPicture& picture) {
  std::map<MachineId, Row> rows;
  std::set<MachineId> held;
  for (const auto& [id, node] : picture.nodes) {
    if (node.up && !node.paused && node.info.kind == MachineKind::kClusterNode) rows[id];
  }
  for (const ClusterPicture::Belief& belief : picture.beliefs) {
    rows[belief.observer][belief.peer] = belief.held_as;
    held.insert(belief.peer);
  }
  std::map<std::pair<std::optional<std::uint32_t>, Row>, std::vector<MachineId>> alike;
  for (const auto& [observer, row] : rows)
    alike[{picture.nodes.at(observer).side, row}].push_back(observer);
  // In order of the first observer of each kind.
  std::map<MachineId, const std::pair<std::optional<std::uint32_t>, Row>*> in_order;
  for (const auto& [kind, observers] : alike) in_order[observers.front()] = &kind;

  // Peers of whom everybody believes the same, and who fare alike, share a column.
  std::map<std::pair<std::string, std::vector<event::Suspicion>>, std::vector<MachineId>> columns;
  for (const MachineId peer : held) {
    std::vector<event::Suspicion> column;
    for (const auto& entry : in_order) {
      const auto found = entry.second->second.find(peer);
      column.push_back(found == entry.second->second.end() ? event::Suspicion::kNone
                                                           : found->second);
    }
    columns[{state_of(picture.nodes.at(peer)), column}].push_back(peer);
  }
  std::map<MachineId, const std::vector<MachineId>*> peers;  // by the first of them
  for (const auto& column : columns) peers[column.second.front()] = &column.second;

  std::vector<TableCell> cells = {{bold("who") + " \\ " + bold("holds whom"), ""}};
  for (const auto& [first, sharing] : peers) {
    const PictureNode& node = picture.nodes.at(first);
    cells.push_back(
        {bold(counted_names(picture, *sharing)) + "<BR/>" + state_of(node), node_fill(node)});
  }
  for (const auto& entry : in_order) {
    const auto& observers = alike.at(*entry.second);
    const PictureNode& first = picture.nodes.at(observers.front());
    std::string who = counted_names(picture, observers);
    if (first.side) who += "<BR/>" + side_text(picture, *first.side);
    cells.push_back({who, " ALIGN=\"LEFT\"" + (first.side ? node_fill(first) : "")});
    for (const auto& column : peers)
      cells.push_back(belief_cell(entry.second->second, column.first));
  }
  const std::string heading = held.empty()
                                  ? bold("nobody holds anybody as failed or possibly failed")
                                  : bold("beliefs") + ": a row for those who believe the same";
  const std::string body =
      "  beliefs [label=<" +
      headed_table(heading, held.empty() ? std::vector<TableCell>{} : cells, peers.size() + 1) +
      ">];\n";
  return framed(picture, "", body, {});
}

}  // namespace sim
