#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Both clocks run too fast or too slow while the fault lasts.
class ClockDrift final : public FaultOnMachines<ClockDrift> {
 public:
  ClockDrift(Selector node, std::int32_t ppm)
      : FaultOnMachines("clock readings", std::move(node)), ppm_(ppm) {}

  LeverId pull(Levers& levers, MachineId machine) const {
    return levers.drift_clock(machine, ppm_);
  }
  std::string describe(const std::string& whom) const {
    return "let the clock of " + whom + " run " + std::to_string(ppm_ < 0 ? -ppm_ : ppm_) +
           " ppm too " + (ppm_ < 0 ? "slow" : "fast");
  }

 private:
  std::int32_t ppm_;
};

}  // namespace

std::unique_ptr<Fault> make_clock_drift(Options& options) {
  Selector node = options.selector("node");
  const auto ppm = static_cast<std::int32_t>(options.integer("ppm", {-500'000, 500'000}));
  if (ppm == 0 && options.has("ppm"))
    options.problem("ppm", "a drift of nothing would change nothing");
  return std::make_unique<ClockDrift>(std::move(node), ppm);
}

std::unique_ptr<Fault> random_clock_drift(Choices& choices, const Cast&) {
  constexpr std::array<std::int32_t, 6> kMildestFirst{50, -50, 500, -500, 50'000, -50'000};
  Selector victim = random_victim(choices);
  return std::make_unique<ClockDrift>(
      std::move(victim), kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())]);
}

}  // namespace sim
