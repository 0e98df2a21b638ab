#include "sim/world/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;

// A lively run: chatter, jitter, loss, a cut, a crash and a restart, files, timers. Ends at about
// 20 s.
void begin(Stage& stage) {
  for (const std::string who : {"m1", "m2", "m3"}) stage.tell(who, "every 100");
  stage.tell("m1", "dial c m2");
  stage.tell("m2", "dial d m3");
  stage.run_until(1s);
}
void go_on(Stage& stage) {
  stage.tell("m1", "write log 0 abc");
  stage.tell("m1", "draw");
  for (int i = 0; i < 20; ++i) {
    stage.tell("m1", "send c ask-" + std::to_string(i));
    stage.tell("m2", "send d ask-" + std::to_string(i));
  }
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.run_for(2s);
  stage.levers().release(cut);
  stage.levers().crash(stage.id("m3"), true);
  stage.run_for(2s);
  stage.levers().start(stage.id("m3"), {});
  stage.run_for(15s);
}

StageSpec lively(std::uint64_t seed) {
  StageSpec spec;
  spec.actors = 3;
  spec.link.jitter = 3ms;
  spec.link.loss_ppm = 50'000;
  spec.world.seed = seed;
  return spec;
}

std::uint64_t digest_of(StageSpec spec) {
  Stage stage(std::move(spec));
  begin(stage);
  go_on(stage);
  return stage.world().digest();
}

TEST(World, SameSeedSameDigest) {
  EXPECT_EQ(digest_of(lively(7)), digest_of(lively(7)));
}

TEST(World, FiftySeedsGiveFiftyDigests) {
  std::set<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) digests.insert(digest_of(lively(seed)));
  EXPECT_EQ(digests.size(), 50u);
}

TEST(World, RandomTieBreaksGiveOtherRuns) {
  std::set<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    StageSpec spec;
    spec.actors = 3;
    spec.world.seed = seed;
    spec.world.random_tie_break = true;
    digests.insert(digest_of(spec));
  }
  EXPECT_EQ(digests.size(), 10u);
}

TEST(World, ACopyMadeAtAnyEventFinishesEqual) {
  StageSpec spec = lively(3);
  spec.world.random_tie_break = true;
  Stage stage(spec);
  begin(stage);
  // Everything at once: a pause, a slow machine, a held message, a stalled stream, an unfinished
  // dial.
  stage.levers().pause(stage.id("m3"));
  stage.levers().slow(stage.id("m1"), 30ms);
  stage.levers().cut({stage.way("m1", "m3")}, kAllPlanes);
  stage.tell("m1", "dial x m3");
  MessageRule rule;
  rule.label = "ask";
  rule.count = 3;
  stage.levers().on_message(rule);
  for (int i = 0; i < 5; ++i) stage.tell("m2", "send d ask-" + std::to_string(i));
  for (int copies = 0; copies < 40; ++copies) {
    ASSERT_TRUE(stage.world().copyable());
    Stage twin(stage);
    for (Stage* each : {&stage, &twin}) {
      for (int event = 0; event < 7; ++event) ASSERT_TRUE(each->world().advance());
    }
    ASSERT_EQ(stage.world().digest(), twin.world().digest());
    if (copies % 10 == 0) {
      go_on(twin);
      Stage third(stage);
      go_on(third);
      ASSERT_EQ(twin.world().digest(), third.world().digest());
      ASSERT_EQ(twin.world().events(), third.world().events());
      ASSERT_EQ(twin.records().size(), third.records().size());
    }
  }
}

TEST(World, ACopyIsIndependent) {
  Stage stage;
  Stage twin(stage);
  twin.levers().crash(twin.id("m2"), false);
  EXPECT_TRUE(stage.levers().is_up(stage.id("m2")));
  EXPECT_FALSE(twin.levers().is_up(twin.id("m2")));
}

TEST(World, TheWireChangesNothingAndCountsEqual) {
  StageSpec spec = lively(5);
  Stage direct(spec);
  spec.world.through_wire = true;
  Stage wired(spec);
  for (Stage* stage : {&direct, &wired}) {
    begin(*stage);
    go_on(*stage);
  }
  EXPECT_EQ(direct.world().digest(), wired.world().digest());
  EXPECT_EQ(direct.world().wire_counts().encoded, 0u);
  const WireCounts counts = wired.world().wire_counts();
  EXPECT_GT(counts.delivered, 40u);
  EXPECT_EQ(counts.encoded, counts.delivered);
  EXPECT_EQ(counts.decoded, counts.delivered);
}

TEST(World, ACodecThatDropsAFieldChangesTheDigest) {
  const auto digest_with = [](bool wire, bool broken) {
    StageSpec spec;
    spec.world.through_wire = wire;
    Stage stage(spec);
    stage.tell("m1", "dial c m2");
    stage.run_until(1s);
    MessageRule rule;
    rule.label = "bus:PING";
    rule.act = MessageRule::Act::kDelay;
    rule.delay = 1s;
    stage.levers().on_message(rule);
    stage.tell("m1", "send c bus:PING");
    // Broken only now, so that the command itself got through.
    Text::loses_a_byte_on_the_wire = broken;
    stage.run_for(2s);
    Text::loses_a_byte_on_the_wire = false;
    return stage.world().digest();
  };
  EXPECT_EQ(digest_with(false, false), digest_with(true, false));
  EXPECT_EQ(digest_with(false, false), digest_with(false, true));
  EXPECT_NE(digest_with(false, false), digest_with(true, true));
}

std::uint64_t digest_after(const std::vector<std::string>& commands, StageSpec spec = {}) {
  Stage stage(std::move(spec));
  stage.tell("m1", "dial c m2");
  stage.run_until(1s);
  // In the inbox of a paused machine they are obeyed in one pass, so that only what they do
  // differs.
  for (const std::string& command : commands) stage.tell("m1", command);
  stage.run_for(1s);
  return stage.world().digest();
}

TEST(Digest, IsSensitiveToWhatIsDelivered) {
  const std::uint64_t base = digest_after({"send c hello"});
  EXPECT_EQ(base, digest_after({"send c hello"}));
  EXPECT_NE(base, digest_after({"send c hellp"}));
  EXPECT_NE(base, digest_after({"send c hello 6"}));
}

TEST(Digest, IgnoresNotesAndProbes) {
  Stage plain, noisy;
  for (Stage* stage : {&plain, &noisy}) {
    stage->tell("m1", "dial c m2");
    if (stage == &noisy) {
      stage->levers().note(event::Remark{"look"});
      stage->world().probe(stage->id("m1"), true);
    }
    stage->run_for(1s);
  }
  EXPECT_EQ(plain.world().digest(), noisy.world().digest());
  EXPECT_NE(plain.records().size(), noisy.records().size());
}

TEST(Digest, IsSensitiveToAnyChoice) {
  // The same commands under an oracle that answers one draw differently.
  std::vector<Choice> made;
  ChoicePolicy policy;
  policy.recording = &made;
  const auto run = [](const ChoicePolicy& with) {
    StageSpec spec;
    spec.world.choice_policy = std::make_shared<const ChoicePolicy>(with);
    return digest_after({"draw"}, spec);
  };
  const std::uint64_t base = run(policy);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].site, Site::kKey);
  std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides;
  overrides[{made[0].scope, made[0].site, made[0].index}] = made[0].outcome;
  ChoicePolicy replay;
  replay.overrides = &overrides;
  EXPECT_EQ(run(replay), base);
  overrides.begin()->second ^= 1;
  EXPECT_NE(run(replay), base);
}

TEST(Digest, IsSensitiveToAnyFileByte) {
  const auto run = [](const std::string& content) {
    StageSpec spec;
    spec.disk = {{"conf", {share(content)}}};
    return Stage(spec).world().digest();
  };
  std::set<std::uint64_t> digests{run("abc"), run("abc"), run("abd"), run("bbc"), run("ab")};
  EXPECT_EQ(digests.size(), 4u);
}

TEST(Digest, IsSensitiveToWhatIsWrittenBeforeAnybodyReadsIt) {
  // The same words to two programs, one of which turns them into a file.
  const auto run = [](const std::string& verb) { return digest_after({verb + " f 0 abc"}); };
  EXPECT_NE(run("write"), run("nothing"));
  EXPECT_EQ(run("write"), run("write"));
}

TEST(Limits, EventsEndTheRun) {
  StageSpec spec;
  spec.world.limits.events = 500;
  Stage stage(spec);
  stage.tell("m1", "every 1");
  stage.run_for(10s);
  EXPECT_EQ(stage.world().stopped(), StopReason::kEventLimit);
  EXPECT_EQ(stage.world().events(), 500u);
}

TEST(Limits, ALivelockEndsTheRun) {
  StageSpec spec;
  spec.world.limits.events_per_instant = 1000;
  Stage stage(spec);
  stage.tell("m1", "spin");
  stage.run_for(10s);
  EXPECT_EQ(stage.world().stopped(), StopReason::kLivelock);
  EXPECT_LT(stage.world().now(), sim_time(1s));
  EXPECT_FALSE(stage.world().advance());
}

TEST(Limits, MemoryEndsTheRun) {
  StageSpec spec;
  spec.world.limits.memory_bytes = 1 << 20;
  Stage stage(spec);
  stage.tell("m1", "dial c m2");
  stage.run_for(10ms);
  stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.tell("m1", "send c big 5000000");
  stage.tell("m1", "every 1");
  stage.run_for(400s);
  EXPECT_EQ(stage.world().stopped(), StopReason::kMemoryLimit);
}

TEST(Console, AnswersOnceAndSaysWhenItCannot) {
  Stage stage;
  const std::uint32_t done = stage.tell("m1", "nothing");
  const LeverId pause = stage.levers().pause(stage.id("m1"));
  const std::uint32_t lost = stage.tell("m1", "nothing");
  stage.levers().crash(stage.id("m1"), false);
  const std::uint32_t down = stage.tell("m1", "nothing");
  stage.levers().release(pause);
  stage.run_for(1s);
  EXPECT_EQ(stage.replies().at(done), "done");
  EXPECT_EQ(stage.replies().at(lost), "(connection lost)");
  EXPECT_EQ(stage.replies().at(down), "(connection lost)");
}

TEST(Console, IsNotSubjectToTheNetwork) {
  Stage stage;
  stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.levers().lose(stage.both("m1", "m2"), kAllPlanes, 1'000'000);
  EXPECT_EQ(stage.replies().at(stage.tell("m1", "nothing")), "done");
}

TEST(Programs, ExitAndTerminateEndThem) {
  StageSpec spec;
  spec.actors = 3;
  Stage stage(spec);
  stage.tell("m3", "dial a m1");
  stage.tell("m3", "dial b m2");
  stage.run_for(1s);
  stage.tell("m1", "exit 134");
  EXPECT_TRUE(stage.levers().terminate(stage.id("m2")));
  stage.run_for(1s);
  EXPECT_FALSE(stage.levers().terminate(stage.id("m2")));
  EXPECT_FALSE(stage.levers().is_up(stage.id("m1")));
  EXPECT_TRUE(stage.heard("m2", "terminated"));
  EXPECT_TRUE(stage.heard("m3", "closed a reset"));
  EXPECT_TRUE(stage.heard("m3", "closed b reset"));
  std::vector<int> codes;
  for (const Record& record : stage.records()) {
    if (const auto* it = std::get_if<event::ProgramExited>(&record.event))
      codes.push_back(it->code);
  }
  EXPECT_THAT(codes, ElementsAre(134, 0));
}

TEST(Programs, ANewIncarnationRemembersOnlyItsDisk) {
  Stage stage;
  stage.tell("m1", "every 100");
  stage.tell("m1", "write f 0 hello");
  EXPECT_TRUE(stage.levers().crash(stage.id("m1"), false));
  EXPECT_FALSE(stage.levers().crash(stage.id("m1"), false));
  EXPECT_TRUE(stage.levers().start(stage.id("m1"), {}));
  EXPECT_FALSE(stage.levers().start(stage.id("m1"), {}));
  stage.run_for(10s);
  EXPECT_THAT(stage.texts("m1"), ElementsAre("booted", "booted f=hello"));
}

TEST(Dense, RecordsDeliveriesAndConnections) {
  StageSpec spec;
  spec.world.record_deliveries = true;
  Stage stage(spec);
  stage.tell("m1", "dial c m2");
  stage.run_for(1s);
  stage.tell("m1", "send c bus:PING");
  stage.tell("m1", "close c");
  stage.run_for(1s);
  std::vector<std::string> seen;
  for (const Record& record : stage.records()) {
    if (const auto* it = std::get_if<event::Connection>(&record.event)) seen.push_back(it->what);
    if (const auto* it = std::get_if<event::Delivered>(&record.event)) {
      if (it->label == "bus:PING") seen.emplace_back(it->label);
    }
  }
  EXPECT_THAT(seen, ElementsAre("opened", "bus:PING", "closed"));
}

TEST(Sightings, TellTheBusOnlyAndWhatNeverArrives) {
  StageSpec spec;
  spec.world.sight_bus = true;
  Stage stage(spec);
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.tell("m1", "dial c m2");
  stage.run_for(1s);
  stage.tell("m1", "send b bus:PING");
  stage.tell("m1", "send c cmd:SET");
  stage.run_for(1s);
  stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.tell("m1", "send b bus:VOTE");
  stage.run_for(1s);
  const std::vector<Sighting> seen = stage.world().take_sightings();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].payload->label(), "bus:PING");
  EXPECT_FALSE(seen[0].arrived);
  EXPECT_TRUE(seen[1].arrived);
  EXPECT_EQ(seen[1].from, stage.id("m1"));
  EXPECT_EQ(seen[1].line, seen[0].line);
  EXPECT_EQ(seen[1].at - seen[0].at, Duration{1ms});
  EXPECT_EQ(seen[2].payload->label(), "bus:VOTE");
  EXPECT_FALSE(seen[2].arrived);
  EXPECT_TRUE(stage.world().take_sightings().empty());
}

TEST(Watch, NamesTheEventsOfAWindow) {
  Stage stage;
  const std::uint64_t from = stage.world().events() + 2;
  stage.world().watch_events(from, 4);
  stage.tell("m1", "dial c m2");
  stage.run_for(1s);
  const auto& lines = stage.world().watched();
  ASSERT_EQ(lines.size(), 4u);
  for (const std::string& line : lines) {
    EXPECT_GE(std::stoull(line.substr(6)), from) << line;
  }
  EXPECT_THAT(lines[1], ::testing::HasSubstr("m1#0"));
}

TEST(Checkpoints, AreSpacedByPowersOfTwo) {
  Stage stage;
  stage.tell("m1", "every 1");
  stage.run_for(30s);
  const auto& checkpoints = stage.world().checkpoints();
  ASSERT_GT(stage.world().events(), 20'000u);
  EXPECT_LE(checkpoints.size(), 4096u);
  EXPECT_GT(checkpoints.size(), 2000u);
  for (const auto& [number, digest] : checkpoints) EXPECT_EQ(number % 8, 0u);
}

}  // namespace
}  // namespace sim::stage
