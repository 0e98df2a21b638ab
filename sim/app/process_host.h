// How unmodified programs get onto the machines of a world: the files, arguments and environment
// they start with.
#pragma once

#include "sim/app/plan.h"

namespace sim {

// Whether a run of it needs programs of the operating system.
bool has_processes(const Scenario& scenario);

// To be called before a run is planned. Nothing happens if all of the scenario is simulated.
// Otherwise the rest of this process's work goes on in a sandbox (sim/hosts/process/sandbox.h),
// and `options` gets the host that runs programs there. Throws UsageError if the kernel does not
// allow it.
void provide_processes(const Scenario& scenario, PlanOptions& options);

}  // namespace sim
