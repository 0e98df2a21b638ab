#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// The route is cut and mended again and again.
class Flap final : public FaultOf<Flap> {
 public:
  Flap(Route route, PlaneSet planes, Duration down, Duration up)
      : FaultOf("packets stopped"),
        route_(std::move(route)),
        planes_(planes),
        down_(down),
        up_(up) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const SimTime now = stage.levers().now();
    if (std::exchange(is_down_, !is_down_)) {
      let_go(stage);
      return now + up_;
    }
    // Whom it hits is settled once: a link flaps, not whoever is primary.
    if (done_.empty()) {
      Route::Found found = route_.find(stage);
      targets_ = found.targets;
      directions_ = std::move(found.directions);
      done_ = describe(found.text);
    }
    hold(stage.levers().cut(directions_, planes_));
    return now + down_;
  }

 private:
  std::string intent() const override { return describe(route_.text()); }
  std::string describe(const std::string& route) const {
    return "flap " + route + ": " + format_duration(down_) + " down, " + format_duration(up_) +
           " up" + planes_text(planes_);
  }

  Route route_;
  PlaneSet planes_;
  Duration down_, up_;
  bool is_down_ = false;
  std::vector<Direction> directions_;
};

constexpr Range<Duration> kPhase{1ms, kTimeMax};

}  // namespace

std::unique_ptr<Fault> make_flap(Options& options) {
  Route route = Route::read(options);
  const PlaneSet planes = read_planes(options);
  const Duration down = options.duration("down", 1s, kPhase);
  return std::make_unique<Flap>(std::move(route), planes, down, options.duration("up", 1s, kPhase));
}

std::unique_ptr<Fault> random_flap(Choices& choices, const Cast&) {
  const Duration down = random_time(choices, {100ms, 500ms, 2s, 5s});
  const Duration up = random_time(choices, {5s, 2s, 500ms, 100ms});
  return std::make_unique<Flap>(Route::of(random_victim(choices)), kAllPlanes, down, up);
}

}  // namespace sim
