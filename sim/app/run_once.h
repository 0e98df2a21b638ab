// One scenario, one seed, from plan to result: what every sub-command that runs something calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/app/exports/export.h"
#include "sim/app/plan.h"
#include "sim/app/result.h"
#include "sim/app/run.h"

namespace sim {

struct RunSettings {
  PlanOptions plan;
  std::optional<SimTime> until;  // stop here, t = 0 being the moment the cluster has formed
  std::string trace_file;        // "" for none
  std::string history_file;      // of the clients' operations; "" for none
  std::string report_file;       // likewise: the run as a page to look at
  std::vector<ExportRequest> exports;
  std::string program;  // that all servers run, as the command line said; "" for none
  std::uint64_t watch_first = 0, watch_count = 0;  // digested events to describe
  bool plant_nondeterminism =
      false;  // for testing --verify: half-way, a message that differs between processes
  std::function<void(SimTime now, SimTime end)> progress;  // called now and then; may be empty
  std::function<bool()> interrupted;                       // may be empty
};

// A file that cannot be written is a UsageError; a seed whose draws make no sense is a
// ScenarioError.
RunResult run_once(const Scenario& scenario, const RunSettings& settings);

}  // namespace sim
