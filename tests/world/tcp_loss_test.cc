// What becomes of segments that are lost: retransmission, handshakes that start again, half-open
// connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

TEST(Loss, LossIsDelayByDoublingTimeouts) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 500'000);
  std::map<Duration, int> delays;
  for (int i = 100; i < 300; ++i) {
    const Duration sent = stage.world().now() - SimTime{} + 20us;
    stage.tell("m1", "send c n" + std::to_string(i));
    stage.run_for(2000s);
    ++delays[stage.when("m2", "received in1 n" + std::to_string(i)) - sent - 1ms];
  }
  int losses = 0, doublings = 0;
  for (const auto& [delay, times] : delays) {
    const auto units = delay / 200ms;
    EXPECT_EQ(delay % 200ms, 0ns);
    EXPECT_EQ((units + 1) & units, 0) << units;  // 0, 1, 3, 7, ...
    for (auto u = units; u > 0; u /= 2) losses += times;
    doublings += units > 1;
  }
  EXPECT_EQ(stage.levers().effects(lose), static_cast<std::uint64_t>(losses));
  EXPECT_NEAR(losses, 200, 60);
  EXPECT_GT(doublings, 0);
}

TEST(Loss, EachTransmissionMeetsTheLossOfItsOwnMoment) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.run_until(1900ms);
  stage.tell("m1", "send c late");
  stage.run_until(2s);
  stage.levers().release(lose);
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in1 late"), 2101ms + 20us);
  EXPECT_EQ(stage.levers().effects(lose), 1u);
}

TEST(Loss, LossDelaysWhatFollowsAndKeepsTheOrder) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  for (const std::string text : {"one", "two", "three"}) stage.tell("m1", "send c " + text);
  stage.run_until(2s);
  EXPECT_TRUE(stage.texts("m2", "received").empty());
  stage.levers().release(lose);
  stage.run_for(10s);
  // Sent at 1 s + 20 us, and again after 0.2, 0.6, 1.4 s; the others come along.
  EXPECT_EQ(stage.when("m2", "received in1 one"), 2401ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in1 two"), 2401ms + 20us + 1ns);
  EXPECT_EQ(stage.when("m2", "received in1 three"), 2401ms + 20us + 2ns);
  EXPECT_EQ(stage.levers().effects(lose), 3u);
}

TEST(Loss, WhatIsInFlightAheadOfALossArrivesInTime) {
  Stage stage = connected();
  stage.tell("m1", "send c ahead");
  stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "send c lost");
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in1 ahead"), 1001ms + 20us);
  EXPECT_FALSE(stage.heard("m2", "received in1 lost"));
}

TEST(Loss, LossesAreIndependentAndEachHasOneAuthor) {
  StageSpec spec;
  spec.world.tcp_timeout = 1'000'000s;
  Stage stage = connected(spec);
  const LeverId first = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 500'000);
  const LeverId second = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 500'000);
  constexpr int kMessages = 300;
  std::uint64_t losses = 0;
  for (int i = 0; i < kMessages; ++i) {
    const std::string text = "n" + std::to_string(i);
    const Duration sent = stage.world().now() - SimTime{} + 20us;
    stage.tell("m1", "send c " + text);
    stage.run_for(20'000s);
    ASSERT_TRUE(stage.heard("m2", "received in1 " + text));
    Duration late = stage.when("m2", "received in1 " + text) - sent - 1ms;
    for (Duration rto = 200ms; late > 0ns; rto = std::min<Duration>(2 * rto, 120s), ++losses) {
      late -= rto;
    }
  }
  const std::uint64_t of_first = stage.levers().effects(first);
  const std::uint64_t of_second = stage.levers().effects(second);
  EXPECT_EQ(of_first + of_second, losses);
  // Of four transmissions the first takes two, the second one of the rest.
  EXPECT_NEAR(static_cast<double>(of_first), 2 * kMessages, 120);
  EXPECT_NEAR(static_cast<double>(of_second), kMessages, 60);
}

TEST(Loss, LossThatDoesNotEndIsATimeout) {
  StageSpec spec;
  spec.world.tcp_timeout = 20s;
  Stage stage = connected(spec);
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "send c lost");
  stage.run_for(30s);
  EXPECT_EQ(stage.when("m1", "closed c timed out"), 21s + 20us);
  // At 0, 0.2, 0.6, 1.4, 3, 6.2 and 12.6 s, and a last time before giving up.
  EXPECT_EQ(stage.levers().effects(lose), 8u);
}

TEST(Loss, ALossAfterAnotherStartsWithAShortTimeoutAgain) {
  Stage stage = connected();
  const auto lose_for = [&](Duration time) {
    const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
    stage.run_for(time);
    stage.levers().release(lose);
  };
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "send c first");
  stage.levers().release(lose);
  lose_for(2s);
  stage.run_until(20s);
  EXPECT_EQ(stage.when("m2", "received in1 first"), 4001ms + 20us);
  const LeverId again = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "send c second");
  stage.levers().release(again);
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in1 second"), 20s + 201ms + 20us);
}

TEST(Loss, ALossyPathDoesNotHoldUpAStreamForEver) {
  StageSpec spec;
  spec.link.loss_ppm = 50'000;
  Stage stage = connected(spec);
  // A hundred a second. Were each loss to cost the stream a timeout of its own, half of them would
  // be enough to fill all the time.
  for (int i = 100; i < 600; ++i) {
    stage.tell("m1", "send c n" + std::to_string(i));
    stage.run_for(10ms);
  }
  stage.run_for(2s);
  const auto texts = stage.texts("m2", "received in1");
  ASSERT_EQ(texts.size(), 500u);
  EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end()));
}

TEST(Loss, ACopyMadeWhileALossWaitsFinishesEqual) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose(stage.both("m1", "m2"), kAllPlanes, 700'000);
  for (int i = 0; i < 20; ++i) stage.tell("m1", "send c ask-" + std::to_string(i));
  stage.run_for(300ms);
  Stage twin(stage);
  ASSERT_GT(stage.levers().effects(lose), 0u);
  for (Stage* each : {&stage, &twin}) {
    each->run_for(5s);
    each->levers().release(lose);
    each->run_for(500s);
    EXPECT_EQ(each->texts("m1", "received").size(), 20u);
  }
  EXPECT_EQ(stage.world().digest(), twin.world().digest());
  EXPECT_EQ(stage.levers().effects(lose), twin.levers().effects(lose));
}

TEST(Loss, ALostSynIsSentAgainAfterASecond) {
  for (const std::string from : {"m1", "m2"}) {  // the SYN, or the answer to it
    Stage stage;
    const std::string to = from == "m1" ? "m2" : "m1";
    const LeverId lose = stage.levers().lose({stage.way(from, to)}, kAllPlanes, 1'000'000);
    stage.tell("m1", "dial c m2");
    stage.tell("m1", "dial deaf m2 9999");
    stage.run_until(2s);
    EXPECT_EQ(stage.levers().effects(lose), 4u) << from;
    stage.levers().release(lose);
    stage.run_for(10s);
    // Dialled at 1 ms + 20 us; SYNs at +1 s, +3 s.
    EXPECT_EQ(stage.when("m1", "connected c"), 3003ms + 20us) << from;
    EXPECT_EQ(stage.when("m1", "closed deaf refused"), 3003ms + 50us) << from;
  }
}

TEST(Loss, ALostRstLeavesTheConnectionHalfOpen) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose({stage.way("m2", "m1")}, kAllPlanes, 1'000'000);
  stage.levers().crash(stage.id("m2"), false);
  stage.run_for(10s);
  EXPECT_EQ(stage.levers().effects(lose), 1u);
  EXPECT_TRUE(stage.texts("m1", "closed").empty());
  stage.levers().release(lose);
  stage.run_until(20s);
  EXPECT_TRUE(stage.texts("m1", "closed").empty());
  stage.tell("m1", "send c hello");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "closed c reset"), 20s + 2ms + 20us);
}

TEST(Loss, WhatIsNotAnsweredByRstBecauseThatIsLostIsSentAgain) {
  StageSpec spec;
  spec.world.tcp_timeout = 20s;
  for (const bool heals : {true, false}) {
    Stage stage = connected(spec);
    const LeverId cut = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
    stage.levers().crash(stage.id("m2"), false);
    stage.run_until(10s);
    stage.tell("m1", "send c hello");
    stage.run_until(11s);
    if (heals) stage.levers().release(cut);
    stage.run_for(100s);
    // Arrived at 10 s + 1 ms + 20 us, and again after 0.2, 0.6, 1.4 s; or given up after 20 s.
    EXPECT_EQ(stage.when("m1", "closed c reset"), heals ? 11402ms + 20us : -1ns);
    EXPECT_EQ(stage.when("m1", "closed c timed out"), heals ? -1ns : 30001ms + 20us);
  }
}

TEST(Loss, ALostFinIsSentAgain) {
  Stage stage = connected();
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "close c");
  stage.levers().release(lose);
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "closed in1 by peer"), 1201ms + 20us);
}

}  // namespace
}  // namespace sim::stage
