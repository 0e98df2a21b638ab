// The judge: invariants, metrics and milestones folded over a run's trace, and what they come to
// against the expectations.
#pragma once

#include <memory>
#include <vector>

#include "sim/app/log_counts.h"
#include "sim/app/newcomers.h"
#include "sim/app/observation.h"
#include "sim/app/plan.h"
#include "sim/app/result.h"
#include "sim/invariants/jury.h"
#include "sim/invariants/metrics.h"
#include "sim/invariants/milestones.h"
#include "sim/trace/fold.h"
#include "viz/timeline.h"

namespace sim {

class Judge final : public TraceFold {
 public:
  explicit Judge(std::shared_ptr<const Plan> plan);
  Judge(const Judge&) = default;
  Judge& operator=(const Judge&) = delete;

  void see(const Record& record) override;
  // The run is over, or was cut short.
  void finish(SimTime end);
  // Fills in everything that is judged: invariants, faults, expectations, metrics, warnings,
  // timeline, headline and code. Precondition: finished; `result.complete` and `cut_short` are set.
  void report(RunResult& result) const;

  const Milestones& milestones() const { return milestones_; }
  const Directory& directory() const { return jury_.stage().directory(); }

 private:
  void weigh(const Record& record);
  void see_plan(const Record& record);
  void observe(RunResult& result) const;
  void see_program(const event::ProgramRan& ran);
  void judge_expectations(RunResult& result) const;
  Expectation judge_pattern(const EventPattern& pattern, bool wanted) const;
  Expectation judge_log(const LogCounts& counts, std::size_t index, const EventPattern& pattern,
                        bool wanted) const;
  std::vector<MachineId> meant_by(const Selector& selector) const;
  std::vector<std::string> absent_from(const RunResult& result) const;
  void headline(RunResult& result) const;

  std::shared_ptr<const Plan> plan_;
  Jury jury_;  // its invariants in order of the registry
  Milestones milestones_;
  Metrics metrics_;
  Observer observer_;
  std::vector<FaultResult> faults_;
  TimelineFold timeline_;
  Newcomers newcomers_;
  // Nodes that answered a scripted command alike: as was expected of them, or not.
  struct Replies {
    std::vector<std::string> nodes;
    event::StepReply first;
  };
  static Expectation expectation_of(const Replies& replies);
  std::vector<Replies> replies_;
  std::vector<event::ProgramRan> programs_;  // of each step, and of each machine its last
  std::vector<event::OperationEnded> operations_;
  LogCounts logged_, logged_in_vain_;  // what was to be reached, and what was not
  SimTime end_{};
};

// A known defect that servers with these deviations do not have is a violation.
void hold_to(const std::vector<std::string>& deviations, InvariantResult& invariant);

// Bounds on a metric's statistic over seeds; those on each run (`Statistic::kEach`) are the run's
// own expectations.
std::vector<Expectation> judge_bounds_over_seeds(const Scenario& scenario,
                                                 const MetricTable& table);

}  // namespace sim
