#include "sim/invariants/jury.h"

namespace sim {

Jury::Jury(const RunFacts& facts, std::span<const InvariantKind> kinds)
    : stage_(facts.cast, facts.messages_late), views_(facts.settle_from) {
  for (const InvariantKind& kind : kinds) invariants_.push_back(kind.make(facts));
}

Jury::Jury(const Jury& other) : TraceFold(other), stage_(other.stage_), views_(other.views_) {
  for (const auto& invariant : other.invariants_) invariants_.push_back(invariant->clone());
}

void Jury::see(const Record& record) {
  for (const auto& invariant : invariants_) invariant->before(record, stage_);
  stage_.see(record);
  if (!invariants_.empty()) views_.see(record, stage_.directory());
  for (const auto& invariant : invariants_) invariant->see(record, stage_);
}

void Jury::finish(SimTime end) {
  for (const auto& invariant : invariants_) invariant->finish({end, stage_, views_});
}

}  // namespace sim
