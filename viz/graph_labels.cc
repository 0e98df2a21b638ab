#include "viz/graph_labels.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/trace/describe.h"

namespace sim {
namespace {

std::string side_name(std::uint32_t side) {
  return "side " + std::string(1, static_cast<char>('A' + side % 26));
}

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
  if (node.side) say(side_name(*node.side), "side");
  if (node.shares_host) say(colored(bold("! shares host"), kVermillion), "host");
}

struct Explanation {
  const char* key;
  std::string sign, meaning;
};

std::vector<Explanation> explanations(const ClusterPicture& picture) {
  const std::string holder =
      picture.view.empty() ? "most running nodes hold it" : escaped(picture.view) + " holds it";
  const std::string plane =
      picture.cut_plane == "all" ? "" : " (" + escaped(picture.cut_plane) + " only)";
  return {
      {"PRIMARY", "square, thick border", "primary, the slots it owns, its configEpoch"},
      {"outdated", "outdated claim",
       "slots it still claims, but a live node has them with a greater epoch"},
      {"replica", "rounded, thin border", "replica, and of whom"},
      {"replication", colored("solid arrow", kBlue), "replication (dotted: one end is down)"},
      {"standalone", "standalone", "a Redis without cluster mode"},
      {"spare", "spare", "an empty node that has met nobody yet"},
      {"down", "dashed border, grey", "the program does not run"},
      {"paused", "dotted border", "stopped (SIGSTOP), its sockets still open"},
      {"unhealthy", "cluster state: fail", "runs, but refuses clients"},
      {"unknown", "not known here", "the viewing node has not heard of it"},
      {"pfail", colored(bold("? PFAIL"), kVermillion) + ", thick border",
       holder + " as possibly failed"},
      {"fail", colored(bold("X FAIL"), kVermillion) + ", thickest border", holder + " as failed"},
      {"side", "side A, side B, ... and tint", "sides of a network split" + plane},
      {"cut", colored("dashed line", kVermillion), "nothing passes" + plane},
      {"one way", colored("dashed, ending in a bar", kVermillion),
       "nothing passes in this direction" + plane},
      {"more cuts", "...",
       std::to_string(picture.one_way_cuts.size()) + " directions are cut; not all are drawn"},
      {"host", colored(bold("! shares host"), kVermillion),
       "a primary and its replica would die together"},
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

std::string legend_label(const ClusterPicture& picture, LegendKeys legend) {
  if (picture.clients > 0) legend.insert("clients");
  std::string rows;
  const auto add_row = [&](const std::string& sign, const std::string& meaning) {
    rows += "<TR><TD ALIGN=\"LEFT\">" + sign + "</TD><TD ALIGN=\"LEFT\">" + meaning + "</TD></TR>";
  };
  for (const Explanation& one : explanations(picture)) {
    if (legend.contains(one.key)) add_row(one.sign, one.meaning);
  }
  for (const std::string& name : picture.single_points) {
    add_row(colored(bold("! " + escaped(name)), kVermillion),
            "single point of failure: without it the network falls apart");
  }
  if (rows.empty()) add_row("(no nodes)", "");
  return "<TABLE BORDER=\"1\" COLOR=\"#888888\" CELLBORDER=\"0\" CELLSPACING=\"1\" "
         "CELLPADDING=\"2\">" +
         rows + "</TABLE>";
}

}  // namespace sim
