#include "sim/invariants/loss_table.h"

#include <array>

#include "sim/base/check.h"

namespace sim {
namespace {

constexpr std::array kKinds = {
    LossKind{LossClass::kAsync, "A", "async", true,
             "its primary failed before the replica that was elected had it"},
    LossKind{LossClass::kMinority, "B", "minority", true,
             "taken by a primary that was cut off from the majority or had been replaced, before "
             "it could know"},
    LossKind{LossClass::kBeyond, "C", "beyond_window", false,
             "taken by a primary cut off from the majority that should have stopped by then"},
    LossKind{LossClass::kWait, "D", "wait", true,
             "replicas had acknowledged it and one of them could have been elected, but another "
             "was"},
    LossKind{LossClass::kMigration, "E", "migration", false, "its slot was on the move"},
    LossKind{LossClass::kRetaken, "F", "retaken", false,
             "an old primary took its slots back from its successor, which had it"},
    LossKind{LossClass::kForced, "T", "forced", true,
             "an operator had a replica take over by FORCE or TAKEOVER, which did not have it"},
    LossKind{LossClass::kRestart, "R", "restart", true,
             "its primary came back from a disk that did not have it, before anybody replaced it"},
    LossKind{LossClass::kMerge, "M", "merge", false, "two clusters came together"},
    LossKind{LossClass::kUnexplained, "?", "unexplained", false, "nothing explains it"},
};
static_assert(kKinds.size() == kLossClasses);

}  // namespace

std::span<const LossKind> loss_kinds() {
  return kKinds;
}

const LossKind& loss_kind(LossClass kind) {
  const LossKind& found = kKinds[static_cast<std::size_t>(kind)];
  CHECK(found.kind == kind);
  return found;
}

}  // namespace sim
