// Votes, elections, failovers, membership: who may do what, when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

// ---- votes_follow_rules ----

TEST(VotesFollowRules, SeesAVoteForTheReplicaOfAHealthyPrimaryUnlessForced) {
  Story story;
  story.boot().vote(m2, m4, m1, 4, false, true);
  EXPECT_EQ(story.judge("votes_follow_rules").judgement, Judgement::kPass);
  story.vote(m3, m4, m1, 4, false, false);
  EXPECT_THAT(story.judge("votes_follow_rules").what(), HasSubstr("nobody forced it"));
}

TEST(VotesFollowRules, SeesAReplicaVote) {
  Story story;
  story.boot().vote(m5, m4, m1, 4);
  EXPECT_THAT(story.judge("votes_follow_rules").what(), HasSubstr("although it is no primary"));
}

TEST(VotesFollowRules, SeesASecondVoteForOnePrimarysReplicasWithin2T) {
  Story late, soon, restarted;
  late.boot().at(10s).vote(m2, m4, m1, 4).at(14s).vote(m2, m4, m1, 5);
  EXPECT_EQ(late.judge("votes_follow_rules").judgement, Judgement::kPass);
  soon.boot().at(10s).vote(m2, m4, m1, 4).at(13s).vote(m2, m4, m1, 5);
  EXPECT_THAT(soon.judge("votes_follow_rules").what(), HasSubstr("only 3.000 s after its last"));
  restarted.boot().at(10s).vote(m2, m4, m1, 4).at(11s).start(m2, 1);
  restarted.say(m2, event::NodeStarted{id(m2), 1, 4, 4, 0}).claim_primary(m2, shard(1), 2);
  restarted.at(13s).vote(m2, m4, m1, 5);
  EXPECT_EQ(restarted.judge("votes_follow_rules").judgement, Judgement::kPass);
}

TEST(VotesFollowRules, SeesAVoteInAnEpochThatNobodyAskedIn) {
  Story story;
  story.boot().say(m4, event::ElectionStarted{id(m1), 4, 0, 2, false}).vote(m2, m4, m1, 4);
  EXPECT_EQ(story.judge("votes_follow_rules").judgement, Judgement::kPass);
  story.vote(m3, m4, m1, 5);
  EXPECT_THAT(story.judge("votes_follow_rules").what(), HasSubstr("stood last in epoch 4"));
}

// m1 moves to epoch 7, which m4 may not have heard, and dies.
Story moved_primary(bool apart, Duration lived) {
  Story story;
  story.boot().at(10s);
  if (apart) story.say(plan, event::Reachability{"bus", {}, {{"m1", "m4"}, {"m4", "m1"}}});
  story.at(11s).claim_primary(m1, shard(0), 7).at(11s + lived).crash(m1);
  story.at(20s).vote(m2, m4, m1, 8);
  return story;
}

TEST(VotesFollowRules, SeesAVoteForAClaimThatTheVoterKnowsToBeStale) {
  EXPECT_THAT(moved_primary(true, 3s).judge("votes_follow_rules").what(),
              HasSubstr("has not heard of its primary's epoch 7 of 11.000 s"));
  EXPECT_EQ(moved_primary(false, 3s).judge("votes_follow_rules").judgement, Judgement::kPass);
  EXPECT_EQ(moved_primary(true, 1s).judge("votes_follow_rules").judgement, Judgement::kPass)
      << "the voter may not have heard of it either";
}

// ---- elected_epoch_is_greatest ----

TEST(ElectedEpochIsGreatest, SeesAWinnerThatKeepsAnOldEpoch) {
  Story story;
  story.boot().say(m4, event::ElectionStarted{id(m1), 4, 0, 2, false});
  Story kept = story;
  story.promote(m4, m1, shard(0), 4);
  EXPECT_EQ(story.judge("elected_epoch_is_greatest").judgement, Judgement::kPass);
  kept.promote(m4, m1, shard(0), 1);
  const Judged judged = kept.judge("elected_epoch_is_greatest");
  EXPECT_THAT(judged.what(), HasSubstr("its election was in epoch 4"));
  EXPECT_THAT(judged.findings.at(1).what, HasSubstr("which that held with 1"));
}

// ---- elections_keep_time ----

Story failed_primary() {
  Story story;
  story.boot().say(m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1), 0, 0});
  story.at(10s).crash(m1).at(13s).suspect(m4, m1, kPfail, kFail);
  return story;
}
event::ElectionScheduled set_out(std::int64_t delay, std::uint32_t rank, std::int64_t offset = 0) {
  return {id(m1), delay, rank, offset, false};
}
event::ElectionStarted stands(std::uint64_t epoch, std::uint32_t rank) {
  return {id(m1), epoch, rank, 2, false};
}

TEST(ElectionsKeepTime, HoldsBetweenTheEdges) {
  Story story = failed_primary();
  story.say(m4, set_out(500, 0)).at(13500ms).say(m4, stands(4, 0));
  story.at(21500ms).say(m4, set_out(1999, 1)).at(23499ms).say(m4, stands(5, 1));
  const Judged judged = story.judge("elections_keep_time");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
}

TEST(ElectionsKeepTime, SeesADelayBeyondThem) {
  for (const std::int64_t delay : {499, 1000}) {
    Story story = failed_primary();
    story.say(m4, set_out(delay, 0));
    EXPECT_THAT(story.judge("elections_keep_time").what(), HasSubstr("with rank 0 it is 500 to"));
  }
  Story early = failed_primary();
  early.say(m4, set_out(700, 0)).at(13400ms).say(m4, stands(4, 0));
  EXPECT_THAT(early.judge("elections_keep_time").what(), HasSubstr("stands in epoch 4"));
}

TEST(ElectionsKeepTime, SeesARetryTooSoon) {
  Story story = failed_primary();
  story.say(m4, set_out(500, 0)).at(21s).say(m4, set_out(500, 0));
  EXPECT_THAT(story.judge("elections_keep_time").what(), HasSubstr("7.500 s after its last"));
}

TEST(ElectionsKeepTime, SeesAReplicaStandThatOnlySuspects) {
  Story story;
  story.boot().say(m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1), 0, 0});
  story.at(13s).suspect(m4, m1, kNone, kPfail).say(m4, set_out(500, 0));
  story.at(14s).say(m4, stands(4, 0));
  EXPECT_THAT(story.judge("elections_keep_time").what(),
              HasSubstr("although it does not hold it for failed"));
}

TEST(ElectionsKeepTime, SeesARankThatForgetsASibling) {
  Story story = failed_primary();
  story.claim_replica(m5, m1)
      .suspect(m5, m1, kPfail, kFail)
      .say(m5, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1)});
  story.say(m5, set_out(900, 0, 77)).say(m4, set_out(600, 0, 50));
  story.at(13600ms).say(m4, stands(4, 0));
  EXPECT_THAT(story.judge("elections_keep_time").what(),
              HasSubstr("with rank 0 although m5 has more of its data than offset 50"));
}

// What a fault had kept back came after m4 had set out: it may have as much as m5 by now.
TEST(ElectionsKeepTime, DoesNotCompareOffsetsThatMovedOn) {
  Story story = failed_primary();
  story.claim_replica(m5, m1)
      .suspect(m5, m1, kPfail, kFail)
      .say(m5, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1)});
  story.say(plan, event::FaultBegan{1, "clog", "", {}}).say(m4, set_out(600, 0, 50));
  story.at(13100ms).say(plan, event::FaultEnded{1, 9, "packets", false, false});
  story.say(m5, set_out(900, 0, 77)).at(13600ms).say(m4, stands(4, 0));
  EXPECT_EQ(story.judge("elections_keep_time").judgement, Judgement::kPass);
}

// The primary lives, so m4 may have as much as m5 when it stands. A crash is final.
TEST(ElectionsKeepTime, ComparesOffsetsOnlyAfterThePrimarysLastWord) {
  Story base;
  base.boot().say(m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1), 0, 0});
  base.say(m5, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1)}).claim_replica(m5, m1);
  const auto elect = [](Story story) {
    story.at(13s).suspect(m4, m1, kPfail, kFail).suspect(m5, m1, kPfail, kFail);
    story.say(m4, set_out(600, 0, 50)).at(13100ms).say(m5, set_out(900, 0, 77));
    story.at(13600ms).say(m4, stands(4, 0));
    return story.judge("elections_keep_time").judgement;
  };
  Story paused = base;
  paused.at(11s).say(m1, event::MachinePaused{});
  EXPECT_EQ(elect(paused), Judgement::kFail);
  EXPECT_EQ(elect(paused.at(12900ms).say(m1, event::MachineResumed{})), Judgement::kPass);
  // What was kept back for a second comes within one or two more.
  for (const auto& [healed, judgement] :
       {std::pair{9s, Judgement::kPass}, {6s, Judgement::kFail}}) {
    Story kept = base;
    kept.at(healed - 1s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}}).at(healed).cut({});
    EXPECT_EQ(elect(kept.at(10s).crash(m1)), judgement) << healed.count();
  }
  Story woken = base;
  woken.at(9s).say(m4, event::MachinePaused{}).at(10s).crash(m1);
  EXPECT_EQ(elect(woken.at(12s).say(m4, event::MachineResumed{})), Judgement::kPass);
}

TEST(ElectionsKeepTime, SeesAReplicaStandWithDataThatAreTooOld) {
  Story story;
  story.facts.data_age_max = 5s;
  story.boot().say(m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1), 0, 0});
  story.at(6s).say(m4, event::ReplicationDown{"gone"}).at(12s).suspect(m4, m1, kPfail, kFail);
  story.say(m4, set_out(500, 0));
  EXPECT_EQ(story.judge("elections_keep_time").judgement, Judgement::kPass);
  story.at(32s).say(m4, set_out(500, 0));
  EXPECT_THAT(story.judge("elections_keep_time").what(), HasSubstr("with data that are 26.000 s"));
  Story never;
  never.facts.data_age_max = 5s;
  never.boot().at(12s).suspect(m5, m2, kPfail, kFail);
  never.say(m5, event::ElectionScheduled{id(m2), 500, 0, 0, false});
  EXPECT_THAT(never.judge("elections_keep_time").what(), HasSubstr("has had no data of it"));
}

// ---- failover_in_time, no_needless_failover ----

Story silent_primary() {
  Story story;
  story.boot().say(m4, event::ReplicationUp{id(m1), event::SyncKind::kFull, id(m1), 0, 0});
  story.at(30s).crash(m1);
  return story;
}

TEST(FailoverInTime, SeesAPrimaryThatNobodyReplaces) {
  Story story = silent_primary(), late = silent_primary();
  story.at(35500ms).promote(m4, m1, shard(0), 4);
  EXPECT_EQ(story.judge("failover_in_time").judgement, Judgement::kPass);
  late.at(36s).promote(m4, m1, shard(0), 4);
  EXPECT_THAT(late.judge("failover_in_time").what(),
              HasSubstr("m1 fell silent at 30.000 s (record 25) and nobody has replaced it"));
}

TEST(FailoverInTime, ExcusesWhatTheTraceShows) {
  Story killed = silent_primary(), never_synced;
  killed.at(31s).crash(m2).ends(60s);
  EXPECT_EQ(killed.judge("failover_in_time").judgement, Judgement::kNotChecked);
  never_synced.boot().at(30s).crash(m1).ends(60s);
  EXPECT_EQ(never_synced.judge("failover_in_time").judgement, Judgement::kNotChecked);
}

TEST(FailoverInTime, KnowsAReplicaThatHasNotHeardOfAnEpoch) {
  Story story = silent_primary();
  story.at(33s).say(m2, event::VoteRefused{id(m4), 4, "slot 0 has epoch 7 > 1"}).ends(60s);
  const Judged judged = story.judge("failover_in_time");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 14);
}

TEST(NoNeedlessFailover, SeesAPrimaryReplacedThatWasNotAwayForLong) {
  for (const bool needed : {true, false}) {
    Story story;
    story.boot().at(30s).say(m1, event::MachinePaused{});
    story.at(needed ? 32s : 31500ms).say(m1, event::MachineResumed{});
    story.at(33s).promote(m4, m1, shard(0), 4);
    const Judged judged = story.judge("no_needless_failover");
    EXPECT_EQ(judged.judgement, needed ? Judgement::kPass : Judgement::kFail) << judged.what();
  }
}

// ---- failure_is_told ----

TEST(FailureIsTold, SeesANodeThatDoesNotHear) {
  Story story;
  story.boot().at(30s).crash(m1).at(33s);
  story.suspect(m2, m1, kPfail, kFail, 2, 2);
  for (const std::uint32_t node : {m3, m4, m5}) story.suspect(node, m1, kPfail, kFail);
  Story deaf = story;
  story.suspect(m6, m1, kPfail, kFail).ends(40s);
  EXPECT_EQ(story.judge("failure_is_told").judgement, Judgement::kPass);
  EXPECT_THAT(deaf.ends(40s).judge("failure_is_told").what(),
              HasSubstr("m6 does not hold m1 for failed"));
}

// ---- Manual failovers ----

Story coordinated() {
  Story story;
  story.boot().at(10s).say(m1, event::StreamAt{id(m1), 50, 0, Role::kPrimary});
  story.say(m4, event::ManualFailover{"requested"});
  story.say(m1, event::ManualFailover{"primary paused writes"}).at(10500ms);
  return story;
}

TEST(CoordinatedFailover, SeesAReplicaThatHasNotAll) {
  Story story = coordinated(), hasty = coordinated();
  story.say(m4, event::StreamAt{id(m1), 50, 0, Role::kReplica});
  story.say(m4, event::Promoted{id(m1), 4, 2, 2, false, true});
  EXPECT_EQ(story.judge("coordinated_failover_keeps_offset").judgement, Judgement::kPass);
  hasty.say(m4, event::StreamAt{id(m1), 49, 0, Role::kReplica});
  hasty.say(m4, event::Promoted{id(m1), 4, 2, 2, false, true});
  EXPECT_THAT(hasty.judge("coordinated_failover_keeps_offset").what(),
              HasSubstr("with writes up to offset 49, and those up to 50"));
}

TEST(CoordinatedFailover, SeesAWriteDuringThePause) {
  Story story = coordinated();
  story.say(m1, event::WriteApplied{SlotId{1}, 1, 51});
  EXPECT_THAT(story.judge("coordinated_failover_keeps_offset").what(),
              HasSubstr("m1 applied a write for slot 1 500 ms after it had paused"));
  Story over = coordinated();
  over.say(m1, event::ManualFailover{"primary resumed writes"});
  over.say(m1, event::WriteApplied{SlotId{1}, 1, 51});
  EXPECT_EQ(over.judge("coordinated_failover_keeps_offset").judgement, Judgement::kPass);
}

TEST(ManualFailoverEnds, SeesOneThatDoesNot) {
  Story story = coordinated(), held = coordinated(), ended = coordinated();
  story.say(m1, event::ManualFailover{"primary resumed writes"}).ends(20s);
  EXPECT_THAT(story.judge("manual_failover_ends").what(), HasSubstr("m4 was asked to take over"));
  held.say(m4, event::ManualFailover{"done"}).ends(20s);
  EXPECT_THAT(held.judge("manual_failover_ends").what(), HasSubstr("m1 has paused its clients'"));
  ended.say(m4, event::ManualFailover{"timed out"});
  ended.say(m1, event::ManualFailover{"primary resumed writes"}).ends(20s);
  EXPECT_EQ(ended.judge("manual_failover_ends").judgement, Judgement::kPass);
  Story slowed = coordinated();
  slowed.say(m1, event::ManualFailover{"primary resumed writes"});
  slowed.say(plan, event::FaultBegan{1, "slow", "", {}}).ends(20s);
  EXPECT_EQ(slowed.judge("manual_failover_ends").judgement, Judgement::kPass);
}

// ---- Membership ----

TEST(ForgottenStayAway, SeesOneLearntAgainWithinAMinute) {
  Story story;
  story.boot().at(10s).say(m1, event::PeerForgotten{id(m6), "CLUSTER FORGET"});
  Story met = story;
  story.at(71s).say(m1, event::PeerLearned{id(m6)});
  EXPECT_EQ(story.judge("forgotten_stay_away").judgement, Judgement::kPass);
  met.at(20s).say(plan, event::FaultBegan{1, "meet", "", {}}).say(m1, event::PeerLearned{id(m6)});
  EXPECT_EQ(met.judge("forgotten_stay_away").judgement, Judgement::kPass);
  Story soon;
  soon.boot().at(10s).say(m1, event::PeerForgotten{id(m6), "CLUSTER FORGET"});
  soon.at(20s).say(m1, event::PeerLearned{id(m6)});
  EXPECT_THAT(soon.judge("forgotten_stay_away").what(), HasSubstr("m6 again 10.000 s after"));
}

TEST(ForgottenStayAway, SeesTheDeadComeBackWhomAllForgot) {
  Story story;
  story.boot().at(10s).crash(m6);
  for (const std::uint32_t node : {m1, m2, m3, m4, m5})
    story.say(node, event::PeerForgotten{id(m6), "CLUSTER FORGET"});
  story.at(100s).say(m3, event::PeerLearned{id(m6)});
  EXPECT_THAT(story.judge("forgotten_stay_away").what(), HasSubstr("which all had forgotten"));
}

TEST(ResetStartsAfresh, SeesWhatAHardResetHasLeft) {
  for (const std::uint64_t epoch : {0u, 3u}) {
    Story story;
    story.boot().at(10s).say(m6, event::Remark{"CLUSTER RESET HARD"});
    story.say(m6, event::Claim{id(20), Role::kPrimary, {}, no_slots(), epoch, epoch});
    const Judged judged = story.at(11s).judge("reset_starts_afresh");
    EXPECT_EQ(judged.judgement, epoch == 0 ? Judgement::kPass : Judgement::kFail);
    EXPECT_THAT(judged.what(), HasSubstr(epoch == 0 ? "" : "currentEpoch 3 and configEpoch 3"));
  }
  Story same;
  same.boot().at(10s).say(m6, event::Remark{"CLUSTER RESET SOFT"});
  EXPECT_THAT(same.judge("reset_starts_afresh").what(), HasSubstr("m6 was reset and is a replica"));
}

}  // namespace
}  // namespace sim::story
