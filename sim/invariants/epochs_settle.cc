// Claim: after the heal the greatest currentEpoch grows by no more than elections, takeovers and an
// operator's commands account for, and one collision for each node: no storm of epochs.
// - Source: Cluster spec, "Configuration epochs"; protocol §7.5, §7.6, §15.15, 29.
// - Scope: after heal. A liveness claim.
// - Kills: epoch-storm.
#include <algorithm>
#include <string>

#include "sim/invariants/core.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class EpochsSettle final : public CopyableVerdict<EpochsSettle> {
 public:
  explicit EpochsSettle(const RunFacts& facts)
      : CopyableVerdict("the scenario never heals"), core_(facts) {}

  void see(const Record& record, const Stage&) override {
    core_.see(record);
    const bool healed = record.at >= core_.healed_at();
    if (healed && !greatest_then_) greatest_then_ = greatest_;
    if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      grow(record, claim->current_epoch);
    } else if (const auto* epochs = std::get_if<event::EpochChanged>(&record.event)) {
      grow(record, epochs->current_to);
      // A takeover is Promoted as well, and counted there.
      accounted_ += healed && epochs->cause == event::EpochCause::kCommand ? 1 : 0;
    } else if (std::holds_alternative<event::ElectionStarted>(record.event)) {
      accounted_ += healed && core_.includes(record.machine) ? 1 : 0;
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      accounted_ += healed && promoted->takeover ? 1 : 0;
    }
  }

  void finish(const Ending& ending) override {
    if (!greatest_then_ || greatest_ == 0) return;
    evidence();
    members_ = core_.members(ending.stage.directory()).size();
    if (ending.stage.directory().has_merged())
      return cannot_check("another cluster, with epochs of its own, was met");
    if (growth() <= allowed()) return;
    violation(last_at_, last_record_,
              "the greatest currentEpoch grew from " + std::to_string(*greatest_then_) + " to " +
                  std::to_string(greatest_) + " after the heal, last on " +
                  std::string(ending.stage.name(last_machine_)) + "; elections account for " +
                  std::to_string(accounted_) + ", collisions for " +
                  std::to_string(allowed() - accounted_) + " at most");
  }

  std::string numbers() const override {
    return "currentEpoch grew by " + std::to_string(growth()) + " after the heal, " +
           std::to_string(allowed()) + " allowed";
  }

 private:
  void grow(const Record& record, std::uint64_t epoch) {
    if (epoch <= greatest_ || !core_.includes(record.machine)) return;
    greatest_ = epoch;
    last_at_ = record.at;
    last_record_ = record.sequence;
    last_machine_ = record.machine;
  }
  std::uint64_t growth() const { return greatest_ - greatest_then_.value_or(greatest_); }
  std::uint64_t allowed() const { return accounted_ + members_; }

  Core core_;
  std::uint64_t greatest_ = 0, accounted_ = 0, last_record_ = 0;
  std::optional<std::uint64_t> greatest_then_;
  std::size_t members_ = 0;  // of what was healed, at the end
  SimTime last_at_;
  MachineId last_machine_ = kNoMachine;
};

}  // namespace

std::unique_ptr<Invariant> make_epochs_settle(const RunFacts& facts) {
  return std::make_unique<EpochsSettle>(facts);
}

}  // namespace sim
