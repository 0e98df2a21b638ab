// Claim: in a node's view a slot goes to another owner only for a reason: a claim with a greater
// configEpoch than its owner's, or of a slot that its owner has stopped claiming, and never of one
// that the node imports; a command; its own promotion; the owner's becoming a replica or being
// forgotten; at the start, keys of a slot that is nobody's. And nobody's claim is believed to be
// newer than any that it made.
// - Source: Cluster spec, "Hash slots configuration propagation"; protocol §7.7, §9.3, §15.1.
// - Scope: always.
// - Kills: claims-take-imported, ignore-slot-epoch.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

using event::RebindCause;

class SlotChangesHaveCause final : public CopyableVerdict<SlotChangesHaveCause> {
 public:
  explicit SlotChangesHaveCause(const RunFacts& facts)
      : CopyableVerdict(facts.processes.empty()
                            ? "no slot got another owner in any view"
                            : "a real server does not tell why a slot got another owner"),
        processes_(facts.processes),
        only_by_hand_(!facts.open_slots_repointed) {}

  void see(const Record& record, const Stage& stage) override {
    if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      see_move(record, *moved, stage.directory());
    } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      std::uint64_t& newest = newest_[claim->id];
      newest = std::max(newest, claim->config_epoch);
      if (claim->role == Role::kReplica) were_replicas_.insert(claim->id);
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      promoted_[record.machine] = {record.at, promoted->old_primary};
    } else if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      if (opened->importing) imported_[record.machine].set(opened->slot.value);
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      if (closed->importing) imported_[record.machine].reset(closed->slot.value);
    } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
      imported_.erase(record.machine);
    }
  }

  std::string numbers() const override {
    return counted(claims_, "change") + " by claim, " + std::to_string(commands_) +
           " by command, " + std::to_string(others_) + " otherwise";
  }

 private:
  struct Promotion {
    SimTime at;
    NodeName old_primary;
  };

  void see_move(const Record& record, const event::SlotsRebound& moved,
                const Directory& directory) {
    if (moved.cause == RebindCause::kUnknown) return;
    evidence();
    ++(moved.cause == RebindCause::kClaim     ? claims_
       : moved.cause == RebindCause::kCommand ? commands_
                                              : others_);
    if (moved.cause == RebindCause::kClaim) return check_claim(record, moved, directory);
    if (moved.cause == RebindCause::kPromotion) {
      const auto found = promoted_.find(record.machine);
      const bool just_now = found != promoted_.end() && found->second.at == record.at;
      if (!just_now || (!moved.from.is_none() && moved.from != found->second.old_primary)) {
        complain(record, moved, "for a promotion that it has not had", directory);
      }
    } else if (moved.cause == RebindCause::kDemotion && were_replicas_.count(moved.from) == 0 &&
               !is_process(moved.from, directory)) {
      complain(record, moved, "although " + label(moved.from, directory) + " never was a replica",
               directory);
    }
  }

  void check_claim(const Record& record, const event::SlotsRebound& moved,
                   const Directory& directory) {
    const SlotSet bound = moved.slots->slots() & ~moved.unclaimed->slots();
    if (!moved.from.is_none() && bound.any() && moved.epoch <= moved.from_epoch) {
      complain(record, moved,
               "by a claim with configEpoch " + std::to_string(moved.epoch) +
                   ", which is not greater than the owner's " + std::to_string(moved.from_epoch),
               directory);
    }
    const auto imported = imported_.find(record.machine);
    if (only_by_hand_ && imported != imported_.end()) {
      const SlotSet open = imported->second & moved.slots->slots();
      if (open.any()) {
        complain(record, moved,
                 "by a claim, although it imports slot " + format_slots(open) +
                     " and only a command may change that",
                 directory);
      }
    }
    const auto newest = newest_.find(moved.to);
    if (newest != newest_.end() && moved.epoch > newest->second &&
        !is_process(moved.to, directory)) {
      complain(record, moved,
               "by a claim with configEpoch " + std::to_string(moved.epoch) + ", but " +
                   label(moved.to, directory) + " has never had more than " +
                   std::to_string(newest->second),
               directory);
    }
  }

  bool is_process(const NodeName& id, const Directory& directory) const {
    const auto machine = directory.machine_of(id);
    return machine && processes_.count(*machine) > 0;
  }
  std::string label(const NodeName& id, const Directory& directory) const {
    return id.is_none() ? "nobody" : directory.label(id);
  }
  void complain(const Record& record, const event::SlotsRebound& moved, const std::string& why,
                const Directory& directory) {
    violation(record, std::string(directory.name(record.machine)) + " gave " +
                          (moved.slots->count() == 1 ? "slot " : "slots ") +
                          format_slots(moved.slots->slots()) + " of " +
                          label(moved.from, directory) + " to " + label(moved.to, directory) + " " +
                          why);
  }

  std::set<MachineId> processes_;
  bool only_by_hand_;  // changes the owner of a slot that is imported, on every server
  std::map<NodeName, std::uint64_t> newest_;  // the greatest configEpoch a node told of itself
  std::set<NodeName> were_replicas_;
  std::map<MachineId, Promotion> promoted_;
  std::map<MachineId, SlotSet> imported_;
  std::uint64_t claims_ = 0, commands_ = 0, others_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_slot_changes_have_cause(const RunFacts& facts) {
  return std::make_unique<SlotChangesHaveCause>(facts);
}

}  // namespace sim
