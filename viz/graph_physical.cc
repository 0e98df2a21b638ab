// Places and what connects them. A zone is a table of the hosts in it, rack by rack; links run
// between zones, regions, switches, and hosts with more than one.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "sim/base/words.h"
#include "sim/trace/describe.h"
#include "viz/graph.h"
#include "viz/graph_table.h"
#include "viz/weak_points.h"

namespace sim {
namespace {

constexpr std::size_t kHostsInARow = 4;
constexpr std::size_t kHostsOneByOne = 24;  // in the whole cluster

// "20ms", "1.5ms", "500us".
std::string time_text(Duration time) {
  const std::int64_t us = time / 1us;
  if (us % 1000 == 0) return std::to_string(us / 1000) + "ms";
  if (us > 1000) return std::to_string(us / 1000) + "." + std::to_string(us % 1000 / 100) + "ms";
  return std::to_string(us) + "us";
}

// Room round a label, so that the line does not run through it.
std::string padded(const std::string& html) {
  return "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"6\"><TR><TD>" + html +
         "</TD></TR></TABLE>";
}

class Physical {
 public:
  Physical(const ClusterPicture& picture, const ClusterMap& map)
      : picture_(picture), map_(map), weak_(weak_points(map)), cut_(smallest_cut(map)) {
    for (const auto& [id, node] : picture.nodes) {
      for (std::uint32_t i = 0; i < map.places.size(); ++i) {
        if (map.places[i].kind == PlaceKind::kHost && map.places[i].name == node.info.host)
          servers_[i].push_back(id);
      }
    }
    for (const MapLink& link : map.links) busiest_ = std::max(busiest_, link.routes);
  }

  std::string draw() {
    std::string body;
    for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
      if (map_.places[i].kind == PlaceKind::kRegion) body += region(i);
    }
    for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
      const MapPlace& place = map_.places[i];
      if (place.kind == PlaceKind::kZone && !place.within && matters(i)) body += zone(i, "  ");
      if (place.kind == PlaceKind::kSwitch) body += round(i, "  ");
    }
    for (std::uint32_t i = 0; i < map_.links.size(); ++i) body += link(i);
    return framed(picture_, "", body + below(), legend());
  }

 private:
  // ---- Places ----

  // Clients stand somewhere too, and are not drawn.
  bool matters(std::uint32_t place) const {
    return std::any_of(servers_.begin(), servers_.end(),
                       [&](const auto& host) { return stands_in(map_, host.first, place); });
  }

  static std::string vertex(std::uint32_t place) { return "p" + std::to_string(place); }

  std::string marks(std::uint32_t place) const {
    const bool weak =
        std::find(weak_.places.begin(), weak_.places.end(), place) != weak_.places.end();
    return weak ? "<BR/>" + colored(bold("! articulation point"), kVermillion) : "";
  }

  // Regions and switches pass on what others send.
  std::string round(std::uint32_t place, const std::string& indent) const {
    return indent + vertex(place) +
           " [shape=ellipse, style=filled, fillcolor=" + quoted(kReplicaFill) + ", label=<" +
           std::string(word_of(map_.places[place].kind)) + " " +
           bold(escaped(map_.places[place].name)) + marks(place) + ">];\n";
  }

  std::string region(std::uint32_t place) {
    std::string text = "  subgraph \"cluster_region_" + std::to_string(place) +
                       "\" {\n    style=rounded; color=" + quoted(kGrey) + "; label=\"\";\n" +
                       round(place, "    ");
    for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
      if (map_.places[i].kind == PlaceKind::kZone && map_.places[i].within == place && matters(i))
        text += zone(i, "    ");
    }
    return text + "  }\n";
  }

  std::string zone(std::uint32_t place, const std::string& indent) {
    std::vector<TableCell> cells = hosts_of(place);
    for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
      if (map_.places[i].kind != PlaceKind::kRack || map_.places[i].within != place || !matters(i))
        continue;
      cells.push_back(
          {headed_table("rack " + bold(escaped(map_.places[i].name)) + uplink_text(i) + marks(i),
                        hosts_of(i), 2),
           " BORDER=\"0\""});
    }
    const std::uint32_t votes = votes_in(place);
    std::string heading =
        "zone " + bold(escaped(map_.places[place].name)) + "   " + counted(votes, "vote");
    if (votes > 0 && 2 * (picture_.votes - votes) <= picture_.votes)
      heading += "  " + colored(bold("! no majority without it"), kVermillion);
    heading += marks(place);
    return indent + vertex(place) + " [label=<" +
           headed_table(heading, cells, even_columns(cells.size())) + ">];\n";
  }

  // So many that the rows are about full.
  static std::size_t even_columns(std::size_t cells) {
    const std::size_t rows = (cells + kHostsInARow - 1) / kHostsInARow;
    return rows == 0 ? 1 : (cells + rows - 1) / rows;
  }

  // Primaries that own slots.
  std::uint32_t votes_in(std::uint32_t place) const {
    std::uint32_t votes = 0;
    for (const auto& [host, nodes] : servers_) {
      if (!stands_in(map_, host, place)) continue;
      for (const MachineId id : nodes) {
        const PictureNode& node = picture_.nodes.at(id);
        votes += node.role == Role::kPrimary && node.slots.any() ? 1 : 0;
      }
    }
    return votes;
  }

  // The hosts right in a place; those alike as one, side by side.
  std::vector<TableCell> hosts_of(std::uint32_t place) {
    std::vector<TableCell> cells;
    std::map<std::pair<std::optional<std::uint32_t>, std::string>, std::vector<std::uint32_t>>
        alike;
    for (const auto& [host, nodes] : servers_) {
      if (map_.places[host].within != place) continue;
      if (servers_.size() > kHostsOneByOne && may_be_summarised(host)) {
        alike[{picture_.nodes.at(nodes.front()).side, what_of(host)}].push_back(host);
      } else {
        cells.push_back(host_cell(host));
      }
    }
    for (const auto& [kind, hosts] : alike) {
      if (are_drawn_as_one(hosts.size(), kind.second)) {
        cells.push_back(hosts_cell(hosts));
      } else {
        for (const std::uint32_t host : hosts) cells.push_back(host_cell(host));
      }
    }
    return cells;
  }

  // There is nothing to see in the host itself.
  bool may_be_summarised(std::uint32_t host) const {
    const std::vector<MachineId>& nodes = servers_.at(host);
    const auto& side = picture_.nodes.at(nodes.front()).side;
    return links_of(host) == 1 && uplink_text(host).empty() &&
           std::none_of(nodes.begin(), nodes.end(), [&](MachineId id) {
             return picture_.nodes.at(id).shares_host || picture_.nodes.at(id).side != side;
           });
  }

  // What there is to see in its servers: "DOWN, X FAIL", "promoted".
  std::string what_of(std::uint32_t host) const {
    std::set<std::string> seen;
    for (const MachineId id : servers_.at(host))
      seen.insert(what_stands_out(picture_, picture_.nodes.at(id)));
    seen.erase("");
    std::string text;
    for (const std::string& what : seen) text += (text.empty() ? "" : "; ") + what;
    return text;
  }

  std::size_t links_of(std::uint32_t place) const {
    return static_cast<std::size_t>(
        std::count_if(map_.links.begin(), map_.links.end(),
                      [&](const MapLink& link) { return link.a == place || link.b == place; }));
  }

  TableCell host_cell(std::uint32_t host) const {
    const std::vector<MachineId>& nodes = servers_.at(host);
    const PictureNode& first = picture_.nodes.at(nodes.front());
    std::string html;
    // A host of one server that is called alike says nothing.
    if (nodes.size() > 1 || first.info.name != map_.places[host].name)
      html = "host " + bold(escaped(map_.places[host].name)) + "<BR/>";
    for (const MachineId id : nodes) html += node_line(picture_.nodes.at(id)) + "<BR/>";
    if (first.side) html += side_text(picture_, *first.side) + "<BR/>";
    if (first.shares_host) html += colored(bold("! shares host"), kVermillion) + "<BR/>";
    html.resize(html.size() - std::string_view("<BR/>").size());
    html += uplink_text(host);
    return {html, " ALIGN=\"LEFT\" PORT=\"h" + std::to_string(host) + "\"" + node_fill(first)};
  }

  TableCell hosts_cell(const std::vector<std::uint32_t>& hosts) const {
    std::size_t primaries = 0, replicas = 0;
    for (const std::uint32_t host : hosts) {
      for (const MachineId id : servers_.at(host))
        ++(picture_.nodes.at(id).role == Role::kPrimary ? primaries : replicas);
    }
    const PictureNode& first = picture_.nodes.at(servers_.at(hosts.front()).front());
    std::string html = bold(std::to_string(hosts.size()) + " hosts");
    const std::string what = what_of(hosts.front());
    if (!what.empty()) {
      std::vector<std::string> names;
      for (const std::uint32_t host : hosts) names.push_back(map_.places[host].name);
      html +=
          "<BR/>" + colored(bold(escaped(what)), kVermillion) + "<BR/>" + escaped(name_list(names));
    }
    if (primaries > 0) html += "<BR/>" + counted(primaries, "primary");
    if (replicas > 0) html += "<BR/>" + counted(replicas, "replica");
    if (first.side) html += "<BR/>" + side_text(picture_, *first.side);
    return {html, " ALIGN=\"LEFT\"" + node_fill(first)};
  }

  // What is to be said of the link by which a host or a rack hangs on what is above it.
  std::string uplink_text(std::uint32_t place) const {
    for (const MapLink& link : map_.links) {
      if (!link.uplink || !is_lower_end(link, place)) continue;
      if (!link.up) return "<BR/>" + colored(bold("X uplink cut"), kVermillion);
    }
    return "";
  }
  bool is_lower_end(const MapLink& link, std::uint32_t place) const {
    const std::uint32_t other = link.a == place ? link.b : link.a;
    return (link.a == place || link.b == place) && map_.places[place].within == other;
  }

  // ---- Links ----

  // Where a link of a place is drawn from; empty: the place is not drawn.
  std::string end(std::uint32_t place) const {
    const PlaceKind kind = map_.places[place].kind;
    if (kind == PlaceKind::kSwitch) return vertex(place);
    if (!matters(place)) return "";
    if (kind == PlaceKind::kZone || kind == PlaceKind::kRegion) return vertex(place);
    std::uint32_t zone = place;
    while (map_.places[zone].kind != PlaceKind::kZone && map_.places[zone].within)
      zone = *map_.places[zone].within;
    const bool alone = kind == PlaceKind::kHost && servers_.size() <= kHostsOneByOne;
    return vertex(zone) + (alone ? ":h" + std::to_string(place) : "");
  }

  std::string link(std::uint32_t index) {
    const MapLink& link = map_.links[index];
    const bool in_a_table = link.uplink && std::max(map_.places[link.a].kind,
                                                    map_.places[link.b].kind) <= PlaceKind::kZone;
    const std::string from = end(link.a), to = end(link.b);
    if (in_a_table || from.empty() || to.empty() || from == to) return "";
    if (map_.places[link.a].kind == PlaceKind::kHost && !link.up) cut_seen_ = true;
    // A region, then what hangs on it; switches above zones.
    const bool down = map_.places[link.a].kind >= map_.places[link.b].kind;
    const std::uint64_t pairs = link.routes;
    std::string label = link.latency > Duration{0} ? "+" + time_text(link.latency) : "";
    const auto add = [&](const std::string& what) {
      label += (label.empty() ? "" : "<BR/>") + what;
    };
    if (pairs > 0) add(counted(pairs, "path"));
    std::string style;
    if (!link.up || nothing_passes(link)) {
      add(colored(bold(link.up ? "X nothing passes" : "X cut"), kVermillion));
      style = ", style=dashed, color=" + quoted(kVermillion);
      cut_seen_ = true;
    }
    if (std::find(weak_.links.begin(), weak_.links.end(), index) != weak_.links.end()) {
      add(colored(bold("! bridge"), kVermillion));
      bridge_seen_ = true;
    } else if (cut_ &&
               std::find(cut_->links.begin(), cut_->links.end(), index) != cut_->links.end()) {
      add("smallest cut");
      smallest_seen_ = true;
    }
    // From 1 to 6 points, in tenths.
    const std::uint64_t width = busiest_ == 0 ? 10 : 10 + 50 * pairs / busiest_;
    return "  " + (down ? from : to) + " -> " + (down ? to : from) +
           " [penwidth=" + std::to_string(width / 10) + "." + std::to_string(width % 10) + style +
           (label.empty() ? "" : ", label=<" + padded(label) + ">") + "];\n";
  }

  // A split that is no link's doing: all at one end are on another side than all at the other.
  bool nothing_passes(const MapLink& link) const {
    std::set<std::uint32_t> here, there;
    for (const auto& [host, nodes] : servers_) {
      for (const MachineId id : nodes) {
        const auto& side = picture_.nodes.at(id).side;
        if (!side) return false;
        if (stands_in(map_, host, link.a)) here.insert(*side);
        if (stands_in(map_, host, link.b)) there.insert(*side);
      }
    }
    return here.size() == 1 && there.size() == 1 && here != there;
  }

  // Keeps the legend under the drawing.
  std::string below() const {
    std::string text;
    for (std::uint32_t i = 0; i < map_.places.size(); ++i) {
      if (map_.places[i].kind == PlaceKind::kZone && matters(i))
        text += "  " + vertex(i) + " -> legend [style=invis];\n";
    }
    return text;
  }

  std::vector<std::pair<std::string, std::string>> legend() const {
    std::vector<std::pair<std::string, std::string>> rows = {
        {"line, the wider the busier",
         "link: what it adds to the delay, and of how many pairs of "
         "servers it carries the shortest path"}};
    const Duration own = own_delay();
    if (own > Duration{0})
      rows.emplace_back("(no line)", "each host's own link: " + time_text(own) + " one way");
    if (cut_seen_) rows.emplace_back(colored(bold("X dashed"), kVermillion), "nothing passes");
    if (bridge_seen_)
      rows.emplace_back(colored(bold("! bridge"), kVermillion),
                        "a link that there is no way round");
    if (!weak_.places.empty())
      rows.emplace_back(colored(bold("! articulation point"), kVermillion),
                        "without it servers that stand elsewhere no longer reach each other");
    if (smallest_seen_)
      rows.emplace_back("smallest cut", "the fewest links whose loss parts the servers");
    if (!picture_.sides.empty())
      rows.emplace_back("side A, side B, ... and tint", sides_meaning(picture_));
    return rows;
  }

  // Of the first host; they are alike, unless the scenario gives one a link of its own.
  Duration own_delay() const {
    for (const MapLink& link : map_.links) {
      const bool of_host = map_.places[link.a].kind == PlaceKind::kHost ||
                           map_.places[link.b].kind == PlaceKind::kHost;
      if (link.uplink && of_host) return link.latency;
    }
    return {};
  }

  const ClusterPicture& picture_;
  const ClusterMap& map_;
  WeakPoints weak_;
  std::optional<SmallestCut> cut_;
  std::map<std::uint32_t, std::vector<MachineId>> servers_;  // by host
  std::uint64_t busiest_ = 0;
  bool cut_seen_ = false, bridge_seen_ = false, smallest_seen_ = false;
};

}  // namespace

std::string physical_dot(const ClusterPicture& picture, const ClusterMap& map) {
  return Physical(picture, map).draw();
}

}  // namespace sim
