// Passes of an event loop that take time because their node says so (`Busy`).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration kThere = 1ms + 20us;  // from the console of m1 to m2
constexpr Duration kTyped = 30us;        // between two commands

std::vector<std::int64_t> stalls(const Stage& stage) {
  std::vector<std::int64_t> found;
  for (const Record& record : stage.records()) {
    if (const auto* began = std::get_if<event::StallBegan>(&record.event))
      found.push_back(began->ns / 1'000'000);
    if (std::holds_alternative<event::StallEnded>(record.event)) found.push_back(-1);
  }
  return found;
}

TEST(Busy, NothingOfAPassShowsBeforeItIsOver) {
  Stage stage = connected();
  stage.tell("m1", "send c ask-1");
  stage.tell("m1", "send c work-40");
  stage.run_for(5ms);
  stage.tell("m1", "send c ask-2");
  stage.tell("m1", "send c ask-3");
  stage.run_for(1s);
  // The first was answered before, in a pass of its own.
  EXPECT_EQ(stage.when("m1", "received c re:ask-1"), 1s + kThere + 1ms);
  const Duration over = stage.when("m2", "received in1 work-40");
  EXPECT_EQ(over, 1s + kTyped + kThere + 40ms);
  // What came while it was busy is one pass, and takes no time.
  EXPECT_EQ(stage.when("m1", "received c re:ask-2"), over + 1ms);
  EXPECT_EQ(stage.when("m1", "received c re:ask-3"), over + 1ms + 1ns);
}

TEST(Busy, EffectsKeepTheirOrder) {
  Stage stage = connected();
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  stage.tell("m1", "send c ask-1");
  stage.tell("m1", "send c work-40");
  stage.tell("m1", "send c ask-2");
  stage.run_for(10ms);
  const Duration resumed = stage.world().now() - SimTime{};
  stage.levers().release(pause);
  stage.run_for(1s);
  EXPECT_THAT(stage.texts("m1", "received"),
              ElementsAre("received c re:ask-1", "received c re:ask-2"));
  EXPECT_EQ(stage.when("m1", "received c re:ask-1"), resumed + 41ms);
  EXPECT_EQ(stage.when("m1", "received c re:ask-2"), resumed + 41ms + 1ns);
}

TEST(Busy, ADeadlineWaitsForTheEnd) {
  Stage stage = connected();
  stage.tell("m2", "alarm 20");
  stage.run_for(1ms);
  stage.tell("m2", "work 50");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "deadline"), 1s + kTyped + 1ms + 20us + 50ms);
}

TEST(Busy, ADeadlineBehindTheEndIsKept) {
  Stage stage = connected();
  stage.tell("m2", "alarm 80");
  stage.run_for(1ms);
  stage.tell("m2", "work 50");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "deadline"), 1s + 20us + 80ms);
}

TEST(Busy, ACrashTakesThePassWithIt) {
  Stage stage = connected();
  stage.tell("m2", "work 50");
  stage.run_for(10ms);
  stage.tell("m1", "send c ask-1");
  stage.run_for(10ms);
  stage.levers().crash(stage.id("m2"), false);
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(1s);
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  EXPECT_THAT(stage.texts("m1", "received"), IsEmpty());
}

TEST(Busy, AddsToWhatASlowMachineTakes) {
  Stage stage = connected();
  stage.levers().slow(stage.id("m2"), 100ms);
  stage.tell("m1", "send c work-40");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in1 work-40"), 1s + kThere + 140ms);
}

TEST(Busy, IsCountedOnTheNodesOwnClock) {
  Stage stage = connected();
  stage.levers().drift_clock(stage.id("m2"), 250'000);  // shows 50 ms in 40
  stage.tell("m1", "send c work-50");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in1 work-50"), 1s + kThere + 40ms);
}

TEST(Busy, LongPassesAreTold) {
  Stage stage = connected();
  stage.tell("m1", "send c work-99");
  stage.run_for(1s);
  EXPECT_THAT(stalls(stage), IsEmpty());
  stage.tell("m1", "send c work-100");
  stage.run_for(50ms);
  EXPECT_THAT(stalls(stage), ElementsAre(100));
  stage.run_for(1s);
  EXPECT_THAT(stalls(stage), ElementsAre(100, -1));
}

TEST(Busy, ACopyInTheMiddleEndsEqual) {
  Stage stage = connected();
  stage.tell("m1", "send c work-200");
  stage.run_for(50ms);
  stage.tell("m1", "send c ask-1");
  stage.run_for(50ms);
  Stage copy = stage;
  stage.run_for(1s);
  copy.run_for(1s);
  EXPECT_EQ(copy.world().digest(), stage.world().digest());
  EXPECT_EQ(copy.when("m1", "received c re:ask-1"), stage.when("m1", "received c re:ask-1"));
}

}  // namespace
}  // namespace sim::stage
