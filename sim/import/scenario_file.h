// The scenario that an imported cluster becomes: its topology, and a first story to run at once.
#pragma once

#include <string>

#include "sim/base/time.h"
#include "sim/import/layout.h"

namespace sim {

struct ScenarioFileOptions {
  std::string name;    // of the scenario
  std::string source;  // what it was imported from, for its description; "" if that is not told
  Duration node_timeout{};
  bool anonymise = false;  // neither addresses nor ids
};

// JSON as a person would write it, a server a line. It is valid whatever the layout. The story:
// clients read and write; who has failed already stays down; the zone with most primaries, or where
// there is one zone only a primary, loses its power for four node timeouts; all is healed, and the
// cluster must settle.
std::string scenario_file(const Layout& layout, const ScenarioFileOptions& options);

}  // namespace sim
