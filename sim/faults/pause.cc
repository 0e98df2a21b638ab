#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Programs stand still (SIGSTOP) while their kernels go on taking and acknowledging bytes.
class Pause final : public FaultOf<Pause> {
 public:
  explicit Pause(Selector node) : FaultOf("wake-ups kept back"), node_(std::move(node)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    for (const MachineId machine : stage.resolve(node_)) {
      if (!stage.levers().is_up(machine)) continue;
      targets_.push_back(machine);
      hold(stage.levers().pause(machine));
    }
    done_ = "pause " + names(stage.levers().cast(), targets_);
    return std::nullopt;
  }

 private:
  std::string intent() const override { return "pause " + to_text(node_); }

  Selector node_;
};

}  // namespace

std::unique_ptr<Fault> make_pause(Options& options) {
  return std::make_unique<Pause>(options.selector("node"));
}

std::unique_ptr<Fault> random_pause(Choices& choices, const Cast&) {
  return std::make_unique<Pause>(random_victim(choices));
}

}  // namespace sim
