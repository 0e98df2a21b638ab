#include "sim/faults/machines.h"

namespace sim {
namespace {

// Programs die at once, with "power" their boxes with them; they start again when the fault ends.
class Crash final : public FaultOf<Crash> {
 public:
  Crash(Selector node, bool power, DiskMode disk)
      : FaultOf(unit_of(disk, "programs killed")),
        node_(std::move(node)),
        power_(power),
        disk_(disk) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    for (const MachineId machine : stage.resolve(node_)) {
      if (stop(stage, machine, power_ ? StopMode::kPower : StopMode::kKill))
        targets_.push_back(machine);
    }
    if (disk_ == DiskMode::kKeep) done_count_ = targets_.size();
    done_ = describe(names(stage.levers().cast(), targets_));
    return std::nullopt;
  }
  void end(FaultStage& stage) override {
    for (const MachineId machine : targets_) {
      const bool started = start_again(stage, machine, disk_);
      if (started && disk_ != DiskMode::kKeep)
        done_count_ += stage.levers().disk_bytes_changed(machine);
    }
  }

 private:
  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    std::string text = power_ ? "cut the power of " + whom : "crash " + whom;
    if (disk_ != DiskMode::kKeep) text += ", to come back" + std::string(disk_text(disk_));
    return text;
  }

  Selector node_;
  bool power_;
  DiskMode disk_;
};

}  // namespace

std::unique_ptr<Fault> make_crash(Options& options) {
  Selector node = options.selector("node");
  const bool power = options.boolean("power", false);
  return std::make_unique<Crash>(std::move(node), power, read_disk(options));
}

std::unique_ptr<Fault> random_crash(Choices& choices, const Cast&) {
  Selector victim = random_victim(choices);
  const bool power = choices.choose(Site::kFaultKind, 2) == 1;
  return std::make_unique<Crash>(std::move(victim), power, DiskMode::kKeep);
}

}  // namespace sim
