// Claim: a write takes effect only at a node that owns the slot, as a primary, or imports it; and
// in the slot in which the client's key is.
// - Source: Cluster spec, "MOVED Redirection", "Key distribution model"; protocol §1, §9.2.
// - Scope: always.
// - Kills: replica-accepts-writes, tags-ignored.
//
// What a node claims is told at the end of a pass. So whoever owns the slot either when the instant
// begins or when it is over may have owned it in between.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class WritesAtOwner final : public CopyableVerdict<WritesAtOwner> {
 public:
  explicit WritesAtOwner(const RunFacts& facts)
      : CopyableVerdict(facts.processes.empty() ? "no write took effect in a cluster"
                                                : "a real server does not tell its writes") {}

  void before(const Record& record, const Stage& stage) override {
    if (!doubtful_.empty() && record.at > doubtful_.front().at) settle(stage.directory());
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
      see_write(record, *write, stage.directory());
    } else if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      if (opened->importing) imported_[record.machine].insert(opened->slot);
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      if (closed->importing) imported_[record.machine].erase(closed->slot);
    } else if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
      if (invoked->slot >= 0) asked_[invoked->operation] = {invoked->slot, invoked->key};
    } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
      asked_.erase(done->operation);
    } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
      imported_.erase(record.machine);
    }
  }

  void finish(const Ending& ending) override { settle(ending.stage.directory()); }

  std::string numbers() const override { return counted(writes_, "write") + " took effect"; }

 private:
  struct Doubtful {
    SimTime at;
    std::uint64_t record = 0;
    MachineId machine;
    SlotId slot;
  };
  struct Asked {
    std::int32_t slot = -1;
    std::string key;
  };

  bool may_write(MachineId machine, SlotId slot, const Directory& directory) const {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || claim->role != Role::kPrimary) return false;
    if (claim->slots->test(slot)) return true;
    const auto imported = imported_.find(machine);
    return imported != imported_.end() && imported->second.count(slot) > 0;
  }

  void see_write(const Record& record, const event::WriteApplied& write,
                 const Directory& directory) {
    if (!directory.is_cluster_node(record.machine)) return;
    evidence();
    ++writes_;
    if (!may_write(record.machine, write.slot, directory)) {
      doubtful_.push_back({record.at, record.sequence, record.machine, write.slot});
    }
    const auto asked = asked_.find(write.operation);
    if (asked == asked_.end() || asked->second.slot == write.slot.value) return;
    violation(record, std::string(directory.name(record.machine)) + " applied a write to key \"" +
                          asked->second.key + "\" in slot " + std::to_string(write.slot.value) +
                          ", but the key is in slot " + std::to_string(asked->second.slot));
  }

  void settle(const Directory& directory) {
    for (const Doubtful& write : doubtful_) {
      if (may_write(write.machine, write.slot, directory)) continue;
      const event::Claim* claim = directory.claim(write.machine);
      const bool replica = claim != nullptr && claim->role == Role::kReplica;
      violation(write.at, write.record,
                std::string(directory.name(write.machine)) + " applied a write to slot " +
                    std::to_string(write.slot.value) +
                    (replica ? ", but it is a replica of " + directory.label(claim->replica_of)
                             : ", which it neither owns nor imports"));
    }
    doubtful_.clear();
  }

  std::map<MachineId, std::set<SlotId>> imported_;
  std::map<std::uint64_t, Asked> asked_;  // by operation in flight
  std::vector<Doubtful> doubtful_;        // of this instant
  std::uint64_t writes_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_writes_at_owner(const RunFacts& facts) {
  return std::make_unique<WritesAtOwner>(facts);
}

}  // namespace sim
