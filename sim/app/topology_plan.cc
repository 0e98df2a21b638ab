#include "sim/app/topology_plan.h"

#include <algorithm>
#include <set>

#include "sim/base/check.h"

namespace sim {
namespace {

LinkQuality link_quality(const Quality& quality) {
  constexpr std::array kShapes = {JitterShape::kUniform, JitterShape::kExponential,
                                  JitterShape::kNormal};
  return {quality.delay, quality.jitter, kShapes[static_cast<std::size_t>(quality.distribution)],
          quality.bandwidth, quality.loss_ppm};
}

// A machine's own link: two of them in a row make the delay between two machines. Loss is not
// halved but left to one crossing in two, so that a path loses what was asked for (the second order
// aside).
LinkQuality own_link(const Quality& between_machines) {
  LinkQuality half = link_quality(between_machines);
  half.latency /= 2;
  half.jitter /= 2;
  half.loss_ppm /= 2;
  return half;
}

class Builder {
 public:
  explicit Builder(const NetworkOptions& network) : network_(network) {}

  VertexId vertex(VertexKind kind, const std::string& name) {
    if (const auto found = topology_.find(name)) return *found;
    return topology_.add_vertex(kind, name);
  }

  VertexId place(const Standing& standing) {
    const std::string zone_name = "zone:" + standing.zone;
    const VertexId zone = vertex(VertexKind::kZone, zone_name);
    zones_.insert(zone_name);
    if (!standing.region.empty()) {
      const VertexId region = vertex(VertexKind::kRegion, "region:" + standing.region);
      link_once(zone, region, {});
      regional_zones_.insert(zone_name);
      regions_.insert("region:" + standing.region);
    }
    VertexId above = zone;
    if (!standing.rack.empty()) {
      above = vertex(VertexKind::kRack, "rack:" + standing.rack);
      link_once(above, zone, {});
    }
    const VertexId host = vertex(VertexKind::kHost, "host:" + standing.host);
    link_once(host, above, own_link(network_.machines));
    return host;
  }

  void connect(const std::vector<Standing>& machines) {
    for (const std::string& name : network_.switches) vertex(VertexKind::kSwitch, "switch:" + name);
    for (const LinkOptions& link : network_.links) {
      const auto a = end_of(link.a, machines), b = end_of(link.b, machines);
      if (a && b) link_once(*a, *b, link_quality(link.quality));
    }
    if (!network_.switches.empty()) return;
    join(regions_);
    std::set<std::string> direct;
    std::set_difference(zones_.begin(), zones_.end(), regional_zones_.begin(),
                        regional_zones_.end(), std::inserter(direct, direct.end()));
    join(direct);
  }

  Topology& topology() { return topology_; }
  const std::set<std::string>& zones() const { return zones_; }

 private:
  std::optional<VertexId> end_of(const VertexName& name, const std::vector<Standing>& machines) {
    if (name.kind != "machine") return topology_.find(name.kind + ":" + name.name);
    for (const Standing& standing : machines) {
      if (standing.machine == name.name) return topology_.find("host:" + standing.host);
    }
    return std::nullopt;
  }
  void link_once(VertexId a, VertexId b, const LinkQuality& quality) {
    if (!topology_.link_between(a, b)) topology_.add_link(a, b, quality);
  }
  // Every two of them get a link that adds nothing, unless the scenario gave them one.
  void join(const std::set<std::string>& names) {
    for (auto a = names.begin(); a != names.end(); ++a) {
      for (auto b = std::next(a); b != names.end(); ++b) {
        link_once(*topology_.find(*a), *topology_.find(*b), {});
      }
    }
  }

  const NetworkOptions& network_;
  Topology topology_;
  std::set<std::string> zones_, regional_zones_, regions_;
};

}  // namespace

Duration jitter_max(const LinkQuality& quality) {
  // Exponential and normal tables end at 8 and 4 times their scale.
  switch (quality.shape) {
    case JitterShape::kUniform:
      return quality.jitter;
    case JitterShape::kExponential:
      return quality.jitter * 8;
    case JitterShape::kNormal:
      return quality.jitter * 4;
  }
  return quality.jitter;
}

PlannedTopology plan_topology(const NetworkOptions& network,
                              const std::vector<Standing>& machines) {
  Builder builder(network);
  PlannedTopology planned;
  for (const Standing& standing : machines) planned.vertices.push_back(builder.place(standing));
  builder.connect(machines);
  planned.topology = std::move(builder.topology());
  const LinkQuality own = own_link(network.machines);
  Duration between_zones{};
  for (const std::string& a : builder.zones()) {
    for (const std::string& b : builder.zones()) {
      const auto& path =
          planned.topology.path(*planned.topology.find(a), *planned.topology.find(b));
      if (a != b && path)
        between_zones = std::max(between_zones, path->latency + jitter_max(*path));
    }
  }
  planned.one_way_max = 2 * (own.latency + jitter_max(own)) + between_zones;
  return planned;
}

}  // namespace sim
