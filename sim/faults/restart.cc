#include <algorithm>

#include "sim/faults/machines.h"

namespace sim {
namespace {

// Programs are stopped and start again after a while, with their disk as it was or worse, at the
// old address or another.
class Restart final : public FaultOf<Restart> {
 public:
  Restart(Selector node, StopMode how, Duration down, DiskMode disk, bool new_address,
          std::string program)
      : FaultOf(unit_of(disk, "restarts")),
        node_(std::move(node)),
        how_(how),
        down_(down),
        disk_(disk),
        new_address_(new_address),
        program_(std::move(program)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const SimTime now = stage.levers().now();
    if (done_.empty()) {
      stop_all(stage);
      return waiting_.empty() ? std::nullopt : std::optional(now + down_);
    }
    // A graceful shutdown may take longer than `down`: look again until it is over.
    std::erase_if(waiting_, [&](MachineId machine) { return start(stage, machine); });
    return waiting_.empty() ? std::nullopt : std::optional(now + 100ms);
  }
  void end(FaultStage& stage) override {
    for (const MachineId machine : std::exchange(waiting_, {})) {
      count(stage, machine, start_at_last(stage, machine, disk_));
    }
  }

 private:
  void stop_all(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    for (const MachineId machine : stage.resolve(node_)) {
      if (!stop(stage, machine, how_)) continue;
      targets_.push_back(machine);
      if (new_address_) {
        stage.levers().change_address(
            machine, other_address(cast[machine.value].endpoint.ipv4, stage.choices()));
      }
      if (!program_.empty()) stage.levers().change_program(machine, program_);
    }
    waiting_ = targets_;
    done_ = describe(names(cast, targets_));
  }
  // Unless it is still shutting down; then false.
  bool start(FaultStage& stage, MachineId machine) {
    return count(stage, machine, start_again(stage, machine, disk_));
  }
  bool count(FaultStage& stage, MachineId machine, bool started) {
    if (started) {
      done_count_ += disk_ == DiskMode::kKeep ? 1 : stage.levers().disk_bytes_changed(machine);
    }
    return started;
  }

  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    return std::string(stop_text(how_)) + ' ' + whom + ", start after " + format_duration(down_) +
           program_text(program_) + std::string(disk_text(disk_)) +
           (new_address_ ? " at another address" : "");
  }

  Selector node_;
  StopMode how_;
  Duration down_;
  DiskMode disk_;
  bool new_address_;
  std::string program_;
  Machines waiting_;
};

}  // namespace

std::unique_ptr<Fault> make_restart(Options& options) {
  Selector node = options.selector("node");
  const StopMode how = read_stop(options, StopMode::kTerminate);
  const Duration down = options.duration("down", 1s, kSomeTime);
  const DiskMode disk = read_disk(options);
  const bool new_address = options.boolean("new_address", false);
  std::string program = read_program(options, node);
  return std::make_unique<Restart>(std::move(node), how, down, disk, new_address,
                                   std::move(program));
}

std::unique_ptr<Fault> random_restart(Choices& choices, const Cast&) {
  constexpr std::array<StopMode, 3> kMildestFirst{StopMode::kTerminate, StopMode::kKill,
                                                  StopMode::kPower};
  Selector victim = random_victim(choices);
  const StopMode how = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  return std::make_unique<Restart>(std::move(victim), how, random_time(choices, {100ms, 1s, 10s}),
                                   DiskMode::kKeep, false, "");
}

}  // namespace sim
