// From what was pasted to what a scenario can say: shards in order, names for everybody, hosts,
// racks and zones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/import/cluster.h"
#include "sim/import/zones.h"

namespace sim {

struct LaidOutNode {
  PastedNode node;
  std::string name;  // unique, and one a scenario accepts; "" if nobody is to be recognised
  std::string host;  // "" if nobody else is on it
  std::string rack;  // "" if nobody says
  std::string zone;
};

// A slot on the move between two who are in the layout.
struct MovingSlot {
  SlotId slot;
  std::size_t from = 0, to = 0;  // shards
};

struct Layout {
  // By their first slots, the primary first; it does not depend on the order in which the nodes
  // were pasted, which is another one with every node that is asked.
  std::vector<std::vector<LaidOutNode>> shards;
  std::vector<std::string> zones;  // sorted; at least one
  std::vector<MovingSlot> moving;
  SlotSet unowned;
  // What a person should know of what was left out or taken otherwise than it stands there.
  std::vector<std::string> remarks;

  std::size_t nodes() const;
};

struct LayoutOptions {
  // Where a node stands; null: all stand in one zone.
  std::function<std::optional<Standpoint>(const PastedNode&)> stands;
  std::string stands_by = "--zones";  // who says so, for messages
  bool anonymise = false;             // no names, and hosts, racks and zones that are numbered
};

// Adds to `problems` who stands nowhere, or in two places. Precondition: the cluster was read
// without problems.
Layout lay_out(const PastedCluster& cluster, const LayoutOptions& options, Problems& problems);

// Names for the nodes, by place in the list: the human node name, the first part of the hostname,
// or the address with dashes; with the port where several would have the same.
std::vector<std::string> names_for(const std::vector<const PastedNode*>& nodes);
// As a person sorts: "cache-9" before "cache-10".
bool sorts_before(std::string_view a, std::string_view b);

}  // namespace sim
