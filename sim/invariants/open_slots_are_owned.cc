// Claim: who marks a slot as migrating owns it, who marks one as importing does not, and SETSLOT
// NODE ends both: the giver's mark once it gives the slot away, the taker's once it has it.
// - Source: Redis documentation, "CLUSTER SETSLOT"; protocol §9.3.
// - Scope: always.
// - Kills: migrating-unowned, node-keeps-migrating.
//
// What is loaded at the start was marked in an earlier life, and a 7.0.15 keeps its mark when a
// claim takes the slot away; neither is judged. DELSLOTS leaves a mark too.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class OpenSlotsAreOwned final : public CopyableVerdict<OpenSlotsAreOwned> {
 public:
  explicit OpenSlotsAreOwned(const RunFacts& facts)
      : CopyableVerdict("no slot was marked as migrating or importing"),
        processes_(facts.processes) {}

  void before(const Record& record, const Stage& stage) override {
    if (!pending_.empty() && record.at > pending_.front().at) settle(stage.directory());
  }

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    // What is known of a real server is its nodes.conf, which says several things at once.
    if (processes_.count(record.machine) > 0) return;
    if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      see_opened(record, *opened, directory);
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      open_[record.machine].erase({closed->slot, closed->importing});
    } else if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      if (moved->cause == event::RebindCause::kCommand && !moved->to.is_none())
        see_command(record, *moved, directory);
    } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
      open_.erase(record.machine);
      started_[record.machine] = record.at;
    }
  }

  void finish(const Ending& ending) override { settle(ending.stage.directory()); }

  std::string numbers() const override {
    return counted(opened_, "mark") + " on slots, " + counted(ended_, "command") + " ended some";
  }

 private:
  using Mark = std::pair<SlotId, bool>;  // importing
  struct Pending {
    SimTime at;
    std::uint64_t record = 0;
    MachineId machine;
    Mark mark;
    bool ends = false;  // else it was just made
    bool fit_before = false;
  };

  // Where marks are replicated (Valkey 8) a replica has its primary's.
  bool owns(MachineId machine, SlotId slot, const Directory& directory) const {
    const event::Claim* claim = directory.claim(machine);
    if (claim != nullptr && claim->role == Role::kReplica) {
      const auto primary = directory.machine_of(claim->replica_of);
      claim = primary ? directory.claim(*primary) : nullptr;
    }
    return claim != nullptr && claim->role == Role::kPrimary && claim->slots->test(slot);
  }

  void see_opened(const Record& record, const event::SlotOpened& opened,
                  const Directory& directory) {
    open_[record.machine].insert({{opened.slot, opened.importing}, record.sequence});
    const auto started = started_.find(record.machine);
    if (started != started_.end() && started->second == record.at) return;
    evidence();
    ++opened_;
    const bool fits = owns(record.machine, opened.slot, directory) != opened.importing;
    pending_.push_back(
        {record.at, record.sequence, record.machine, {opened.slot, opened.importing}, false, fits});
  }

  void see_command(const Record& record, const event::SlotsRebound& moved,
                   const Directory& directory) {
    const event::Claim* claim = directory.claim(record.machine);
    const auto open = open_.find(record.machine);
    if (claim == nullptr || open == open_.end()) return;
    const bool taken = moved.to == claim->id;
    if (!taken && moved.from != claim->id) return;
    each_slot(moved.slots->slots(), [&](SlotId slot) {
      const Mark mark{slot, taken};
      if (taken && open->second.count(mark) == 0) return;
      evidence();
      ++ended_;
      pending_.push_back({record.at, record.sequence, record.machine, mark, true, false});
    });
  }

  // The instant is over.
  void settle(const Directory& directory) {
    for (const Pending& pending : pending_) judge(pending, directory);
    pending_.clear();
  }

  void judge(const Pending& pending, const Directory& directory) {
    const auto [slot, importing] = pending.mark;
    const std::string who = std::string(directory.name(pending.machine));
    const std::string what = "slot " + std::to_string(slot.value);
    if (pending.ends) {
      if (open_[pending.machine].count(pending.mark) == 0) return;
      return violation(pending.at, pending.record,
                       who + (importing ? " got " : " gave away ") + what +
                           " by SETSLOT NODE and still has it marked as " +
                           (importing ? "importing" : "migrating"));
    }
    if (pending.fit_before || owns(pending.machine, slot, directory) != importing) return;
    violation(pending.at, pending.record,
              who + " marked " + what + " as " +
                  (importing ? "importing, although it owns it"
                             : "migrating, although it does not own it"));
  }

  std::set<MachineId> processes_;
  std::map<MachineId, std::map<Mark, std::uint64_t>> open_;
  std::map<MachineId, SimTime> started_;
  std::vector<Pending> pending_;  // of this instant
  std::uint64_t opened_ = 0, ended_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_open_slots_are_owned(const RunFacts& facts) {
  return std::make_unique<OpenSlotsAreOwned>(facts);
}

}  // namespace sim
