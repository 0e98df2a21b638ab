#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// The wall clock is off by so much while the fault lasts.
class ClockSkew final : public FaultOnMachines<ClockSkew> {
 public:
  ClockSkew(Selector node, Duration by)
      : FaultOnMachines("clock readings", std::move(node)), by_(by) {}

  LeverId pull(Levers& levers, MachineId machine) const { return levers.skew_clock(machine, by_); }
  std::string describe(const std::string& whom) const {
    return "skew the clock of " + whom + " by " + (by_ > Duration{} ? "+" : "") +
           format_duration(by_);
  }

 private:
  Duration by_;
};

}  // namespace

std::unique_ptr<Fault> make_clock_skew(Options& options) {
  Selector node = options.selector("node");
  const Duration by = options.duration("by", std::nullopt, kSignedTime);
  if (by == Duration{} && options.has("by"))
    options.problem("by", "a skew by nothing would change nothing");
  return std::make_unique<ClockSkew>(std::move(node), by);
}

std::unique_ptr<Fault> random_clock_skew(Choices& choices, const Cast&) {
  Selector victim = random_victim(choices);
  const Duration by = random_time(choices, {50ms, -50ms, 500ms, -500ms, 5s, -5s, 1min, -1min});
  return std::make_unique<ClockSkew>(std::move(victim), by);
}

}  // namespace sim
