#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// CLUSTER MEET: one node is introduced to others, by the addresses they had at first.
class Meet final : public FaultOf<Meet> {
 public:
  Meet(Selector node, Selector with)
      : FaultOf("introductions"), node_(std::move(node)), with_(std::move(with)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Levers& levers = stage.levers();
    const Machines others = stage.resolve(with_);
    for (const MachineId machine : stage.resolve(node_)) {
      if (!levers.is_up(machine)) continue;
      targets_.push_back(machine);
      for (const MachineId other : others) {
        const Endpoint endpoint = levers.cast()[other.value].endpoint;
        if (other == machine) continue;
        const auto ticket = levers.console(machine, {"CLUSTER", "MEET", format_ipv4(endpoint.ipv4),
                                                     std::to_string(endpoint.port)});
        done_count_ += ticket != 0 ? 1 : 0;
      }
    }
    done_ = "introduce " + names(levers.cast(), targets_) + " to " + names(levers.cast(), others);
    return std::nullopt;
  }

 private:
  std::string intent() const override {
    return "introduce " + to_text(node_) + " to " + to_text(with_);
  }

  Selector node_, with_;
};

}  // namespace

std::unique_ptr<Fault> make_meet(Options& options) {
  Selector node = options.selector("node");
  return std::make_unique<Meet>(std::move(node), options.selector("with"));
}

}  // namespace sim
