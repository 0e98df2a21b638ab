// Claim: a node that starts again with its disk has the slots, and the marks of open ones, that it
// had when it saved nodes.conf last.
// - Source: Cluster spec, "Nodes handshake"; protocol §3.2, §3.3, §8.
// - Scope: always.
// - Kills: open-slots-not-saved.
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class SlotsSurviveRestart final : public CopyableVerdict<SlotsSurviveRestart> {
 public:
  explicit SlotsSurviveRestart(const RunFacts& facts)
      : CopyableVerdict("nobody started again with its disk"),
        processes_(facts.processes),
        nodes_(facts.cast.size()) {}

  void before(const Record& record, const Stage& stage) override {
    if (!fresh_.empty() && record.at > instant_) settle(stage.directory());
    instant_ = record.at;
  }

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (!directory.is_cluster_node(record.machine) || processes_.count(record.machine) > 0) return;
    Node& node = nodes_[record.machine.value];
    if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      node.open.insert({opened->slot, opened->importing});
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      node.open.erase({closed->slot, closed->importing});
      if (node.expects) node.closed_since.insert({closed->slot, closed->importing});
    } else if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      const event::Claim* before = directory.claim(record.machine);
      if (node.expects && before != nullptr && moved->from == before->id)
        node.lost_since = share_slots(node.lost_since->slots() | moved->slots->slots());
    } else if (const auto* started = std::get_if<event::MachineStarted>(&record.event)) {
      node.open.clear();
      node.closed_since.clear();
      node.lost_since = no_slots();
      node.saves_now = false;
      node.expects = started->incarnation > 0 && started->disk == "kept" && node.saved.has_value();
    } else if (const auto* crashed = std::get_if<event::MachineCrashed>(&record.event)) {
      if (crashed->power_lost && !node.synced) node.saved.reset();
    } else if (const auto* saved = std::get_if<event::ConfigSaved>(&record.event)) {
      node.saves_now = true;
      node.synced = saved->synced;
      fresh_.insert(record.machine);
    } else if (std::holds_alternative<event::Claim>(record.event)) {
      node.loaded = node.expects;
      node.loaded_by = record.sequence;
      if (node.expects) fresh_.insert(record.machine);
      node.expects = false;
    }
  }

  void finish(const Ending& ending) override { settle(ending.stage.directory()); }

  std::string numbers() const override { return counted(restarts_, "restart"); }

 private:
  using Marks = std::set<std::pair<SlotId, bool>>;  // importing
  struct State {
    SlotsRef slots = no_slots();
    Marks open;
  };
  struct Node {
    Marks open;
    std::optional<State> saved;
    bool synced = false;     // the last save was
    bool saves_now = false;  // in this instant
    bool expects = false;    // it has started, and has not yet told what it is
    bool loaded = false;     // it told so in this instant
    // Between its start and the first word about itself, for which it may have had to load first.
    SlotsRef lost_since = no_slots();
    Marks closed_since;
    std::uint64_t loaded_by = 0;
  };

  // The instant is over: what was told in it is what was written and loaded in it.
  void settle(const Directory& directory) {
    for (const MachineId machine : fresh_) {
      Node& node = nodes_[machine.value];
      const event::Claim* claim = directory.claim(machine);
      if (node.loaded) compare(machine, node, *claim, directory);
      if (node.saves_now) {
        node.saved = State{claim == nullptr ? no_slots() : claim->slots, node.open};
      }
      node.loaded = node.saves_now = false;
    }
    fresh_.clear();
  }

  void compare(MachineId machine, const Node& node, const event::Claim& claim,
               const Directory& directory) {
    evidence();
    ++restarts_;
    const std::string who = std::string(directory.name(machine));
    const SlotSet lost =
        node.saved->slots->slots() & ~claim.slots->slots() & ~node.lost_since->slots();
    if (lost.any()) {
      violation(instant_, node.loaded_by,
                who + " started again without slots " + format_slots(lost) +
                    ", which it had when it saved nodes.conf last");
    }
    for (const auto& mark : node.saved->open) {
      if (node.open.count(mark) + node.closed_since.count(mark) > 0) continue;
      violation(instant_, node.loaded_by,
                who + " started again and does not know that it was " +
                    (mark.second ? "importing" : "migrating") + " slot " +
                    std::to_string(mark.first.value));
    }
  }

  std::set<MachineId> processes_;
  std::vector<Node> nodes_;    // by machine
  std::set<MachineId> fresh_;  // who saved or loaded in this instant
  SimTime instant_;
  std::uint64_t restarts_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_slots_survive_restart(const RunFacts& facts) {
  return std::make_unique<SlotsSurviveRestart>(facts);
}

}  // namespace sim
