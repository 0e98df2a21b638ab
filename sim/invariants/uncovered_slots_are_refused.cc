// Claim: a node that sees a slot without a living owner, where every slot must be covered, or fewer
// than a majority of the primaries, does not hold the cluster to be ok.
// - Source: Cluster spec, "Availability"; redis.conf, "cluster-require-full-coverage"; protocol §8.
// - Scope: wherever a full view is told.
// - Kills: coverage-ignored.
//
// What a node does while its cluster is not ok is judged by routing_table_holds.
#include <set>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class UncoveredSlotsAreRefused final : public CopyableVerdict<UncoveredSlotsAreRefused> {
 public:
  explicit UncoveredSlotsAreRefused(const RunFacts& facts)
      : CopyableVerdict("no node was asked for its full view"),
        processes_(facts.processes),
        needs_coverage_(facts.full_coverage) {}

  void see(const Record& record, const Stage& stage) override {
    if (changes_config(record.event)) needs_coverage_ = false;  // perhaps no more
    const auto* view = std::get_if<event::ViewSnapshot>(&record.event);
    // What a real server's nodes.conf shows may be older than the state it logs.
    if (view == nullptr || view->peers.empty() || processes_.count(record.machine) > 0) return;
    evidence();
    ++views_;
    if (view->healthy) {
      ++healthy_;
      judge(record, *view, stage.directory());
    }
  }

  std::string numbers() const override {
    return counted(views_, "view") + ", " + std::to_string(healthy_) + " of them ok";
  }

 private:
  void judge(const Record& record, const event::ViewSnapshot& view, const Directory& directory) {
    SlotSet covered;
    std::uint32_t voters = 0, reachable = 0;
    for (const event::PeerView& peer : view.peers) {
      if (peer.slots->count() == 0) continue;
      if (peer.suspicion != event::Suspicion::kFail) covered |= peer.slots->slots();
      if (peer.role != Role::kPrimary) continue;
      ++voters;
      reachable += peer.suspicion == event::Suspicion::kNone ? 1 : 0;
    }
    const std::string who = std::string(directory.name(record.machine));
    if (needs_coverage_ && !covered.all()) {
      violation(record, who + " holds the cluster to be ok although nobody alive has slots " +
                            format_slots(~covered));
    }
    if (reachable < voters / 2 + 1) {
      violation(record, who + " holds the cluster to be ok although it reaches only " +
                            std::to_string(reachable) + " of " + std::to_string(voters) +
                            " primaries");
    }
  }

  std::set<MachineId> processes_;
  bool needs_coverage_;
  std::uint64_t views_ = 0, healthy_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_uncovered_slots_are_refused(const RunFacts& facts) {
  return std::make_unique<UncoveredSlotsAreRefused>(facts);
}

}  // namespace sim
