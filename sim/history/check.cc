#include "sim/history/check.h"

#include <utility>

namespace sim::history {

void Report::add(Finding finding) {
  verdict = Verdict::kFail;
  if (++finding_count <= kFindingsKept) findings.push_back(std::move(finding));
}

Report check(History& history, const Limits& limits) {
  switch (history.model) {
    case Model::kListAppend:
      return check_lists(history);
    case Model::kCounter:
      return check_counters(history);
    default:
      return check_registers(history, limits);
  }
}

}  // namespace sim::history
