// Claim: once everything is healed and quiet, every live node names the same owner for every slot,
// that owner claims it, no live primary with a greater configEpoch claims it too, and no slot that
// a live primary claims is without an owner anywhere; nor has a live node given up a slot to nobody
// (a claim gives way only to a greater one, so some live or dead node has it). Source: Cluster
// spec, "Hash slots configuration propagation"; protocol §15.1, 29, 30. Scope: after heal. Kills:
// ignore-slot-epoch, no-demotion.
//
// Known defects: row 7 (a demoted primary's header reaches an observer before its successor's, the
// observer drops the slots and nobody tells it again) when an observer's last word about the slots
// is that it unbound them; row 31 (takeovers on both sides of a split) when a takeover happened.
#include <map>
#include <string>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/invariants/final_views.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class SlotOwnershipAgrees final : public CopyableVerdict<SlotOwnershipAgrees> {
 public:
  explicit SlotOwnershipAgrees(const RunFacts& facts)
      : CopyableVerdict("no node was asked for its full view at the end"),
        quiet_(std::max<Duration>(facts.node_timeout, 1s)),
        operator_commands_(facts.operator_commands),
        unbound_(facts.cast.size(), no_slots()),
        held_(facts.cast.size()) {}

  void see(const Record& record, const Stage&) override {
    if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      ++moves_;
      if (record.machine.value >= unbound_.size()) return;
      SlotsRef& unbound = unbound_[record.machine.value];
      if (moved->to.is_none()) {
        unbound = share_slots(unbound->slots() | moved->slots->slots());
      } else if (unbound->count() > 0) {
        unbound = share_slots(unbound->slots() & ~moved->slots->slots());
      }
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      takeovers_ += promoted->takeover ? 1 : 0;
    } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      see_claim(record.machine, *claim);
    } else if (std::holds_alternative<event::NodeStarted>(record.event) &&
               record.machine.value < unbound_.size()) {
      unbound_[record.machine.value] = no_slots();
    }
  }

  void finish(const Ending& ending) override {
    if (const std::string why = ending.views.not_quiescent(quiet_); !why.empty())
      return cannot_check(why);
    evidence();
    compared_ = ending.views.views().size();
    find_owners(ending.views);
    for (const auto& [machine, view] : ending.views.views()) {
      compare(machine, view, ending.stage.directory());
      find_abandoned(machine, view, ending.stage.directory());
    }
  }

  std::string numbers() const override {
    return std::to_string(compared_) + " views agree on " + std::to_string(covered_.count()) +
           " owned slots, " + counted(moves_, "move") + " of slots on the way";
  }

 private:
  struct Held {
    NodeName id;
    SlotsRef slots = no_slots();  // which this machine, under this id, was the last to claim anew
    SlotsRef claimed = no_slots();
  };

  void see_claim(MachineId machine, const event::Claim& claim) {
    if (machine.value >= held_.size()) return;
    Held& mine = held_[machine.value];
    if (mine.id != claim.id) mine = {claim.id, no_slots(), no_slots()};
    const SlotSet begun = claim.slots->slots() & ~mine.claimed->slots();
    mine.claimed = claim.slots;
    if (begun.none()) return;
    for (Held& held : held_) {
      if (held.slots->count() == 0 || (held.slots->slots() & begun).none()) continue;
      held.slots = share_slots(held.slots->slots() & ~begun);
    }
    const SlotSet all = mine.slots->slots() | begun;
    mine.slots = all == claim.slots->slots() ? claim.slots : share_slots(all);
  }

  // Slots may be edited away by an operator; otherwise who gives one up has met a greater claim.
  void find_abandoned(MachineId machine, const FinalViews::View& view, const Directory& directory) {
    const Held& held = held_[machine.value];
    const SlotSet abandoned = held.slots->slots() & ~covered_;
    if (operator_commands_ || abandoned.none() || held.id != view.said.id) return;
    const std::string what = std::string(directory.name(machine)) + " gave up " +
                             describe(abandoned) + ", and nobody claims them";
    if (takeovers_ > 0) return known_defect(view.at, view.record, 31, what);
    violation(view.at, view.record, what);
  }

  // What each live primary claims for itself decides: the greatest configEpoch, then the greatest
  // id.
  void find_owners(const FinalViews& views) {
    std::map<std::pair<std::uint64_t, NodeName>, SlotsRef> claims;
    for (const auto& [machine, view] : views.views()) {
      for (const event::PeerView& peer : view.said.peers) {
        if (peer.role == Role::kPrimary && peer.slots->count() > 0) {
          claims[{view.said.config_epoch, peer.id}] = peer.slots;
        }
      }
    }
    for (auto claim = claims.rbegin(); claim != claims.rend(); ++claim) {
      const SlotSet& slots = claim->second->slots();
      const SlotSet won = slots & ~covered_;
      if (won != slots) contested_[claim->first.second] = share_slots(slots & covered_);
      owned_[claim->first.second] = won;
      covered_ |= slots;
    }
  }

  std::string describe(const SlotSet& slots) const {
    return slots.count() == 1
               ? "slot " + format_slots(slots)
               : "slots " + format_slots(slots) + " (" + std::to_string(slots.count()) + ")";
  }

  void compare(MachineId machine, const FinalViews::View& view, const Directory& directory) {
    const std::string who{directory.name(machine)};
    if (const auto contested = contested_.find(view.said.id); contested != contested_.end()) {
      disagree(machine, view, contested->second->slots(),
               who + " still claims " + describe(contested->second->slots()) +
                   ", which a primary with a greater configEpoch owns");
    }
    SlotSet named;
    for (const FinalViews::Owner& owner : view.owners->by_id) {
      const SlotSet& slots = owner.slots->slots();
      named |= slots;
      const auto owned = owned_.find(owner.id);
      const SlotSet wrong =
          owned == owned_.end() ? slots & covered_ : slots & covered_ & ~owned->second;
      if (wrong.any() && owner.id != view.said.id) {
        disagree(machine, view, wrong,
                 who + " believes that " + directory.label(owner.id) + " owns " + describe(wrong) +
                     ", but it belongs to " + owner_names(wrong, directory));
      }
    }
    if (const SlotSet missing = covered_ & ~named; missing.any()) {
      disagree(machine, view, missing,
               who + " knows no owner of " + describe(missing) + ", which " +
                   owner_names(missing, directory) + " claims");
    }
  }

  std::string owner_names(const SlotSet& slots, const Directory& directory) const {
    std::string names;
    for (const auto& [id, owned] : owned_) {
      if ((owned & slots).none()) continue;
      names += (names.empty() ? "" : " and ") + directory.label(id);
    }
    return names;
  }

  void disagree(MachineId machine, const FinalViews::View& view, const SlotSet& slots,
                const std::string& what) {
    if (takeovers_ > 0) return known_defect(view.at, view.record, 31, what);
    const SlotSet& unbound = unbound_[machine.value]->slots();
    if ((slots & ~unbound).none()) {
      return known_defect(view.at, view.record, 7,
                          what + "; it unbound them itself and nobody told it again");
    }
    violation(view.at, view.record, what);
  }

  Duration quiet_;
  bool operator_commands_;
  std::vector<SlotsRef> unbound_;  // by machine: slots its last word about was "unassigned"
  std::vector<Held> held_;         // by machine
  std::map<NodeName, SlotSet> owned_;
  std::map<NodeName, SlotsRef> contested_;
  SlotSet covered_;
  std::size_t compared_ = 0;  // views
  std::uint64_t moves_ = 0, takeovers_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_slot_ownership_agrees(const RunFacts& facts) {
  return std::make_unique<SlotOwnershipAgrees>(facts);
}

}  // namespace sim
