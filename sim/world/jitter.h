// Random delay beyond the base, from quantile tables of whole numbers: no floating point takes part
// in a decision.
#pragma once

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/world/topology.h"

namespace sim {

// One draw at Site::kLatencyJitter. kUniform: 0..scale. kExponential: mean = scale. kNormal: the
// absolute value of a normal with standard deviation = scale. The last two end at their 99.6 %
// quantile. Outcome 0 is no delay.
Duration draw_jitter(JitterShape shape, Duration scale, Choices& choices);

}  // namespace sim
