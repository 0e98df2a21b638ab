#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Everything on the route takes longer.
class Delay final : public FaultOf<Delay> {
 public:
  Delay(Route route, PlaneSet planes, Duration extra, Duration jitter)
      : FaultOf("packets delayed"),
        route_(std::move(route)),
        planes_(planes),
        extra_(extra),
        jitter_(jitter) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Route::Found found = route_.find(stage);
    targets_ = found.targets;
    done_ = describe(found.text);
    hold(stage.levers().delay(std::move(found.directions), planes_, extra_, jitter_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return describe(route_.text()); }
  std::string describe(const std::string& route) const {
    return "delay between " + route + " by " + format_duration(extra_) +
           (jitter_ == Duration{} ? "" : " and up to " + format_duration(jitter_) + " more") +
           planes_text(planes_);
  }

  Route route_;
  PlaneSet planes_;
  Duration extra_, jitter_;
};

}  // namespace

std::unique_ptr<Fault> make_delay(Options& options) {
  Route route = Route::read(options);
  const PlaneSet planes = read_planes(options);
  constexpr Range<Duration> kExtra{Duration{1}, std::chrono::hours{1}};
  const Duration extra = options.duration("extra", std::nullopt, kExtra);
  const Duration jitter = options.duration("jitter", Duration{0}, {Duration{0}, kExtra.max});
  return std::make_unique<Delay>(std::move(route), planes, extra, jitter);
}

std::unique_ptr<Fault> random_delay(Choices& choices, const Cast&) {
  const Duration extra = random_time(choices, {10ms, 50ms, 200ms, 1s, 3s});
  return std::make_unique<Delay>(Route::of(random_victim(choices)), kAllPlanes, extra, extra / 2);
}

}  // namespace sim
