#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Everything on the route takes longer.
class Delay final : public FaultOnRoute<Delay> {
 public:
  Delay(Route route, PlaneSet planes, Duration extra, Duration jitter)
      : FaultOnRoute("packets delayed", std::move(route), planes), extra_(extra), jitter_(jitter) {}

  LeverId pull(Levers& levers, std::vector<Direction> directions, PlaneSet planes) const {
    return levers.delay(std::move(directions), planes, extra_, jitter_);
  }
  std::string describe(const std::string& route) const {
    return "delay between " + route + " by " + format_duration(extra_) +
           (jitter_ == Duration{} ? "" : " and up to " + format_duration(jitter_) + " more");
  }

 private:
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
