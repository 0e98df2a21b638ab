#include "viz/weak_points.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/biconnected_components.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace sim {
namespace {

// ---- Articulation points and bridges ----

constexpr std::size_t kNoComponent = ~std::size_t{0};
struct Cable {
  std::uint32_t link = 0;
  std::size_t component = kNoComponent;
};
using Network =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property, Cable>;

// The network as a plain graph, in which hosts pass nothing on: every link of a host ends at a leaf
// of its own, unless another one leads elsewhere into the same part of the network, which makes
// neither matter.
Network plain_graph(const ClusterMap& map) {
  const std::vector<OpenWays> ways = open_ways(map, {});
  const auto is_host = [&](std::uint32_t at) { return map.places[at].kind == PlaceKind::kHost; };
  // By host and part of the network: the places there that it hangs on.
  std::map<std::pair<std::uint32_t, OpenWays>, std::set<std::uint32_t>> entries;
  for (const MapLink& link : map.links) {
    if (!link.up) continue;
    if (is_host(link.a) && !is_host(link.b)) entries[{link.a, ways[link.b]}].insert(link.b);
    if (is_host(link.b) && !is_host(link.a)) entries[{link.b, ways[link.a]}].insert(link.a);
  }
  Network network(map.places.size());
  for (std::uint32_t i = 0; i < map.links.size(); ++i) {
    const MapLink& link = map.links[i];
    if (!link.up) continue;
    std::size_t ends[2] = {link.a, link.b};
    bool matters = true;
    for (const auto& [end, other, at] :
         {std::tuple{link.a, link.b, 0}, std::tuple{link.b, link.a, 1}}) {
      if (!is_host(end)) continue;
      if (!is_host(other) && entries.at({end, ways[other]}).size() > 1) matters = false;
      if (matters) ends[at] = boost::add_vertex(network);
    }
    if (matters) boost::add_edge(ends[0], ends[1], Cable{i, kNoComponent}, network);
  }
  return network;
}

WeakPoints candidates(const ClusterMap& map) {
  Network network = plain_graph(map);
  std::vector<std::size_t> points;
  const auto [count, out] = boost::biconnected_components(
      network, boost::get(&Cable::component, network), std::back_inserter(points));
  std::vector<std::vector<std::uint32_t>> components(count);
  for (const auto& edge : boost::make_iterator_range(boost::edges(network))) {
    // Of parallel links Boost leaves all but one out; that one is proposed, and turned down.
    if (network[edge].component != kNoComponent)
      components[network[edge].component].push_back(network[edge].link);
  }
  WeakPoints found;
  for (const std::size_t point : points) {
    if (point < map.places.size()) found.places.push_back(static_cast<std::uint32_t>(point));
  }
  for (const auto& links : components) {
    if (links.size() == 1) found.links.push_back(links.front());
  }
  std::sort(found.places.begin(), found.places.end());
  std::sort(found.links.begin(), found.links.end());
  return found;
}

// Do two servers that are left no longer reach each other?
bool parts_servers(const ClusterMap& map, const std::vector<OpenWays>& before,
                   const Broken& broken) {
  const std::vector<OpenWays> after = open_ways(map, broken);
  // Servers with the same ways fare alike, and there are few kinds of them.
  std::set<std::pair<OpenWays, OpenWays>> kinds;
  for (const MapServer& server : map.servers) {
    if (!after[server.host].empty()) kinds.emplace(before[server.host], after[server.host]);
  }
  for (auto one = kinds.begin(); one != kinds.end(); ++one) {
    for (auto other = std::next(one); other != kinds.end(); ++other) {
      if (share_a_way(one->first, other->first) && !share_a_way(one->second, other->second))
        return true;
    }
  }
  return false;
}

// ---- The smallest cut ----

using FlowTraits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
struct Pipe {
  long capacity = 0, residual = 0;
  FlowTraits::edge_descriptor reverse;
};
using FlowGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, Pipe>;

// Racks and hosts belong to their zone.
std::uint32_t zone_over(const ClusterMap& map, std::uint32_t place) {
  while (map.places[place].kind < PlaceKind::kZone && map.places[place].within)
    place = *map.places[place].within;
  return place;
}

// Links that count, with the two wholes that each connects.
struct Tie {
  std::uint32_t link, a, b;
};
std::vector<Tie> ties_of(const ClusterMap& map) {
  std::vector<Tie> ties;
  for (std::uint32_t i = 0; i < map.links.size(); ++i) {
    const MapLink& link = map.links[i];
    const bool of_host =
        map.places[link.a].kind == PlaceKind::kHost || map.places[link.b].kind == PlaceKind::kHost;
    const Tie tie{i, zone_over(map, link.a), zone_over(map, link.b)};
    if (link.up && !of_host && tie.a != tie.b) ties.push_back(tie);
  }
  return ties;
}

// What the source still reaches when as much flows to the sink as fits.
std::vector<bool> side_of_source(FlowGraph& graph, std::uint32_t source, std::uint32_t sink) {
  for (const auto& edge : boost::make_iterator_range(boost::edges(graph)))
    graph[edge].residual = graph[edge].capacity;
  boost::edmonds_karp_max_flow(graph, source, sink,
                               boost::capacity_map(boost::get(&Pipe::capacity, graph))
                                   .residual_capacity_map(boost::get(&Pipe::residual, graph))
                                   .reverse_edge_map(boost::get(&Pipe::reverse, graph)));
  std::vector<bool> reached(boost::num_vertices(graph));
  std::vector<std::size_t> todo = {source};
  reached[source] = true;
  while (!todo.empty()) {
    const std::size_t at = todo.back();
    todo.pop_back();
    for (const auto& edge : boost::make_iterator_range(boost::out_edges(at, graph))) {
      const std::size_t next = boost::target(edge, graph);
      if (graph[edge].residual == 0 || reached[next]) continue;
      reached[next] = true;
      todo.push_back(next);
    }
  }
  return reached;
}

std::vector<std::uint32_t> smaller_side(const ClusterMap& map, const std::vector<bool>& reached) {
  std::vector<std::uint32_t> sides[2];
  std::pair<std::size_t, std::size_t> weights[2];  // primaries, servers
  for (std::uint32_t i = 0; i < map.servers.size(); ++i) {
    const std::size_t side = reached[zone_over(map, map.servers[i].host)] ? 1 : 0;
    sides[side].push_back(i);
    weights[side].first += map.servers[i].primary ? 1 : 0;
    ++weights[side].second;
  }
  return weights[1] < weights[0] ? sides[1] : sides[0];
}

}  // namespace

WeakPoints weak_points(const ClusterMap& map) {
  const std::vector<OpenWays> before = open_ways(map, {});
  WeakPoints found = candidates(map);
  std::erase_if(found.places, [&](std::uint32_t place) {
    return !parts_servers(map, before, {{place}, {}});
  });
  std::erase_if(found.links, [&](std::uint32_t link) {
    return !parts_servers(map, before, {{}, {link}});
  });
  return found;
}

std::optional<SmallestCut> smallest_cut(const ClusterMap& map) {
  std::set<std::uint32_t> wholes;
  for (const MapServer& server : map.servers) wholes.insert(zone_over(map, server.host));
  if (wholes.size() < 2 || wholes.size() > kZonesCut) return std::nullopt;
  const std::vector<Tie> ties = ties_of(map);
  FlowGraph graph(map.places.size());
  for (const Tie& tie : ties) {
    const auto there = boost::add_edge(tie.a, tie.b, Pipe{1, 0, {}}, graph).first;
    const auto back = boost::add_edge(tie.b, tie.a, Pipe{1, 0, {}}, graph).first;
    graph[there].reverse = back;
    graph[back].reverse = there;
  }
  std::optional<SmallestCut> smallest;
  for (auto sink = std::next(wholes.begin()); sink != wholes.end(); ++sink) {
    const std::vector<bool> reached = side_of_source(graph, *wholes.begin(), *sink);
    SmallestCut cut;
    for (const Tie& tie : ties) {
      if (reached[tie.a] != reached[tie.b]) cut.links.push_back(tie.link);
    }
    if (smallest && smallest->links.size() <= cut.links.size()) continue;
    cut.servers = smaller_side(map, reached);
    smallest = std::move(cut);
  }
  return smallest;
}

}  // namespace sim
