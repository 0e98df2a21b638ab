#include <algorithm>

#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// CLUSTER FORGET: nodes are told to forget one, by every id it has had: a machine that lost its
// disk is known by the one it had before.
class Forget final : public FaultOf<Forget> {
 public:
  Forget(Selector node, std::optional<Selector> by)
      : FaultOf("commands typed"), node_(std::move(node)), by_(std::move(by)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Levers& levers = stage.levers();
    const Cast& cast = levers.cast();
    targets_ = stage.resolve(node_);
    const Machines tellers = by_ ? stage.resolve(*by_) : others_in_the_cluster(cast);
    for (const MachineId forgotten : targets_) {
      for (const NodeName& id : stage.ids_of(forgotten)) {
        for (const MachineId teller : tellers) {
          if (teller == forgotten || !levers.is_up(teller)) continue;
          const auto ticket = levers.console(teller, {"CLUSTER", "FORGET", std::string(id.view())});
          done_count_ += ticket != 0 ? 1 : 0;
        }
      }
    }
    done_ = names(cast, tellers) + " forget " + names(cast, targets_);
    return std::nullopt;
  }

 private:
  Machines others_in_the_cluster(const Cast& cast) const {
    Machines others = servers_of(cast, everyone_but(cast, targets_));
    std::erase_if(others, [&](MachineId machine) {
      return std::none_of(targets_.begin(), targets_.end(), [&](MachineId target) {
        return cast[machine.value].cluster == cast[target.value].cluster;
      });
    });
    return others;
  }
  std::string intent() const override {
    return (by_ ? to_text(*by_) : "everyone else") + " forget " + to_text(node_);
  }

  Selector node_;
  std::optional<Selector> by_;
};

}  // namespace

std::unique_ptr<Fault> make_forget(Options& options) {
  Selector node = options.selector("node");
  std::optional<Selector> by;
  if (options.has("by")) by = options.selector("by");
  return std::make_unique<Forget>(std::move(node), std::move(by));
}

}  // namespace sim
