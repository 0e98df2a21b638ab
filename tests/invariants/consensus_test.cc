// Elections, epochs, persistence: what the vote is about.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Story failover() {
  Story story;
  story.boot().at(5s).crash(m1).at(8s);
  story.vote(m2, m4, m1, 4).say(m2, event::ConfigSaved{true});
  story.vote(m3, m4, m1, 4).say(m3, event::ConfigSaved{true});
  story.at(8100ms).promote(m4, m1, shard(0), 4);
  return story;
}

// ---- election_safety ----

TEST(ElectionSafety, HoldsForAnOrdinaryFailover) {
  const Judged judged = failover().judge("election_safety");
  EXPECT_EQ(judged.judgement, Judgement::kPass);
  EXPECT_THAT(judged.summary, HasSubstr("1 won, 2 votes"));
}

TEST(ElectionSafety, IsNotCheckedWhereNobodySpeaks) {
  const Judged judged = Story().judge("election_safety");
  EXPECT_EQ(judged.judgement, Judgement::kNotChecked);
  EXPECT_EQ(judged.summary, "no node told anything");
}

TEST(ElectionSafety, SeesTwoVotesInOneEpochEvenAcrossARestart) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).crash(m2).start(m2, 1);
  story.say(m2, event::NodeStarted{id(m2), 1, 4, 0, 0}).claim_primary(m2, shard(1), 2);
  story.vote(m2, m6, m3, 4);
  const Judged judged = story.judge("election_safety");
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_EQ(judged.what(), "m2 voted twice in epoch 4: for m4 and for m6");
}

TEST(ElectionSafety, AllowsVotesInTwoEpochs) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).vote(m2, m4, m1, 5);
  EXPECT_EQ(story.judge("election_safety").judgement, Judgement::kPass);
}

TEST(ElectionSafety, SeesTwoWinnersOfOneEpoch) {
  Story story = failover();
  story.vote(m2, m5, m2, 4).promote(m5, m2, shard(1), 4);
  const Judged judged = story.judge("election_safety");
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_THAT(judged.findings.at(1).what, HasSubstr("m5 won epoch 4, which m4 had won before"));
}

TEST(ElectionSafety, SeesAWinnerBelowItsOwnQuorum) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).promote(m4, m1, shard(0), 4, 1, 2);
  const Judged judged = story.judge("election_safety");
  EXPECT_THAT(judged.what(), HasSubstr("with 1 vote, by its own count 2 are a majority"));
}

TEST(ElectionSafety, CountsTheVotersItselfWhateverTheWinnerSays) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).promote(m4, m1, shard(0), 4, 2, 2);
  const Judged judged = story.judge("election_safety");
  EXPECT_EQ(judged.count, 1u);
  EXPECT_THAT(judged.what(), HasSubstr("a majority of the 3 primaries with slots is 2"));
}

TEST(ElectionSafety, SeesAVoteOfAnEarlierElectionCounted) {
  Story story;
  story.boot().say(m4, event::ElectionStarted{id(m1), 6, 0, 2, false});
  story.say(m4, event::VoteCounted{id(m2), 7, 1, 2});
  EXPECT_EQ(story.judge("election_safety").judgement, Judgement::kPass);
  story.say(m4, event::VoteCounted{id(m3), 5, 2, 2});
  EXPECT_EQ(story.judge("election_safety").what(),
            "m4 counted a vote of m3 in epoch 5 for its election in epoch 6");
}

TEST(ElectionSafety, LeavesTakeoversAlone) {
  Story story;
  story.boot().say(m4, event::Promoted{id(m1), 4, 0, 0, true, false});
  story.claim_primary(m4, shard(0), 4);
  const Judged judged = story.judge("election_safety");
  EXPECT_EQ(judged.judgement, Judgement::kPass);
  EXPECT_THAT(judged.summary, HasSubstr("1 takeover"));
}

// ---- epochs_monotone ----

TEST(EpochsMonotone, HoldsWhileEpochsRise) {
  Story story = failover();
  story.say(m2, event::EpochChanged{3, 4, 2, 2, event::EpochCause::kSeen});
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
  EXPECT_EQ(Story().judge("epochs_monotone").judgement, Judgement::kNotChecked);
}

TEST(EpochsMonotone, SeesCurrentEpochGoBack) {
  Story story;
  story.boot().say(m2, event::EpochChanged{5, 4, 2, 2, event::EpochCause::kSeen});
  EXPECT_EQ(story.judge("epochs_monotone").what(), "m2's currentEpoch went back from 5 to 4");
}

TEST(EpochsMonotone, SeesAPrimarysConfigEpochGoBackButLetsADemotedOneForget) {
  Story story;
  story.boot().claim_replica(m1, m4, 0);
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
  story.claim_primary(m2, shard(1), 1);
  EXPECT_EQ(story.judge("epochs_monotone").what(), "m2's configEpoch went back from 2 to 1");
}

TEST(EpochsMonotone, SeesConfigEpochBeyondCurrentEpoch) {
  Story story;
  story.boot().say(m2, event::Claim{id(m2), Role::kPrimary, {}, shard(1), 9, 3});
  EXPECT_EQ(story.judge("epochs_monotone").what(), "m2's configEpoch 9 exceeds its currentEpoch 3");
}

TEST(EpochsMonotone, AllowsARestartToForgetOnlyWhatWasNotSaved) {
  Story story;
  story.boot().say(m2, event::EpochChanged{3, 6, 2, 2, event::EpochCause::kSeen});
  story.say(m2, event::ConfigSaved{false});
  story.say(m2, event::EpochChanged{6, 8, 2, 2, event::EpochCause::kSeen}).crash(m2);
  Story bad = story;
  story.start(m2, 1).say(m2, event::NodeStarted{id(m2), 1, 6, 0, 0});
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
  bad.start(m2, 1).say(m2, event::NodeStarted{id(m2), 1, 5, 0, 0});
  EXPECT_EQ(bad.judge("epochs_monotone").what(),
            "m2 had saved currentEpoch 6 and came back with 5");
}

TEST(EpochsMonotone, DemandsOnlySyncedDataAfterAPowerLossAndNothingAfterALostDisk) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).say(m2, event::ConfigSaved{false});
  story.say(m2, event::MachineCrashed{true}).start(m2, 1);
  story.say(m2, event::NodeStarted{id(m2), 1, 3, 0, 0});
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
  story.crash(m2).start(m2, 2, "lost").say(m2, event::NodeStarted{id(m2), 2, 0, 0, 0});
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
}

TEST(EpochsMonotone, LetsTheOperatorReset) {
  Story story;
  story.boot().say(m2, event::EpochChanged{3, 0, 2, 0, event::EpochCause::kCommand});
  story.say(m2, event::Claim{id(m2), Role::kPrimary, {}, no_slots(), 0, 0});
  EXPECT_EQ(story.judge("epochs_monotone").judgement, Judgement::kPass);
}

// ---- persist_before_send ----

TEST(PersistBeforeSend, HoldsWhenEveryVoteIsSyncedInItsPass) {
  EXPECT_EQ(failover().judge("persist_before_send").judgement, Judgement::kPass);
  EXPECT_EQ(Story().judge("persist_before_send").judgement, Judgement::kNotChecked);
}

TEST(PersistBeforeSend, SeesAVoteThatIsSavedLater) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).at(2100ms).say(m2, event::ConfigSaved{true});
  EXPECT_EQ(story.judge("persist_before_send").what(),
            "m2 voted for m4 in epoch 4 and ended its pass without a synced nodes.conf");
}

TEST(PersistBeforeSend, SeesAnEpochOfItsOwnThatIsNotSaved) {
  Story story;
  story.boot().at(5s).say(m4, event::EpochChanged{3, 4, 0, 0, event::EpochCause::kElection});
  story.say(m4, event::ConfigSaved{true}).at(6s);
  story.say(m2, event::EpochChanged{3, 4, 2, 2, event::EpochCause::kSeen}).at(7s).healthy(m2);
  EXPECT_EQ(story.judge("persist_before_send").judgement, Judgement::kPass);
  story.say(m5, event::EpochChanged{4, 5, 0, 0, event::EpochCause::kElection}).at(8s).healthy(m2);
  EXPECT_THAT(story.judge("persist_before_send").what(),
              HasSubstr("m5 moved to currentEpoch 5 and configEpoch 0 and ended its pass without"));
}

TEST(PersistBeforeSend, DoesNotTakeAnUnsyncedSaveOrSomebodyElsesForOne) {
  Story story;
  story.boot().vote(m2, m4, m1, 4).say(m2, event::ConfigSaved{false});
  story.say(m3, event::ConfigSaved{true});
  EXPECT_EQ(story.ends(3s).judge("persist_before_send").judgement, Judgement::kFail);
}

TEST(PersistBeforeSend, SeesAVoteForgottenByARestart) {
  Story story = failover();
  story.crash(m2).start(m2, 1, "unsynced lost").say(m2, event::NodeStarted{id(m2), 1, 3, 3, 0});
  EXPECT_THAT(story.judge("persist_before_send").what(),
              HasSubstr("m2 had voted in epoch 4 and came back remembering only 3"));
}

TEST(PersistBeforeSend, LetsALostDiskForget) {
  Story story = failover();
  story.crash(m2).start(m2, 1, "lost").say(m2, event::NodeStarted{id(m2), 1, 0, 0, 0});
  EXPECT_EQ(story.judge("persist_before_send").judgement, Judgement::kPass);
}

}  // namespace
}  // namespace sim::story
