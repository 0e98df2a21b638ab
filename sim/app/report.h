// What a person reads after a run, and what a CI system does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/app/bites.h"
#include "sim/app/cli.h"
#include "sim/app/result.h"
#include "sim/invariants/metrics.h"
#include "sim/scenario/scenario.h"

namespace sim {

// Timeline in plain words, verdict table, numbers, digest, and the command that replays it.
std::string report_run(const Scenario& scenario, const RunResult& result, const Paint& paint);

// The line that carries everything: FAIL <name> seed=... invariant=... t=... events=... digest=...
// replay="..."
std::string failure_line(const RunResult& result);

// Many seeds of one scenario: how many passed, percentiles with the seed of the maximum, bounds
// over seeds.
struct SeedsSummary {
  const Scenario* scenario = nullptr;
  std::uint64_t passed = 0, failed = 0;
  Duration virtual_time{};   // of those that passed, forming included
  std::int64_t wall_ns = 0;  // likewise, real time
  void passes(const RunResult& result);
  std::map<int, std::uint64_t> known_defects;  // by row: runs that show it
  void add(const RunResult& result);           // counts those of a run, passed or failed
  std::vector<RunResult> failures;             // the first few, whole
  MetricTable metrics;
  std::vector<Expectation> bounds;
  Bites bites;  // of all seeds
  int code = exit_code::kOk;
};
std::string report_seeds(const SeedsSummary& summary, const Paint& paint, bool with_numbers);

std::string replay_command(const RunResult& result);
// "split [replicas=1]": its name, and which case of its matrix it is.
std::string title(const Scenario& scenario);

// A scenario of a folder that cannot run here.
struct LeftOut {
  std::string file, why;
};

// JUnit XML (the surefire schema): one testcase a run; passing seeds of a scenario are folded into
// one, and one that was left out is skipped.
std::string junit_xml(const std::vector<SeedsSummary>& summaries,
                      const std::vector<LeftOut>& left_out);

}  // namespace sim
