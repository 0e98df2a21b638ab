// Where machines stand and what connects them: a Boost.Graph of hosts, rack switches, zones and
// regions.
//
// Messages follow the path of shortest latency over the links that are up, and through no host but
// those at its ends: a host does not forward what is not for it. Cutting a link re-routes what can
// be re-routed and partitions the rest. The graph itself lives behind this header, so that nobody
// else compiles Boost.Graph.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"

namespace sim {

// Delay beyond the base latency: a quantile table in integers, scaled by `jitter` (no floating
// point in a decision).
enum class JitterShape : std::uint8_t { kUniform, kExponential, kNormal };

struct LinkQuality {
  Duration latency{};  // one way
  Duration jitter{};   // scale of the random part; 0 for none
  JitterShape shape = JitterShape::kUniform;
  std::uint64_t bandwidth = 0;  // bytes per second, 0: unlimited
  std::uint32_t loss_ppm = 0;   // segments lost per million
  bool operator==(const LinkQuality&) const = default;
};

// What a path adds up to: latencies and jitters summed, the narrowest bandwidth, losses combined.
using PathQuality = LinkQuality;

enum class VertexKind : std::uint8_t { kHost, kRack, kZone, kRegion, kSwitch };
struct VertexId {
  std::uint32_t value = 0;
  auto operator<=>(const VertexId&) const = default;
};
struct LinkId {
  std::uint32_t value = 0;
  auto operator<=>(const LinkId&) const = default;
};

// Names one of the distinct qualities that paths have; see `Topology::path_id`.
struct PathId {
  std::uint32_t value = 0xffffffff;
  auto operator<=>(const PathId&) const = default;
};

struct VertexInfo {
  std::string name;
  VertexKind kind{};
};
struct LinkInfo {
  VertexId a, b;
  LinkQuality quality;
  bool up = true;
};

class Topology {
 public:
  Topology();
  Topology(const Topology&);
  Topology& operator=(const Topology&);
  Topology(Topology&&) noexcept;
  Topology& operator=(Topology&&) noexcept;
  ~Topology();

  // Precondition: the name is new.
  VertexId add_vertex(VertexKind kind, std::string name);
  LinkId add_link(VertexId a, VertexId b, const LinkQuality& quality);
  std::optional<VertexId> find(std::string_view name) const;
  std::optional<LinkId> link_between(VertexId a, VertexId b) const;

  const std::vector<VertexInfo>& vertices() const;
  const std::vector<LinkInfo>& links() const;

  // Cut or mend a link; paths over it are computed anew when next asked for.
  void set_link(LinkId link, bool up);

  // The path between two vertices; nullopt if they are partitioned. A vertex reaches itself over
  // loopback (20 us). Symmetric. Cached until the graph changes.
  const std::optional<PathQuality>& path(VertexId from, VertexId to) const;
  // The same in two steps, for those who keep a million paths: few are different. An id stays valid
  // for ever, but says how things are only until the graph changes.
  PathId path_id(VertexId from, VertexId to) const;
  const std::optional<PathQuality>& quality(PathId path) const;
  // Links on the path, in order; empty if partitioned or equal.
  std::vector<LinkId> route(VertexId from, VertexId to) const;

  // The numbers of the ways that are open to a vertex, in order. Two vertices have a path between
  // them iff they share a way; so vertices with the same ways need not be told apart.
  using Ways = std::vector<std::uint32_t>;
  // Of every vertex, by id; as if `without`, which is no host, had gone.
  std::vector<Ways> ways(std::optional<VertexId> without = {}) const;

  // Vertices whose loss disconnects hosts that are connected now, by id. Never a host: it forwards
  // nothing.
  std::vector<VertexId> articulation_points() const;

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace sim
