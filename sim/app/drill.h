// Drills: what a scenario's cluster does when something fails, measured. Its timeline is replaced
// by the one failure, which stays until all is mended; everything else is as the scenario says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/result.h"
#include "sim/scenario/scenario.h"
#include "viz/risks.h"

namespace sim {

inline constexpr Duration kDrillFailsAt = 5s;

// Places lose their power, with all servers that stand in them; switches and links stop carrying.
// The scenario's own workloads run, or three clients that write and read 100 keys if it has none.
Scenario drill_of(const Scenario& scenario, const ClusterMap& map, const Failure& failure);
// How long the failure stays: time for four node timeouts and to spare.
Duration drill_lasts(const Scenario& scenario);

// Over all seeds; each list in order of the seeds that ended, and of equal length.
struct DrillResult {
  std::vector<std::int64_t> unavailable_ns;  // longest time a shard was not served
  std::vector<std::int64_t> failovers;
  std::vector<std::int64_t> lost_writes;  // acknowledged ones; empty where nobody counts them
  std::uint64_t until_mended =
      0;                         // runs in which some shard was not served while the failure lasted
  std::uint64_t violations = 0;  // runs in which an invariant failed
  std::uint64_t died = 0;        // runs that ended without a result
  std::string death;             // the first, in words
};
void add_run(const RunResult& result, Duration lasts, DrillResult& drill);

// Runs the first failure of each risk with each seed, every run in a child of its own; what comes
// out does not depend on the number of jobs. By risk; shorter if somebody interrupted.
std::vector<DrillResult> run_drills(const Scenario& scenario, const ClusterMap& map,
                                    const std::vector<Risk>& risks, SeedRange seeds, unsigned jobs);

}  // namespace sim
