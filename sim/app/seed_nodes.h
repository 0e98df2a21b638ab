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

// The disk of `nodes[self]`: a nodes.conf in which everybody knows everybody, primary i has
// configEpoch i + 1.
DiskImage seed_disk(const std::vector<SeedNode>& nodes, std::size_t self);

}  // namespace sim
