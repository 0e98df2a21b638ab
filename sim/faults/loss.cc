#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Segments on the route get lost; TCP sends them again, later and later.
class Loss final : public FaultOnRoute<Loss> {
 public:
  Loss(Route route, PlaneSet planes, std::uint32_t ppm)
      : FaultOnRoute("packets lost", std::move(route), planes), ppm_(ppm) {}

  LeverId pull(Levers& levers, std::vector<Direction> directions, PlaneSet planes) const {
    return levers.lose(std::move(directions), planes, ppm_);
  }
  std::string describe(const std::string& route) const {
    return "lose " + format_ratio(ppm_) + " between " + route;
  }

 private:
  std::uint32_t ppm_;
};

}  // namespace

std::unique_ptr<Fault> make_loss(Options& options) {
  Route route = Route::read(options);
  const PlaneSet planes = read_planes(options);
  return std::make_unique<Loss>(std::move(route), planes,
                                options.ratio_ppm("ratio", std::nullopt, {1, 990'000}));
}

std::unique_ptr<Fault> random_loss(Choices& choices, const Cast&) {
  constexpr std::array<std::uint32_t, 5> kMildestFirst{1'000, 10'000, 50'000, 200'000, 500'000};
  const std::uint32_t ppm = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  return std::make_unique<Loss>(Route::of(random_victim(choices)), kAllPlanes, ppm);
}

}  // namespace sim
