// The cluster a run starts from: node ids and the nodes.conf each node finds at its first boot.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"
#include "sim/node/node.h"

namespace sim {

struct SeedNode {
  std::string name;  // machine
  NodeName id;
  Endpoint endpoint;  // client port
  std::uint16_t bus_port = 0;
  int primary = -1;  // index of the primary it replicates, -1 for a primary
  SlotSet slots;     // of a primary
};

// A node's id is a choice of the seed, keyed by its machine's name: adding a machine does not
// rename the others.
NodeName seed_node_id(std::uint64_t seed, const std::string& machine);

// Even contiguous ranges, as redis-cli --cluster create lays them out: 0-5460, 5461-10922,
// 10923-16383 for three.
std::vector<SlotSet> even_slots(std::size_t shards);

// The nodes.conf of each of them, in which everybody knows everybody and primary i has configEpoch
// i + 1. They differ in which line says "myself", and share all else.
std::vector<Slices> seed_files(const std::vector<SeedNode>& nodes);

}  // namespace sim
