#include "sim/world/topology.h"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "sim/base/check.h"
#include "sim/world/slab.h"

namespace sim {
namespace {

struct EdgeWeight {
  std::int64_t latency = 0;
  std::uint32_t link = 0;
};
using Boosted = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS,
                                      boost::no_property, EdgeWeight>;

constexpr std::uint32_t kUnknown = 0xffffffff;
constexpr Duration kLoopback = 20us;

PathQuality joined(const PathQuality& a, const LinkQuality& b) {
  PathQuality sum = a;
  sum.latency += b.latency;
  // The path jitters in the manner of its worst link.
  if (b.jitter > a.jitter) sum.shape = b.shape;
  sum.jitter += b.jitter;
  if (a.bandwidth == 0 || (b.bandwidth != 0 && b.bandwidth < a.bandwidth)) {
    sum.bandwidth = b.bandwidth;
  }
  const std::uint64_t both = std::uint64_t{a.loss_ppm} * b.loss_ppm / 1'000'000;
  sum.loss_ppm = static_cast<std::uint32_t>(std::uint64_t{a.loss_ppm} + b.loss_ppm - both);
  return sum;
}

// The tree of shortest paths from one vertex: by which link each vertex is reached, kUnknown if it
// is not.
using Tree = std::vector<std::uint32_t>;

}  // namespace

struct Topology::Graph {
  std::vector<VertexInfo> vertices;
  std::vector<LinkInfo> links;
  std::map<std::string, VertexId, std::less<>> names;
  std::vector<std::vector<LinkId>> at;  // links at each vertex, up or not

  // Computed anew after each change. Qualities are few and shared; `index` says which one a pair
  // has.
  std::optional<Boosted> boosted;
  std::map<std::uint32_t, Tree> trees;
  std::vector<std::vector<std::uint32_t>> index;
  Slab<std::optional<PathQuality>> qualities;
  std::map<std::tuple<std::int64_t, std::int64_t, JitterShape, std::uint64_t, std::uint32_t>,
           std::uint32_t>
      interned;

  void forget() {
    boosted.reset();
    trees.clear();
    index.clear();
    // `qualities` stays: who holds a reference from before may still look at it.
  }
  const Boosted& graph();
  // By vertex: the part of the network it forwards in, named by its first vertex; kUnknown for
  // hosts, and for one that is left out.
  std::vector<std::uint32_t> forwarding_parts(std::optional<VertexId> without) const;
  const Tree& tree(std::uint32_t root);
  std::optional<LinkId> only_link(std::uint32_t vertex) const;
  bool is_host(std::uint32_t vertex) const { return vertices[vertex].kind == VertexKind::kHost; }
  std::optional<std::vector<LinkId>> find_route(std::uint32_t from, std::uint32_t to);
  std::uint32_t intern(const std::optional<PathQuality>& quality);
  std::uint32_t other_end(LinkId link, std::uint32_t vertex) const {
    const LinkInfo& info = links[link.value];
    return info.a.value == vertex ? info.b.value : info.a.value;
  }
};

const Boosted& Topology::Graph::graph() {
  if (boosted.has_value()) return *boosted;
  boosted.emplace(vertices.size());
  for (std::uint32_t i = 0; i < links.size(); ++i) {
    if (!links[i].up) continue;
    boost::add_edge(links[i].a.value, links[i].b.value,
                    EdgeWeight{links[i].quality.latency.count(), i}, *boosted);
  }
  return *boosted;
}

std::vector<std::uint32_t> Topology::Graph::forwarding_parts(
    std::optional<VertexId> without) const {
  std::vector<std::uint32_t> part(vertices.size(), kUnknown);
  std::vector<std::uint32_t> todo;
  const auto enter = [&](std::uint32_t vertex, std::uint32_t number) {
    if (is_host(vertex) || part[vertex] != kUnknown || VertexId{vertex} == without) return;
    part[vertex] = number;
    todo.push_back(vertex);
  };
  for (std::uint32_t first = 0; first < vertices.size(); ++first) {
    enter(first, first);
    while (!todo.empty()) {
      const std::uint32_t vertex = todo.back();
      todo.pop_back();
      for (const LinkId link : at[vertex]) {
        if (links[link.value].up) enter(other_end(link, vertex), first);
      }
    }
  }
  return part;
}

const Tree& Topology::Graph::tree(std::uint32_t root) {
  const auto [place, is_new] = trees.try_emplace(root);
  if (!is_new) return place->second;
  const Boosted& g = graph();
  using Edge = boost::graph_traits<Boosted>::edge_descriptor;
  std::vector<Edge> reached_by(vertices.size());
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> distance(vertices.size(), kFar);
  const auto by_vertex = boost::get(boost::vertex_index, g);
  // Hosts do not forward: a way begins or ends at one, and leads through none.
  const auto latency_leaving_its_source = [&](const Edge& edge) {
    const auto from = boost::source(edge, g);
    return from != root && is_host(static_cast<std::uint32_t>(from)) ? kFar : g[edge].latency;
  };
  boost::dijkstra_shortest_paths(
      g, root,
      boost::weight_map(boost::make_function_property_map<Edge>(latency_leaving_its_source))
          .distance_combine(boost::closed_plus<std::int64_t>(kFar))
          .distance_map(boost::make_iterator_property_map(distance.begin(), by_vertex))
          .visitor(boost::make_dijkstra_visitor(boost::record_edge_predecessors(
              boost::make_iterator_property_map(reached_by.begin(), by_vertex),
              boost::on_edge_relaxed()))));
  place->second.assign(vertices.size(), kUnknown);
  for (std::uint32_t v = 0; v < vertices.size(); ++v) {
    if (v == root || distance[v] == kFar) continue;
    place->second[v] = g[reached_by[v]].link;
  }
  return place->second;
}

// A host hangs on one link as a rule: then its paths are those of what it hangs on (unless that is
// a host too, which does not forward), and one tree serves a whole rack.
std::optional<LinkId> Topology::Graph::only_link(std::uint32_t vertex) const {
  std::optional<LinkId> only;
  for (const LinkId link : at[vertex]) {
    if (!links[link.value].up) continue;
    if (only.has_value()) return std::nullopt;
    only = link;
  }
  if (only.has_value() && is_host(other_end(*only, vertex))) return std::nullopt;
  return only;
}

std::optional<std::vector<LinkId>> Topology::Graph::find_route(std::uint32_t from,
                                                               std::uint32_t to) {
  std::vector<LinkId> head, tail;
  if (const auto link = only_link(from); from != to && link.has_value()) {
    head.push_back(*link);
    from = other_end(*link, from);
  }
  if (const auto link = only_link(to); from != to && link.has_value()) {
    tail.push_back(*link);
    to = other_end(*link, to);
  }
  if (from == to) {
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
  }
  const Tree& reached_by = tree(std::min(from, to));  // one tree for both directions: symmetric
  std::vector<LinkId> middle;
  for (std::uint32_t v = std::max(from, to); v != std::min(from, to);) {
    if (reached_by[v] == kUnknown) return std::nullopt;
    middle.push_back(LinkId{reached_by[v]});
    v = other_end(middle.back(), v);
  }
  if (from < to) std::reverse(middle.begin(), middle.end());
  head.insert(head.end(), middle.begin(), middle.end());
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

std::uint32_t Topology::Graph::intern(const std::optional<PathQuality>& quality) {
  const PathQuality q = quality.value_or(PathQuality{Duration{-1}, {}, {}, 0, 0});
  const auto [place, is_new] = interned.try_emplace(
      {q.latency.count(), q.jitter.count(), q.shape, q.bandwidth, q.loss_ppm}, kUnknown);
  if (is_new) {
    place->second = qualities.take();
    qualities[place->second] = quality;
  }
  return place->second;
}

Topology::Topology() : graph_(std::make_unique<Graph>()) {}
Topology::Topology(const Topology& other) : graph_(std::make_unique<Graph>(*other.graph_)) {}
Topology& Topology::operator=(const Topology& other) {
  if (this != &other) graph_ = std::make_unique<Graph>(*other.graph_);
  return *this;
}
Topology::Topology(Topology&&) noexcept = default;
Topology& Topology::operator=(Topology&&) noexcept = default;
Topology::~Topology() = default;

VertexId Topology::add_vertex(VertexKind kind, std::string name) {
  const VertexId id{static_cast<std::uint32_t>(graph_->vertices.size())};
  const bool is_new = graph_->names.emplace(name, id).second;
  CHECK(is_new);
  graph_->vertices.push_back({std::move(name), kind});
  graph_->at.emplace_back();
  graph_->forget();
  return id;
}

LinkId Topology::add_link(VertexId a, VertexId b, const LinkQuality& quality) {
  CHECK(a.value < graph_->vertices.size());
  CHECK(b.value < graph_->vertices.size());
  CHECK(a != b);
  CHECK(quality.latency >= Duration::zero());
  const LinkId id{static_cast<std::uint32_t>(graph_->links.size())};
  graph_->links.push_back({a, b, quality, true});
  graph_->at[a.value].push_back(id);
  graph_->at[b.value].push_back(id);
  graph_->forget();
  return id;
}

std::optional<VertexId> Topology::find(std::string_view name) const {
  const auto found = graph_->names.find(name);
  if (found == graph_->names.end()) return std::nullopt;
  return found->second;
}

std::optional<LinkId> Topology::link_between(VertexId a, VertexId b) const {
  for (const LinkId link : graph_->at.at(a.value)) {
    if (graph_->other_end(link, a.value) == b.value) return link;
  }
  return std::nullopt;
}

const std::vector<VertexInfo>& Topology::vertices() const {
  return graph_->vertices;
}
const std::vector<LinkInfo>& Topology::links() const {
  return graph_->links;
}

void Topology::set_link(LinkId link, bool up) {
  LinkInfo& info = graph_->links.at(link.value);
  if (info.up == up) return;
  info.up = up;
  graph_->forget();
}

const std::optional<PathQuality>& Topology::path(VertexId from, VertexId to) const {
  return quality(path_id(from, to));
}

const std::optional<PathQuality>& Topology::quality(PathId path) const {
  return graph_->qualities[path.value];
}

PathId Topology::path_id(VertexId from, VertexId to) const {
  Graph& g = *graph_;
  CHECK(std::max(from, to).value < g.vertices.size());
  if (from > to) std::swap(from, to);
  if (g.index.empty()) g.index.resize(g.vertices.size());
  std::vector<std::uint32_t>& row = g.index[from.value];
  if (row.empty()) row.assign(g.vertices.size() - from.value, kUnknown);
  std::uint32_t& index = row[to.value - from.value];
  if (index == kUnknown) {
    std::optional<PathQuality> quality;
    if (from == to) {
      quality = PathQuality{kLoopback, {}, {}, 0, 0};
    } else if (const auto links = g.find_route(from.value, to.value)) {
      quality.emplace();
      for (const LinkId link : *links) quality = joined(*quality, g.links[link.value].quality);
    }
    index = g.intern(quality);
  }
  return PathId{index};
}

std::vector<LinkId> Topology::route(VertexId from, VertexId to) const {
  CHECK(std::max(from, to).value < graph_->vertices.size());
  if (from == to) return {};
  return graph_->find_route(from.value, to.value).value_or(std::vector<LinkId>{});
}

// A way is a part of the network all of whose vertices forward, a cable from host to host, or a
// host that has neither and reaches itself only; numbered in this order.
std::vector<Topology::Ways> Topology::ways(std::optional<VertexId> without) const {
  const Graph& g = *graph_;
  const auto vertices = static_cast<std::uint32_t>(g.vertices.size());
  const auto links = static_cast<std::uint32_t>(g.links.size());
  const std::vector<std::uint32_t> part = g.forwarding_parts(without);
  std::vector<Ways> result(vertices);
  for (std::uint32_t v = 0; v < vertices; ++v) {
    Ways& mine = result[v];
    if (part[v] != kUnknown) mine.push_back(part[v]);
    if (!g.is_host(v)) continue;
    for (const LinkId link : g.at[v]) {
      if (!g.links[link.value].up) continue;
      const std::uint32_t other = g.other_end(link, v);
      if (g.is_host(other)) mine.push_back(vertices + link.value);
      if (part[other] != kUnknown) mine.push_back(part[other]);
    }
    if (mine.empty()) mine.push_back(vertices + links + v);
    std::sort(mine.begin(), mine.end());
    mine.erase(std::unique(mine.begin(), mine.end()), mine.end());
  }
  return result;
}

namespace {
bool share_a_way(const Topology::Ways& a, const Topology::Ways& b) {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}
}  // namespace

std::vector<VertexId> Topology::articulation_points() const {
  const std::vector<Ways> before = ways();
  std::vector<VertexId> points;
  for (std::uint32_t v = 0; v < graph_->vertices.size(); ++v) {
    if (graph_->is_host(v)) continue;
    const std::vector<Ways> after = ways(VertexId{v});
    // Hosts that hang on the same ways fare alike, and there are few kinds of them.
    std::set<std::pair<Ways, Ways>> hosts;
    for (std::uint32_t host = 0; host < graph_->vertices.size(); ++host) {
      if (graph_->is_host(host)) hosts.emplace(before[host], after[host]);
    }
    const bool matters = std::any_of(hosts.begin(), hosts.end(), [&](const auto& one) {
      return std::any_of(hosts.begin(), hosts.end(), [&](const auto& other) {
        return share_a_way(one.first, other.first) && !share_a_way(one.second, other.second);
      });
    });
    if (matters) points.push_back(VertexId{v});
  }
  return points;
}

}  // namespace sim
