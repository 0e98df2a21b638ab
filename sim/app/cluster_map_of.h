// From a scenario to the map of its cluster: no plan is made, so a scenario whose programs are not
// installed has one too.
#pragma once

#include "sim/app/topology_plan.h"
#include "sim/scenario/scenario.h"
#include "viz/cluster_map.h"

namespace sim {

// Of servers, members of the cluster only: standalone servers, spares and other clusters hold no
// slots of it. `now`: links that are cut there are cut here too; null: none is.
ClusterMap cluster_map_of(const Scenario& scenario, const Topology* now = nullptr);

// What the scenario does not say of where servers stand, one sentence each.
std::vector<std::string> unsaid_places(const Scenario& scenario);

// A place as faults and links name it: "zone:a".
std::string vertex_name(const MapPlace& place);

}  // namespace sim
