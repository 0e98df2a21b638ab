#include "sim/world/clock.h"

#include <gtest/gtest.h>

#include "sim/base/choices.h"

namespace sim {
namespace {

TEST(NodeClock, IsTrueUnlessTouched) {
  const NodeClock clock;
  EXPECT_EQ(clock.read(sim_time(3s)).wall, kWallStart + 3s);
  EXPECT_EQ(clock.read(sim_time(3s)).monotonic, MonotonicTime{3s});
  EXPECT_EQ(clock.when(MonotonicTime{3s}), sim_time(3s));
}

TEST(NodeClock, WhenIsTheFirstInstantThatShowsIt) {
  ChoiceStream stream(1, "clock");
  Choices choices(stream);
  for (int i = 0; i < 2000; ++i) {
    NodeClock clock;
    SimTime now;
    for (int changes = 0; changes < 3; ++changes) {
      now += Duration{static_cast<std::int64_t>(choices.choose(Site::kFaultTime, 5'000'000'000))};
      clock.set_drift(now,
                      static_cast<std::int32_t>(choices.choose(Site::kKey, 1'000'001)) - 500'000);
    }
    const MonotonicTime wanted =
        clock.read(now).monotonic +
        Duration{1 + static_cast<std::int64_t>(choices.choose(Site::kKey, 1 + (1ull << (i % 50))))};
    const SimTime at = clock.when(wanted);
    ASSERT_GE(clock.read(at).monotonic, wanted);
    ASSERT_LT(clock.read(at - 1ns).monotonic, wanted);
  }
}

TEST(NodeClock, ChangingTheDriftDoesNotJump) {
  NodeClock clock;
  clock.set_drift(sim_time(1s), 500);
  clock.set_drift(sim_time(1001s), -300);
  EXPECT_EQ(clock.read(sim_time(1001s)).monotonic, MonotonicTime{1001s + 500ms});
  EXPECT_EQ(clock.read(sim_time(2001s)).wall, kWallStart + 2001s + 200ms);
}

}  // namespace
}  // namespace sim
