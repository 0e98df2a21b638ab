#include "viz/graph_table.h"

#include <algorithm>

namespace sim {

std::string headed_table(const std::string& heading, const std::vector<TableCell>& cells,
                         std::size_t columns) {
  columns = std::max<std::size_t>(1, std::min(columns, cells.size()));
  std::string text =
      "<TABLE BORDER=\"1\" COLOR=\"#888888\" CELLBORDER=\"1\" CELLSPACING=\"3\" CELLPADDING=\"4\" "
      "STYLE=\"ROUNDED\" BGCOLOR=\"#FFFFFF\"><TR><TD BORDER=\"0\" ALIGN=\"LEFT\" COLSPAN=\"" +
      std::to_string(columns) + "\">" + heading + "</TD></TR>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i % columns == 0) text += "<TR>";
    text += "<TD" + cells[i].attributes + ">" + cells[i].html + "</TD>";
    if (i % columns == columns - 1 || i + 1 == cells.size()) text += "</TR>";
  }
  return text + "</TABLE>";
}

std::string framed(const ClusterPicture& picture, const std::string& attributes,
                   const std::string& body,
                   const std::vector<std::pair<std::string, std::string>>& legend) {
  std::string text =
      std::string("digraph slotsim {\n  graph [") + kFont + ", label=<" + title_label(picture) +
      ">, labelloc=t, fontsize=14, bgcolor=white, nodesep=0.3, ranksep=0.6" + attributes +
      "];\n  node [" + kFont + ", fontsize=10, shape=plain];\n  edge [" + kFont +
      ", fontsize=9, dir=none];\n" + body;
  if (!legend.empty()) {
    // Below all that stands highest in the layout; `dot` puts it last in its rank.
    text += "  legend [label=<" + legend_table(legend) + ">];\n";
  }
  return text + "}\n";
}

std::string node_line(const PictureNode& node) {
  std::string text = bold(escaped(node.info.name)) + (node.info.kind == MachineKind::kStandaloneNode
                                                          ? " standalone"
                                                      : node.alone                  ? " spare"
                                                      : node.role == Role::kPrimary ? " PRIMARY"
                                                                                    : " replica");
  const auto add = [&](const std::string& what) { text += " " + what; };
  if (!node.known) add("not known here");
  if (!node.up) {
    add(bold("DOWN"));
  } else if (node.paused) {
    add(bold("PAUSED"));
  }
  if (node.held_as != event::Suspicion::kNone)
    add(colored(bold(node.held_as == event::Suspicion::kFail ? "X FAIL" : "? PFAIL"), kVermillion));
  if (!node.slowed.empty()) add(colored(bold("~ " + escaped(node.slowed)), kVermillion));
  if (node.stale > 0) add("outdated claim");
  return text;
}

std::string node_fill(const PictureNode& node) {
  const char* fill = !node.up || !node.known       ? kDownFill
                     : node.side                   ? side_fill(*node.side)
                     : node.role == Role::kPrimary ? kPrimaryFill
                                                   : kReplicaFill;
  return std::string(" BGCOLOR=\"") + fill + "\"";
}

}  // namespace sim
