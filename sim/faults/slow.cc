#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Every turn of a program's event loop takes longer.
class Slow final : public FaultOnMachines<Slow> {
 public:
  Slow(Selector node, Duration by)
      : FaultOnMachines("turns of the event loop slowed", std::move(node)), by_(by) {}

  LeverId pull(Levers& levers, MachineId machine) const { return levers.slow(machine, by_); }
  std::string describe(const std::string& whom) const {
    return "slow " + whom + " by " + format_duration(by_) + " a turn of the event loop";
  }

 private:
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
