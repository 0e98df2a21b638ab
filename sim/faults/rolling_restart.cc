#include <algorithm>

#include "sim/faults/machines.h"

namespace sim {
namespace {

enum class Order : std::uint8_t { kReplicasFirst, kListed, kRandom };

// One machine after the other is restarted, as an operator would for an upgrade.
class RollingRestart final : public FaultOf<RollingRestart> {
 public:
  RollingRestart(Selector node, Order order, StopMode how, Duration down, Duration gap,
                 std::string program)
      : FaultOf("restarts"),
        node_(std::move(node)),
        order_(order),
        how_(how),
        down_(down),
        gap_(gap),
        program_(std::move(program)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const SimTime now = stage.levers().now();
    if (done_.empty()) line_up(stage);
    if (down_now_) {
      if (!start_again(stage, *down_now_, DiskMode::kKeep))
        return now + 100ms;  // still shutting down
      ++done_count_;
      down_now_.reset();
      return next_ < targets_.size() ? std::optional(now + gap_) : std::nullopt;
    }
    while (next_ < targets_.size()) {
      const MachineId machine = targets_[next_++];
      if (!stop(stage, machine, how_)) continue;
      if (!program_.empty()) stage.levers().change_program(machine, program_);
      down_now_ = machine;
      return now + down_;
    }
    return std::nullopt;
  }
  void end(FaultStage& stage) override {
    if (down_now_ && start_at_last(stage, *down_now_, DiskMode::kKeep)) ++done_count_;
    down_now_.reset();
  }

 private:
  void line_up(FaultStage& stage) {
    targets_ = stage.resolve(node_);
    if (order_ == Order::kRandom) shuffle(targets_, stage.choices());
    if (order_ == Order::kReplicasFirst) {
      Selector all_replicas;
      all_replicas.kind = Selector::Kind::kReplicas;
      const Machines replicas = stage.resolve(all_replicas);
      std::stable_partition(targets_.begin(), targets_.end(),
                            [&](MachineId m) { return holds(replicas, m); });
    }
    done_ = describe(names(stage.levers().cast(), targets_));
  }

  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    return std::string(stop_text(how_)) + " and start" + program_text(program_) +
           ", one after the other, " + whom + ": " + format_duration(down_) + " down, " +
           format_duration(gap_) + " between";
  }

  Selector node_;
  Order order_;
  StopMode how_;
  Duration down_, gap_;
  std::string program_;
  std::size_t next_ = 0;
  std::optional<MachineId> down_now_;
};

}  // namespace

std::unique_ptr<Fault> make_rolling_restart(Options& options) {
  Selector node = options.selector("node", Selector{});
  const Order order = options.one_of<Order>("order",
                                            {{"replicas-first", Order::kReplicasFirst},
                                             {"listed", Order::kListed},
                                             {"random", Order::kRandom}},
                                            Order::kReplicasFirst);
  const StopMode how = read_stop(options, StopMode::kTerminate);
  const Duration down = options.duration("down", 1s, kSomeTime);
  const Duration gap = options.duration("gap", 10s);
  std::string program = read_program(options, node);
  return std::make_unique<RollingRestart>(std::move(node), order, how, down, gap,
                                          std::move(program));
}

}  // namespace sim
