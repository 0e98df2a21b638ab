// What clients see: acknowledged writes, and where they are sent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/client_story.h"

namespace sim::story {
namespace {

using event::OpKind;
using event::OpOutcome;
using ::testing::Contains;
using ::testing::HasSubstr;

// ---- acked_writes_accounted ----

TEST(AckedWrites, AreAccountedForWhenTheLastOneShows) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100).final("k", OpKind::kRead, "b");
  const Judged judged = story.judged();
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("2 acknowledged writes to 1 key, 0 lost"));
}

TEST(AckedWrites, AreNotCheckedUntilAnAuditorReads) {
  ClientStory story;
  story.write(1, "k", "a", 50);
  EXPECT_EQ(story.judged().judgement, Judgement::kNotChecked);
  EXPECT_EQ(Story().judge("acked_writes_accounted").judgement, Judgement::kNotChecked);
}

TEST(AckedWrites, AreMissedWhenAnOlderOneShows) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100).final("k", OpKind::kRead, "a");
  const Judged judged = story.judged();
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_THAT(judged.what(),
              HasSubstr("the write 2 to \"k\", acknowledged at 6.000 s, is gone: m1 applied it at "
                        "6.000 s and nothing happened that could lose it"));
}

TEST(AckedWrites, MayBeOverwrittenByConcurrentOnesInAnyOrder) {
  ClientStory story;
  story.begin(1, OpKind::kWrite, "k", "a").begin(2, OpKind::kWrite, "k", "b");
  story.apply(m1, 1, 50).apply(m1, 2, 60).end(2).end(1).final("k", OpKind::kRead, "a");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass);
}

TEST(AckedWrites, MayBeOverwrittenByOneOfUnknownFateAtAnyLaterTime) {
  ClientStory story;
  story.begin(1, OpKind::kWrite, "k", "a").end(1, OpOutcome::kUnknown);
  story.when(6s).write(2, "k", "b", 100).final("k", OpKind::kRead, "a");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass);
}

TEST(AckedWrites, ThatTookNoEffectAreSeenThoughSupersededSince) {
  ClientStory story;
  story.begin(1, OpKind::kWrite, "k", "a").end(1).when(6s).write(2, "k", "b", 100);
  EXPECT_THAT(story.final("k", OpKind::kRead, "b").judged().what(),
              HasSubstr("no node ever applied it"));
}

TEST(AckedWrites, MustNotShowWhatNobodyWroteOrWhatWasRefused) {
  ClientStory alien, refused;
  alien.write(1, "k", "a", 50).final("k", OpKind::kRead, "z");
  EXPECT_THAT(alien.judged().what(), HasSubstr("shows \"z\", which nobody wrote"));
  refused.write(1, "k", "a", 50).begin(2, OpKind::kWrite, "k", "b").end(2, OpOutcome::kFailed);
  EXPECT_THAT(refused.final("k", OpKind::kRead, "b").judged().what(),
              HasSubstr("a write that was refused"));
}

TEST(AckedWrites, LostBecauseTheElectedReplicaDidNotHaveThemArePermitted) {
  ClientStory story;
  story.write(1, "k", "a", 50).replica_at(m4, 50).when(6s).write(2, "k", "b", 100).crash(m1);
  story.when(9s).promote(m4, m1, shard(0), 4);
  const Judged judged = story.final("k", OpKind::kRead, "a").judged();
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("1 lost; 1 A async, permitted (window 3.000 s)"));
}

TEST(AckedWrites, LostAlthoughTheElectedReplicaHadThemAreAViolation) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100).replica_at(m4, 100).crash(m1);
  story.when(9s).promote(m4, m1, shard(0), 4);
  EXPECT_EQ(story.final("k", OpKind::kRead, "a").judged().judgement, Judgement::kFail);
}

TEST(AckedWrites, AreFollowedThroughTwoFailovers) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).write(2, "k", "b", 100).replica_at(m4, 100).crash(m1);
  story.when(9s).promote(m4, m1, shard(0), 4);
  story.when(10s);
  story.begin(3, OpKind::kWrite, "j", "c")
      .apply(m4, 3, 150, 'y')
      .end(3)
      .replica_at(m5, 90, 'y')
      .crash(m4);
  story.when(13s).promote(m5, m4, shard(0), 5);
  const Judged judged = story.final("k", OpKind::kRead, "a").judged();
  EXPECT_EQ(judged.judgement, Judgement::kPass)
      << judged.what();  // m5 was at 90, before the branch at 100
  ClientStory had = story;
  had.records.clear();
  for (Record record : story.records) {
    if (auto* stream = std::get_if<event::StreamAt>(&record.event);
        stream != nullptr && stream->offset == 90) {
      stream->offset = 120;  // past the branch: it has everything m1 wrote up to 100
    }
    had.records.push_back(record);
  }
  EXPECT_EQ(had.judged().judgement, Judgement::kFail);
}

TEST(AckedWrites, WrittenInAMinorityArePermittedWithinItsWindowOnly) {
  for (const auto& [time, expected] :
       {std::pair{13203ms, Judgement::kPass}, std::pair{13204ms, Judgement::kFail}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).when(10s).cut({{"m1", "c"}, {"m2", "m3", "m4", "m5", "m6"}});
    story.when(12500ms).promote(m4, m1, shard(0), 4);
    story.when(time).write(2, "k", "b", 100);
    const Judged judged = story.final("k", OpKind::kRead, "a").judged();
    EXPECT_EQ(judged.judgement, expected) << judged.what();
  }
}

TEST(AckedWrites, WrittenByADeposedPrimaryThatHasNotHeardArePermitted) {
  ClientStory story;
  story.write(1, "k", "a", 50).replica_at(m4, 50).when(10s).say(m1, event::MachinePaused{});
  story.when(13s).promote(m4, m1, shard(0), 4);
  story.when(14s).say(m1, event::MachineResumed{});
  story.write(2, "k", "b", 100);
  const Judged judged = story.final("k", OpKind::kRead, "a").judged();
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("1 B minority, permitted"));
}

TEST(AckedWrites, LostInAManualFailoverAreAViolationIfItWaitedForTheOffset) {
  ClientStory story;
  story.write(1, "k", "a", 50).replica_at(m4, 50).when(6s).write(2, "k", "b", 100);
  ClientStory coordinated = story;
  story.say(m4, event::ManualFailover{"requested"});
  story.say(m4, event::Promoted{id(m1), 4, 2, 2, false, true});
  story.final("k", OpKind::kRead, "a");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass) << "forced: " << story.judged().what();
  coordinated.say(m4, event::ManualFailover{"offset matched"});
  coordinated.say(m4, event::Promoted{id(m1), 4, 2, 2, false, true});
  coordinated.final("k", OpKind::kRead, "a");
  EXPECT_THAT(coordinated.judged().what(),
              HasSubstr("in a coordinated manual failover, which must lose nothing"));
}

TEST(AckedWrites, LostByAnEmptyRestartAreRowFortySeven) {
  ClientStory story;
  story.write(1, "k", "a", 50).when(6s).crash(m1).start(m1, 1);
  story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, 0}).claim_primary(m1, shard(0), 1);
  const Judged judged = story.final("k", OpKind::kRead, "", true).judged();
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 47);
  EXPECT_THAT(judged.what(),
              HasSubstr("m1 came back empty at 6.000 s before anybody had replaced it"));
}

TEST(AckedWrites, LostByATakeoverAreRowThirtyOne) {
  ClientStory story;
  story.write(1, "k", "a", 50).say(m4, event::Promoted{id(m1), 4, 0, 0, true, false});
  const Judged judged = story.final("k", OpKind::kRead, "", true).judged();
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 31);
}

// ---- Real servers: where a write took effect is known by who answered ----

ClientStory with_real_servers() {
  ClientStory story;
  for (const std::uint32_t machine : {m1, m2, m3, m4, m5, m6})
    story.facts.processes.insert(MachineId{machine});
  story.answered(1, "k", "a");
  return story;
}

// ---- Writes whose slot is on its way, from m1 to m2 ----

ClientStory& hand_over(ClientStory& story, std::int64_t offset_there, SlotId slot = SlotId{1}) {
  story.say(m2, event::SlotOpened{slot, true, id(m1)});
  story.say(m1, event::SlotOpened{slot, false, id(m2)});
  story.say(m2, event::StreamAt{history('y'), offset_there, 7, Role::kPrimary});
  story.say(m1, event::KeysMigrated{slot, 1, {}, false});
  return story;
}

TEST(AckedWrites, ThatWentWithTheirSlotMayBeLostWithItsTaker) {
  for (const std::int64_t had : {79, 80}) {
    ClientStory story;
    story.write(1, "k", "a", 50).at(6s);
    hand_over(story, 80).say(m2, event::SlotClosed{SlotId{1}, true});
    story.say(m1, event::SlotClosed{SlotId{1}, false});
    story.when(7s).replica_at(m5, had, 'y').at(8s).crash(m2).at(12s).promote(m5, m2, shard(1), 9);
    story.final("k", OpKind::kRead, "", true);
    const Judged judged = story.judged();
    EXPECT_EQ(judged.judgement, had == 79 ? Judgement::kPass : Judgement::kFail) << judged.what();
    if (had == 79) {
      EXPECT_THAT(judged.summary, HasSubstr("1 A async, permitted"));
    }
  }
}

TEST(AckedWrites, OfAnotherSlotDidNotGo) {
  ClientStory story;
  story.write(1, "k", "a", 50).at(6s);
  hand_over(story, 80, SlotId{2}).when(7s).replica_at(m5, 79, 'y').at(8s).crash(m2).at(12s);
  story.say(m2, event::SlotClosed{SlotId{2}, true}).promote(m5, m2, shard(1), 9);
  EXPECT_EQ(story.final("k", OpKind::kRead, "", true).judged().judgement, Judgement::kFail);
}

// Replicas are not told that a slot is open: whoever succeeds the source has never heard where its
// keys went, and the successor of the target not that it was to have them.
TEST(AckedWrites, LostBecauseAnEndOfTheirOpenSlotWasReplacedAreRowFour) {
  struct Case {
    std::uint32_t dead, successor;
    int shard_of_it;
  };
  for (const auto& [dead, successor, its_shard] :
       {Case{m1, m4, 0}, Case{m2, m5, 1}, Case{m3, m6, 2}}) {
    ClientStory story;
    story.write(1, "k", "a", 50).at(6s);
    hand_over(story, 80).when(7s);
    story.replica_at(successor, dead == m2 ? 100 : 50, dead == m2 ? 'y' : 'x');
    story.at(8s).crash(dead).at(12s).promote(successor, dead, shard(its_shard), 9);
    const Judged judged = story.final("k", OpKind::kRead, "", true).judged();
    if (dead == m3) {
      EXPECT_EQ(judged.judgement, Judgement::kFail) << "it is neither end";
      continue;
    }
    EXPECT_EQ(judged.judgement, Judgement::kKnownDefect) << judged.what();
    ASSERT_FALSE(judged.findings.empty());
    EXPECT_EQ(judged.findings.front().row, 4);
  }
}

TEST(AckedWrites, AreNoPartOfADefectOnceTheirSlotIsClosed) {
  ClientStory story;
  story.write(1, "k", "a", 50).at(6s);
  hand_over(story, 80).say(m1, event::SlotClosed{SlotId{1}, false});
  story.when(7s).replica_at(m5, 100, 'y').at(8s).crash(m2).at(12s).promote(m5, m2, shard(1), 9);
  EXPECT_EQ(story.final("k", OpKind::kRead, "", true).judged().judgement, Judgement::kFail);
}

TEST(AckedWritesOfRealServers, AreAccountedForWhenTheLastOneShows) {
  ClientStory story = with_real_servers();
  story.answered(2, "k", "b").final("k", OpKind::kRead, "b");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass) << story.judged().what();
  EXPECT_THAT(story.judged().summary, HasSubstr("of 2 writes only who answered is known"));
}

TEST(AckedWritesOfRealServers, LostWhereNothingHappenedAreAViolation) {
  ClientStory story = with_real_servers();
  story.when(6s).answered(2, "k", "b").final("k", OpKind::kRead, "a");
  EXPECT_THAT(story.judged().what(),
              HasSubstr("m1 applied it at 6.000 s and nothing happened that could lose it"));
}

TEST(AckedWritesOfRealServers, LostInAnElectionArePermitted) {
  ClientStory story = with_real_servers();
  story.when(6s).answered(2, "k", "b").crash(m1);
  story.when(9s).promote(m4, m1, shard(0), 4);
  story.final("k", OpKind::kRead, "a");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass) << story.judged().what();
  EXPECT_THAT(story.judged().summary, HasSubstr("1 A async, permitted"));
}

TEST(AckedWritesOfRealServers, AreNotLostByAManualFailoverThatWaitedForThem) {
  ClientStory story = with_real_servers();
  story.when(6s).answered(2, "k", "b").when(7s).say(m4, event::ManualFailover{"offset matched"});
  story.say(m4, event::Promoted{id(m1), 4, 2, 2, false, true});
  ClientStory again = story;
  story.final("k", OpKind::kRead, "a");
  EXPECT_THAT(story.judged().what(), HasSubstr("nothing happened that could lose it"));
  again.when(8s).say(m5, event::Promoted{id(m4), 5, 2, 2, false, false});
  again.final("k", OpKind::kRead, "a");
  EXPECT_EQ(again.judged().judgement, Judgement::kPass) << "the second election lost it";
}

TEST(AckedWritesOfRealServers, MayHaveBeenTakenByOneThatWasReplacedAMomentAgo) {
  ClientStory story = with_real_servers();
  story.when(9s).promote(m4, m1, shard(0), 4);
  story.when(10s).answered(2, "k", "b");
  story.final("k", OpKind::kRead, "a");
  EXPECT_EQ(story.judged().judgement, Judgement::kPass) << story.judged().what();
  ClientStory late = with_real_servers();
  late.when(9s).promote(m4, m1, shard(0), 4).claim_replica(m1, m4);
  late.when(20s).answered(2, "k", "b").final("k", OpKind::kRead, "a");
  EXPECT_EQ(late.judged().judgement, Judgement::kFail);
}

TEST(AckedWritesOfRealServers, AreExcusedInAMinorityForItsWindowOnly) {
  for (const auto& [time, expected] :
       {std::pair{13203ms, Judgement::kPass}, std::pair{13204ms, Judgement::kFail}}) {
    ClientStory story = with_real_servers();
    story.when(10s).cut({{"m1", "c"}, {"m2", "m3", "m4", "m5", "m6"}});
    story.when(time).answered(2, "k", "b").final("k", OpKind::kRead, "a");
    EXPECT_EQ(story.judged().judgement, expected) << story.judged().what();
  }
}

// Of an append only file nobody tells how many keys it brought.
TEST(AckedWritesOfRealServers, LostByARestartWithAnAppendOnlyFileArePermitted) {
  for (const bool persistent : {true, false}) {
    ClientStory story = with_real_servers();
    story.facts.persistent = persistent;
    story.when(6s).crash(m1).start(m1, 1).say(m1, event::NodeStarted{id(m1), 1, 3, 0, 0});
    story.final("k", OpKind::kRead, "", true);
    EXPECT_EQ(story.judged().judgement, persistent ? Judgement::kPass : Judgement::kKnownDefect);
  }
}

ClientStory three_increments() {
  ClientStory story;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    story.begin(i, OpKind::kIncrement, "n", "1")
        .apply(m1, i, static_cast<std::int64_t>(i) * 50)
        .end(i);
  }
  story.begin(4, OpKind::kIncrement, "n", "1").end(4, OpOutcome::kUnknown);
  return story;
}

TEST(AckedWrites, OfACounterAddUpBetweenTheAckedAndThePossible) {
  for (const auto& [shown, expected] :
       {std::pair{"3", Judgement::kPass}, std::pair{"4", Judgement::kPass},
        std::pair{"2", Judgement::kFail}, std::pair{"5", Judgement::kFail}}) {
    EXPECT_EQ(three_increments().final("n", OpKind::kRead, shown).judged().judgement, expected)
        << shown;
  }
}

TEST(AckedWrites, OfAnAttemptThatWasRepeatedMayCountTwice) {
  ClientStory story;
  story.begin(1, OpKind::kIncrement, "n", "1").apply(m1, 1, 50).end(1, OpOutcome::kOk, 2);
  EXPECT_EQ(story.final("n", OpKind::kRead, "2").judged().judgement, Judgement::kPass);
}

TEST(AckedWrites, OfAListAreThereOnceEach) {
  ClientStory story;
  story.begin(1, OpKind::kAppend, "l", "a").apply(m1, 1, 50).end(1);
  story.begin(2, OpKind::kAppend, "l", "b").end(2, OpOutcome::kFailed);
  const auto judge_list = [&](std::vector<std::string> list) {
    return ClientStory(story).final("l", OpKind::kReadList, "", false, std::move(list)).judged();
  };
  EXPECT_EQ(judge_list({"a"}).judgement, Judgement::kPass);
  EXPECT_THAT(judge_list({}).what(), HasSubstr("is gone"));
  EXPECT_THAT(judge_list({"a", "a"}).what(), HasSubstr("2 times, appended once"));
  EXPECT_THAT(judge_list({"a", "b"}).what(), HasSubstr("an append that was refused"));
  EXPECT_THAT(judge_list({"a", "z"}).what(), HasSubstr("\"z\", which nobody appended"));
}

// ---- redirects_terminate ----

ClientStory redirected(std::uint32_t times) {
  ClientStory story;
  story.begin(1, OpKind::kRead, "k", "");
  for (std::uint32_t i = 0; i < times; ++i)
    story.say(client, event::Redirected{1, "MOVED 1 10.0.0.1:6379"});
  return story;
}

TEST(RedirectsTerminate, AllowsTwoInAHealthyCluster) {
  EXPECT_EQ(redirected(2).judge("redirects_terminate").judgement, Judgement::kPass);
  EXPECT_THAT(
      redirected(3).judge("redirects_terminate").what(),
      HasSubstr(
          "was redirected 3 times in a healthy cluster in which nothing changed (allowed 2)"));
}

TEST(RedirectsTerminate, AllowsMoreWhileTheClusterChanges) {
  ClientStory story;
  story.healthy(m2, false, "x").healthy(m2);
  story.begin(1, OpKind::kRead, "k", "");
  for (int i = 0; i < 9; ++i) story.say(client, event::Redirected{1, "MOVED 1 10.0.0.1:6379"});
  EXPECT_EQ(story.judge("redirects_terminate").judgement, Judgement::kPass);
}

TEST(RedirectsTerminate, AllowsAHundredNever) {
  ClientStory story;
  story.healthy(m2, false, "x");
  story.begin(1, OpKind::kRead, "k", "");
  for (int i = 0; i < 100; ++i) story.say(client, event::Redirected{1, "MOVED 1 10.0.0.1:6379"});
  EXPECT_THAT(story.judge("redirects_terminate").what(), HasSubstr("redirected 100 times"));
}

TEST(RedirectsTerminate, DoesNotCountWaitingWords) {
  ClientStory story;
  story.begin(1, OpKind::kRead, "k", "");
  for (int i = 0; i < 200; ++i) story.say(client, event::Redirected{1, "TRYAGAIN ..."});
  EXPECT_EQ(story.judge("redirects_terminate").judgement, Judgement::kPass);
  EXPECT_EQ(Story().judge("redirects_terminate").judgement, Judgement::kNotChecked);
}

}  // namespace
}  // namespace sim::story
