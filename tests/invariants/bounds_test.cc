// Bounds on time, at their edges. With T = 2 s, ticks of 100 ms and D = 1 ms: a minority stops
// within 3.203 s, two primaries overlap by at most 1.205 s, a crash is noticed between 1.997 s
// and 3.203 s.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

Story isolate_m1_at_10s() {
  Story story;
  story.boot().at(10s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}});
  return story;
}

// ---- minority_stops_writing ----

TEST(MinorityStopsWriting, HoldsAtTheEdgeOfItsBound) {
  Story story = isolate_m1_at_10s();
  story.at(13203ms).say(m1, event::WriteApplied{SlotId{1}, 5, 10}).healthy(m1, false, "minority");
  story.ends(20s);
  const Judged judged = story.judge("minority_stops_writing");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("slowest to stop 3.203 s (allowed 3.203 s), 1 write"));
}

TEST(MinorityStopsWriting, SeesAPrimaryThatStaysOkBeyondIt) {
  Story story = isolate_m1_at_10s();
  story.at(13204ms).healthy(m1, false, "minority");
  EXPECT_THAT(story.judge("minority_stops_writing").what(),
              HasSubstr("m1 has been cut off from the majority since 10.000 s and still accepts "
                        "writes 3.204 s later (allowed 3.203 s)"));
}

TEST(MinorityStopsWriting, SeesItAlsoWhenNothingElseEverHappens) {
  EXPECT_EQ(isolate_m1_at_10s().ends(14s).judge("minority_stops_writing").judgement,
            Judgement::kFail);
  EXPECT_EQ(isolate_m1_at_10s().ends(13s).judge("minority_stops_writing").judgement,
            Judgement::kPass);
}

TEST(MinorityStopsWriting, SeesAWriteByOneThatSaysItIsNotOk) {
  Story story = isolate_m1_at_10s();
  story.at(13s).healthy(m1, false, "minority").at(14s);
  story.say(m1, event::WriteApplied{SlotId{7}, 5, 10});
  EXPECT_THAT(story.judge("minority_stops_writing").what(),
              HasSubstr("applied a write for slot 7 4.000 s"));
}

TEST(MinorityStopsWriting, CountsAnewAfterAPause) {
  Story story = isolate_m1_at_10s();
  story.at(11s).say(m1, event::MachinePaused{}).at(20s).say(m1, event::MachineResumed{});
  story.at(23s).healthy(m1, false, "minority").ends(30s);
  EXPECT_EQ(story.judge("minority_stops_writing").judgement, Judgement::kPass);
}

TEST(MinorityStopsWriting, CountsAnewForOneThatStartsCutOff) {
  Story story = isolate_m1_at_10s();
  story.at(10500ms).crash(m1).at(11s).start(m1, 1);
  story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, 0}).claim_primary(m1, shard(0), 1);
  story.at(13100ms).healthy(m1);
  Story late = story;
  story.at(14203ms).healthy(m1, false, "minority").ends(20s);
  EXPECT_EQ(story.judge("minority_stops_writing").judgement, Judgement::kPass);
  late.at(14204ms).healthy(m1, false, "minority").ends(20s);
  EXPECT_THAT(late.judge("minority_stops_writing").what(),
              HasSubstr("m1 has been cut off from the majority since 11.000 s and still accepts "
                        "writes 3.204 s later (allowed 3.203 s)"));
}

TEST(MinorityStopsWriting, GivesAOneWayCutMoreTime) {
  Story story;
  story.boot().at(10s);
  event::Reachability deaf{"bus", {{"m1"}, {"m2", "m3", "m4", "m5", "m6"}}, {}};
  story.say(plan, deaf);
  EXPECT_EQ(story.ends(14s).judge("minority_stops_writing").judgement, Judgement::kFail);
  story.records.pop_back();
  event::Reachability one_way{
      "bus", {}, {{"m1", "m2"}, {"m1", "m3"}, {"m1", "m4"}, {"m1", "m5"}, {"m1", "m6"}}};
  story.say(plan, one_way);
  EXPECT_EQ(story.ends(14s).judge("minority_stops_writing").judgement, Judgement::kPass);
}

TEST(MinorityStopsWriting, DoesNotJudgeWhileDelaysAreBent) {
  Story story;
  story.boot().at(9s).say(plan, event::FaultBegan{1, "delay", "slow network", {}});
  story.at(10s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6"}});
  EXPECT_EQ(story.ends(20s).judge("minority_stops_writing").judgement, Judgement::kPass);
}

TEST(MinorityStopsWriting, DemandsTheRejoinDelay) {
  Story early = isolate_m1_at_10s();
  early.at(13s).healthy(m1, false, "minority").at(20s).cut({});
  Story late = early;
  early.at(21799ms).healthy(m1);
  EXPECT_THAT(
      early.judge("minority_stops_writing").what(),
      HasSubstr("accepted writes again 1.799 s after it came back from a minority (2.000 s"));
  late.at(21800ms).healthy(m1);
  EXPECT_EQ(late.judge("minority_stops_writing").judgement, Judgement::kPass);
}

TEST(MinorityStopsWriting, DemandsTwoSecondsAfterAStart) {
  Story story;
  story.boot().at(10s).crash(m1).at(11s).start(m1, 1);
  story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, 0}).claim_primary(m1, shard(0), 1);
  story.at(12900ms).healthy(m1);
  EXPECT_THAT(story.judge("minority_stops_writing").what(),
              HasSubstr("m1 was ok 1.900 s after its start"));
}

TEST(MinorityStopsWriting, IsNotCheckedWithoutPrimariesOrWithClocksFarApart) {
  EXPECT_EQ(Story().judge("minority_stops_writing").judgement, Judgement::kNotChecked);
  Story story = isolate_m1_at_10s();
  story.facts.clock_disorder = 1h;
  const Judged judged = story.judge("minority_stops_writing");
  EXPECT_EQ(judged.judgement, Judgement::kNotChecked);
  EXPECT_THAT(judged.summary, HasSubstr("clocks disagree"));
}

// ---- one_writable_primary ----

TEST(OneWritablePrimary, AllowsTheOverlapThatAFailoverNeeds) {
  Story story = isolate_m1_at_10s();
  story.at(12500ms)
      .promote(m4, m1, shard(0), 4)
      .at(13705ms)
      .healthy(m1, false, "minority")
      .ends(30s);
  const Judged judged = story.judge("one_writable_primary");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("1 overlap, longest 1.205 s"));
}

TEST(OneWritablePrimary, SeesAnOverlapBeyondIt) {
  Story story = isolate_m1_at_10s();
  story.at(12500ms).promote(m4, m1, shard(0), 4).at(13706ms).healthy(m1, false, "minority");
  const Judged judged = story.judge("one_writable_primary");
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_THAT(judged.what(),
              HasSubstr("m1 and m4 have both accepted writes for slots 0-5460 since 12.500 s: "
                        "1.206 s while cut off from each other (allowed 1.205 s)"));
}

// m1 is replaced while it is paused, and goes on in a minority: it stops as late as if it had been
// cut off then.
TEST(OneWritablePrimary, GivesAPrimaryThatComesBackCutOffTheTimeToNotice) {
  Story story;
  story.boot().at(10s).say(m1, event::MachinePaused{}).at(12500ms).promote(m4, m1, shard(0), 4);
  story.at(13s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}});
  story.at(14s).say(m1, event::MachineResumed{});
  Story late = story;
  story.at(17203ms).healthy(m1, false, "minority").ends(30s);
  const Judged judged = story.judge("one_writable_primary");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
  EXPECT_THAT(judged.summary, HasSubstr("longest 3.203 s"));
  late.at(17204ms).healthy(m1, false, "minority").ends(30s);
  EXPECT_THAT(late.judge("one_writable_primary").what(),
              HasSubstr("3.204 s while cut off from each other"));
}

TEST(OneWritablePrimary, CountsTheTimeAfterTheHealApart) {
  Story story = isolate_m1_at_10s();
  story.at(12500ms).promote(m4, m1, shard(0), 4).at(13500ms).cut({});
  Story bad = story;
  story.at(14700ms).claim_replica(m1, m4).ends(30s);
  EXPECT_EQ(story.judge("one_writable_primary").judgement, Judgement::kPass);
  bad.at(14706ms).claim_replica(m1, m4);
  EXPECT_THAT(bad.judge("one_writable_primary").what(),
              HasSubstr("1.206 s although they can hear of each other"));
}

TEST(OneWritablePrimary, IgnoresThePausedAndTheDead) {
  Story story;
  story.boot().at(10s).say(m1, event::MachinePaused{}).at(13s).promote(m4, m1, shard(0), 4);
  story.at(60s).crash(m1).ends(100s);
  EXPECT_EQ(story.judge("one_writable_primary").judgement, Judgement::kPass);
}

TEST(OneWritablePrimary, TellsATakeoverAsTheKnownDefectItIs) {
  Story story = isolate_m1_at_10s();
  story.at(11s)
      .say(m4, event::Promoted{id(m1), 4, 0, 0, true, false})
      .claim_primary(m4, shard(0), 4);
  const Judged judged = story.ends(20s).judge("one_writable_primary");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged.findings.at(0).row, 31);
}

TEST(OneWritablePrimary, IsNotCheckedWithoutClaims) {
  EXPECT_EQ(Story().judge("one_writable_primary").judgement, Judgement::kNotChecked);
}

// ---- failure_detection_bounds ----

Story crash_m1_at_10s() {
  Story story;
  story.boot().at(10s).crash(m1);
  return story;
}
Story& all_suspect_m1(Story& story) {
  for (const std::uint32_t observer : {m2, m3, m4, m5, m6})
    story.suspect(observer, m1, kNone, kPfail);
  return story;
}

TEST(FailureDetectionBounds, HoldsAtBothEdges) {
  Story early = crash_m1_at_10s(), late = crash_m1_at_10s();
  all_suspect_m1(early.at(11997ms)).ends(20s);
  EXPECT_EQ(early.judge("failure_detection_bounds").judgement, Judgement::kPass);
  all_suspect_m1(late.at(13203ms)).ends(20s);
  EXPECT_EQ(late.judge("failure_detection_bounds").judgement, Judgement::kPass);
}

TEST(FailureDetectionBounds, SeesSuspicionTooEarly) {
  Story story = crash_m1_at_10s();
  all_suspect_m1(story.at(11996ms));
  const Judged judged = story.judge("failure_detection_bounds");
  EXPECT_EQ(judged.count, 5u);
  EXPECT_THAT(judged.what(), HasSubstr("m2 suspects m1 after only 1.996 s of silence"));
}

TEST(FailureDetectionBounds, SeesSuspicionTooLateOrNever) {
  Story story = crash_m1_at_10s();
  story.ends(13203ms);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  story.ends(13204ms);
  const Judged judged = story.judge("failure_detection_bounds");
  EXPECT_EQ(judged.count, 5u);
  EXPECT_THAT(judged.what(),
              HasSubstr("m2 does not suspect m1 3.204 s after it died (allowed 3.203 s)"));
}

// Of a real server that logs no suspicions, gossip tells: T/2 + 2 ticks later at most.
TEST(FailureDetectionBounds, AllowsForARealServerWhoseGossipTellsLate) {
  Story story = crash_m1_at_10s();
  story.facts.processes = {MachineId{m2}};
  story.ends(13204ms);
  EXPECT_EQ(story.judge("failure_detection_bounds").count, 4u) << "of ours nothing else is allowed";
  EXPECT_EQ(story.ends(14405ms).judge("failure_detection_bounds").count, 4u);
  EXPECT_EQ(story.ends(14406ms).judge("failure_detection_bounds").count, 5u);
  story.facts.suspicions_logged = true;
  EXPECT_EQ(story.ends(13204ms).judge("failure_detection_bounds").count, 5u);
}

TEST(FailureDetectionBounds, AllowsARealServerToTellOfASilenceThatIsOver) {
  Story story;
  story.boot().at(10s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}}).at(13s).cut({});
  story.at(16504ms).suspect(m2, m1, kNone, kPfail);
  Story ours = story;
  story.facts.processes = {MachineId{m2}};
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  EXPECT_EQ(ours.judge("failure_detection_bounds").judgement, Judgement::kFail);
  story.at(16507ms).suspect(m2, m1, kPfail, kNone).suspect(m2, m1, kNone, kPfail);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kFail);
}

TEST(FailureDetectionBounds, AllowsARealServerToTellFailFirst) {
  Story story = crash_m1_at_10s();
  story.at(12500ms).suspect(m3, m1, kNone, kPfail).suspect(m2, m1, kNone, kFail, 2, 2);
  EXPECT_EQ(story.judge("failure_detection_bounds").count, 1u);
  story.facts.processes = {MachineId{m2}};
  EXPECT_EQ(story.judge("failure_detection_bounds").count, 0u);
}

TEST(FailureDetectionBounds, DoesNotAskWhoHasForgottenTheDead) {
  Story story = crash_m1_at_10s();
  story.at(11s).say(m2, event::PeerForgotten{id(m1), "CLUSTER FORGET"}).ends(13204ms);
  const Judged judged = story.judge("failure_detection_bounds");
  EXPECT_EQ(judged.count, 4u);
  EXPECT_THAT(judged.what(), HasSubstr("m3 does not suspect m1"));
}

// m5 starts and believes that it has just heard m1, and says so.
TEST(FailureDetectionBounds, AllowsForPongsRelayedByANodeThatStarts) {
  Story story = crash_m1_at_10s();
  story.at(11s).start(m5, 1).say(m5, event::NodeStarted{id(m5), 1, 3, 0, 0}).ends(14203ms);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  EXPECT_EQ(story.ends(14204ms).judge("failure_detection_bounds").count, 4u) << "m5 itself is new";
  Story late = crash_m1_at_10s();
  late.at(11300ms).start(m5, 1).say(m5, event::NodeStarted{id(m5), 1, 3, 0, 0}).ends(13300ms);
  EXPECT_EQ(late.judge("failure_detection_bounds").count, 4u) << "the PINGs had left by then";
}

TEST(FailureDetectionBounds, SeesSuspicionOfSomebodyWhoIsThere) {
  Story story;
  story.boot().at(10s).suspect(m2, m1, kNone, kPfail);
  EXPECT_THAT(story.judge("failure_detection_bounds").what(),
              HasSubstr("although both run and hear each other"));
}

// What was lost is sent again only after a pause that has doubled meanwhile.
TEST(FailureDetectionBounds, ASilenceOutlastsAShortHealAndItsOwnEnd) {
  const std::vector<std::vector<std::string>> apart = {{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}};
  Story story;
  story.boot().at(10s).cut(apart).at(11500ms).cut({}).at(12s).cut(apart);
  Story bad = story;
  story.at(12100ms).suspect(m2, m1, kNone, kPfail);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  story.at(13s).cut({}).at(15304ms).suspect(m3, m1, kNone, kPfail);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  story.at(15305ms).suspect(m4, m1, kNone, kPfail);
  EXPECT_EQ(story.judge("failure_detection_bounds").count, 1u);
  bad.at(20s).cut({}).at(30s).cut(apart).at(31s).suspect(m2, m1, kNone, kPfail);
  EXPECT_THAT(bad.judge("failure_detection_bounds").what(), HasSubstr("after only 1.000 s"));
}

// m1 dies while what the cut had stalled has not been sent again: m2 has waited since the cut.
TEST(FailureDetectionBounds, ASilenceThatFollowsUponAnotherCountsFromThere) {
  const std::vector<std::vector<std::string>> apart = {{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}};
  Story story;
  story.boot().at(10s).cut(apart).at(11s).cut({});
  Story soon = story, late = story;
  soon.at(12304ms).crash(m1).at(13s).suspect(m2, m1, kNone, kPfail);
  EXPECT_EQ(soon.judge("failure_detection_bounds").judgement, Judgement::kPass);
  late.at(12305ms).crash(m1).at(13s).suspect(m2, m1, kNone, kPfail);
  EXPECT_THAT(late.judge("failure_detection_bounds").what(), HasSubstr("after only 695 ms"));
}

// m5 finds the last PONG of m1 when it goes on, takes it for fresh, and says so.
TEST(FailureDetectionBounds, AllowsForPongsRelayedByANodeThatWasPaused) {
  Story story;
  story.boot().at(9s).say(m5, event::MachinePaused{}).at(10s).crash(m1);
  story.at(11s).say(m5, event::MachineResumed{}).ends(14203ms);
  EXPECT_EQ(story.judge("failure_detection_bounds").judgement, Judgement::kPass);
  EXPECT_EQ(story.ends(14204ms).judge("failure_detection_bounds").count, 4u);
}

TEST(FailureDetectionBounds, SeesFailBelowItsQuorumOrWithoutReporters) {
  Story story = crash_m1_at_10s();
  story.at(12500ms).suspect(m2, m1, kNone, kPfail).suspect(m2, m1, kPfail, kFail, 1, 2);
  const Judged judged = story.judge("failure_detection_bounds");
  EXPECT_EQ(judged.count, 2u);
  EXPECT_THAT(judged.what(), HasSubstr("on 1 report, 2 are needed"));
  EXPECT_THAT(judged.findings.at(1).what, HasSubstr("only 1 primary suspected it"));
}

// A PING that was lost while m1's link flapped may wait until 23 s to be sent again: at 17 s the
// last that was heard from m1 was an answer to nothing, up to a second before.
TEST(FailureDetectionBounds, ALinkThatHasFlappedIsSuspectedAHeartbeatSooner) {
  const std::vector<std::vector<std::string>> apart = {{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}};
  for (const auto& [flaps, at, expected] :
       {std::tuple{true, 18100ms, Judgement::kPass}, std::tuple{true, 17900ms, Judgement::kFail},
        std::tuple{false, 18100ms, Judgement::kFail}}) {
    Story story;
    story.boot().at(10s);
    for (Duration down = 10s; flaps && down < 16s; down += 600ms)
      story.at(down).cut(apart).at(down + 100ms).cut({});
    story.at(17s).cut(apart).at(at).suspect(m2, m1, kNone, kPfail);
    EXPECT_EQ(story.judge("failure_detection_bounds").judgement, expected) << flaps << at / 1ms;
  }
}

// What a clog has held comes all at once, and old reports with it.
TEST(FailureDetectionBounds, DoesNotAskForReportersWhereReportsWereHeldBack) {
  for (const auto& [ended, expected] : {std::pair{12400ms, 0u}, std::pair{8499ms, 1u}}) {
    Story story;
    story.boot().at(8s).say(plan, event::FaultBegan{1, "clog", "", {}});
    if (ended < 10s) story.at(ended).say(plan, event::FaultEnded{1, 9, "packets", false, false});
    story.at(10s).crash(m1);
    if (ended > 10s) story.at(ended).say(plan, event::FaultEnded{1, 9, "packets", false, false});
    story.at(12500ms).suspect(m2, m1, kNone, kPfail).suspect(m2, m1, kPfail, kFail, 2, 2);
    EXPECT_EQ(story.judge("failure_detection_bounds").count, expected) << ended / 1ms;
  }
}

// A PONG that is still to come when its fault is over leaves a PING unanswered: the last that was
// heard may be a heartbeat older than the cut.
TEST(FailureDetectionBounds, MessagesThatAreDelayedOutlastTheirFault) {
  for (const auto& [late, expected] :
       {std::pair{6s, Judgement::kFail}, std::pair{8s, Judgement::kPass}}) {
    Story story;
    story.facts.messages_late = late;
    story.boot().at(5s).say(plan, event::FaultBegan{1, "message", "", {}});
    story.at(6s).say(plan, event::FaultEnded{1, 1, "messages delayed", false, false});
    story.at(16s).cut({{"m1"}, {"m2", "m3", "m4", "m5", "m6", "c"}});
    story.at(17400ms).suspect(m2, m1, kNone, kPfail);
    EXPECT_EQ(story.judge("failure_detection_bounds").judgement, expected);
  }
}

// nodes.conf keeps "fail?": m3 may suspect m1 again from its start on, of which nothing is told.
TEST(FailureDetectionBounds, CountsReportersThatMayHaveLoadedTheirSuspicion) {
  for (const bool had_suspected : {true, false}) {
    Story story = crash_m1_at_10s();
    story.at(12500ms);
    if (had_suspected) story.suspect(m3, m1, kNone, kPfail);
    story.crash(m3).at(12600ms).start(m3, 1);
    story.at(13s).suspect(m2, m1, kNone, kPfail).suspect(m2, m1, kPfail, kFail, 2, 2);
    EXPECT_EQ(story.judge("failure_detection_bounds").judgement,
              had_suspected ? Judgement::kPass : Judgement::kFail);
  }
}

TEST(FailureDetectionBounds, SeesAFailMessageOutOfNowhere) {
  Story story = crash_m1_at_10s();
  story.at(12500ms).suspect(m3, m1, kNone, kFail);
  EXPECT_THAT(story.judge("failure_detection_bounds").what(),
              HasSubstr("nobody has counted a majority"));
}

TEST(FailureDetectionBounds, AllowsFailByMajorityAndByItsMessage) {
  Story story = crash_m1_at_10s();
  story.at(12500ms).suspect(m2, m1, kNone, kPfail).suspect(m3, m1, kNone, kPfail);
  story.suspect(m2, m1, kPfail, kFail, 2, 2);
  for (const std::uint32_t observer : {m3, m4, m5, m6}) story.suspect(observer, m1, kPfail, kFail);
  EXPECT_EQ(story.ends(20s).judge("failure_detection_bounds").judgement, Judgement::kPass);
}

Story failed_and_back() {
  Story story = crash_m1_at_10s();
  all_suspect_m1(story.at(12500ms)).suspect(m2, m1, kPfail, kFail, 2, 2).at(13s).start(m1, 1);
  story.say(m1, event::NodeStarted{id(m1), 1, 3, 0, 0}).claim_primary(m1, shard(0), 1);
  return story;
}

TEST(FailureDetectionBounds, SeesFailLiftedTooEarlyFromAPrimaryThatNobodyReplaced) {
  Story early = failed_and_back(), late = failed_and_back();
  early.at(16498ms).suspect(m2, m1, kFail, kNone);
  EXPECT_THAT(early.judge("failure_detection_bounds").what(), HasSubstr("m2 lifted FAIL from m1"));
  late.at(16499ms).suspect(m2, m1, kFail, kNone);
  EXPECT_EQ(late.judge("failure_detection_bounds").judgement, Judgement::kPass);
}

TEST(FailureDetectionBounds, SeesFailThatIsNeverLifted) {
  EXPECT_EQ(failed_and_back().ends(19s).judge("failure_detection_bounds").judgement,
            Judgement::kPass);
  EXPECT_THAT(failed_and_back().ends(20s).judge("failure_detection_bounds").what(),
              HasSubstr("m2 still holds m1 for failed although it has been back for 7.000 s"));
}

TEST(FailureDetectionBounds, IsNotCheckedWhereNobodyWasSilent) {
  Story story;
  EXPECT_EQ(story.boot().judge("failure_detection_bounds").judgement, Judgement::kNotChecked);
}

}  // namespace
}  // namespace sim::story
