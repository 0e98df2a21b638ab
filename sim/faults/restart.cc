#include <algorithm>

#include "sim/faults/machines.h"

namespace sim {
namespace {

struct NewAddress {
  bool any = false;               // one that nobody has had
  std::optional<Selector> whose;  // the one that this machine had first
};

NewAddress read_address(Options& options) {
  NewAddress address{options.boolean("new_address", false), {}};
  if (!options.has("address_of")) return address;
  address.whose = options.selector("address_of");
  if (address.whose->kind != Selector::Kind::kMachine)
    options.problem("address_of", "expected one machine, by its name, such as \"m6\"");
  if (address.any) options.problem("address_of", "is one address, and \"new_address\" another");
  return address;
}

// Programs are stopped and start again after a while, with their disk as it was or worse, at the
// old address or another.
class Restart final : public FaultOf<Restart> {
 public:
  Restart(Selector node, StopMode how, Duration down, DiskMode disk, NewAddress address,
          std::string program)
      : FaultOf(unit_of(disk, "restarts")),
        node_(std::move(node)),
        how_(how),
        down_(down),
        disk_(disk),
        address_(std::move(address)),
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
      if (const auto ipv4 = address_of(stage, machine))
        stage.levers().change_address(machine, *ipv4);
      if (!program_.empty()) stage.levers().change_program(machine, program_);
    }
    waiting_ = targets_;
    done_ = describe(names(cast, targets_));
  }
  std::optional<std::uint32_t> address_of(FaultStage& stage, MachineId machine) const {
    const Cast& cast = stage.levers().cast();
    if (address_.any) return other_address(cast[machine.value].endpoint.ipv4, stage.choices());
    if (!address_.whose) return std::nullopt;
    return cast[stage.resolve(*address_.whose).front().value].endpoint.ipv4;
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
           (address_.any     ? " at another address"
            : address_.whose ? " at the address of " + to_text(*address_.whose)
                             : "");
  }

  Selector node_;
  StopMode how_;
  Duration down_;
  DiskMode disk_;
  NewAddress address_;
  std::string program_;
  Machines waiting_;
};

}  // namespace

std::unique_ptr<Fault> make_restart(Options& options) {
  Selector node = options.selector("node");
  const StopMode how = read_stop(options, StopMode::kTerminate);
  const Duration down = options.duration("down", 1s, kSomeTime);
  const DiskMode disk = read_disk(options);
  NewAddress address = read_address(options);
  std::string program = read_program(options, node);
  return std::make_unique<Restart>(std::move(node), how, down, disk, std::move(address),
                                   std::move(program));
}

std::unique_ptr<Fault> random_restart(Choices& choices, const Cast&) {
  constexpr std::array<StopMode, 3> kMildestFirst{StopMode::kTerminate, StopMode::kKill,
                                                  StopMode::kPower};
  Selector victim = random_victim(choices);
  const StopMode how = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  return std::make_unique<Restart>(std::move(victim), how, random_time(choices, {100ms, 1s, 10s}),
                                   DiskMode::kKeep, NewAddress{}, "");
}

}  // namespace sim
