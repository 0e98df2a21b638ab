// From the "network" and "cluster" sections to a topology: which vertex each machine stands on and
// what links them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.h"
#include "sim/world/topology.h"

namespace sim {

struct Standing {
  std::string machine;
  std::string host, rack, zone, region;  // rack and region may be empty
};

struct PlannedTopology {
  Topology topology;
  std::vector<VertexId> vertices;  // by machine
  Duration
      one_way_max{};  // longest undisturbed one-way delay between two machines, jitter included
};

// Each machine's own link carries half of the delay and jitter between machines; racks add nothing;
// zones are joined by the links given, or directly by links that add nothing.
PlannedTopology plan_topology(const NetworkOptions& network, const std::vector<Standing>& machines);

// How far the jitter of this shape can reach, for bounds: the last entry of its quantile table.
Duration jitter_max(const LinkQuality& quality);

}  // namespace sim
