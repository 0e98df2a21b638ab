// Slots, whose they are, and slots on their way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using event::RebindCause;
using ::testing::HasSubstr;

// Slots of m1 go to m2 in m3's view.
event::SlotsRebound rebound(RebindCause cause, std::uint64_t epoch, std::uint64_t from_epoch) {
  return {slots(0, 9), id(m1), id(m2), epoch, cause, from_epoch, no_slots()};
}

// ---- slot_changes_have_cause ----

Judged after_rebound(const event::SlotsRebound& moved) {
  return running()
      .claim_primary(m2, shard(1), 9)
      .at(11s)
      .say(m3, moved)
      .judge("slot_changes_have_cause");
}

TEST(SlotChangesHaveCause, HoldsForAGreaterClaimAndForACommand) {
  EXPECT_EQ(after_rebound(rebound(RebindCause::kClaim, 9, 1)).judgement, Judgement::kPass);
  EXPECT_EQ(after_rebound(rebound(RebindCause::kCommand, 0, 1)).judgement, Judgement::kPass);
  EXPECT_EQ(after_rebound(rebound(RebindCause::kUnknown, 0, 1)).judgement, Judgement::kNotChecked);
}

TEST(SlotChangesHaveCause, SeesAClaimThatIsNoGreater) {
  EXPECT_THAT(after_rebound(rebound(RebindCause::kClaim, 4, 4)).what(),
              HasSubstr("not greater than the owner's 4"));
  event::SlotsRebound free = rebound(RebindCause::kClaim, 4, 4);
  free.unclaimed = slots(0, 9);
  EXPECT_EQ(after_rebound(free).judgement, Judgement::kPass);
  free.unclaimed = slots(0, 8);
  EXPECT_EQ(after_rebound(free).judgement, Judgement::kFail);
}

TEST(SlotChangesHaveCause, SeesAClaimThatNobodyMade) {
  EXPECT_THAT(after_rebound(rebound(RebindCause::kClaim, 10, 1)).what(),
              HasSubstr("m2 has never had more than 9"));
}

TEST(SlotChangesHaveCause, SeesAnImportedSlotTaken) {
  Story story = running().claim_primary(m2, shard(1), 9);
  story.say(m3, event::SlotOpened{SlotId{5}, true, id(m1)});
  Story closed = story;
  story.at(11s).say(m3, rebound(RebindCause::kClaim, 9, 1));
  EXPECT_THAT(story.judge("slot_changes_have_cause").what(), HasSubstr("imports slot 5"));
  closed.say(m3, event::SlotClosed{SlotId{5}, true}).say(m3, rebound(RebindCause::kClaim, 9, 1));
  EXPECT_EQ(closed.judge("slot_changes_have_cause").judgement, Judgement::kPass);
}

TEST(SlotChangesHaveCause, SeesPromotionsAndDemotionsThatWereNone) {
  event::SlotsRebound taken = rebound(RebindCause::kPromotion, 9, 1);
  Story promoted = running().promote(m4, m1, shard(0), 9).say(m4, taken);
  EXPECT_EQ(promoted.judge("slot_changes_have_cause").judgement, Judgement::kPass);
  EXPECT_THAT(running().say(m4, taken).judge("slot_changes_have_cause").what(),
              HasSubstr("has not had"));
  event::SlotsRebound unbound = rebound(RebindCause::kDemotion, 0, 1);
  EXPECT_THAT(running().say(m3, unbound).judge("slot_changes_have_cause").what(),
              HasSubstr("never was a replica"));
  EXPECT_EQ(
      running().claim_replica(m1, m4).say(m3, unbound).judge("slot_changes_have_cause").judgement,
      Judgement::kPass);
}

// ---- slot_counts_add_up ----

TEST(SlotCountsAddUp, SeesASlotCountedTwice) {
  Story story = running().views();
  EXPECT_EQ(story.judge("slot_counts_add_up").judgement, Judgement::kPass);
  event::ViewSnapshot twice = story.view(m4);
  twice.fingerprint = 8;
  twice.peers[m2].slots = slots(5460, 10922);
  EXPECT_EQ(story.say(m4, twice).judge("slot_counts_add_up").what(),
            "m4 counts slot 5460 for m1 and m2 at once");
}

// ---- open_slots_are_owned ----

TEST(OpenSlotsAreOwned, SeesMarksByTheWrongNode) {
  const auto judged = [](std::uint32_t machine, bool importing) {
    return running()
        .say(machine, event::SlotOpened{SlotId{5}, importing, id(m3)})
        .judge("open_slots_are_owned");
  };
  EXPECT_EQ(judged(m1, false).judgement, Judgement::kPass);
  EXPECT_EQ(judged(m2, true).judgement, Judgement::kPass);
  EXPECT_THAT(judged(m2, false).what(), HasSubstr("migrating, although it does not own it"));
  EXPECT_THAT(judged(m1, true).what(), HasSubstr("importing, although it owns it"));
}

TEST(OpenSlotsAreOwned, SeesAMarkThatOutlivesSetslotNode) {
  event::SlotsRebound given = rebound(RebindCause::kCommand, 2, 1);
  Story story = running();
  for (std::uint16_t slot = 0; slot < 10; ++slot)
    story.say(m1, event::SlotOpened{SlotId{slot}, false, id(m2)});
  story.at(11s);
  for (std::uint16_t slot = 0; slot < 9; ++slot)
    story.say(m1, event::SlotClosed{SlotId{slot}, false});
  Story right = story;
  story.say(m1, given);
  EXPECT_EQ(story.judge("open_slots_are_owned").what(),
            "m1 gave away slot 9 by SETSLOT NODE and still has it marked as migrating");
  right.say(m1, event::SlotClosed{SlotId{9}, false}).say(m1, given);
  EXPECT_EQ(right.judge("open_slots_are_owned").judgement, Judgement::kPass);
}

TEST(OpenSlotsAreOwned, DoesNotJudgeWhatWasLoaded) {
  Story story = running().crash(m2).at(12s).start(m2, 1);
  story.say(m2, event::SlotOpened{SlotId{5}, false, id(m3)}).claim_primary(m2, shard(1), 2);
  EXPECT_EQ(story.judge("open_slots_are_owned").judgement, Judgement::kNotChecked);
}

// ---- imports_raise_epoch ----

TEST(ImportsRaiseEpoch, SeesATakerWithAnOldEpoch) {
  const auto judged = [](std::uint64_t config_epoch, std::uint64_t current_epoch) {
    Story story = running().say(m2, event::SlotOpened{SlotId{5}, true, id(m1)}).at(11s);
    event::SlotsRebound taken = rebound(RebindCause::kCommand, 2, 1);
    taken.slots = slots(5, 5);
    story.say(m2, taken);
    story.say(m2, event::EpochChanged{3, current_epoch, 2, config_epoch});
    story.say(m2, event::SlotClosed{SlotId{5}, true});
    return story.judge("imports_raise_epoch");
  };
  EXPECT_EQ(judged(4, 4).judgement, Judgement::kPass);
  EXPECT_EQ(judged(2, 3).what(),
            "m2 took slot 5, which it had imported, with configEpoch 2, although it knows of epoch "
            "3");
}

// ---- slots_survive_restart ----

Story saved_open_slot() {
  Story story = running().say(m1, event::SlotOpened{SlotId{5}, false, id(m2)});
  story.say(m1, event::ConfigSaved{true}).at(12s).crash(m1).at(13s);
  return story;
}

TEST(SlotsSurviveRestart, HoldsIfAllIsThereAgain) {
  Story story = saved_open_slot().start(m1, 1);
  story.say(m1, event::SlotOpened{SlotId{5}, false, id(m2)}).claim_primary(m1, shard(0), 1);
  EXPECT_EQ(story.judge("slots_survive_restart").judgement, Judgement::kPass);
}

TEST(SlotsSurviveRestart, SeesWhatIsMissing) {
  Story open = saved_open_slot().start(m1, 1).claim_primary(m1, shard(0), 1);
  EXPECT_EQ(open.judge("slots_survive_restart").what(),
            "m1 started again and does not know that it was migrating slot 5");
  Story fewer = saved_open_slot().start(m1, 1);
  fewer.say(m1, event::SlotOpened{SlotId{5}, false, id(m2)}).claim_primary(m1, slots(0, 5459), 1);
  EXPECT_THAT(fewer.judge("slots_survive_restart").what(), HasSubstr("without slots 5460"));
}

TEST(SlotsSurviveRestart, AllowsForWhatWasTakenBeforeItsFirstWord) {
  Story story = saved_open_slot().start(m1, 1);
  story.say(m1, event::SlotOpened{SlotId{5}, false, id(m2)});
  event::SlotsRebound taken;
  taken.slots = slots(5000, 5460);
  taken.from = id(m1);
  taken.to = id(m4);
  story.say(m1, taken).claim_primary(m1, slots(0, 4999), 1);
  const Judged judged = story.judge("slots_survive_restart");
  EXPECT_EQ(judged.judgement, Judgement::kPass) << judged.what();
}

TEST(SlotsSurviveRestart, AsksNothingOfWhoLostItsDisk) {
  Story story = saved_open_slot().start(m1, 1, "lost").claim_primary(m1, no_slots(), 0);
  EXPECT_EQ(story.judge("slots_survive_restart").judgement, Judgement::kNotChecked);
}

// ---- uncovered_slots_are_refused ----

TEST(UncoveredSlotsAreRefused, SeesANodeThatIsOkAllTheSame) {
  Story story = running();
  event::ViewSnapshot view = story.view(m3);
  view.peers[m2].suspicion = event::Suspicion::kFail;
  EXPECT_EQ(story.say(m3, view).judge("uncovered_slots_are_refused").what(),
            "m3 holds the cluster to be ok although nobody alive has slots 5461-10922");
  view.healthy = false;
  EXPECT_EQ(running().say(m3, view).judge("uncovered_slots_are_refused").judgement,
            Judgement::kPass);
  view.healthy = true;
  Story partial = running();
  partial.facts.full_coverage = false;
  EXPECT_EQ(partial.say(m3, view).judge("uncovered_slots_are_refused").judgement, Judgement::kPass);
  view.peers[m1].suspicion = event::Suspicion::kPfail;
  EXPECT_THAT(partial.say(m3, view).judge("uncovered_slots_are_refused").what(),
              HasSubstr("reaches only 1 of 3 primaries"));
}

}  // namespace
}  // namespace sim::story
