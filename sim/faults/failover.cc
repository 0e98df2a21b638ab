#include "sim/faults/fault_base.h"

namespace sim {
namespace {

enum class Mode : std::uint8_t { kDefault, kForce, kTakeover };

// CLUSTER FAILOVER at a replica's console.
class Failover final : public FaultOf<Failover> {
 public:
  Failover(Selector node, Mode mode)
      : FaultOf("commands typed"), node_(std::move(node)), mode_(mode) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    std::vector<std::string> command{"CLUSTER", "FAILOVER"};
    if (mode_ == Mode::kForce) command.emplace_back("FORCE");
    if (mode_ == Mode::kTakeover) command.emplace_back("TAKEOVER");
    for (const MachineId machine : stage.resolve(node_)) {
      if (!stage.levers().is_up(machine)) continue;
      targets_.push_back(machine);
      done_count_ += stage.levers().console(machine, command) != 0 ? 1 : 0;
    }
    done_ = describe(names(stage.levers().cast(), targets_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    return std::string("manual failover") +
           (mode_ == Mode::kForce      ? " (force)"
            : mode_ == Mode::kTakeover ? " (takeover)"
                                       : "") +
           " to " + whom;
  }

  Selector node_;
  Mode mode_;
};

}  // namespace

std::unique_ptr<Fault> make_failover(Options& options) {
  Selector node = options.selector("node");
  const Mode mode = options.one_of<Mode>(
      "mode", {{"default", Mode::kDefault}, {"force", Mode::kForce}, {"takeover", Mode::kTakeover}},
      Mode::kDefault);
  return std::make_unique<Failover>(std::move(node), mode);
}

// Never a takeover: that one may break what the invariants promise, by design.
std::unique_ptr<Fault> random_failover(Choices& choices, const Cast&) {
  Selector replica;
  replica.kind = Selector::Kind::kAnyReplica;
  const Mode mode = choices.choose(Site::kFaultKind, 2) == 0 ? Mode::kDefault : Mode::kForce;
  return std::make_unique<Failover>(std::move(replica), mode);
}

}  // namespace sim
