#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// The wall clock is set, as by an operator or ntpd -g; it stays where it was put. The event loop's
// clock does not move.
class ClockJump final : public FaultOnMachines<ClockJump> {
 public:
  ClockJump(Selector node, Duration by)
      : FaultOnMachines("clock readings", std::move(node)), by_(by) {}

  LeverId pull(Levers& levers, MachineId machine) const { return levers.step_clock(machine, by_); }
  std::string describe(const std::string& whom) const {
    return "set the clock of " + whom + (by_ < Duration{} ? " back by " : " forward by ") +
           format_duration(by_ < Duration{} ? -by_ : by_);
  }

 private:
  Duration by_;
};

}  // namespace

std::unique_ptr<Fault> make_clock_jump(Options& options) {
  Selector node = options.selector("node");
  const Duration by = options.duration("by", std::nullopt, kSignedTime);
  if (by == Duration{} && options.has("by"))
    options.problem("by", "a jump by nothing would change nothing");
  return std::make_unique<ClockJump>(std::move(node), by);
}

std::unique_ptr<Fault> random_clock_jump(Choices& choices, const Cast&) {
  Selector victim = random_victim(choices);
  const Duration by = random_time(choices, {100ms, -100ms, 2s, -2s, 30s, -30s, 1h, -1h});
  return std::make_unique<ClockJump>(std::move(victim), by);
}

}  // namespace sim
