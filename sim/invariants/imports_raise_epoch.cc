// Claim: a node that ends an import by taking the slot has the greatest configEpoch of all that it
// knows, so that its claim wins everywhere.
// - Source: Cluster spec, "Configuration epochs"; Redis documentation, "CLUSTER SETSLOT"; protocol
//   §7.5, §9.3.
// - Scope: always.
// - Kills: import-keeps-epoch.
//
// currentEpoch is at least as great as every configEpoch a node knows; so both are equal then.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class ImportsRaiseEpoch final : public CopyableVerdict<ImportsRaiseEpoch> {
 public:
  explicit ImportsRaiseEpoch(const RunFacts& facts)
      : CopyableVerdict(facts.processes.empty()
                            ? "no import ended"
                            : "a real server does not tell how an import ends") {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
      if (opened->importing) imported_[record.machine].insert(opened->slot);
    } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
      if (closed->importing) see_closed(record, closed->slot, directory);
    } else if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
      see_move(record, *moved, directory);
    } else if (const auto* changed = std::get_if<event::EpochChanged>(&record.event)) {
      epochs_[record.machine] = {changed->config_to, changed->current_to};
    } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      epochs_[record.machine] = {claim->config_epoch, claim->current_epoch};
    } else if (std::holds_alternative<event::MachineStarted>(record.event)) {
      imported_.erase(record.machine);
    }
  }

  std::string numbers() const override { return counted(imports_, "import") + " ended"; }

 private:
  struct Epochs {
    std::uint64_t config = 0, current = 0;
  };

  // It takes slots that it imports: as many imports end in this instant.
  void see_move(const Record& record, const event::SlotsRebound& moved,
                const Directory& directory) {
    const event::Claim* claim = directory.claim(record.machine);
    const bool taken = moved.cause == event::RebindCause::kCommand && claim != nullptr &&
                       moved.to == claim->id && imported_.count(record.machine) > 0;
    taken_ = {};
    if (taken) taken_ = {record.at, record.machine, moved.slots->slots()};
  }

  void see_closed(const Record& record, SlotId slot, const Directory& directory) {
    const bool imported = imported_[record.machine].erase(slot) > 0;
    if (!imported || taken_.machine != record.machine || taken_.at != record.at ||
        !taken_.slots.test(slot.value))
      return;
    evidence();
    ++imports_;
    const Epochs& epochs = epochs_[record.machine];
    if (epochs.config == epochs.current) return;
    violation(record, std::string(directory.name(record.machine)) + " took slot " +
                          std::to_string(slot.value) +
                          ", which it had imported, with configEpoch " +
                          std::to_string(epochs.config) + ", although it knows of epoch " +
                          std::to_string(epochs.current));
  }

  struct Taken {
    SimTime at;
    MachineId machine = kNoMachine;
    SlotSet slots;
  };

  std::map<MachineId, std::set<SlotId>> imported_;
  std::map<MachineId, Epochs> epochs_;
  Taken taken_;  // by the last command
  std::uint64_t imports_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_imports_raise_epoch(const RunFacts& facts) {
  return std::make_unique<ImportsRaiseEpoch>(facts);
}

}  // namespace sim
