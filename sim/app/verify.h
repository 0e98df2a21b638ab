// --verify: is the run deterministic?
//
// The same run twice, in separate processes with different environments and allocators. If the
// digests differ, the checkpoints tell between which two events, both are run again watching that
// stretch, and the first event that differs is named.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace sim {

// Prints what it found; answers the exit code: that of the run when both agree, 3 when they do not.
// `options` are those of `run` that change what a run does: "--wire", "--until" and its time.
int verify_run(const Scenario& scenario, std::uint64_t seed,
               const std::vector<std::string>& options);

}  // namespace sim
