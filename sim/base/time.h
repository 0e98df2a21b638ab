// Time, in four kinds that do not mix.
//
// `SimTime` is the world's own time and starts at zero. Each node believes in two clocks of its
// own: `WallTime` (what a gettimeofday would say; jumps, skews and drifts) and `MonotonicTime`
// (what its event loop sleeps on; drifts only). All are counted in nanoseconds. None of the clocks
// has a `now()`: time is always an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace sim {

using namespace std::chrono_literals;  // 250ms, 5s: durations are written as literals everywhere

using Duration = std::chrono::nanoseconds;

template <class Tag>
struct ClockWithoutNow {
  using duration = Duration;
  using rep = Duration::rep;
  using period = Duration::period;
  using time_point = std::chrono::time_point<ClockWithoutNow, Duration>;
  static constexpr bool is_steady = true;
};

using SimTime = ClockWithoutNow<struct SimTag>::time_point;
using WallTime = ClockWithoutNow<struct WallTag>::time_point;
using MonotonicTime = ClockWithoutNow<struct MonotonicTag>::time_point;

// Whole milliseconds since the clock's zero, rounded down; the unit in which Redis stamps
// everything.
template <class Point>
constexpr std::int64_t to_ms(Point t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
template <class Point>
constexpr std::int64_t to_ns(Point t) {
  return t.time_since_epoch().count();
}
constexpr SimTime sim_time(Duration since_start) {
  return SimTime{since_start};
}

// Wall clocks of simulated nodes start here (2023-11-14T22:13:20Z), so that seconds and
// milliseconds look like real ones.
inline constexpr WallTime kWallStart{Duration{1'700'000'000'000'000'000}};

}  // namespace sim
