#include "sim/world/clock.h"

#include "sim/base/check.h"

namespace sim {
namespace {
constexpr std::int64_t kMillion = 1'000'000;
}

// elapsed + elapsed * ppm / 10^6, split so that centuries do not overflow. Never decreases, since
// |ppm| < 10^6.
Duration NodeClock::shown_after(Duration elapsed) const {
  const std::int64_t whole = elapsed.count() / kMillion;
  const std::int64_t rest = elapsed.count() % kMillion;
  return elapsed + Duration{whole * ppm_ + rest * ppm_ / kMillion};
}

Clocks NodeClock::read(SimTime now) const {
  const Duration elapsed = now - anchor_;
  const Duration shown = shown_at_anchor_ + (ppm_ == 0 ? elapsed : shown_after(elapsed));
  return {kWallStart + shown + wall_offset_, MonotonicTime{shown}};
}

SimTime NodeClock::when(MonotonicTime time) const {
  const Duration wanted = time.time_since_epoch() - shown_at_anchor_;
  if (ppm_ == 0 || wanted <= Duration::zero()) return anchor_ + wanted;
  const std::int64_t rate = kMillion + ppm_;
  Duration elapsed{wanted.count() / rate * kMillion + wanted.count() % rate * kMillion / rate};
  while (shown_after(elapsed) < wanted) elapsed += Duration{1};
  while (elapsed > Duration::zero() && shown_after(elapsed - Duration{1}) >= wanted) {
    elapsed -= Duration{1};
  }
  return anchor_ + elapsed;
}

void NodeClock::set_drift(SimTime now, std::int32_t ppm) {
  CHECK(ppm >= -500'000);
  CHECK(ppm <= 500'000);
  shown_at_anchor_ = read(now).monotonic.time_since_epoch();
  anchor_ = now;
  ppm_ = ppm;
}

}  // namespace sim
