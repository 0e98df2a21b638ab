#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Segments on the route get lost; TCP sends them again, later and later.
class Loss final : public FaultOf<Loss> {
 public:
  Loss(Route route, PlaneSet planes, std::uint32_t ppm)
      : FaultOf("packets lost"), route_(std::move(route)), planes_(planes), ppm_(ppm) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Route::Found found = route_.find(stage);
    targets_ = found.targets;
    done_ = describe(found.text);
    hold(stage.levers().lose(std::move(found.directions), planes_, ppm_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return describe(route_.text()); }
  std::string describe(const std::string& route) const {
    return "lose " + format_ratio(ppm_) + " between " + route + planes_text(planes_);
  }

  Route route_;
  PlaneSet planes_;
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
