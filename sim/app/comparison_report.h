// A comparison for people, and for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/comparison.h"
#include "sim/app/report.h"

namespace sim {

struct ComparedSide {
  std::string name;   // "sim:late-election"
  std::string seeds;  // "1..200"
  std::size_t runs = 0;
};
// One scenario, or one case of one, with both sides' runs weighed.
struct ComparedScenario {
  std::string title, file;
  ComparedSide a, b;
  std::size_t died = 0;  // runs that ended without a result, of both sides
  Comparison comparison;
};

// "a = sim, seeds 1..3; b = redis-server, seeds 1..3".
std::string sides_line(const ComparedSide& a, const ComparedSide& b);

// Every row, what samples of this size can tell, and the verdict.
std::string report_comparison(const ComparedScenario& scenario, const Bounds& bounds,
                              const Paint& paint);
std::string comparison_json(const ComparedScenario& scenario, const Bounds& bounds);

// Of many: a line each, with the rows that condemn it below.
std::string comparison_line(const ComparedScenario& scenario, const Paint& paint);
// The last lines: how many of which verdict, and what chance may do among so many.
std::string report_comparisons(const std::vector<ComparedScenario>& scenarios, std::size_t left_out,
                               const Bounds& bounds, const Paint& paint);
std::string comparisons_json(const std::vector<ComparedScenario>& scenarios,
                             const std::vector<LeftOut>& left_out, const Bounds& bounds);

}  // namespace sim
