// Claim: the configEpoch of an elected primary is that of its election or a later one, and exceeds
// that under which the primary it replaces held the slots.
// - Source: Cluster spec, "Replica election and promotion" (the winner's configEpoch is unique and
//   the greatest); protocol §7.1, §15.10.
// - Scope: always.
// - Kills: win-keeps-epoch.
//
// A voter knows no configEpoch beyond its currentEpoch, which is the election's. What the old
// primary has given itself beyond that (a takeover, a collision), no voter had heard of.
#include <algorithm>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class ElectedEpochIsGreatest final : public CopyableVerdict<ElectedEpochIsGreatest> {
 public:
  explicit ElectedEpochIsGreatest(const RunFacts& facts)
      : CopyableVerdict("nobody was elected"), stood_in_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    if (record.machine.value >= stood_in_.size()) return;
    if (std::holds_alternative<event::NodeStarted>(record.event)) {
      stood_in_[record.machine.value] = 0;
    } else if (const auto* election = std::get_if<event::ElectionStarted>(&record.event)) {
      stood_in_[record.machine.value] = election->epoch;
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      if (!promoted->takeover) see_winner(record, *promoted, stage.directory());
    }
  }

  std::string numbers() const override {
    return counted(won_, "election") + " won, greatest epoch " + std::to_string(greatest_);
  }

 private:
  void see_winner(const Record& record, const event::Promoted& promoted,
                  const Directory& directory) {
    evidence();
    ++won_;
    greatest_ = std::max(greatest_, promoted.epoch);
    const std::uint64_t epoch = stood_in_[record.machine.value];
    const std::string took = std::string{directory.name(record.machine)} +
                             " was elected and took the slots of " +
                             directory.label(promoted.old_primary) + " with configEpoch " +
                             std::to_string(promoted.epoch);
    if (promoted.epoch < epoch) {
      violation(record, took + ", its election was in epoch " + std::to_string(epoch));
    }
    const auto old = directory.machine_of(promoted.old_primary);
    const event::Claim* held = old ? directory.claim(*old) : nullptr;
    if (held == nullptr || held->role != Role::kPrimary || held->config_epoch >= epoch) return;
    if (promoted.epoch <= held->config_epoch) {
      violation(record, took + ", which that held with " + std::to_string(held->config_epoch));
    }
  }

  std::vector<std::uint64_t> stood_in_;  // by candidate: the epoch of its last election, 0: none
  std::uint64_t won_ = 0, greatest_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_elected_epoch_is_greatest(const RunFacts& facts) {
  return std::make_unique<ElectedEpochIsGreatest>(facts);
}

}  // namespace sim
