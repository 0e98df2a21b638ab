// Claim: a node that is reset is a primary without slots that knows nobody; after a hard reset it
// has another name, and its epochs are 0.
// - Source: CLUSTER RESET; protocol §7.12, §15.23, 24.
// - Scope: always.
// - Kills: reset-keeps-epochs.
//
// What a real server is after a reset its nodes.conf shows too late, so it is not asked.
#include <optional>
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class ResetStartsAfresh final : public CopyableVerdict<ResetStartsAfresh> {
 public:
  explicit ResetStartsAfresh(const RunFacts&) : CopyableVerdict("no node was reset") {}

  void before(const Record& record, const Stage& stage) override {
    if (reset_ && (record.machine != reset_->machine || record.at != reset_->at))
      judge(stage.directory());
  }

  void see(const Record& record, const Stage& stage) override {
    const auto* remark = std::get_if<event::Remark>(&record.event);
    if (remark == nullptr) return;
    const bool hard = remark->text == "CLUSTER RESET HARD";
    if (!hard && remark->text != "CLUSTER RESET SOFT") return;
    const event::Claim* claim = stage.directory().claim(record.machine);
    if (claim != nullptr) reset_ = {record.machine, record.at, record.sequence, hard, claim->id};
  }

  void finish(const Ending& ending) override {
    if (reset_) judge(ending.stage.directory());
  }

  std::string numbers() const override { return counted(resets_, "reset"); }

 private:
  struct Reset {
    MachineId machine;
    SimTime at;
    std::uint64_t record = 0;
    bool hard = false;
    NodeName id;  // until then
  };

  // What a node is now it tells at the end of the pass.
  void judge(const Directory& directory) {
    evidence();
    ++resets_;
    const Reset reset = *reset_;
    reset_.reset();
    const event::Claim& claim = *directory.claim(reset.machine);
    const auto wrong = [&](const std::string& what) {
      violation(reset.at, reset.record,
                std::string{directory.name(reset.machine)} + " was reset" +
                    (reset.hard ? " (hard)" : "") + " and " + what);
    };
    if (claim.role != Role::kPrimary) wrong("is a replica");
    if (claim.slots->count() > 0) wrong("has slots " + claim.slots->text());
    if (!reset.hard) return;
    if (claim.id == reset.id) wrong("has its old name");
    if (claim.current_epoch != 0 || claim.config_epoch != 0) {
      wrong("has currentEpoch " + std::to_string(claim.current_epoch) + " and configEpoch " +
            std::to_string(claim.config_epoch) + ", not 0");
    }
  }

  std::optional<Reset> reset_;
  std::uint64_t resets_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_reset_starts_afresh(const RunFacts& facts) {
  return std::make_unique<ResetStartsAfresh>(facts);
}

}  // namespace sim
