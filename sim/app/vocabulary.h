// The words a scenario may use: names of faults, workloads, invariants, milestones, metrics and
// directives, handed to the scenario language, which knows none of them.
#pragma once

#include "sim/scenario/scenario.h"

namespace sim {

const Vocabulary& vocabulary();

// Reads and checks a scenario file; "-" is standard input. With a `program`, its servers are
// processes that run it. Never throws: what is wrong is in `problems`.
Loaded load_scenario_file(const std::string& path, const std::string& program = "");

// The case of that name, or the first for "". A name that nobody has is a UsageError. Precondition:
// no problems.
const Scenario& choose_variant(const Loaded& loaded, const std::string& only_case);

}  // namespace sim
