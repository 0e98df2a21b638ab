// A scenario carried out on real servers in real time: what `wall:PROGRAM` means to slotsim diff.
//
// The same plan, faults and selectors as in the world. What the servers log becomes records of the
// trace, and the judge sees them: so the observation is made by the same code. There are no
// clients.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sim/app/plan.h"
#include "sim/app/result.h"

namespace sim {

// Precondition: wall_refusal has nothing against the plan's scenario. A program that does not form
// a cluster makes a result that is cut short and says why.
RunResult run_on_the_wall(std::shared_ptr<const Plan> plan, const std::string& program,
                          const std::function<bool()>& interrupted);

}  // namespace sim
