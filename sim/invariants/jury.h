// The jury: the invariants that hold a run to their claims, and what they all go by.
//
// Who is who, who reaches whom and what the nodes said last is folded here, once for all of them;
// each is shown it with each record, before the record counts and after.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "sim/invariants/final_views.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/stage.h"
#include "sim/trace/fold.h"

namespace sim {

class Jury final : public TraceFold {
 public:
  // Of no kinds it keeps the stage, and nothing else.
  Jury(const RunFacts& facts, std::span<const InvariantKind> kinds);
  // A copy judges on by itself.
  Jury(const Jury& other);
  Jury& operator=(const Jury&) = delete;

  void see(const Record& record) override;
  // The run is over, or was cut short.
  void finish(SimTime end);

  // As it is after the record seen last: whoever else folds the same records may go by it.
  const Stage& stage() const { return stage_; }
  // In order of the kinds.
  const std::vector<std::unique_ptr<Invariant>>& invariants() const { return invariants_; }

 private:
  Stage stage_;
  FinalViews views_;
  std::vector<std::unique_ptr<Invariant>> invariants_;
};

}  // namespace sim
