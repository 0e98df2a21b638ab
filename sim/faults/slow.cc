#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Every pass of a program's event loop takes longer.
class Slow final : public FaultOf<Slow> {
 public:
  Slow(Selector node, Duration by) : FaultOf("passes slowed"), node_(std::move(node)), by_(by) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    targets_ = stage.resolve(node_);
    for (const MachineId machine : targets_) hold(stage.levers().slow(machine, by_));
    done_ = describe(names(stage.levers().cast(), targets_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    return "slow " + whom + " by " + format_duration(by_) + " a pass";
  }

  Selector node_;
  Duration by_;
};

}  // namespace

std::unique_ptr<Fault> make_slow(Options& options) {
  Selector node = options.selector("node");
  return std::make_unique<Slow>(std::move(node),
                                options.duration("by", std::nullopt, {Duration{1}, 1h}));
}

std::unique_ptr<Fault> random_slow(Choices& choices, const Cast&) {
  Selector victim = random_victim(choices);
  return std::make_unique<Slow>(std::move(victim), random_time(choices, {1ms, 10ms, 100ms, 1s}));
}

}  // namespace sim
