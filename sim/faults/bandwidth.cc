#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// The route carries no more than so many bytes per second.
class Bandwidth final : public FaultOnRoute<Bandwidth> {
 public:
  Bandwidth(Route route, PlaneSet planes, std::uint64_t rate)
      : FaultOnRoute("bytes throttled", std::move(route), planes), rate_(rate) {}

  LeverId pull(Levers& levers, std::vector<Direction> directions, PlaneSet planes) const {
    return levers.throttle(std::move(directions), planes, rate_);
  }
  std::string describe(const std::string& route) const {
    return "throttle " + route + " to " + std::to_string(rate_) + " bytes/s";
  }

 private:
  std::uint64_t rate_;
};

}  // namespace

std::unique_ptr<Fault> make_bandwidth(Options& options) {
  Route route = Route::read(options);
  const PlaneSet planes = read_planes(options);
  const std::uint64_t rate = options.bandwidth("rate");
  if (rate == 0 && options.has("rate"))
    options.problem("rate", "an unlimited rate would change nothing");
  return std::make_unique<Bandwidth>(std::move(route), planes, rate);
}

std::unique_ptr<Fault> random_bandwidth(Choices& choices, const Cast&) {
  constexpr std::array<std::uint64_t, 4> kMildestFirst{10'000'000, 1'000'000, 100'000, 10'000};
  const std::uint64_t rate = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  return std::make_unique<Bandwidth>(Route::of(random_victim(choices)), kAllPlanes, rate);
}

}  // namespace sim
