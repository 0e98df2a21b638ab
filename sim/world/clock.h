// What one machine believes the time is: a wall clock that can be skewed, stepped and made to
// drift, and a monotonic clock that only drifts. Whole numbers only; drift is counted in parts per
// million of true time.
#pragma once

#include <cstdint>

#include "sim/base/time.h"
#include "sim/node/node.h"

namespace sim {

class NodeClock {
 public:
  Clocks read(SimTime now) const;
  // The first instant at which the monotonic clock shows `time` or later.
  SimTime when(MonotonicTime time) const;
  // Moves the wall clock; the monotonic one never jumps.
  void step_wall(Duration by) { wall_offset_ += by; }
  // From now on both clocks gain `ppm` (lose, if negative). Precondition: |ppm| <= 500,000.
  void set_drift(SimTime now, std::int32_t ppm);
  std::int32_t drift() const { return ppm_; }

 private:
  Duration shown_after(Duration elapsed) const;

  SimTime anchor_;              // when the drift last changed
  Duration shown_at_anchor_{};  // what the monotonic clock showed then
  Duration wall_offset_{};      // wall clock beyond kWallStart + monotonic
  std::int32_t ppm_ = 0;
};

}  // namespace sim
