// A fold over the trace: what every invariant, metric, renderer and selector is.
//
// Folds are values: copied with the world, run while it runs, or replayed afterwards over a saved
// trace.
#pragma once

#include <vector>

#include "sim/trace/record.h"

namespace sim {

// Who takes part. Index = MachineId::value.
using Cast = std::vector<MachineInfo>;

class TraceFold {
 public:
  virtual ~TraceFold() = default;
  // Records arrive in order of `sequence`.
  virtual void see(const Record& record) = 0;
};

}  // namespace sim
