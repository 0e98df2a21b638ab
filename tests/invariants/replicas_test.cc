// Replicas: that they have what they should, are where they should be, and what their primaries
// promise on the strength of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Story settling() {
  Story story = running().at(20s).phase(event::Phase::kSettling);
  story.facts.settle_from = sim_time(20s);
  return story;
}

// ---- wait_tells_the_truth ----

NodeName history() {
  return NodeName::from(std::string(40, 'f'));
}
Judged waited(std::int64_t reached, std::uint32_t told) {
  Story story = running().say(m1, event::WriteApplied{SlotId{5}, 1, 100});
  story.say(m4, event::StreamAt{history(), reached, 1, Role::kReplica});
  return story.say(m1, event::WaitAnswered{137, history(), told}).judge("wait_tells_the_truth");
}

TEST(WaitTellsTheTruth, CountsWhoHasTheWrite) {
  EXPECT_EQ(waited(100, 1).judgement, Judgement::kPass);
  EXPECT_EQ(waited(99, 0).judgement, Judgement::kPass);
  EXPECT_EQ(waited(99, 1).what(),
            "m1 answered WAIT with 1 for the write at offset 100, which 0 replicas have processed");
  EXPECT_EQ(waited(100, 2).judgement, Judgement::kFail);
}

// ---- min_replicas_bound_loss ----

Judged written_after(Duration cut_for) {
  Story story = running();
  story.facts.min_replicas_to_write = 1;
  story.facts.min_replicas_max_lag = 2s;
  story.cut({{"m4"}, {"m1", "m2", "m3", "m5", "m6"}}).at(10s + cut_for);
  return story.say(m1, event::WriteApplied{SlotId{5}, 1, 100}).judge("min_replicas_bound_loss");
}

TEST(MinReplicasBoundLoss, SeesAWriteLongAfterTheLastContact) {
  EXPECT_EQ(written_after(5s).judgement, Judgement::kPass);
  EXPECT_EQ(written_after(5001ms).what(),
            "m1 applied a write to slot 5 although 1 replica must be in touch, and the last time "
            "was at 10.000 s (5.000 s allowed)");
  EXPECT_EQ(running()
                .say(m1, event::WriteApplied{SlotId{5}, 1, 100})
                .judge("min_replicas_bound_loss")
                .judgement,
            Judgement::kNotChecked);
}

// ---- no_chains_of_replicas ----

TEST(NoChainsOfReplicas, SeesAReplicaOfAReplica) {
  EXPECT_EQ(settling().at(29s).views().judge("no_chains_of_replicas").judgement, Judgement::kPass);
  Story chain = settling().claim_replica(m5, m4).at(29s).views();
  EXPECT_EQ(chain.judge("no_chains_of_replicas").what(), "m5 follows m4, which is a replica of m1");
  Story fresh = settling().claim_replica(m5, m4).at(26s);
  fresh.say(m5, event::Following{id(m4), false}).at(29s).views();
  EXPECT_EQ(fresh.judge("no_chains_of_replicas").judgement, Judgement::kPass);
}

// m1 is a primary, but m5 has heard an old packet of it, says that m1 follows m4, and follows m4.
TEST(NoChainsOfReplicas, BlamesAPromotionThatWasTakenBackOnItsRow) {
  const auto judgement = [](std::uint32_t taken_back) {
    Story chain = settling();
    chain.say(m5,
              event::SlotsRebound{shard(0), id(taken_back), {}, 0, event::RebindCause::kDemotion});
    chain.say(m5, event::Following{id(m4), false}).claim_replica(m5, m4).at(29s).views();
    return chain.judge("no_chains_of_replicas").judgement;
  };
  EXPECT_EQ(judgement(m1), Judgement::kKnownDefect);
  EXPECT_EQ(judgement(m2), Judgement::kFail);
}

// ---- replicas_catch_up ----

TEST(ReplicasCatchUp, SeesWhoHasNoLinkOrIsBehind) {
  Story story = settling().at(40s);
  event::ViewSnapshot view = story.view(m4);
  EXPECT_EQ(story.views().judge("replicas_catch_up").judgement, Judgement::kPass);
  view.replication_up = false;
  Story alone = story;
  EXPECT_EQ(alone.say(m4, view).judge("replicas_catch_up").what(),
            "m4 has no working link to its primary m1 at the end");
  event::ViewSnapshot ahead = story.view(m1);
  ahead.offset = 129;
  EXPECT_THAT(story.say(m1, ahead).judge("replicas_catch_up").what(),
              HasSubstr("129 bytes behind"));
  Story early = settling().at(34s).views();
  EXPECT_EQ(early.judge("replicas_catch_up").judgement, Judgement::kNotChecked);
}

// What was lost to a fault of 20 s is sent again up to 20 s after it.
TEST(ReplicasCatchUp, GivesThemTheTimeThatTheirKernelsTakeToTryAgain) {
  for (const auto& [seen, expected] :
       {std::pair{41s, Judgement::kPass}, std::pair{43s, Judgement::kFail}}) {
    Story story = running().at(1s).say(plan, event::FaultBegan{1, "partition", "", {}});
    story.facts.settle_from = sim_time(21s);
    story.at(21s).say(plan, event::FaultEnded{1, 9, "packets", false, false});
    event::ViewSnapshot ahead = story.phase(event::Phase::kSettling).at(seen).view(m1);
    ahead.offset = 129;
    EXPECT_EQ(story.views().say(m1, ahead).judge("replicas_catch_up").judgement, expected)
        << seen / 1s;
  }
}

// The second fault begins before anything is sent again after the first.
TEST(ReplicasCatchUp, FaultsThatFollowOneAnotherAreOneToKernels) {
  for (const auto& [second, expected] :
       {std::pair{25s, Judgement::kPass}, std::pair{42s, Judgement::kFail}}) {
    Story story = running().at(1s).say(plan, event::FaultBegan{1, "partition", "", {}});
    story.at(20s).say(plan, event::FaultEnded{1, 9, "packets", false, false});
    story.at(second).say(plan, event::FaultBegan{2, "partition", "", {}});
    story.facts.settle_from = sim_time(second + 1s);
    story.at(second + 1s).say(plan, event::FaultEnded{2, 9, "packets", false, false});
    event::ViewSnapshot ahead = story.phase(event::Phase::kSettling).at(second + 24s).view(m1);
    ahead.offset = 129;
    EXPECT_EQ(story.views().say(m1, ahead).judge("replicas_catch_up").judgement, expected)
        << second / 1s;
  }
}

// m1 had no power from 1 s to 21 s: its replica may learn from a retry at 40 s that the connection
// is gone, and copies it within 15 s.
TEST(ReplicasCatchUp, GivesTimeToWhoFindsOutLately) {
  for (const auto& [down, expected] :
       {std::pair{40s, Judgement::kPass}, std::pair{25s, Judgement::kFail}}) {
    Story story = running().at(1s).say(plan, event::FaultBegan{1, "crash", "", {}});
    story.facts.settle_from = sim_time(21s);
    story.at(21s).say(plan, event::FaultEnded{1, 1, "programs", false, false});
    story.phase(event::Phase::kSettling).at(down).say(m4, event::ReplicationDown{"lost"});
    event::ViewSnapshot view = story.at(44s).view(m4);
    view.replication_up = false;
    EXPECT_EQ(story.views().say(m4, view).judge("replicas_catch_up").judgement, expected)
        << down / 1s;
  }
}

// m4 had been restarted when m1 lost its power, and was waiting for a copy: without a word, so for
// 60 s.
TEST(ReplicasCatchUp, GivesTimeToWhoWaitsForAPrimaryWithoutPower) {
  for (const auto& [power, seen, expected] :
       {std::tuple{true, 70s, Judgement::kPass}, std::tuple{false, 70s, Judgement::kFail},
        std::tuple{true, 85s, Judgement::kFail}}) {
    Story story = running().at(10s).say(m1, event::MachineCrashed{power}).at(12s).start(m1, 1);
    story.claim_primary(m1, shard(0), 1);
    story.facts.settle_from = sim_time(20s);
    event::ViewSnapshot view = story.phase(event::Phase::kSettling).at(seen).view(m4);
    view.replication_up = false;
    EXPECT_EQ(story.views().say(m4, view).judge("replicas_catch_up").judgement, expected)
        << power << seen / 1s;
  }
}

// ---- replicas_spread ----

// m5 is a second replica of m3's shard, m2 has no slots any more, and m1's replica m4 dies.
Story orphaned() {
  Story story = running().claim_primary(m2, no_slots(), 2).claim_replica(m5, m3).at(11s).crash(m4);
  return story;
}

TEST(ReplicasSpread, SeesAPrimaryThatIsLentNoReplica) {
  // Within 1.5 T and two ticks the death is found out; T, 5 s and 2 s for the rest.
  EXPECT_THAT(orphaned().ends(24s).judge("replicas_spread").what(),
              HasSubstr("m1 has had no replica since 11.000 s"));
  EXPECT_EQ(orphaned().ends(22s).judge("replicas_spread").judgement, Judgement::kPass);
  EXPECT_EQ(orphaned().at(22s).claim_replica(m5, m1).ends(40s).judge("replicas_spread").judgement,
            Judgement::kPass);
}

TEST(ReplicasSpread, AsksForNothingThatNobodyCanSpare) {
  Story barred = orphaned();
  barred.facts.migration_barrier = 2;
  EXPECT_EQ(barred.ends(40s).judge("replicas_spread").judgement, Judgement::kPass);
  Story split = orphaned().cut({{"m1"}, {"m2", "m3", "m5", "m6"}});
  EXPECT_EQ(split.ends(40s).judge("replicas_spread").count, 0u);
  // A dead replica with the smallest id of all: nobody goes.
  Story smallest = running().claim_replica(m5, m3).claim_replica(m4, m3).at(11s).crash(m4);
  EXPECT_EQ(smallest.ends(40s).judge("replicas_spread").count, 0u);
}

TEST(ReplicasSpread, SeesAReplicaLeaveWhoMustStay) {
  EXPECT_EQ(running()
                .say(m5, event::ReplicaMigrated{id(m2), id(m1), 1, 1})
                .judge("replicas_spread")
                .what(),
            "m5 left m2 for m1, although it held only 1 replica of the former for sound and 1 must "
            "stay");
  EXPECT_EQ(running()
                .say(m5, event::ReplicaMigrated{id(m2), id(m1), 2, 1})
                .judge("replicas_spread")
                .judgement,
            Judgement::kPass);
}

}  // namespace
}  // namespace sim::story
