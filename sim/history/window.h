// The smallest stretch of an impossible history that is impossible by itself.
#pragma once

#include <vector>

#include "sim/history/moves.h"

namespace sim::history {

struct Window {
  std::vector<Move> moves;  // they alone cannot be put in an order
  Line from = 0;            // whatever the value was there; 0: nothing was there at first
  std::uint32_t others =
      0;  // operations that overlap it, allowed at any time or never, do not help
};

// `moves` are impossible, and so is their beginning up to the line `impossible_at`, which Search
// tells. Costs some searches of a part each; what these cannot decide in a bounded number of steps
// stays in the window.
Window smallest_window(const std::vector<Move>& moves, Line impossible_at, Values& values);

}  // namespace sim::history
