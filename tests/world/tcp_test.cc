#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;

TEST(Tcp, HandshakeThenMessagesTakeOneWayEach) {
  Stage stage;
  stage.run_until(10ms);
  stage.tell("m1", "dial c m2");
  stage.run_for(10ms);
  // Dialled 20 us after typing: SYN and SYN-ACK make one round trip, the ACK another half.
  EXPECT_EQ(stage.when("m1", "connected c"), 12ms + 20us);
  EXPECT_EQ(stage.when("m2", "accepted in1"), 13ms + 20us);
  stage.run_until(100ms);
  stage.tell("m1", "send c ask-1");
  stage.run_for(10ms);
  EXPECT_EQ(stage.when("m2", "received in1 ask-1"), 101ms + 20us);
  EXPECT_EQ(stage.when("m1", "received c re:ask-1"), 102ms + 20us);
}

TEST(Tcp, NothingOvertakesOnOneConnection) {
  StageSpec spec;
  spec.link.jitter = 20ms;
  Stage stage = connected(spec);
  std::vector<std::string> expected;
  for (int i = 100; i < 200; ++i) {
    stage.tell("m1", "send c n" + std::to_string(i));
    expected.push_back("received in1 n" + std::to_string(i));
  }
  stage.run_for(1s);
  EXPECT_EQ(stage.texts("m2", "received in1"), expected);
}

TEST(Tcp, NoOrderBetweenTwoConnections) {
  StageSpec spec;
  spec.link.jitter = 20ms;
  Stage stage = connected(spec);
  stage.tell("m1", "dial d m2");
  stage.run_for(1s);
  int overtaken = 0;
  for (int i = 100; i < 150; ++i) {
    const std::string n = std::to_string(i);
    stage.tell("m1", "send c first" + n);
    stage.tell("m1", "send d second" + n);
    stage.run_for(200ms);
    overtaken +=
        stage.when("m2", "received in2 second" + n) < stage.when("m2", "received in1 first" + n);
  }
  EXPECT_GT(overtaken, 5);
  EXPECT_LT(overtaken, 45);
}

TEST(Tcp, SimultaneousMessagesKeepTheirOrderUnderRandomTieBreak) {
  StageSpec spec;
  spec.world.random_tie_break = true;
  Stage stage = connected(spec);
  const LeverId pause = stage.levers().pause(stage.id("m1"));
  for (int i = 100; i < 130; ++i) {
    // All consoles are read in one pass, so all are sent in one instant.
    stage.levers().console(stage.id("m1"), {"send c n" + std::to_string(i)});
    stage.run_for(1ms);
  }
  stage.levers().release(pause);
  stage.run_for(1s);
  const auto texts = stage.texts("m2", "received");
  ASSERT_EQ(texts.size(), 30u);
  EXPECT_TRUE(std::is_sorted(texts.begin(), texts.end()));
}

TEST(Tcp, CutStallsAndFlushesAtTheNextRetransmission) {
  Stage stage = connected();
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c one");
  stage.tell("m1", "send c two");
  stage.run_until(2s);
  EXPECT_TRUE(stage.texts("m2", "received").empty());
  stage.levers().release(cut);
  EXPECT_EQ(stage.levers().effects(cut), 4u);  // two, and the first of them twice again
  stage.run_for(10s);
  // Stalled at 1 s + 20 us; tried after 0.2, 0.6, 1.4 s: the last is the first after the cut.
  EXPECT_EQ(stage.when("m2", "received in1 one"), 2401ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in1 two"), 2401ms + 20us + 1ns);
}

TEST(Tcp, WhatIsInFlightWhenTheCutComesIsSentAgain) {
  StageSpec spec;
  spec.latency = 50ms;
  Stage stage = connected(spec);
  stage.tell("m1", "send c one");
  stage.tell("m1", "send c two");
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.run_for(50ms);
  stage.levers().release(cut);
  stage.tell("m1", "send c three");
  stage.run_for(10s);
  EXPECT_EQ(stage.levers().effects(cut), 2u);
  EXPECT_THAT(stage.texts("m2", "received"),
              ElementsAre("received in1 one", "received in1 two", "received in1 three"));
  EXPECT_GT(stage.when("m2", "received in1 one"), 1250ms);
}

TEST(Tcp, ACutLongerThanTheTimeoutKillsTheSendersEndOnly) {
  StageSpec spec;
  spec.world.tcp_timeout = 20s;
  Stage stage = connected(spec);
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c lost");
  stage.run_for(30s);
  EXPECT_EQ(stage.when("m1", "closed c timed out"), 21s + 20us);
  EXPECT_FALSE(stage.heard("m2", "closed in1 reset"));
  // Half-open: m2 learns of it by the RST that answers what it sends next.
  stage.levers().release(cut);
  stage.tell("m2", "send in1 hello");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m2", "closed in1 reset"));
}

TEST(Tcp, OneWayCutLetsTheOtherWayThrough) {
  Stage stage = connected();
  stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "send c ask-there");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m2", "received in1 ask-there"));
  EXPECT_TRUE(stage.texts("m1", "received").empty());
}

TEST(Tcp, WithoutAcknowledgementsTheSenderGivesUp) {
  StageSpec spec;
  spec.world.tcp_timeout = 20s;
  Stage stage = connected(spec);
  const LeverId cut = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "send c hello");
  stage.run_for(25s);
  EXPECT_TRUE(stage.heard("m2", "received in1 hello"));
  EXPECT_EQ(stage.when("m1", "closed c timed out"), 21s + 1ms + 20us);
  // The acknowledgement, and those of what was sent again after 0.2, 0.6, 1.4, 3, 6.2, 12.6, 20 s.
  EXPECT_EQ(stage.levers().effects(cut), 8u);
}

TEST(Tcp, AcknowledgementsThatComeAfterAllSaveTheConnection) {
  StageSpec spec;
  spec.world.tcp_timeout = 20s;
  Stage stage = connected(spec);
  const LeverId cut = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "send c hello");
  stage.run_for(10s);
  stage.levers().release(cut);
  stage.run_for(100s);
  stage.tell("m1", "send c ask-again");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m1", "received c re:ask-again"));
}

TEST(Tcp, AnAcknowledgementIsOneOfAllBeforeIt) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  Stage stage = connected(spec);
  const LeverId cut = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "send c unacknowledged 800");
  stage.run_until(10s);  // the kernel will try again at 13.6 s
  stage.levers().release(cut);
  stage.tell("m1", "send c small 100");
  stage.run_until(11s);
  stage.tell("m1", "send c large 900");
  stage.run_until(12s);
  EXPECT_EQ(stage.when("m2", "received in1 large"), 11s + 1ms + 20us);
  // Nor does the next trouble wait for the timeout of the last.
  const LeverId lose = stage.levers().lose({stage.way("m1", "m2")}, kAllPlanes, 1'000'000);
  stage.tell("m1", "send c again");
  stage.levers().release(lose);
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in1 again"), 12s + 201ms + 20us);
}

TEST(Tcp, ADeadProgramAnswersRst) {
  Stage stage = connected();
  stage.levers().crash(stage.id("m2"), false);
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "closed c reset"), 1s + 1ms);
  stage.tell("m1", "dial d m2");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "closed d refused"), 2s + 2ms + 20us);
}

TEST(Tcp, ADeadHostIsSilent) {
  StageSpec spec;
  spec.world.connect_timeout = 20s;
  Stage stage = connected(spec);
  stage.levers().crash(stage.id("m2"), true);
  stage.run_for(10s);
  EXPECT_TRUE(stage.texts("m1", "closed").empty());
  stage.tell("m1", "dial d m2");
  stage.run_for(60s);
  EXPECT_EQ(stage.when("m1", "closed d timed out"), 31s + 20us);
  EXPECT_TRUE(stage.texts("m1", "closed c").empty());  // half-open: nothing was sent on it
}

TEST(Tcp, ARebootedHostAnswersOldConnectionsByRst) {
  Stage stage = connected();
  stage.levers().crash(stage.id("m2"), true);
  stage.run_for(1s);
  stage.tell("m1", "send c hello");
  stage.run_for(1s);
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(5s);
  EXPECT_TRUE(stage.heard("m1", "closed c reset"));
  EXPECT_TRUE(stage.texts("m2", "received").empty());
}

TEST(Tcp, WhatAProgramSentBeforeItDiedArrives) {
  Stage stage = connected();
  stage.tell("m1", "send c last-words");
  stage.levers().crash(stage.id("m1"), false);
  stage.run_for(1s);
  EXPECT_THAT(stage.texts("m2"),
              ElementsAre("booted", "accepted in1", "received in1 last-words", "closed in1 reset"));
}

TEST(Tcp, OrderlyCloseDeliversFirst) {
  Stage stage = connected();
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c bye");
  stage.tell("m1", "close c");
  stage.run_for(1s);
  stage.levers().release(cut);
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m2"),
              ElementsAre("booted", "accepted in1", "received in1 bye", "closed in1 by peer"));
  EXPECT_TRUE(stage.texts("m1", "closed").empty());  // not told of what it did itself
}

TEST(Tcp, ResetThrowsAwayWhatWaits) {
  Stage stage = connected();
  const LeverId clog = stage.levers().clog({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c bye");
  stage.levers().release(clog);
  stage.tell("m1", "send c stays");
  stage.levers().clog({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c goes");
  stage.tell("m1", "reset c");
  stage.run_for(1s);
  EXPECT_FALSE(stage.heard("m2", "received in1 goes"));
}

TEST(Tcp, DialToADeafPortIsRefused) {
  Stage stage;
  stage.tell("m1", "dial c m2 9999");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "closed c refused"), 3ms + 20us);
}

TEST(Tcp, DialToNobody) {
  StageSpec spec;
  spec.world.connect_timeout = 20s;
  Stage stage(spec);
  stage.tell("m1", "dial never 10.9.9.9");
  stage.tell("m1", "dial nowhere 0.0.0.0");
  stage.levers().crash(stage.id("m2"), false);
  stage.levers().change_address(stage.id("m2"), parse_ipv4("10.0.0.77"));
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(1s);
  stage.tell("m1", "dial retired m2");
  stage.tell("m1", "dial moved 10.0.0.77");
  stage.run_for(60s);
  EXPECT_EQ(stage.when("m1", "closed never unreachable"), 3001ms + 20us);
  EXPECT_TRUE(stage.heard("m1", "closed nowhere at once"));
  EXPECT_TRUE(stage.heard("m1", "closed retired timed out"));
  EXPECT_TRUE(stage.heard("m1", "connected moved"));
}

TEST(Tcp, ADialDuringAPartitionConnectsAtTheNextSyn) {
  Stage stage;
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.tell("m1", "dial c m2");
  stage.run_until(5s);
  stage.levers().release(cut);
  stage.run_for(10s);
  // Dialled at 1 ms + 20 us; SYNs at +1 s, +3 s, +7 s.
  EXPECT_EQ(stage.when("m1", "connected c"), 7003ms + 20us);
  EXPECT_EQ(stage.levers().effects(cut), 3u);
}

TEST(Tcp, ADialWhoseAnswersAreLostTriesAgainToo) {
  Stage stage;
  const LeverId cut = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "dial c m2");
  stage.run_until(2s);
  stage.levers().release(cut);
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m1", "connected c"), 3003ms + 20us);
  EXPECT_EQ(stage.count("m2", "accepted in1"), 1);
}

TEST(Tcp, BandwidthIsSharedByTheConnectionsOfOneWay) {
  StageSpec spec;
  spec.link.bandwidth = 1'000'000;
  Stage stage = connected(spec);
  stage.tell("m1", "dial d m2");
  stage.run_until(2s);
  stage.tell("m1", "send c big 500000");
  stage.tell("m1", "send d small 1000");
  stage.run_for(2s);
  EXPECT_EQ(stage.when("m2", "received in1 big"), 2501ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in2 small"), 2502ms + 20us);
}

TEST(Tcp, ALinkIsSharedByAllWhoSendOverItInOneDirection) {
  StageSpec spec;
  spec.actors = 4;
  spec.link.bandwidth = 1'000'000;
  Stage stage = connected(spec);
  stage.tell("m3", "dial d m2");
  stage.tell("m3", "dial e m4");
  stage.run_until(2s);
  stage.tell("m1", "send c big 500000");
  stage.run_until(2100ms);
  stage.tell("m3", "send d behind-it 100000");  // over the link of m2
  stage.tell("m3", "send e elsewhere 1000");    // over that of m3, which the last keeps for 0.1 s
  stage.tell("m2", "send in1 against-it 1000");
  stage.run_for(2s);
  EXPECT_EQ(stage.when("m2", "received in1 big"), 2501ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in2 behind-it"), 2601ms + 20us);
  EXPECT_EQ(stage.when("m4", "received in1 elsewhere"), 2202ms + 20us);
  EXPECT_LT(stage.when("m1", "received c against-it"), 2103ms);
}

TEST(Tcp, AFullKernelPushesBackAndReturnsCredit) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  Stage stage = connected(spec);
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  for (int i = 0; i < 4; ++i) stage.tell("m1", "send c n" + std::to_string(i) + " 400");
  stage.run_until(2s);
  stage.levers().release(cut);
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m1", "unsent"),
              ElementsAre("unsent c 200", "unsent c 600", "unsent c 200", "unsent c 0"));
  EXPECT_EQ(stage.texts("m2", "received").size(), 4u);
}

TEST(Tcp, AMessageLargerThanTheKernelPassesInTheEnd) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  Stage stage = connected(spec);
  stage.tell("m1", "send c big 5000");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m2", "received in1 big"));
  EXPECT_THAT(stage.texts("m1", "unsent"), ElementsAre("unsent c 4000", "unsent c 0"));
}

TEST(Tcp, APausedReceiversKernelTakesABufferThenPushesBack) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  Stage stage = connected(spec);
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  for (int i = 0; i < 6; ++i) stage.tell("m1", "send c n" + std::to_string(i) + " 400");
  stage.run_for(2000s);  // a closed window never times out
  // Two fit into m2's kernel, two and a half into m1's.
  EXPECT_EQ(stage.texts("m1", "unsent").back(), "unsent c 600");
  stage.levers().release(pause);
  stage.run_for(1s);
  EXPECT_EQ(stage.texts("m1", "unsent").back(), "unsent c 0");
  EXPECT_THAT(stage.texts("m2", "received"),
              ElementsAre("received in1 n0", "received in1 n1", "received in1 n2",
                          "received in1 n3", "received in1 n4", "received in1 n5"));
  EXPECT_TRUE(stage.texts("m1", "closed").empty());
}

TEST(Tcp, WhatIsSentWhileDiallingFollowsTheHandshake) {
  Stage stage;
  stage.tell("m1", "dial c m2");
  stage.tell("m1", "send c early");
  stage.tell("m1", "dial never 10.9.9.9");
  stage.tell("m1", "send never early");
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m2"), ElementsAre("booted", "accepted in1", "received in1 early"));
  EXPECT_TRUE(stage.heard("m1", "closed never unreachable"));
}

TEST(Tcp, ClosingWithoutHavingReadResetsASenderThatWaits) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  Stage stage = connected(spec);
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  stage.levers().console(stage.id("m2"), {"close in1"});  // the first thing it will do
  stage.run_for(1ms);
  for (int i = 0; i < 6; ++i) stage.tell("m1", "send c n" + std::to_string(i) + " 400");
  stage.levers().release(pause);
  stage.run_for(10s);
  EXPECT_EQ(stage.texts("m1", "closed").size(), 1u);
  EXPECT_LT(stage.world().memory_estimate(), 3000u);  // nothing waits any more
}

TEST(Tcp, ASlowProgramHearsNothingOfWhatItHasClosed) {
  Stage stage = connected();
  stage.levers().slow(stage.id("m2"), 100ms);
  // One pass for the console's connection, one for its command, which takes effect at 200 ms.
  stage.tell("m2", "close in1");
  stage.run_for(150ms);
  stage.tell("m1", "send c ask-late");
  stage.tell("m1", "close c");
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m2"), ElementsAre("booted", "accepted in1"));
}

TEST(Tcp, APowerLossMakesAWaitingSenderGiveUp) {
  StageSpec spec;
  spec.world.send_buffer_bytes = 1000;
  spec.world.tcp_timeout = 20s;
  Stage stage = connected(spec);
  stage.levers().pause(stage.id("m2"));
  for (int i = 0; i < 6; ++i) stage.tell("m1", "send c n" + std::to_string(i) + " 400");
  stage.run_for(1s);
  stage.levers().crash(stage.id("m2"), true);
  stage.run_for(100s);
  EXPECT_TRUE(stage.heard("m1", "closed c timed out"));
}

TEST(Tcp, APowerLossTakesWhatTheKernelStillHadToSend) {
  for (const bool loses_power : {true, false}) {
    Stage stage = connected();
    const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
    stage.tell("m1", "send c bye");
    stage.tell("m1", "close c");
    stage.tell("m1", "exit 0");
    stage.run_for(1s);
    if (loses_power) stage.levers().crash(stage.id("m1"), true);
    stage.levers().release(cut);
    stage.run_for(100s);
    EXPECT_EQ(stage.heard("m2", "received in1 bye"), !loses_power);
    EXPECT_EQ(stage.heard("m2", "closed in1 by peer"), !loses_power);
  }
}

TEST(Tcp, ADialAndCloseToOneself) {
  Stage stage;
  stage.tell("m1", "dial c m1");
  stage.run_for(1s);
  stage.tell("m1", "send c ask-me");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m1", "received c re:ask-me"));
  EXPECT_TRUE(stage.levers().crash(stage.id("m1"), false));
  stage.run_for(1s);
}

TEST(Tcp, ReconnectingForEverDoesNotGrow) {
  Stage stage = connected();
  int number = 0;
  const auto reconnect = [&](int times) {
    for (int i = 0; i < times; ++i) {
      const std::string tag = "d" + std::to_string(++number);
      stage.tell("m1", "dial " + tag + " m2");
      stage.run_for(10ms);
      stage.tell("m1", "close " + tag);
      stage.run_for(10ms);
    }
  };
  reconnect(200);
  const std::uint64_t before = stage.world().memory_estimate();
  reconnect(2000);
  EXPECT_LT(stage.world().memory_estimate(), before + 2000);
}

}  // namespace
}  // namespace sim::stage
