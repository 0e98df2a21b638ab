#include "sim/invariants/milestones.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::ElementsAre;

Milestones told(const Story& story) {
  Directory directory(story.facts.cast);
  Milestones milestones;
  for (const Record& record : story.records) {
    directory.see(record);
    milestones.see(record, directory);
  }
  return milestones;
}

std::vector<std::string> notable_texts(const Milestones& milestones, std::string_view from) {
  std::vector<std::string> texts;
  bool begun = false;
  for (const Milestone& milestone : milestones.all()) {
    begun |= milestone.name == from;
    if (begun && milestone.notable) texts.push_back(milestone.text);
  }
  return texts;
}

TEST(Milestones, TellAFailoverInPlainWords) {
  Story story;
  story.boot().at(10s).crash(m1).at(12500ms);
  story.suspect(m2, m1, event::Suspicion::kNone, event::Suspicion::kPfail);
  story.suspect(m3, m1, event::Suspicion::kNone, event::Suspicion::kPfail);
  story.suspect(m2, m1, event::Suspicion::kPfail, event::Suspicion::kFail, 2, 2);
  story.say(m4, event::ElectionStarted{id(m1), 4, 0, 2, false}).vote(m2, m4, m1, 4);
  story.promote(m4, m1, shard(0), 4);
  EXPECT_THAT(
      notable_texts(told(story), "crash"),
      ElementsAre("m1 crashed", "m2 suspects m1 (PFAIL)",
                  "m2 holds m1 for failed (FAIL: 2 reports of 2 needed)",
                  "m4 asks for votes to replace m1 in epoch 4 (needs 2)",
                  "m2 votes for m4 in epoch 4", "m4 replaces m1 in epoch 4 (2 votes of 2 needed)"));
}

TEST(Milestones, AreAboutWhomTheyHappenToAndTheShardOfThatMoment) {
  Story story;
  story.boot().suspect(m2, m1, event::Suspicion::kNone, event::Suspicion::kPfail);
  const Milestones milestones = told(story);
  ASSERT_EQ(milestones.latest().size(), 1u);
  const Milestone& pfail = milestones.latest().front();
  EXPECT_TRUE(matches(pfail, "pfail"));
  EXPECT_TRUE(matches(pfail, "pfail", 0, MachineId{m1}));
  EXPECT_FALSE(matches(pfail, "pfail", 1));
  EXPECT_FALSE(matches(pfail, "pfail", -1, MachineId{m2})) << "m2 is who says so";
  EXPECT_FALSE(matches(pfail, "fail"));
  EXPECT_EQ(pfail.by, MachineId{m2});
}

TEST(Milestones, AnElectionIsBothWonAndAPromotionATakeoverOnlyTheLatter) {
  Story won, taken;
  won.boot().promote(m4, m1, shard(0), 4);
  EXPECT_TRUE(told(won).reached("election-won", 0) && told(won).reached("promoted", 0));
  taken.boot().say(m4, event::Promoted{id(m1), 4, 0, 0, true, false});
  EXPECT_TRUE(told(taken).reached("takeover") && told(taken).reached("promoted"));
  EXPECT_FALSE(told(taken).reached("election-won"));
}

TEST(Milestones, KeepTheFirstOfEachKindAndCountAll) {
  Story story;
  story.boot();
  for (int i = 0; i < 700; ++i) story.say(client, event::Redirected{1, "MOVED 1 10.0.0.1:6379"});
  const Milestones milestones = told(story);
  EXPECT_EQ(milestones.count("moved"), 700u);
  std::size_t kept = 0;
  for (const Milestone& milestone : milestones.all()) kept += milestone.name == "moved" ? 1 : 0;
  EXPECT_EQ(kept, Milestones::kKeptOfEach);
}

TEST(Milestones, ThatACutTellsWhoIsApart) {
  Story story;
  story.boot().cut({{"m1"}, {"m2", "m3"}});
  EXPECT_EQ(told(story).latest().front().text, "network cut: m1 | m2 m3");
  story.cut({});
  EXPECT_EQ(told(story).latest().front().name, "heal");
}

TEST(Milestones, HaveUniqueNamesWithDescriptions) {
  for (const MilestoneKind& kind : milestone_kinds()) {
    EXPECT_EQ(find_milestone(kind.name), &kind);
    EXPECT_FALSE(kind.description.empty());
  }
  EXPECT_EQ(find_milestone("election.won"), nullptr);
}

}  // namespace
}  // namespace sim::story
