// Liveness after the heal: progress, what excuses the lack of it, and epochs that come to rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/invariants/core.h"
#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Story healed_at_20s() {
  Story story;
  story.boot().at(20s).phase(event::Phase::kSettling);
  story.facts.settle_from = sim_time(20s);
  story.facts.converge_within = 10s;
  return story;
}
// Only the machines that are not given are healed.
Story core_without(std::vector<MachineId> left_out) {
  Story story;
  story.boot().at(20s).say(plan, event::FaultBegan{1, std::string(kCoreOnlyFault), "", left_out});
  story.phase(event::Phase::kSettling);
  story.facts.converge_within = 10s;
  return story;
}

// A write to a key of the slot, and a read of it, or what answered instead.
Story& tries(Story& story, std::uint16_t slot, const std::string& error = "",
             const std::string& read = "v") {
  const std::uint64_t operation = story.records.size() + 1;
  const std::string key = "{1}" + std::to_string(slot);
  const auto invoke = [&](std::uint64_t number, const std::string& value) {
    story.say(client, event::OpInvoked{number, 0, event::OpKind::kOther, key, value, false,
                                       std::string(kProgressWorkload)});
  };
  const auto complete = [&](std::uint64_t number, event::OpOutcome outcome, std::string value) {
    event::OpCompleted done;
    done.operation = number;
    done.outcome = outcome;
    done.value = std::move(value);
    story.say(client, done);
  };
  invoke(operation, "v");
  if (!error.empty()) {
    complete(operation, event::OpOutcome::kFailed, error);
    return story;
  }
  complete(operation, event::OpOutcome::kOk, "OK");
  invoke(operation + 1, "");
  complete(operation + 1, event::OpOutcome::kOk, read);
  return story;
}

Judged progress(Story& story) {
  return story.at(40s).views().judge("progress_after_heal");
}

// ---- progress_after_heal ----

TEST(ProgressAfterHeal, HoldsWhereEachSlotGivesBackWhatWasWritten) {
  Story story = healed_at_20s();
  tries(tries(story.at(22s), 0), 9000);
  const Judged judged = progress(story);
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_EQ(judged.summary,
            "2 slots written and read back within 2.000 s of the heal (10.000 s allowed)");
}

TEST(ProgressAfterHeal, IsNotCheckedWhereNobodyTries) {
  Story story = healed_at_20s();
  EXPECT_EQ(progress(story).judgement, Judgement::kNotChecked);
}

TEST(ProgressAfterHeal, SeesASlotThatTakesNothing) {
  Story story = healed_at_20s();
  tries(tries(story.at(22s), 0), 9000, "CLUSTERDOWN Hash slot not served");
  EXPECT_EQ(progress(story).what(),
            "1 of 2 slots did not give back what was written within 10.000 s after the heal; slot "
            "9000, last: CLUSTERDOWN Hash slot not served");
}

TEST(ProgressAfterHeal, SeesASlotThatGivesBackSomethingElse) {
  Story story = healed_at_20s();
  tries(story.at(22s), 0, "", "older");
  EXPECT_THAT(progress(story).what(), HasSubstr("slot 0, last: another value"));
}

TEST(ProgressAfterHeal, SeesProgressThatComesTooLate) {
  Story story = healed_at_20s();
  tries(story.at(31s), 0);
  EXPECT_EQ(progress(story).judgement, Judgement::kFail);
}

TEST(ProgressAfterHeal, SeesSlotsThatCouldNotBeTriedInTime) {
  Story story = healed_at_20s();
  tries(story.at(22s), 0).say(client, event::Measured{"audit_progress_untried", 3});
  EXPECT_EQ(progress(story).what(), "3 slots could not even be tried");
}

TEST(ProgressAfterHeal, SeesThatViewsOfTheCoreDiffer) {
  Story story = core_without({MachineId{m6}});
  tries(story.at(22s), 0).at(40s).views();
  event::ViewSnapshot other = story.view(m6);
  other.peers[m1].slots = slots(0, 10);
  EXPECT_EQ(story.say(m6, other).judge("progress_after_heal").judgement, Judgement::kPass)
      << "m6 is not in the core";
  other = story.view(m2);
  other.peers[m1].slots = slots(0, 10);
  EXPECT_EQ(story.say(m2, other).judge("progress_after_heal").what(), "m2 and m1 see other owners");
}

// ---- Excuses ----

TEST(ProgressAfterHeal, ExcusesACoreWithoutAMajority) {
  Story story = healed_at_20s();
  tries(story.crash(m1).crash(m2).at(22s), 9000, "CLUSTERDOWN");
  const Judged judged = progress(story);
  EXPECT_EQ(judged.judgement, Judgement::kNotChecked);
  EXPECT_THAT(judged.summary, HasSubstr("excused: no majority: 1 of 3 primaries run"));
}

TEST(ProgressAfterHeal, ExcusesAShardThatHasNobodyInTheCore) {
  Story story = core_without({MachineId{m1}, MachineId{m4}});
  tries(story.at(22s), 0, "CLUSTERDOWN");
  EXPECT_THAT(progress(story).summary, HasSubstr("excused: shard-0 has nobody in the core"));
}

TEST(ProgressAfterHeal, ExcusesNobodyWhoCouldHaveStood) {
  Story story = core_without({MachineId{m1}});
  tries(story.at(22s), 0, "CLUSTERDOWN");
  EXPECT_EQ(progress(story).judgement, Judgement::kFail);
}

TEST(ProgressAfterHeal, ExcusesAReplicaWhoseDataAreTooOld) {
  Story story = core_without({MachineId{m1}});
  tries(story.say(m4, event::ElectionHindered{"its data is too old"}).at(22s), 0, "CLUSTERDOWN");
  EXPECT_THAT(progress(story).summary,
              HasSubstr("m4's data are older than cluster-replica-validity-factor allows"));
}

TEST(ProgressAfterHeal, DataThatGrewOldWhileNobodyVotedAreNoExcuse) {
  Story story = core_without({MachineId{m1}});
  story.say(m4, event::ElectionStarted{id(m1), 4, 0, 2, false}).at(22s);
  tries(story.say(m4, event::ElectionHindered{"its data is too old"}), 0, "CLUSTERDOWN");
  const Judged judged = progress(story);
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_THAT(judged.what(), HasSubstr("1 election since the heal, the last at 20.000 s"));
}

TEST(ProgressAfterHeal, ExcusesAReplicaThatHasNoData) {
  Story story = core_without({MachineId{m1}});
  tries(story.start(m4, 1, "lost").claim_replica(m4, m1).at(22s), 0, "CLUSTERDOWN");
  EXPECT_THAT(progress(story).summary, HasSubstr("m4 has no data"));
}

TEST(ProgressAfterHeal, KnowsTheDefectOfAReplicaRestartedBesideItsDeadPrimary) {
  Story story;
  story.facts.converge_within = 10s;
  story.boot().at(10s).crash(m1).crash(m4).at(12s).start(m4, 1).claim_replica(m4, m1);
  story.at(20s).say(plan, event::FaultBegan{1, std::string(kCoreOnlyFault), "", {MachineId{m1}}});
  story.phase(event::Phase::kSettling).say(m4, event::ElectionHindered{"its data is too old"});
  tries(story.at(22s), 0, "CLUSTERDOWN");
  const Judged judged = progress(story);
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  ASSERT_FALSE(judged.findings.empty());
  EXPECT_EQ(judged.findings[0].row, 20);
}

TEST(ProgressAfterHeal, ExcusesTheSlotThatAnOperatorLeftOpenAndNoOther) {
  Story story = healed_at_20s();
  story.say(m1, event::SlotOpened{SlotId{7}, false, id(m2)}).at(22s);
  tries(story, 7, "ASK 7 10.0.0.2:6379");
  EXPECT_THAT(progress(story).summary,
              HasSubstr("excused: an operator has left 1 open slot on m1"));
  Story other = healed_at_20s();
  other.say(m1, event::SlotOpened{SlotId{7}, false, id(m2)}).at(22s);
  tries(other, 8, "ASK 8 10.0.0.2:6379");
  EXPECT_EQ(progress(other).judgement, Judgement::kFail);
}

TEST(ProgressAfterHeal, KnowsTheDefectOfAClockSteppedBack) {
  Story story = healed_at_20s();
  tries(story.say(m1, event::ClockStepped{-5000, "jump"}).at(22s), 0, "CLUSTERDOWN");
  EXPECT_EQ(progress(story).findings.at(0).row, 37);
}

// ---- epochs_settle ----

event::EpochChanged epoch(std::uint64_t from, std::uint64_t to) {
  return {from, to, from, to, event::EpochCause::kCollision};
}

TEST(EpochsSettle, LetsEachNodeCollideOnce) {
  Story story = healed_at_20s();
  story.say(m1, epoch(3, 4)).say(m2, epoch(4, 9));
  EXPECT_EQ(story.judge("epochs_settle").judgement, Judgement::kPass);
}

TEST(EpochsSettle, SeesAStorm) {
  Story story = healed_at_20s();
  story.say(m1, epoch(3, 8)).at(25s).say(m2, epoch(8, 10));
  EXPECT_EQ(story.judge("epochs_settle").what(),
            "the greatest currentEpoch grew from 3 to 10 after the heal, last on m2; elections "
            "account for 0, collisions for 6 at most");
}

TEST(EpochsSettle, DoesNotCountWhatElectionsAndTakeoversAccountFor) {
  Story story = healed_at_20s();
  story.say(m4, event::ElectionStarted{id(m1), 4, 0, 2, false});
  event::Promoted takeover;
  takeover.takeover = true;
  story.say(m5, takeover).say(m1, epoch(3, 11));
  EXPECT_EQ(story.judge("epochs_settle").judgement, Judgement::kPass);
}

TEST(EpochsSettle, DoesNotCountWhatWasBeforeTheHealOrOutsideTheCore) {
  Story story;
  story.boot().at(10s).say(m1, epoch(3, 100)).at(20s);
  story.say(plan, event::FaultBegan{1, std::string(kCoreOnlyFault), "", {MachineId{m3}}});
  story.phase(event::Phase::kSettling).say(m3, epoch(100, 900)).say(m1, epoch(100, 101));
  EXPECT_EQ(story.judge("epochs_settle").judgement, Judgement::kPass);
}

}  // namespace
}  // namespace sim::story
