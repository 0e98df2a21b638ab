// Claim: in every view a slot belongs to one node at most, so that the slots of all nodes are as
// many as those that have an owner.
// - Source: protocol §15.26.
// - Scope: wherever a full view is told.
// - Kills: old-owner-counts.
#include <set>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class SlotCountsAddUp final : public CopyableVerdict<SlotCountsAddUp> {
 public:
  explicit SlotCountsAddUp(const RunFacts&)
      : CopyableVerdict("no node was asked for its full view") {}

  void see(const Record& record, const Stage& stage) override {
    const auto* view = std::get_if<event::ViewSnapshot>(&record.event);
    if (view == nullptr || view->peers.empty()) return;
    evidence();
    ++views_;
    // A thousand nodes that agree have one fingerprint, and it covers the slots.
    if (view->fingerprint != 0 && !sound_.insert(view->fingerprint).second) return;
    SlotSet bound;
    for (const event::PeerView& peer : view->peers) {
      if (peer.slots->count() == 0) continue;
      const SlotSet twice = bound & peer.slots->slots();
      if (twice.any()) tell(record, *view, twice, stage.directory());
      bound |= peer.slots->slots();
    }
  }

  std::string numbers() const override {
    return counted(views_, "view") + ", " + std::to_string(sound_.size()) + " of them different";
  }

 private:
  void tell(const Record& record, const event::ViewSnapshot& view, const SlotSet& twice,
            const Directory& directory) {
    std::string owners;
    for (const event::PeerView& peer : view.peers) {
      if ((peer.slots->slots() & twice).none()) continue;
      owners += (owners.empty() ? "" : " and ") + directory.label(peer.id);
    }
    violation(record, std::string(directory.name(record.machine)) + " counts " +
                          (twice.count() == 1 ? "slot " : "slots ") + format_slots(twice) +
                          " for " + owners + " at once");
  }

  std::set<std::uint64_t> sound_;  // fingerprints of views that were looked at
  std::uint64_t views_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_slot_counts_add_up(const RunFacts& facts) {
  return std::make_unique<SlotCountsAddUp>(facts);
}

}  // namespace sim
