// What is compared: each row of a comparison, as two samples.
#pragma once

#include <vector>

#include "sim/app/comparison.h"

namespace sim {

// Not yet judged.
std::vector<ComparedRow> compared_rows(const SideRuns& a, const SideRuns& b);

}  // namespace sim
