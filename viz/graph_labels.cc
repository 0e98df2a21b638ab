#include "viz/graph_labels.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/trace/describe.h"

namespace sim {
namespace {

char side_letter(std::uint32_t side) {
  return static_cast<char>('A' + side % 26);
}

}  // namespace

std::string slots_text(const SlotSet& slots) {
  constexpr std::size_t kRangesShown = 3;
  const std::vector<SlotRange> ranges = slot_ranges(slots);
  std::string text;
  for (std::size_t i = 0; i < ranges.size() && i < kRangesShown; ++i) {
    text += (i == 0 ? "" : " ") + std::to_string(ranges[i].first.value);
    if (ranges[i].last != ranges[i].first) text += "-" + std::to_string(ranges[i].last.value);
  }
  if (ranges.size() > kRangesShown) text += " ... (" + std::to_string(slots.count()) + ")";
  return text;
}

namespace {

using Lines = std::vector<std::string>;

void add_role(const ClusterPicture& picture, const PictureNode& node, Lines& lines,
              LegendKeys& legend) {
  const bool standalone = node.info.kind == MachineKind::kStandaloneNode;
  const char* role = standalone                    ? "standalone"
                     : node.alone                  ? "spare"
                     : node.role == Role::kPrimary ? "PRIMARY"
                                                   : "replica";
  legend.insert(role);
  lines.push_back("<FONT POINT-SIZE=\"12\">" + bold(escaped(node.info.name)) + "</FONT>  " + role);
  if (standalone || node.alone) return;
  if (node.role == Role::kReplica) {
    lines.push_back("of " +
                    (node.follows ? escaped(picture.nodes.at(*node.follows).info.name) : "nobody"));
    return;
  }
  if (node.slots.any()) lines.push_back(slots_text(node.slots));
  if (node.slots.none() && node.stale == 0) lines.push_back("no slots");
  if (node.stale > 0) {
    lines.push_back("outdated claim: " + std::to_string(node.stale) + " slots");
    legend.insert("outdated");
  }
  lines.push_back("epoch " + std::to_string(node.config_epoch));
}

bool refuses_clients(const PictureNode& node) {
  return node.up && !node.paused && !node.healthy && !node.alone &&
         node.info.kind == MachineKind::kClusterNode;
}

std::size_t count_refusing(const ClusterPicture& picture) {
  return static_cast<std::size_t>(
      std::count_if(picture.nodes.begin(), picture.nodes.end(),
                    [](const auto& entry) { return refuses_clients(entry.second); }));
}

void add_state(const ClusterPicture& picture, const PictureNode& node, Lines& lines,
               LegendKeys& legend) {
  const auto say = [&](const std::string& line, const char* key) {
    lines.push_back(line);
    legend.insert(key);
  };
  if (!node.known) say("not known here", "unknown");
  if (!node.up) {
    say(bold("DOWN"), "down");
  } else if (node.paused) {
    say(bold("PAUSED"), "paused");
  } else if (refuses_clients(node) && !told_in_title(picture)) {
    say("cluster state: fail", "unhealthy");
  }
  if (node.held_as != event::Suspicion::kNone) {
    const bool fail = node.held_as == event::Suspicion::kFail;
    const std::string mark = colored(bold(fail ? "X FAIL" : "? PFAIL"), kVermillion);
    const std::string by =
        " by " + std::to_string(node.held_by) + " of " + std::to_string(node.observers);
    say(mark + (node.observers > 0 ? by : ""), fail ? "fail" : "pfail");
  }
  if (node.side) say(side_text(picture, *node.side), "side");
  if (!node.slowed.empty()) say(colored(bold("~ " + escaped(node.slowed)), kVermillion), "slowed");
  if (node.shares_host) {
    say(colored(bold("! shares host"), kVermillion), "host");
  } else if (!node.shard_within.empty()) {
    say(colored(bold("! shard in one " + node.shard_within), kVermillion), "within");
  }
}

std::string plane_text(const ClusterPicture& picture) {
  return picture.cut_plane == "all" ? "" : " (" + escaped(picture.cut_plane) + " only)";
}

struct Explanation {
  const char* key;
  std::string sign, meaning;
};

std::vector<Explanation> explanations(const ClusterPicture& picture) {
  const std::string holder =
      picture.view.empty() ? "most running nodes hold it" : escaped(picture.view) + " holds it";
  const std::string plane = plane_text(picture);
  return {
      {"PRIMARY", "square, thick border", "primary, the slots it owns, its configEpoch"},
      {"outdated", "outdated claim",
       "slots it still claims, but a live node has them with a greater epoch"},
      {"replica", "rounded, thin border", "replica, and of whom"},
      {"replication", colored("solid arrow", kBlue), "replication (dotted: one end is down)"},
      {"some replication", "(no arrow)", "replication in which there is nothing to see"},
      {"standalone", "standalone", "a Redis without cluster mode"},
      {"spare", "spare", "an empty node that has met nobody yet"},
      {"down", "dashed border, grey", "the program does not run"},
      {"paused", "dotted border", "stopped (SIGSTOP), its sockets still open"},
      {"unhealthy", "cluster state: fail", "runs, but refuses clients"},
      {"unknown", "not known here", "the viewing node has not heard of it"},
      {"pfail", colored(bold("? PFAIL"), kVermillion) + ", thick border",
       holder + " as possibly failed"},
      {"fail", colored(bold("X FAIL"), kVermillion) + ", thickest border", holder + " as failed"},
      {"side", "side A, side B, ... and tint", sides_meaning(picture)},
      {"slowed", colored(bold("~"), kVermillion) + " and a fault", "its network is worse now"},
      {"cut", colored("dashed line", kVermillion), "nothing passes" + plane},
      {"one way", colored("dashed, ending in a bar", kVermillion),
       "nothing passes in this direction" + plane},
      {"more cuts", "...",
       std::to_string(picture.one_way_cuts.size()) + " directions are cut; not all are drawn"},
      {"host", colored(bold("! shares host"), kVermillion),
       "a primary and its replica would die together"},
      {"within", colored(bold("! shard in one zone"), kVermillion) + " (or rack)",
       "a primary and all its replicas would die together"},
      {"summary", "N nodes", "nodes of one place that are alike, drawn as one"},
      {"clients", std::to_string(picture.clients) + " client" + (picture.clients == 1 ? "" : "s"),
       "not drawn"},
  };
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}
std::string bold(const std::string& html) {
  return "<B>" + html + "</B>";
}
std::string colored(const std::string& html, const char* color) {
  return std::string("<FONT COLOR=\"") + color + "\">" + html + "</FONT>";
}

bool told_in_title(const ClusterPicture& picture) {
  constexpr std::size_t kMany = 12;
  const std::size_t refusing = count_refusing(picture);
  return refusing > kMany && 2 * refusing > picture.nodes.size();
}

std::string title_label(const ClusterPicture& picture) {
  std::string text =
      bold(escaped(picture.scenario)) + "   seed " + std::to_string(picture.seed) +
      "   t = " + format_time(sim_time(picture.at)) + "   as " +
      (picture.view.empty() ? "a majority sees it" : bold(escaped(picture.view)) + " sees it");
  if (!picture.view.empty() && !picture.view_probed)
    text += " (suspicions only: it was not probed)";
  if (told_in_title(picture)) {
    text += "<BR/><FONT POINT-SIZE=\"11\">" + std::to_string(count_refusing(picture)) + " of " +
            std::to_string(picture.nodes.size()) +
            " nodes refuse clients (cluster state: fail)</FONT>";
  }
  for (const std::string& line : picture.caption) {
    text += "<BR/><FONT POINT-SIZE=\"11\">" + bold(escaped(line)) + "</FONT>";
  }
  for (const std::string& fault : picture.faults) {
    text += "<BR/><FONT POINT-SIZE=\"11\">in force: " + escaped(fault) + "</FONT>";
  }
  return text;
}

std::string node_label(const ClusterPicture& picture, const PictureNode& node, LegendKeys& legend) {
  Lines lines;
  add_role(picture, node, lines, legend);
  add_state(picture, node, lines, legend);
  std::string label;
  for (const std::string& line : lines) label += (label.empty() ? "" : "<BR/>") + line;
  return label;
}

std::string sides_meaning(const ClusterPicture& picture) {
  std::string text = "sides of a network split" + plane_text(picture);
  for (std::uint32_t side = 0; side < picture.sides.size(); ++side) {
    text += (side == 0 ? ": " : ", ") + std::string(1, side_letter(side)) + " has " +
            std::to_string(picture.side_votes[side]) +
            (side == 0 ? " of " + std::to_string(picture.votes) + " votes" : "") +
            (picture.is_majority(side) ? " (majority)" : "");
  }
  return text;
}

std::string side_text(const ClusterPicture& picture, std::uint32_t side) {
  return "side " + std::string(1, side_letter(side)) +
         (picture.is_majority(side) ? ", " + bold("majority") : "");
}

std::string summary_label(const ClusterPicture& picture, const std::vector<MachineId>& nodes,
                          LegendKeys& legend) {
  std::size_t primaries = 0, slots = 0, exposed = 0;
  for (const MachineId id : nodes) {
    const PictureNode& node = picture.nodes.at(id);
    primaries += node.role == Role::kPrimary ? 1 : 0;
    slots += node.slots.count();
    exposed += node.shares_host ? 1 : 0;
  }
  std::string text =
      "<FONT POINT-SIZE=\"12\">" + bold(std::to_string(nodes.size()) + " nodes") + "</FONT>";
  const std::string what = what_stands_out(picture, picture.nodes.at(nodes.front()));
  if (!what.empty()) {
    std::vector<std::string> names;
    for (const MachineId id : nodes) names.push_back(picture.nodes.at(id).info.name);
    text +=
        "<BR/>" + colored(bold(escaped(what)), kVermillion) + "<BR/>" + escaped(name_list(names));
  }
  if (primaries > 0)
    text += "<BR/>" + std::to_string(primaries) + (primaries == 1 ? " primary" : " primaries") +
            ", " + std::to_string(slots) + " slots";
  if (nodes.size() > primaries)
    text += "<BR/>" + std::to_string(nodes.size() - primaries) +
            (nodes.size() - primaries == 1 ? " replica" : " replicas");
  const auto refusing =
      static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](MachineId id) {
        return refuses_clients(picture.nodes.at(id));
      }));
  if (refusing > 0 && !told_in_title(picture)) {
    text += "<BR/>cluster state: fail (" + std::to_string(refusing) + ")";
    legend.insert("unhealthy");
  }
  const auto& side = picture.nodes.at(nodes.front()).side;
  if (side) {
    text += "<BR/>" + side_text(picture, *side);
    legend.insert("side");
  }
  if (exposed > 0) {
    text += "<BR/>" + colored(bold("! " + std::to_string(exposed) + " share hosts"), kVermillion);
    legend.insert("host");
  }
  legend.insert("summary");
  return text;
}

std::string legend_label(const ClusterPicture& picture, LegendKeys legend) {
  if (picture.clients > 0) legend.insert("clients");
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Explanation& one : explanations(picture)) {
    if (legend.contains(one.key)) rows.emplace_back(one.sign, one.meaning);
  }
  for (const std::string& name : picture.single_points) {
    rows.emplace_back(colored(bold("! " + escaped(name)), kVermillion),
                      "single point of failure: without it the network falls apart");
  }
  if (rows.empty()) rows.emplace_back("(no nodes)", "");
  return legend_table(rows);
}

std::string legend_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string text;
  for (const auto& [sign, meaning] : rows)
    text += "<TR><TD ALIGN=\"LEFT\">" + sign + "</TD><TD ALIGN=\"LEFT\">" + meaning + "</TD></TR>";
  return "<TABLE BORDER=\"1\" COLOR=\"#888888\" CELLBORDER=\"0\" CELLSPACING=\"1\" "
         "CELLPADDING=\"2\">" +
         text + "</TABLE>";
}

}  // namespace sim
