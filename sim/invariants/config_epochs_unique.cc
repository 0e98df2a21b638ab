// Claim: once everything is healed and quiet, no two live primaries have the same configEpoch.
// - Source: Cluster spec, "configEpoch conflicts resolution algorithm"; protocol §15.15, §7.6.
// - Scope: after heal.
// - Kills: skip-collision-resolution.
//
// A collision is resolved when the smaller id hears the larger one's header, and every pair
// exchanges a PING at least every T/2; T of quiet, at least a second, is more than enough.
#include <map>
#include <string>

#include "sim/invariants/final_views.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class ConfigEpochsUnique final : public CopyableVerdict<ConfigEpochsUnique> {
 public:
  explicit ConfigEpochsUnique(const RunFacts& facts)
      : CopyableVerdict("no node was asked for its full view at the end"),
        quiet_(std::max<Duration>(facts.node_timeout, 1s)) {}

  void see(const Record& record, const Stage&) override {
    const auto* change = std::get_if<event::EpochChanged>(&record.event);
    if (change != nullptr && change->cause == event::EpochCause::kCollision) ++collisions_;
  }

  void finish(const Ending& ending) override {
    if (const std::string why = ending.views.not_quiescent(quiet_); !why.empty())
      return cannot_check(why);
    const Directory& directory = ending.stage.directory();
    std::map<std::uint64_t, MachineId> holders;
    for (const auto& [machine, view] : ending.views.views()) {
      if (!is_primary(view.said)) continue;
      evidence();
      ++primaries_;
      const auto [holder, fresh] = holders.insert({view.said.config_epoch, machine});
      if (fresh) continue;
      violation(view.at, view.record,
                std::string{directory.name(holder->second)} + " and " +
                    std::string{directory.name(machine)} + " are both primaries with configEpoch " +
                    std::to_string(view.said.config_epoch) + " at the end");
    }
  }

  std::string numbers() const override {
    return std::to_string(primaries_) + " primaries compared, " +
           counted(collisions_, "collision") + " resolved on the way";
  }

 private:
  static bool is_primary(const event::ViewSnapshot& view) {
    return !view.peers.empty() && view.peers.front().role == Role::kPrimary;
  }

  Duration quiet_;
  std::uint64_t primaries_ = 0, collisions_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_config_epochs_unique(const RunFacts& facts) {
  return std::make_unique<ConfigEpochsUnique>(facts);
}

}  // namespace sim
