// Claim: keys that MIGRATE hands over leave the node they come from; and once the cluster is quiet
// no primary has keys of slots that it neither owns nor imports.
// - Source: Redis documentation, "MIGRATE", "CLUSTER SETSLOT"; protocol §7.7, §8, §9.4, §15.31.
// - Scope: always; the second part after heal.
// - Kills: lost-slot-keeps-keys, node-ignores-keys, migrate-keeps-keys.
//
// An operator who ends an import half-way (SETSLOT STABLE), or lets go of a slot with keys in it
// (DELSLOTS), has chosen to leave them. Known defect: row 12 (keys of a lost slot are deleted on
// the primary only) when a replica of such a primary has since been promoted; row 18 when a replica
// was promoted before it had synchronised with its shard.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/final_views.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class KeysLiveWhereOwned final : public CopyableVerdict<KeysLiveWhereOwned> {
 public:
  explicit KeysLiveWhereOwned(const RunFacts& facts)
      : CopyableVerdict("no node told where it has keys"),
        quiet_(std::max<Duration>(facts.node_timeout, 1s)),
        processes_(facts.processes),
        nodes_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (record.machine.value >= nodes_.size()) return;
    Node& node = nodes_[record.machine.value];
    if (const auto* gone = std::get_if<event::KeysMigrated>(&record.event)) {
      if (processes_.count(record.machine) == 0) see_migrated(record, *gone, directory);
    } else if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      if (!opened->importing) return;
      add(node.imported, slot_alone(opened->slot));
      remove(node.left_behind, slot_alone(opened->slot));
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      if (!closed->importing) return;
      remove(node.imported, slot_alone(closed->slot));
      add(node.left_behind, slot_alone(closed->slot));
    } else if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      if (moved->cause == event::RebindCause::kCommand && moved->to.is_none())
        add(node.left_behind, moved->slots->slots());
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      node.inherits |= deleters_.count(promoted->old_primary) > 0;
      node.stranger |= node.unsynced;
    } else if (std::holds_alternative<event::Following>(record.event)) {
      node.unsynced = true;
    } else if (std::holds_alternative<event::ReplicationUp>(record.event)) {
      node.unsynced = node.inherits = node.stranger = false;
    } else if (const auto* dropped = std::get_if<event::KeysDropped>(&record.event)) {
      const event::Claim* claim = directory.claim(record.machine);
      if (dropped->keys > 0 && claim != nullptr && claim->role == Role::kPrimary)
        deleters_.insert(claim->id);
    } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
      node.imported = no_slots();
    }
  }

  void finish(const Ending& ending) override {
    if (const std::string why = ending.views.not_quiescent(quiet_); !why.empty()) return;
    for (const auto& [machine, view] : ending.views.views()) {
      if (processes_.count(machine) == 0) judge(machine, view, ending.stage.directory());
    }
  }

  std::string numbers() const override {
    return counted(handed_over_, "key") + " handed over, " + std::to_string(judged_) +
           " primaries have keys only of their slots";
  }

 private:
  struct Node {
    SlotsRef imported = no_slots();
    SlotsRef left_behind = no_slots();  // by an operator who may have left keys there
    bool unsynced = false;              // with whom it follows by now
    bool stranger = false;              // it was promoted like that
    bool inherits = false;  // it was promoted in place of one that has deleted keys by itself
  };

  static SlotSet slot_alone(SlotId slot) { return SlotSet().set(slot.value); }
  static void add(SlotsRef& to, const SlotSet& slots) { to = share_slots(to->slots() | slots); }
  static void remove(SlotsRef& from, const SlotSet& slots) {
    from = share_slots(from->slots() & ~slots);
  }

  void see_migrated(const Record& record, const event::KeysMigrated& gone,
                    const Directory& directory) {
    evidence();
    handed_over_ += gone.keys;
    const std::uint64_t right = gone.copied ? gone.held : gone.held - gone.keys;
    if (gone.left == right) return;
    violation(record, std::string(directory.name(record.machine)) + " handed over " +
                          counted(gone.keys, "key") + " of the " + std::to_string(gone.held) +
                          " of slot " + std::to_string(gone.slot.value) + " and has " +
                          std::to_string(gone.left) + " left instead of " + std::to_string(right));
  }

  void judge(MachineId machine, const FinalViews::View& view, const Directory& directory) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || claim->role != Role::kPrimary) return;
    evidence();
    ++judged_;
    const Node& node = nodes_[machine.value];
    const SlotSet stray = view.said.occupied->slots() & ~claim->slots->slots() &
                          ~node.imported->slots() & ~node.left_behind->slots();
    if (stray.none()) return;
    const std::string what = std::string(directory.name(machine)) + " has keys of " +
                             (stray.count() == 1 ? "slot " : "slots ") + format_slots(stray) +
                             ", which it neither owns nor imports";
    if (node.inherits) {
      return known_defect(view.at, view.record, 12,
                          what + "; its primary had deleted them without telling it");
    }
    if (node.stranger) {
      return known_defect(view.at, view.record, 18,
                          what + "; it was promoted with the data of another shard");
    }
    violation(view.at, view.record, what);
  }

  Duration quiet_;
  std::set<MachineId> processes_;
  std::vector<Node> nodes_;  // by machine
  std::set<NodeName> deleters_;
  std::uint64_t handed_over_ = 0, judged_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_keys_live_where_owned(const RunFacts& facts) {
  return std::make_unique<KeysLiveWhereOwned>(facts);
}

}  // namespace sim
