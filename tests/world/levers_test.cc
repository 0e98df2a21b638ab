#include "sim/world/levers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "sim/base/choices.h"
#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// m1 has dialled m2 on both ports: c on the client port (in1), b on the bus port (in2).
Stage two_planes(StageSpec spec = {}) {
  spec.world.replication_labels = {"repl:"};
  Stage stage(std::move(spec));
  stage.tell("m1", "dial c m2");
  stage.run_for(10ms);
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.run_until(1s);
  return stage;
}

TEST(Planes, AreCutApart) {
  Stage stage = two_planes();
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), plane_set(Plane::kBus));
  EXPECT_FALSE(stage.levers().reaches(stage.id("m1"), stage.id("m2"), Plane::kBus));
  EXPECT_TRUE(stage.levers().reaches(stage.id("m1"), stage.id("m2"), Plane::kClient));
  stage.tell("m1", "send c client");
  stage.tell("m1", "send b bus:PING");
  stage.run_for(100ms);
  EXPECT_THAT(stage.texts("m2", "received"), ElementsAre("received in1 client"));
  EXPECT_EQ(stage.levers().effects(cut), 1u);
}

TEST(Planes, ReplicationIsToldByItsFirstLabel) {
  Stage stage = two_planes();
  stage.levers().cut(stage.both("m1", "m2"), plane_set(Plane::kReplication));
  stage.tell("m1", "send c before");
  stage.run_for(10ms);
  stage.tell("m1", "send c repl:STREAM");
  stage.tell("m1", "send c behind-it");
  stage.run_for(100ms);
  EXPECT_THAT(stage.texts("m2", "received"), ElementsAre("received in1 before"));
}

TEST(Levers, OverlappingCutsDoNotUndoEachOther) {
  Stage stage = two_planes();
  const LeverId first = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  const LeverId second = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.levers().release(first);
  stage.tell("m1", "send c hello");
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  stage.levers().release(second);
  stage.levers().release(second);  // again: nothing
  stage.run_for(10s);
  EXPECT_TRUE(stage.heard("m2", "received in1 hello"));
  EXPECT_EQ(stage.levers().effects(first), 0u);
  EXPECT_EQ(stage.levers().effects(second), 6u);  // sent again after 0.2, 0.6, 1.4, 3, 6.2 s
}

TEST(Levers, ACutThatOnlyProlongsAnotherCountsWhatIsSentAgain) {
  Stage stage = two_planes();
  const LeverId first = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "send c hello");
  stage.run_until(2s);
  const LeverId second = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.levers().release(first);
  stage.run_until(5s);
  EXPECT_EQ(stage.levers().effects(first), 3u);   // at 1, 1.2, 1.6 s
  EXPECT_EQ(stage.levers().effects(second), 2u);  // at 2.4, 4 s
}

TEST(Levers, CutsOfBothWaysCountEachItsOwn) {
  Stage stage = two_planes();
  const LeverId there = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  const LeverId back = stage.levers().cut({stage.way("m2", "m1")}, kAllPlanes);
  stage.tell("m1", "send c hello");
  stage.run_until(2s);
  stage.levers().release(there);
  stage.run_until(2500ms);
  EXPECT_EQ(stage.levers().effects(there), 3u);
  EXPECT_EQ(stage.levers().effects(back), 1u);  // the acknowledgement of what got through at 2.4 s
}

TEST(Levers, ACutCountsWhatAnotherLeverHadHeldBack) {
  Stage stage = two_planes();
  MessageRule rule;
  rule.label = "bus:PING";
  const LeverId hold = stage.levers().on_message(rule);
  stage.tell("m1", "send b bus:PING");
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  const LeverId clog = stage.levers().clog({stage.way("m1", "m2")}, kAllPlanes);
  stage.levers().release(hold);
  EXPECT_EQ(stage.levers().effects(cut), 1u);
  EXPECT_EQ(stage.levers().effects(clog), 1u);
}

TEST(Levers, ACutCountsAnOrderlyClose) {
  Stage stage = two_planes();
  const LeverId cut = stage.levers().cut({stage.way("m1", "m2")}, kAllPlanes);
  stage.tell("m1", "close c");
  EXPECT_EQ(stage.levers().effects(cut), 1u);
}

TEST(Clog, KeepsEverythingAndFlushesAtOnce) {
  StageSpec spec;
  spec.world.tcp_timeout = 5s;
  Stage stage = two_planes(spec);
  stage.tell("m1", "send c flying");
  const LeverId clog = stage.levers().clog(stage.both("m1", "m2"), kAllPlanes);
  stage.tell("m1", "send c one");
  stage.tell("m1", "dial d m2");
  stage.run_until(500s);  // far beyond every timeout
  EXPECT_THAT(stage.texts("m1", "closed"), IsEmpty());
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  stage.levers().release(clog);
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in1 flying"), 500s + 1ms);
  EXPECT_EQ(stage.when("m2", "received in1 one"), 500s + 1ms + 1ns);
  EXPECT_EQ(stage.when("m1", "connected d"), 500s + 2ms);
  EXPECT_EQ(stage.levers().effects(clog), 3u);
}

TEST(Delay, AddsUpAndCounts) {
  Stage stage = two_planes();
  const LeverId all = stage.levers().delay({stage.way("m1", "m2")}, kAllPlanes, 30ms, 0ms);
  const LeverId bus =
      stage.levers().delay({stage.way("m1", "m2")}, plane_set(Plane::kBus), 50ms, 0ms);
  const LeverId none = stage.levers().delay({stage.way("m2", "m1")}, kAllPlanes, 50ms, 0ms);
  stage.tell("m1", "send c client");
  stage.tell("m1", "send b bus:PING");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in1 client"), 1031ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in2 bus:PING"), 1081ms + 50us);
  EXPECT_EQ(stage.levers().effects(all), 2u);
  EXPECT_EQ(stage.levers().effects(bus), 1u);
  EXPECT_EQ(stage.levers().effects(none), 0u);
}

TEST(Delay, JitterStaysInItsBounds) {
  Stage stage = two_planes();
  stage.levers().delay({stage.way("m1", "m2")}, kAllPlanes, 10ms, 40ms);
  Duration least = 1h, most{};
  for (int i = 0; i < 100; ++i) {
    const Duration sent = stage.world().now() - SimTime{} + 20us;
    stage.tell("m1", "send c n" + std::to_string(i));
    stage.run_for(100ms);
    const Duration took = stage.when("m2", "received in1 n" + std::to_string(i)) - sent;
    least = std::min(least, took);
    most = std::max(most, took);
  }
  EXPECT_GE(least, 11ms);
  EXPECT_LT(least, 15ms);
  EXPECT_LT(most, 51ms);
  EXPECT_GT(most, 46ms);
}

TEST(Throttle, CountsBytes) {
  Stage stage = two_planes();
  const LeverId throttle = stage.levers().throttle({stage.way("m1", "m2")}, kAllPlanes, 1000);
  stage.tell("m1", "send c big 2000");
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in1 big"), 3001ms + 20us);
  EXPECT_EQ(stage.levers().effects(throttle), 2000u);
}

TEST(Throttle, CountsOnlyWhereItIsTheNarrowest) {
  StageSpec spec;
  spec.link.bandwidth = 1000;
  Stage stage = two_planes(spec);
  const auto ways = [&] { return std::vector{stage.way("m1", "m2")}; };
  const LeverId wider = stage.levers().throttle(ways(), kAllPlanes, 2000);
  stage.tell("m1", "send c n1 100");
  EXPECT_EQ(stage.levers().effects(wider), 0u);
  const LeverId narrow = stage.levers().throttle(ways(), kAllPlanes, 500);
  const LeverId narrowest = stage.levers().throttle(ways(), kAllPlanes, 100);
  stage.tell("m1", "send c n2 100");
  EXPECT_EQ(stage.levers().effects(wider), 0u);
  EXPECT_EQ(stage.levers().effects(narrow), 0u);
  EXPECT_EQ(stage.levers().effects(narrowest), 100u);
}

TEST(Rules, HoldTheSecondOfItsKindAndAllBehindIt) {
  Stage stage = two_planes();
  MessageRule rule;
  rule.label = "bus:VOTE";
  rule.skip = 1;
  rule.count = 1;
  const LeverId hold = stage.levers().on_message(rule);
  for (const std::string word : {"bus:VOTE1", "bus:PING", "bus:VOTE2", "bus:PING2", "bus:VOTE3"}) {
    stage.tell("m1", "send b " + word);
  }
  stage.tell("m1", "send c other-connection");
  stage.run_until(3s);
  EXPECT_THAT(stage.texts("m2", "received in2"),
              ElementsAre("received in2 bus:VOTE1", "received in2 bus:PING"));
  EXPECT_TRUE(stage.heard("m2", "received in1 other-connection"));
  stage.levers().release(hold);
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in2 bus:VOTE2"), 3001ms);
  EXPECT_EQ(stage.texts("m2", "received in2").back(), "received in2 bus:VOTE3");
  EXPECT_EQ(stage.levers().effects(hold), 1u);
  int touched = 0;
  for (const Record& record : stage.records()) {
    const auto* it = std::get_if<event::MessageTouched>(&record.event);
    if (it == nullptr) continue;
    ++touched;
    EXPECT_EQ(it->label, "bus:VOTE");
    EXPECT_EQ(it->what, "held");
  }
  EXPECT_EQ(touched, 1);
}

TEST(Rules, DelayByPrefixFromOneMachine) {
  Stage stage = two_planes();
  MessageRule rule;
  rule.label = "bus:*";
  rule.act = MessageRule::Act::kDelay;
  rule.delay = 3s;
  rule.from = {stage.id("m2")};
  const LeverId from_m2 = stage.levers().on_message(rule);
  rule.from = {stage.id("m1")};
  stage.levers().on_message(rule);
  stage.tell("m1", "send b bus:PING");
  stage.tell("m1", "send b text");
  stage.tell("m1", "send c text");
  stage.run_for(10s);
  EXPECT_EQ(stage.when("m2", "received in2 bus:PING"), 4001ms + 20us);
  EXPECT_EQ(stage.when("m2", "received in2 text"), 4001ms + 20us + 1ns);
  EXPECT_LT(stage.when("m2", "received in1 text"), 2s);
  EXPECT_EQ(stage.levers().effects(from_m2), 0u);
}

TEST(Rules, EachDelayedMessageGoesWhenItsOwnDelayIsOver) {
  Stage stage = two_planes();
  MessageRule rule;
  rule.label = "bus:PING";
  rule.act = MessageRule::Act::kDelay;
  rule.delay = 3s;
  stage.levers().on_message(rule);
  for (const std::string n : {"1", "2", "3"}) {
    stage.run_until(std::chrono::seconds(std::stoi(n)));
    stage.tell("m1", "send b bus:PING" + n);
  }
  stage.run_for(10s);
  for (const std::string n : {"1", "2", "3"}) {
    EXPECT_EQ(stage.when("m2", "received in2 bus:PING" + n),
              std::chrono::seconds(std::stoi(n)) + 3001ms + 20us);
  }
}

TEST(Rules, MeanWhatIsSentWhileDiallingToo) {
  Stage stage;
  MessageRule rule;
  rule.label = "bus:PING";
  const LeverId hold = stage.levers().on_message(rule);
  rule.label = "bus:VOTE";
  rule.act = MessageRule::Act::kDrop;
  const LeverId drop = stage.levers().on_message(rule);
  for (const std::string word : {"bus:PING", "bus:VOTE"}) {
    stage.tell("m1", "dial to-" + word + " m2");
    stage.tell("m1", "send to-" + word + " " + word);
  }
  stage.run_until(2s);
  EXPECT_TRUE(stage.heard("m1", "connected to-bus:PING"));
  EXPECT_TRUE(stage.heard("m1", "closed to-bus:VOTE reset"));
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  EXPECT_EQ(stage.levers().effects(hold), 1u);
  EXPECT_EQ(stage.levers().effects(drop), 1u);
  stage.levers().release(hold);
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m2", "received in1 bus:PING"), 2001ms);
}

TEST(Rules, DropTakesTheConnectionWithIt) {
  Stage stage = two_planes();
  MessageRule rule;
  rule.label = "bus:PING";
  rule.act = MessageRule::Act::kDrop;
  const LeverId drop = stage.levers().on_message(rule);
  stage.tell("m1", "send b bus:PING");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m1", "closed b reset"));
  EXPECT_TRUE(stage.heard("m2", "closed in2 reset"));
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  EXPECT_EQ(stage.levers().effects(drop), 1u);
}

TEST(Resets, CountTheConnectionsOfThePlane) {
  Stage stage = two_planes();
  EXPECT_EQ(stage.levers().reset_connections(stage.both("m1", "m2"), plane_set(Plane::kBus)), 1u);
  EXPECT_EQ(stage.levers().reset_connections({stage.way("m2", "m1")}, kAllPlanes), 1u);
  EXPECT_EQ(stage.levers().reset_connections(stage.both("m1", "m2"), kAllPlanes), 0u);
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m1", "closed b reset"));
  EXPECT_TRUE(stage.heard("m2", "closed in2 reset"));
  EXPECT_TRUE(stage.heard("m1", "closed c reset"));
}

TEST(Pause, GivesAllThatPiledUpInOnePassThenTimers) {
  Stage stage = two_planes();
  stage.tell("m2", "alarm 1000");
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  for (int i = 0; i < 3; ++i) stage.tell("m1", "send c n" + std::to_string(i));
  stage.run_until(5s);
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  stage.levers().release(pause);
  stage.run_for(1s);
  std::vector<std::string> seen;
  std::set<std::uint64_t> passes;
  for (const Told& line : stage.told()) {
    if (line.who != "m2" || line.at < sim_time(5s)) continue;
    seen.push_back(line.text);
    passes.insert(line.pass);
  }
  EXPECT_THAT(seen,
              ElementsAre("received in1 n0", "received in1 n1", "received in1 n2", "deadline"));
  EXPECT_EQ(passes.size(), 1u);
  EXPECT_EQ(stage.levers().effects(pause), 4u);  // three messages and a wake-up
}

TEST(Pause, IsAnsweredByTheKernelAlone) {
  Stage stage = two_planes();
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  stage.tell("m1", "dial d m2");
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m1", "connected d"));
  EXPECT_FALSE(stage.heard("m2", "accepted in3"));
  stage.levers().release(pause);
  stage.run_for(1s);
  EXPECT_TRUE(stage.heard("m2", "accepted in3"));
}

TEST(Pause, DiesWithTheProgram) {
  Stage stage = two_planes();
  const LeverId pause = stage.levers().pause(stage.id("m2"));
  stage.levers().crash(stage.id("m2"), false);
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(1s);
  stage.tell("m1", "dial d m2");
  stage.run_for(1s);
  EXPECT_EQ(stage.texts("m2", "accepted").back(), "accepted in1");
  stage.levers().release(pause);
}

TEST(Slow, DelaysWhatAPassDoes) {
  Stage stage = two_planes();
  const LeverId slow = stage.levers().slow(stage.id("m2"), 100ms);
  stage.tell("m1", "send c ask-1");
  stage.run_for(10ms);
  stage.tell("m1", "send c ask-2");
  stage.tell("m1", "send c ask-3");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "received c re:ask-1"), 1102ms + 20us);
  // What came while it was busy is one pass.
  EXPECT_EQ(stage.when("m1", "received c re:ask-2"), 1202ms + 20us);
  EXPECT_EQ(stage.when("m1", "received c re:ask-3"), 1202ms + 20us + 1ns);
  EXPECT_EQ(stage.levers().effects(slow), 2u);
  stage.levers().release(slow);
  const Duration sent = stage.world().now() - SimTime{};
  stage.tell("m1", "send c ask-4");
  stage.run_for(1s);
  EXPECT_EQ(stage.when("m1", "received c re:ask-4"), sent + 2ms + 20us);
}

TEST(Clocks, JumpAndSkewMoveTheWallClockOnly) {
  StageSpec spec;
  spec.skews = {0s, 5s};
  Stage stage = two_planes(spec);
  const auto clocks_at_next = [&](const std::string& text) {
    stage.tell("m1", "send c " + text);
    stage.run_for(10ms);
    for (const Told& line : stage.told()) {
      if (line.who == "m2" && line.text == "received in1 " + text) {
        return std::pair<Duration, Duration>{
            line.clocks.wall - kWallStart - (line.at - SimTime{}),
            line.clocks.monotonic.time_since_epoch() - (line.at - SimTime{})};
      }
    }
    return std::pair<Duration, Duration>{};
  };
  EXPECT_EQ(clocks_at_next("a"), std::make_pair(Duration{5s}, Duration{}));
  const LeverId jump = stage.levers().step_clock(stage.id("m2"), -1h);
  EXPECT_EQ(clocks_at_next("b"), std::make_pair(Duration{5s - 1h}, Duration{}));
  const LeverId skew = stage.levers().skew_clock(stage.id("m2"), 7s);
  EXPECT_EQ(clocks_at_next("c"), std::make_pair(Duration{12s - 1h}, Duration{}));
  stage.levers().release(skew);
  stage.levers().release(jump);
  EXPECT_EQ(clocks_at_next("d"), std::make_pair(Duration{5s - 1h}, Duration{}));
  EXPECT_EQ(stage.levers().effects(jump), 2u);
  EXPECT_EQ(stage.levers().effects(skew), 1u);
}

TEST(Clocks, DriftMovesBothAndTimersWithThem) {
  Stage stage = two_planes();
  const LeverId drift = stage.levers().drift_clock(stage.id("m2"), 100'000);  // ten per cent fast
  stage.tell("m2", "every 1100");
  const Duration start = stage.world().now() - SimTime{} - 10us;  // when it was told
  stage.run_until(12s);
  EXPECT_EQ(stage.texts("m2", "deadline").size(), 10u);
  const Told* last = nullptr;
  for (const Told& line : stage.told()) {
    if (line.who == "m2" && line.text == "deadline") last = &line;
  }
  ASSERT_NE(last, nullptr);
  EXPECT_NEAR(static_cast<double>((last->at - SimTime{} - start).count()), 1e10, 1e2);
  EXPECT_EQ(last->clocks.wall - kWallStart, last->clocks.monotonic.time_since_epoch());
  EXPECT_GT(stage.levers().effects(drift), 9u);
}

TEST(Effects, AreZeroWhereNothingCanBite) {
  StageSpec spec;
  spec.actors = 4;
  Stage stage = two_planes(spec);
  Levers& levers = stage.levers();
  const auto apart = stage.both("m3", "m4");  // nobody talks there
  MessageRule rule;
  rule.label = "bus:VOTE";
  const std::vector<LeverId> pulled = {
      levers.cut(apart, kAllPlanes),
      levers.clog(apart, kAllPlanes),
      levers.delay(apart, kAllPlanes, 1s, 1s),
      levers.lose(apart, kAllPlanes, 1'000'000),
      levers.throttle(apart, kAllPlanes, 1),
      levers.on_message(rule),
      levers.cut_link(*levers.topology().link_between(VertexId{0}, VertexId{3})),
      levers.pause(stage.id("m3")),
      levers.slow(stage.id("m3"), 1s),
      levers.step_clock(stage.id("m3"), 1s),
      levers.skew_clock(stage.id("m3"), 1s),
      levers.drift_clock(stage.id("m3"), 100)};
  stage.tell("m1", "send c ask-1");
  stage.tell("m1", "send b ask-2");
  stage.run_for(10s);
  EXPECT_EQ(stage.texts("m1", "received").size(), 2u);
  for (const LeverId lever : pulled) EXPECT_EQ(levers.effects(lever), 0u) << lever.value;
}

TEST(CutLink, BitesWhatWouldHaveGoneOverIt) {
  Stage stage = two_planes();
  const Topology& topology = stage.levers().topology();
  const LinkId link = *topology.link_between(*topology.find("hub"), *topology.find("m2"));
  const LeverId cut = stage.levers().cut_link(link);
  EXPECT_FALSE(stage.levers().reaches(stage.id("m1"), stage.id("m2"), Plane::kBus));
  stage.tell("m1", "send c hello");
  stage.run_for(1s);
  EXPECT_THAT(stage.texts("m2", "received"), IsEmpty());
  EXPECT_EQ(stage.levers().effects(cut), 3u);  // sent again after 0.2, 0.6 s
  stage.levers().release(cut);
  EXPECT_TRUE(stage.levers().reaches(stage.id("m1"), stage.id("m2"), Plane::kBus));
  stage.run_for(10s);
  EXPECT_TRUE(stage.heard("m2", "received in1 hello"));
}

std::vector<event::Reachability> reachabilities(const Stage& stage) {
  std::vector<event::Reachability> out;
  for (const Record& record : stage.records()) {
    if (const auto* it = std::get_if<event::Reachability>(&record.event)) out.push_back(*it);
  }
  return out;
}

TEST(Reachability, TellsGroupsAndOneWayCuts) {
  StageSpec spec;
  spec.actors = 4;
  Stage stage(spec);
  Levers& levers = stage.levers();
  std::vector<Direction> halves;
  for (const std::string a : {"m1", "m2"}) {
    for (const std::string b : {"m3", "m4"}) {
      for (const Direction& way : stage.both(a, b)) halves.push_back(way);
    }
  }
  const LeverId split = levers.cut(halves, kAllPlanes);
  const LeverId one_way = levers.cut({stage.way("m1", "m2")}, plane_set(Plane::kBus));
  levers.release(split);
  levers.release(one_way);
  stage.run_for(1ms);
  const auto said = reachabilities(stage);
  // All planes alike: one record. Then three, as the bus differs; then three; then all is well.
  ASSERT_EQ(said.size(), 1u + 3u + 3u + 1u);
  EXPECT_EQ(said[0].plane, "all");
  EXPECT_THAT(said[0].groups, ElementsAre(ElementsAre("m1", "m2"), ElementsAre("m3", "m4")));
  EXPECT_THAT(said[0].cut, IsEmpty());
  EXPECT_EQ(said[1].plane, "bus");
  EXPECT_THAT(said[1].cut, ElementsAre(std::make_pair("m1", "m2")));
  EXPECT_THAT(said[4].groups, IsEmpty());  // m1 and m2 both reach m3
  EXPECT_THAT(said[4].cut, ElementsAre(std::make_pair("m1", "m2")));
  EXPECT_THAT(said[5].cut, IsEmpty());
  EXPECT_EQ(said[7].plane, "all");
  EXPECT_THAT(said[7].groups, IsEmpty());
}

// What is told of the bus, worked out pair by pair.
event::Reachability told_slowly(Stage& stage, const std::vector<std::string>& names) {
  const auto open = [&](std::size_t a, std::size_t b) {
    return stage.levers().reaches(stage.id(names[a]), stage.id(names[b]), Plane::kBus);
  };
  std::vector<std::size_t> group(names.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  for (std::size_t round = 0; round < names.size(); ++round) {
    for (std::size_t a = 0; a < names.size(); ++a) {
      for (std::size_t b = 0; b < names.size(); ++b) {
        if (open(a, b) && open(b, a)) group[a] = std::min(group[a], group[b]);
      }
    }
  }
  event::Reachability said;
  std::map<std::size_t, std::vector<std::string>> groups;
  for (std::size_t m = 0; m < names.size(); ++m) groups[group[m]].push_back(names[m]);
  for (const auto& [first, members] : groups) {
    if (groups.size() > 1) said.groups.push_back(members);
  }
  const auto tell = [&](std::size_t from, std::size_t to) {
    const bool told = group[from] == group[to] || open(to, from);
    if (!open(from, to) && told) said.cut.emplace_back(names[from], names[to]);
  };
  for (std::size_t a = 0; a < names.size(); ++a) {
    for (std::size_t b = a + 1; b < names.size(); ++b) tell(a, b), tell(b, a);
  }
  return said;
}

TEST(Reachability, AgreesWithASlowTwin) {
  ChoiceStream stream(1, "reachability");
  Choices choices(stream);
  for (int run = 0; run < 60; ++run) {
    StageSpec spec;
    spec.actors = 7;
    Stage stage(spec);
    Levers& levers = stage.levers();
    std::vector<std::string> names;
    for (int i = 1; i <= 7; ++i) names.push_back("m" + std::to_string(i));
    for (std::uint64_t cuts = choices.choose(Site::kKey, 4); cuts-- > 0;) {
      // Of all ways, or of a few: sets of directions are kept in two forms.
      const std::uint64_t all = 2 + choices.choose(Site::kKey, 8);
      std::vector<Direction> ways;
      for (const std::string& a : names) {
        for (const std::string& b : names) {
          if (a != b && choices.chance(Site::kLoss, 1, all)) ways.push_back(stage.way(a, b));
        }
      }
      levers.cut(ways, kAllPlanes);
    }
    const VertexId hub = *levers.topology().find("hub");
    levers.cut_link(*levers.topology().link_between(
        hub, *levers.topology().find(names[choices.choose(Site::kKey, 7)])));
    stage.run_for(1ms);
    const event::Reachability told = reachabilities(stage).back(),
                              slowly = told_slowly(stage, names);
    ASSERT_EQ(told.groups, slowly.groups);
    ASSERT_EQ(told.cut, slowly.cut);
  }
}

}  // namespace
}  // namespace sim::stage
