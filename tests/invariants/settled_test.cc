// What must hold once everything is healed and quiet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/invariants/final_views.h"
#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Story settling_since_20s() {
  Story story;
  story.boot().at(20s).phase(event::Phase::kSettling);
  story.facts.settle_from = sim_time(20s);
  story.at(25s);
  return story;
}
event::ViewSnapshot with(event::ViewSnapshot view, std::uint32_t peer, SlotsRef slots) {
  view.peers[peer].slots = std::move(slots);
  return view;
}

// ---- config_epochs_unique ----

TEST(ConfigEpochsUnique, HoldsWhereEveryPrimaryHasItsOwn) {
  EXPECT_EQ(settling_since_20s().views().judge("config_epochs_unique").judgement, Judgement::kPass);
}

TEST(ConfigEpochsUnique, SeesTwoPrimariesWithOne) {
  Story story = settling_since_20s().views();
  event::ViewSnapshot same = story.view(m3);
  same.config_epoch = 2;
  story.say(m3, same);
  EXPECT_EQ(story.judge("config_epochs_unique").what(),
            "m2 and m3 are both primaries with configEpoch 2 at the end");
}

TEST(ConfigEpochsUnique, DoesNotCountReplicas) {
  Story story = settling_since_20s().views();
  event::ViewSnapshot replica = story.view(m4);
  replica.config_epoch = 1;
  EXPECT_EQ(story.say(m4, replica).judge("config_epochs_unique").judgement, Judgement::kPass);
}

TEST(ConfigEpochsUnique, IsNotCheckedBeforeTheClusterIsQuiet) {
  EXPECT_EQ(Story().judge("config_epochs_unique").judgement, Judgement::kNotChecked);
  Story never;
  never.boot().at(25s).views();
  EXPECT_THAT(never.judge("config_epochs_unique").summary, HasSubstr("never heals"));
  Story early = settling_since_20s();
  early.at(21999ms).views();
  EXPECT_THAT(early.judge("config_epochs_unique").summary, HasSubstr("2.000 s are needed"));
  Story cut = settling_since_20s();
  cut.cut({{"m1"}, {"m2"}}).at(40s).views();
  EXPECT_THAT(cut.judge("config_epochs_unique").summary, HasSubstr("still cut"));
}

// ---- Final views ----

// A thousand views of a thousand nodes that all agree must not be kept a thousand times.
TEST(FinalViews, KeepOneCopyOfTheOwnersThatViewsAgreeOn) {
  Story story = settling_since_20s().views();
  event::ViewSnapshot reversed = story.view(m5);
  std::reverse(reversed.peers.begin(), reversed.peers.end());
  story.say(m5, reversed);
  story.say(m6, with(story.view(m6), m2, slots(5461, 10921)));
  Directory directory(story.facts.cast);
  FinalViews views(story.facts.settle_from);
  for (const Record& record : story.records) {
    directory.see(record);
    views.see(record, directory);
  }
  std::set<const FinalViews::Owners*> copies;
  for (const auto& [machine, view] : views.views()) {
    EXPECT_EQ(view.owners->by_id.size(), 3u);
    EXPECT_EQ(view.said.peers.size(), 1u);
    EXPECT_EQ(view.said.peers.capacity(), 1u);
    copies.insert(view.owners.get());
  }
  EXPECT_EQ(views.views().size(), 6u);
  EXPECT_EQ(copies.size(), 2u);
}

// ---- slot_ownership_agrees ----

TEST(SlotOwnershipAgrees, HoldsWhereAllAgree) {
  const Judged judged = settling_since_20s().views().judge("slot_ownership_agrees");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("6 views agree on 16384 owned slots"));
  EXPECT_EQ(Story().judge("slot_ownership_agrees").judgement, Judgement::kNotChecked);
}

TEST(SlotOwnershipAgrees, SeesAnObserverWithAnotherOwner) {
  Story story = settling_since_20s().views();
  story.say(m6, with(with(story.view(m6), m2, slots(5462, 10922)), m1, slots(0, 5461)));
  EXPECT_EQ(story.judge("slot_ownership_agrees").what(),
            "m6 believes that m1 owns slot 5461, but it belongs to m2");
}

TEST(SlotOwnershipAgrees, SeesAnOwnedSlotThatSomebodyHoldsForUnowned) {
  Story story = settling_since_20s().views();
  story.say(m6, with(story.view(m6), m2, slots(5461, 10921)));
  const Judged judged = story.judge("slot_ownership_agrees");
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_EQ(judged.what(), "m6 knows no owner of slot 10922, which m2 claims");
}

TEST(SlotOwnershipAgrees, SeesAPrimaryThatStillClaimsWhatItLost) {
  Story story = settling_since_20s().views();
  event::ViewSnapshot winner = with(story.view(m4), m4, shard(0));
  winner.peers[m4].role = Role::kPrimary;
  winner.peers[m1].slots = no_slots();
  winner.config_epoch = 4;
  const Judged judged = story.say(m4, winner).judge("slot_ownership_agrees");
  EXPECT_THAT(judged.what(),
              HasSubstr("m1 still claims slots 0-5460 (5461), which a primary with a greater"));
}

TEST(SlotOwnershipAgrees, SeesALiveNodeThatGaveItsSlotsToNobody) {
  Story story = settling_since_20s();
  story.claim_replica(m1, m4);
  for (const std::uint32_t machine : {m1, m2, m3, m4, m5, m6})
    story.say(machine, with(story.view(machine), m1, no_slots()));
  EXPECT_EQ(story.judge("slot_ownership_agrees").what(),
            "m1 gave up slots 0-5460 (5461), and nobody claims them");
  story.facts.operator_commands = true;
  EXPECT_EQ(story.judge("slot_ownership_agrees").judgement, Judgement::kPass);
}

TEST(SlotOwnershipAgrees, BlamesForThemOnlyWhoHadThemLast) {
  Story story = settling_since_20s();
  story.claim_primary(m4, shard(0), 4).claim_replica(m1, m4).claim_replica(m4, m2);
  for (const std::uint32_t machine : {m1, m2, m3, m4, m5, m6})
    story.say(machine, with(story.view(machine), m1, no_slots()));
  const Judged judged = story.judge("slot_ownership_agrees");
  EXPECT_EQ(judged.what(), "m4 gave up slots 0-5460 (5461), and nobody claims them");
  EXPECT_EQ(judged.count, 1u);
}

TEST(SlotOwnershipAgrees, TellsSlotsThatAnObserverUnboundItselfAsRowSeven) {
  Story story = settling_since_20s();
  story.say(m6, event::SlotsRebound{slots(10922, 10922), id(m2), {}, 2}).at(30s).views();
  story.say(m6, with(story.view(m6), m2, slots(5461, 10921)));
  const Judged judged = story.judge("slot_ownership_agrees");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 7);
}

TEST(SlotOwnershipAgrees, ForgetsTheUnbindingOnceTheSlotWasBoundAgain) {
  Story story = settling_since_20s();
  story.say(m6, event::SlotsRebound{slots(10922, 10922), id(m2), {}, 2});
  story.say(m6, event::SlotsRebound{slots(10922, 10922), {}, id(m2), 2}).at(30s).views();
  story.say(m6, with(story.view(m6), m2, slots(5461, 10921)));
  EXPECT_EQ(story.judge("slot_ownership_agrees").judgement, Judgement::kFail);
}

// ---- converges_after_heal ----

TEST(ConvergesAfterHeal, HoldsAtTheEdgeOfTheScenariosBound) {
  Story story = settling_since_20s();
  story.at(30s).views();
  const Judged judged = story.judge("converges_after_heal");
  EXPECT_EQ(judged.judgement, Judgement::kPass);
  EXPECT_EQ(judged.summary, "agreed 10.000 s after the heal, 10.000 s allowed");
}

TEST(ConvergesAfterHeal, SeesAgreementThatComesLate) {
  Story story = settling_since_20s();
  story.at(30001ms).views();
  EXPECT_THAT(story.judge("converges_after_heal").what(),
              HasSubstr("agreed only 10.001 s after the heal"));
}

TEST(ConvergesAfterHeal, SeesAnotherFingerprintAnUnhealthyNodeAndAFailFlag) {
  for (const int flaw : {0, 1, 2}) {
    Story story = settling_since_20s();
    story.at(35s).views();
    event::ViewSnapshot view = story.view(m6);
    if (flaw == 0) view.fingerprint = 8;
    if (flaw == 1) view.healthy = false;
    if (flaw == 2) view.peers[m1].suspicion = event::Suspicion::kFail;
    const Judged judged = story.say(m6, view).judge("converges_after_heal");
    EXPECT_EQ(judged.judgement, Judgement::kFail) << flaw;
    EXPECT_THAT(judged.what(),
                HasSubstr(flaw == 0   ? "m6 sees another cluster than m1"
                          : flaw == 1 ? "m6 is not healthy"
                                      : "m6 still holds m1, which runs, for failed"));
  }
}

TEST(ConvergesAfterHeal, SeesAgreementThatDoesNotLast) {
  Story story = settling_since_20s();
  story.views().at(40s).views();
  event::ViewSnapshot view = story.view(m6);
  view.healthy = false;
  EXPECT_EQ(story.say(m6, view).judge("converges_after_heal").judgement, Judgement::kFail);
}

TEST(ConvergesAfterHeal, IsNotCheckedWithoutHealOrProbesOrMajorityOrTime) {
  EXPECT_EQ(Story().judge("converges_after_heal").judgement, Judgement::kNotChecked);
  EXPECT_EQ(settling_since_20s().judge("converges_after_heal").judgement, Judgement::kNotChecked);
  Story dead = settling_since_20s();
  dead.crash(m1).crash(m2).at(40s).say(m3, dead.view(m3));
  EXPECT_THAT(dead.judge("converges_after_heal").summary, HasSubstr("no majority"));
  Story young = settling_since_20s();
  event::ViewSnapshot view = young.view(m1);
  view.healthy = false;
  EXPECT_THAT(young.say(m1, view).judge("converges_after_heal").summary, HasSubstr("are allowed"));
}

TEST(ConvergesAfterHeal, TellsAReplicaRestartedWithoutItsPrimaryAsRowTwenty) {
  Story story;
  story.boot().at(5s).crash(m1).at(6s).crash(m4).at(7s).start(m4, 1);
  story.say(m4, event::NodeStarted{id(m4), 1, 3, 0, 0}).claim_replica(m4, m1);
  story.facts.settle_from = sim_time(20s);
  story.at(20s).phase(event::Phase::kSettling).at(40s);
  for (const std::uint32_t node : {m2, m3, m4, m5, m6}) {
    event::ViewSnapshot view = story.view(node);
    view.healthy = false;
    story.say(node, view);
  }
  const Judged judged = story.judge("converges_after_heal");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect) << judged.summary;
  EXPECT_EQ(judged.findings.at(0).row, 20);
}

// m4 is dead for good, and m1 has let go of the slots of shard 0; it lives, or is empty, or dead.
Story without_shard_0() {
  Story story;
  story.boot().at(5s).crash(m4).claim_primary(m1, no_slots(), 1);
  story.facts.settle_from = sim_time(20s);
  return story;
}
Judged unhealthy_at_the_end(Story story, const std::vector<std::uint32_t>& live) {
  story.at(20s).phase(event::Phase::kSettling).at(40s);
  for (const std::uint32_t node : live) {
    event::ViewSnapshot view = story.view(node);
    view.healthy = false;
    story.say(node, view);
  }
  return story.judge("converges_after_heal");
}

TEST(ConvergesAfterHeal, DoesNotExcuseSlotsThatALiveNodeLetGoOf) {
  const Judged judged = unhealthy_at_the_end(without_shard_0(), {m1, m2, m3, m5, m6});
  EXPECT_EQ(judged.judgement, Judgement::kFail) << judged.summary;
  EXPECT_THAT(judged.what(), HasSubstr("m1 is not healthy"));
}

TEST(ConvergesAfterHeal, ExcusesAShardThatNobodyAliveHasEverServed) {
  Story dead = without_shard_0();
  dead.at(6s).crash(m1);
  EXPECT_EQ(unhealthy_at_the_end(dead, {m2, m3, m5, m6}).judgement, Judgement::kNotChecked);
  Story empty = without_shard_0();
  empty.at(6s).crash(m1).start(m1, 1, "lost").say(m1, event::NodeStarted{id(17), 1, 0, 0, 0});
  empty.say(m1, event::Claim{id(17), Role::kPrimary, {}, no_slots(), 0, 0});
  EXPECT_EQ(unhealthy_at_the_end(empty, {m1, m2, m3, m5, m6}).judgement, Judgement::kNotChecked);
}

TEST(ConvergesAfterHeal, ExcusesSlotsThatTheOperatorTookAway) {
  Story story = without_shard_0();
  story.facts.operator_commands = true;
  EXPECT_EQ(unhealthy_at_the_end(story, {m1, m2, m3, m5, m6}).judgement, Judgement::kNotChecked);
}

// ---- replica_data_is_prefix ----

Story streaming() {
  Story story;
  story.boot().at(5s);
  story.say(m1, event::StreamAt{id(10), 100, 0xabc, Role::kPrimary});
  story.say(m4, event::StreamAt{id(10), 100, 0xabc, Role::kReplica});
  return story;
}

TEST(ReplicaDataIsPrefix, HoldsWhereOneOffsetMeansOneHistory) {
  EXPECT_EQ(streaming().judge("replica_data_is_prefix").judgement, Judgement::kPass);
  EXPECT_EQ(Story().boot().judge("replica_data_is_prefix").judgement, Judgement::kNotChecked);
}

TEST(ReplicaDataIsPrefix, IsNotCheckedWhereARealServerTakesPart) {
  Story story = streaming();
  story.facts.processes = {MachineId{m2}};
  const Judged judged = story.judge("replica_data_is_prefix");
  EXPECT_EQ(judged.judgement, Judgement::kNotChecked);
  EXPECT_THAT(judged.summary, HasSubstr("a real server shows neither"));
}

TEST(ReplicaDataIsPrefix, SeesOtherCommandsAtTheSameOffset) {
  Story story = streaming();
  story.say(m5, event::StreamAt{id(10), 100, 0xabd, Role::kReplica});
  EXPECT_THAT(story.judge("replica_data_is_prefix").what(),
              HasSubstr("has applied other commands than m1"));
}

TEST(ReplicaDataIsPrefix, LeavesOutWhoKeepsNoChain) {
  Story story = streaming();
  story.say(m5, event::StreamAt{id(10), 100, 0, Role::kReplica});
  EXPECT_EQ(story.judge("replica_data_is_prefix").judgement, Judgement::kPass);
}

TEST(ReplicaDataIsPrefix, AllowsAnotherChainInAnotherHistory) {
  Story story = streaming();
  story.say(m5, event::StreamAt{id(11), 100, 0xabd, Role::kPrimary});
  EXPECT_EQ(story.judge("replica_data_is_prefix").judgement, Judgement::kPass);
}

Story at_the_end(std::int64_t primary_offset, std::int64_t replica_offset,
                 std::uint64_t replica_hash) {
  Story story = streaming();
  event::ViewSnapshot primary = story.view(m1), replica = story.view(m4);
  primary.offset = primary_offset;
  replica.offset = replica_offset;
  primary.data_hash = 5;
  replica.data_hash = replica_hash;
  story.at(9s).say(m1, primary).say(m4, replica);
  return story;
}

TEST(ReplicaDataIsPrefix, ComparesDataOnlyOfThoseInStep) {
  EXPECT_EQ(at_the_end(200, 200, 5).judge("replica_data_is_prefix").judgement, Judgement::kPass);
  EXPECT_EQ(at_the_end(200, 150, 4).judge("replica_data_is_prefix").judgement, Judgement::kPass);
  EXPECT_THAT(at_the_end(200, 200, 4).judge("replica_data_is_prefix").what(),
              HasSubstr("but holds other data"));
}

TEST(ReplicaDataIsPrefix, SeesAReplicaAheadOfItsPrimary) {
  EXPECT_THAT(at_the_end(200, 201, 5).judge("replica_data_is_prefix").what(),
              HasSubstr("ahead of its primary m1 at 200"));
}

TEST(ReplicaDataIsPrefix, TellsKeysDroppedOnThePrimaryOnlyAsRowTwelve) {
  Story story;
  story.boot().say(m1, event::KeysDropped{3, "their slots were lost to another node"});
  const Story rest = at_the_end(200, 200, 4);
  for (const Record& record : rest.records) {
    if (to_ns(record.at) >= 5'000'000'000)
      story.at(record.at.time_since_epoch()).say(record.machine.value, record.event);
  }
  const Judged judged = story.judge("replica_data_is_prefix");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 12);
}

}  // namespace
}  // namespace sim::story
