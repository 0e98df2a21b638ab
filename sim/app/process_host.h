// How unmodified programs get onto the machines of a world: the files, arguments and environment
// they start with.
#pragma once

#include <string>
#include <string_view>

#include "sim/app/plan.h"

namespace sim {

// The file that a program's name means, as a shell would find it; empty if there is none.
std::string find_program(std::string_view name);

// To be called before a run is planned. Nothing happens if all of the scenario is simulated.
// Otherwise the rest of this process's work goes on in a sandbox (sim/hosts/process/sandbox.h),
// and `options` gets the host that runs programs there. Throws UsageError if the kernel does not
// allow it.
void provide_processes(const Scenario& scenario, PlanOptions& options);

}  // namespace sim
