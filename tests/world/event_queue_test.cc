#include "sim/world/event_queue.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/base/choices.h"

namespace sim {
namespace {

struct Earlier {
  bool operator()(const Due& a, const Due& b) const { return before(a, b); }
};

// Random schedules against the trivially correct queue: a sorted set. `spread`: how far ahead
// events are scheduled.
void compare(std::uint64_t seed, Duration spread, bool ties, int steps) {
  ChoiceStream stream(seed, "queue");
  Choices choices(stream);
  EventQueue queue;
  std::set<Due, Earlier> twin;
  std::uint64_t sequence = 0;
  SimTime now;
  for (int i = 0; i < steps; ++i) {
    const std::uint64_t pushes = choices.choose(Site::kKey, 4);
    for (std::uint64_t p = 0; p < pushes; ++p) {
      Duration ahead{static_cast<std::int64_t>(
          choices.choose(Site::kFaultTime, static_cast<std::uint64_t>(spread.count()) + 1))};
      if (choices.chance(Site::kKey, 1, 8)) ahead = 0ns;            // this very instant
      if (choices.chance(Site::kKey, 1, 16)) ahead = ahead * 1000;  // far away
      const auto tie = static_cast<std::uint32_t>(ties ? choices.choose(Site::kTieBreak, 4) : 0);
      queue.push(now + ahead, tie, DueKind::kWake, static_cast<std::uint32_t>(i), 5);
      twin.insert(Due{now + ahead, (sequence++ << 8) | static_cast<std::uint64_t>(DueKind::kWake),
                      tie, static_cast<std::uint32_t>(i), 5});
    }
    ASSERT_EQ(queue.size(), twin.size());
    const std::uint64_t pops = choices.choose(Site::kKey, 4);
    for (std::uint64_t p = 0; p < pops && !twin.empty(); ++p) {
      const Due expected = *twin.begin();
      twin.erase(twin.begin());
      ASSERT_FALSE(queue.empty());
      ASSERT_EQ(queue.top().order, expected.order);
      const Due got = queue.pop();
      ASSERT_EQ(got.at, expected.at);
      ASSERT_EQ(got.tie, expected.tie);
      ASSERT_EQ(got.order, expected.order);
      ASSERT_EQ(got.subject, expected.subject);
      ASSERT_EQ(got.detail, expected.detail);
      now = got.at;
    }
    if (i % 500 == 0) {
      // A copy goes on alike, and independently.
      EventQueue copy = queue;
      for (const Due& expected : twin) ASSERT_EQ(copy.pop().order, expected.order);
      ASSERT_TRUE(copy.empty());
    }
  }
  for (const Due& expected : twin) ASSERT_EQ(queue.pop().order, expected.order);
  EXPECT_TRUE(queue.empty());
}

TEST(EventQueue, AgreesWithASortedSet) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const Duration spread :
         {Duration{3ns}, Duration{50us}, Duration{2ms}, Duration{1s}, Duration{1h}}) {
      compare(seed, spread, seed % 2 == 0, 1500);
    }
  }
}

TEST(EventQueue, KeepsTheOrderOfTheSameInstant) {
  EventQueue queue;
  for (std::uint32_t i = 0; i < 1000; ++i) queue.push(sim_time(1s), 0, DueKind::kWake, i, 0);
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(queue.pop().subject, i);
}

}  // namespace
}  // namespace sim
