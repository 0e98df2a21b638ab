// The judge: invariants, metrics and milestones folded over a run's trace, and what they come to
// against the expectations.
#pragma once

#include <memory>
#include <vector>

#include "sim/app/observation.h"
#include "sim/app/plan.h"
#include "sim/app/result.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/metrics.h"
#include "sim/invariants/milestones.h"
#include "sim/trace/fold.h"
#include "viz/timeline.h"

namespace sim {

class Judge final : public TraceFold {
 public:
  explicit Judge(std::shared_ptr<const Plan> plan);
  Judge(const Judge& other);
  Judge& operator=(const Judge&) = delete;

  void see(const Record& record) override;
  // The run is over, or was cut short.
  void finish(SimTime end);
  // Fills in everything that is judged: invariants, faults, expectations, metrics, warnings,
  // timeline, headline and code. Precondition: finished; `result.complete` and `cut_short` are set.
  void report(RunResult& result) const;

  const Milestones& milestones() const { return milestones_; }
  const Directory& directory() const { return milestones_.directory(); }

 private:
  void see_plan(const Record& record);
  void observe(RunResult& result) const;
  void judge_expectations(RunResult& result) const;
  void headline(RunResult& result) const;

  std::shared_ptr<const Plan> plan_;
  Milestones milestones_;
  Metrics metrics_;
  Observer observer_;
  std::vector<std::unique_ptr<Invariant>> invariants_;  // in order of the registry
  std::vector<FaultResult> faults_;
  TimelineFold timeline_;
  // Nodes that answered a scripted command alike: as was expected of them, or not.
  struct Replies {
    std::vector<std::string> nodes;
    event::StepReply first;
  };
  static Expectation expectation_of(const Replies& replies);
  std::vector<Replies> replies_;
  SimTime end_{};
};

// Bounds on a metric's statistic over seeds; those on each run (`Statistic::kEach`) are the run's
// own expectations.
std::vector<Expectation> judge_bounds_over_seeds(const Scenario& scenario,
                                                 const MetricTable& table);

}  // namespace sim
