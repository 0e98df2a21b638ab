// Finding the programs that a scenario names, and saying what is wrong with those that cannot run.
#pragma once

#include <string>
#include <string_view>

#include "sim/scenario/scenario.h"

namespace sim {

// The file that a program's name means, as a shell would find it; empty if there is none.
std::string find_program(std::string_view name);

// The same, and the host can run it. `where`: on what machine, or in which step. Throws UsageError.
std::string required_program(std::string_view name, const std::string& where);

// Holds every program that steps and machines of the scenario name to that.
void require_programs(const Scenario& scenario);

}  // namespace sim
