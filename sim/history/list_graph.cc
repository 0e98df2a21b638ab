#include "sim/history/list_graph.h"

#include <algorithm>
#include <array>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <map>
#include <tuple>
#include <utility>

namespace sim::history {
namespace {

class Edges {
 public:
  Edges(const History& history, const Lists& lists, std::span<const std::uint32_t> operations,
        std::vector<std::uint32_t>& places)
      : history_(history), lists_(lists), operations_(operations), places_(places) {
    for (std::uint32_t i = 0; i < operations.size(); ++i) places[operations[i]] = i;
  }

  std::vector<Edge> run(std::span<const std::uint32_t> keys) {
    for (const std::uint32_t key : keys) {
      const auto by = lists_.writers(key);
      for (std::size_t i = 1; i < by.size(); ++i) add(by[i - 1], by[i], Why::kWw);
    }
    for (const std::uint32_t index : operations_) {
      const Operation& one = history_.operations[index];
      each_step(history_, one, [&](const Step& step) {
        if (!placed_read(one, step)) return;
        const auto by = lists_.writers(step.key);
        if (step.value > 0) add(by[step.value - 1], index, Why::kWr);
        if (step.value < by.size()) add(index, by[step.value], Why::kRw);
      });
    }
    add_times();
    return std::move(edges_);
  }

 private:
  // Of what did not happen nothing follows.
  void add(std::uint32_t from, std::uint32_t to, Why why) {
    if (from == kNobody || to == kNobody || from == to) return;
    if (history_.operations[from].failed || history_.operations[to].failed) return;
    edges_.push_back({places_[from], places_[to], why});
  }

  // An operation needs edges only from those that ended last: the others are before these.
  void add_times() {
    std::vector<std::uint32_t> ended;
    for (const std::uint32_t index : operations_) {
      const Operation& one = history_.operations[index];
      if (!one.open() && !one.failed) ended.push_back(index);
    }
    std::sort(ended.begin(), ended.end(), [this](std::uint32_t a, std::uint32_t b) {
      return history_.operations[a].ended < history_.operations[b].ended;
    });
    std::vector<std::uint32_t> last;                 // no two of them are one before the other
    std::map<std::uint32_t, std::uint32_t> last_of;  // by process
    std::size_t next = 0;
    for (const std::uint32_t index : operations_) {
      const Operation& one = history_.operations[index];
      if (one.failed) continue;
      for (; next < ended.size() && history_.operations[ended[next]].ended < one.began; ++next) {
        const Operation& newest = history_.operations[ended[next]];
        std::erase_if(last, [&](std::uint32_t earlier) {
          return history_.operations[earlier].ended < newest.began;
        });
        last.push_back(ended[next]);
        last_of[newest.process] = ended[next];
      }
      const auto own = last_of.find(one.process);
      if (own != last_of.end()) add(own->second, index, Why::kProcess);
      for (const std::uint32_t earlier : last) {
        if (history_.operations[earlier].process != one.process)
          add(earlier, index, Why::kRealtime);
      }
    }
  }

  const History& history_;
  const Lists& lists_;
  std::span<const std::uint32_t> operations_;
  std::vector<std::uint32_t>& places_;
  std::vector<Edge> edges_;
};

using Graph =
    boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                       boost::no_property, std::uint32_t, std::uint32_t>;

// Of each vertex the number of its strong component.
std::uint32_t components(std::uint32_t vertices, const std::vector<Edge>& edges,
                         std::vector<std::uint32_t>& component) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  pairs.reserve(edges.size());
  for (const Edge& edge : edges) pairs.emplace_back(edge.from, edge.to);
  const Graph graph(boost::edges_are_unsorted_multi_pass, pairs.begin(), pairs.end(), vertices);
  component.assign(vertices, 0);
  const auto map =
      boost::make_iterator_property_map(component.begin(), get(boost::vertex_index, graph));
  return boost::strong_components(graph, map);
}

constexpr std::uint32_t bit(Why why) {
  return 1u << static_cast<std::uint32_t>(why);
}

// Kinds of edges that a cycle may have; of `single` ones it has exactly one that is rw.
struct Level {
  std::string_view anomaly;
  std::uint32_t kinds = 0;
  bool single = false;
};
constexpr std::uint32_t kG0 = bit(Why::kWw), kG1c = kG0 | bit(Why::kWr), kG2 = kG1c | bit(Why::kRw);
constexpr std::uint32_t kProcess = bit(Why::kProcess), kRealtime = kProcess | bit(Why::kRealtime);
constexpr std::array kLevels = {
    Level{"G0", kG0},
    Level{"G1c", kG1c},
    Level{"G-single", kG1c, true},
    Level{"G2", kG2},
    Level{"G0-process", kG0 | kProcess},
    Level{"G1c-process", kG1c | kProcess},
    Level{"G-single-process", kG1c | kProcess, true},
    Level{"G2-process", kG2 | kProcess},
    Level{"G0-realtime", kG0 | kRealtime},
    Level{"G1c-realtime", kG1c | kRealtime},
    Level{"G-single-realtime", kG1c | kRealtime, true},
    Level{"G2-realtime", kG2 | kRealtime},
};

// A strong component of more than one vertex.
class Knot {
 public:
  explicit Knot(std::vector<Edge> edges) : edges_(std::move(edges)) {
    for (const Edge& edge : edges_) {
      vertices_.push_back(edge.from);
      vertices_.push_back(edge.to);
    }
    std::sort(vertices_.begin(), vertices_.end());
    vertices_.erase(std::unique(vertices_.begin(), vertices_.end()), vertices_.end());
    std::sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) {
      return std::tuple(a.from, a.why, a.to) < std::tuple(b.from, b.why, b.to);
    });
    for (const std::uint32_t vertex : vertices_) {
      begin_.push_back(static_cast<std::size_t>(
          std::lower_bound(edges_.begin(), edges_.end(), vertex,
                           [](const Edge& edge, std::uint32_t from) { return edge.from < from; }) -
          edges_.begin()));
    }
    begin_.push_back(edges_.size());
  }

  Cycle simplest() {
    for (const Level& level : kLevels) {
      std::vector<Edge> found = level.single ? single(level.kinds) : any(level.kinds);
      if (!found.empty()) return {level.anomaly, std::move(found)};
    }
    return {};
  }

 private:
  // Large knots are not searched from every vertex: a short cycle will do, it need not be the
  // shortest.
  static constexpr std::size_t kStarts = 200;

  std::vector<Edge> any(std::uint32_t kinds) {
    std::vector<Edge> allowed;
    for (const Edge& edge : edges_) {
      if ((bit(edge.why) & kinds) != 0)
        allowed.push_back({place(edge.from), place(edge.to), edge.why});
    }
    const auto count = static_cast<std::uint32_t>(vertices_.size());
    std::vector<std::uint32_t> component, sizes;
    sizes.assign(components(count, allowed, component), 0);
    for (const std::uint32_t one : component) ++sizes[one];
    std::vector<Edge> best;
    std::size_t starts = 0;
    for (const Edge& edge : allowed) {
      if (component[edge.from] != component[edge.to] || starts == kStarts) continue;
      ++starts;
      shorten(best, {vertices_[edge.from], vertices_[edge.to], edge.why}, kinds);
    }
    return best;
  }

  std::vector<Edge> single(std::uint32_t kinds) {
    std::vector<Edge> best;
    std::size_t starts = 0;
    for (const Edge& edge : edges_) {
      if (edge.why != Why::kRw || starts == kStarts * 10) continue;
      ++starts;
      shorten(best, edge, kinds);
    }
    return best;
  }

  // `best` becomes the shortest cycle through `edge` if that is shorter.
  void shorten(std::vector<Edge>& best, const Edge& edge, std::uint32_t kinds) {
    if (best.size() == 2) return;
    std::vector<Edge> way = path(edge.to, edge.from, kinds);
    if (way.empty()) return;
    way.insert(way.begin(), edge);
    if (best.empty() || way.size() < best.size()) best = std::move(way);
  }

  std::uint32_t place(std::uint32_t vertex) const {
    return static_cast<std::uint32_t>(std::lower_bound(vertices_.begin(), vertices_.end(), vertex) -
                                      vertices_.begin());
  }

  // The shortest one, breadth first; empty if there is none.
  std::vector<Edge> path(std::uint32_t from, std::uint32_t to, std::uint32_t kinds) {
    constexpr std::uint32_t kUnreached = 0xffffffff;
    std::vector<std::uint32_t> came_by(vertices_.size(), kUnreached), queue{place(from)};
    const std::uint32_t source = queue.front(), goal = place(to);
    for (std::size_t i = 0; i < queue.size() && came_by[goal] == kUnreached; ++i) {
      for (std::size_t e = begin_[queue[i]]; e < begin_[queue[i] + 1]; ++e) {
        const std::uint32_t next = place(edges_[e].to);
        if ((bit(edges_[e].why) & kinds) == 0 || next == source || came_by[next] != kUnreached)
          continue;
        came_by[next] = static_cast<std::uint32_t>(e);
        queue.push_back(next);
      }
    }
    std::vector<Edge> way;
    for (std::uint32_t at = goal; at != source; at = place(way.back().from)) {
      if (came_by[at] == kUnreached) return {};
      way.push_back(edges_[came_by[at]]);
    }
    std::reverse(way.begin(), way.end());
    return way;
  }

  std::vector<Edge> edges_;  // by vertex they come from, then by kind
  std::vector<std::uint32_t> vertices_;
  std::vector<std::size_t> begin_;  // of the edges from each vertex
};

}  // namespace

std::vector<Edge> edges_of(const History& history, const Lists& lists,
                           std::span<const std::uint32_t> operations,
                           std::span<const std::uint32_t> keys,
                           std::vector<std::uint32_t>& places) {
  return Edges(history, lists, operations, places).run(keys);
}

std::vector<Cycle> find_cycles(std::uint32_t vertices, const std::vector<Edge>& edges,
                               std::size_t most) {
  std::vector<std::uint32_t> component;
  const std::uint32_t count = components(vertices, edges, component);
  if (count == vertices) return {};
  std::vector<Edge> inside;
  for (const Edge& edge : edges) {
    if (component[edge.from] == component[edge.to]) inside.push_back(edge);
  }
  std::stable_sort(inside.begin(), inside.end(), [&](const Edge& a, const Edge& b) {
    return component[a.from] < component[b.from];
  });
  std::vector<Cycle> cycles;
  for (auto begin = inside.begin(); begin != inside.end() && cycles.size() < most;) {
    const auto end = std::find_if(begin, inside.end(), [&](const Edge& edge) {
      return component[edge.from] != component[begin->from];
    });
    cycles.push_back(Knot({begin, end}).simplest());
    begin = end;
  }
  return cycles;
}

}  // namespace sim::history
