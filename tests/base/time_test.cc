#include "sim/base/time.h"

#include <gtest/gtest.h>

#include <concepts>

namespace sim {
namespace {

TEST(Time, IsGivenOutInWholeMillisecondsRoundedDown) {
  EXPECT_EQ(to_ms(sim_time(1999us)), 1);
  EXPECT_EQ(to_ms(sim_time(2ms)), 2);
  EXPECT_EQ(to_ms(sim_time(0ns)), 0);
  // A wall clock may be set to before its zero.
  EXPECT_EQ(to_ms(WallTime{-1ns}), -1);
}

TEST(Time, IsCountedInNanoseconds) {
  EXPECT_EQ(to_ns(sim_time(3us)), 3000);
  EXPECT_EQ(to_ns(sim_time(24h)), 86'400'000'000'000);
}

TEST(Time, OfTheWallClockStartsWhereRealOnesAre) {
  EXPECT_EQ(to_ms(kWallStart), 1'700'000'000'000);
}

template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};
template <class Clock>
concept HasNow = requires {
  Clock::now();
};

TEST(Time, OfOneKindDoesNotMixWithAnother) {
  static_assert(Subtractable<WallTime, WallTime> && Comparable<SimTime, SimTime>);
  static_assert(!Subtractable<WallTime, SimTime> && !Subtractable<MonotonicTime, WallTime>);
  static_assert(!Comparable<SimTime, MonotonicTime> && !Comparable<WallTime, MonotonicTime>);
  static_assert(!std::convertible_to<SimTime, WallTime>);
  static_assert(!HasNow<SimTime::clock> && !HasNow<WallTime::clock> &&
                !HasNow<MonotonicTime::clock>);
}

}  // namespace
}  // namespace sim
