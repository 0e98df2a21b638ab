#include "sim/invariants/jury.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/invariants/verdict.h"
#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::ElementsAre;

// Says of each crash, and at the end, how things stand.
class Onlooker final : public CopyableVerdict<Onlooker> {
 public:
  explicit Onlooker(const RunFacts&) : CopyableVerdict("nothing happened") {}

  void before(const Record& record, const Stage& stage) override {
    if (std::holds_alternative<event::MachineCrashed>(record.event))
      violation(record, "before: " + up(stage));
  }
  void see(const Record& record, const Stage& stage) override {
    if (std::holds_alternative<event::MachineCrashed>(record.event))
      violation(record, "after: " + up(stage));
  }
  void finish(const Ending& ending) override {
    violation(ending.at, 0,
              "end at " + moment(ending.at) + ": " + up(ending.stage) + ", " +
                  counted(ending.views.views().size(), "view"));
  }
  std::string numbers() const override { return ""; }

 private:
  static std::string up(const Stage& stage) {
    return counted(stage.directory().up().size(), "node");
  }
};

constexpr InvariantKind kOnlooker{"onlooker",
                                  "It looks on.",
                                  "here",
                                  "always",
                                  "nothing",
                                  "anything",
                                  false,
                                  [](const RunFacts& facts) -> std::unique_ptr<Invariant> {
                                    return std::make_unique<Onlooker>(facts);
                                  }};

std::vector<std::string> sentences(const Jury& jury, std::size_t index = 0) {
  std::vector<std::string> texts;
  for (const Finding& finding : jury.invariants()[index]->findings()) texts.push_back(finding.what);
  return texts;
}

Story a_death() {
  Story story;
  story.boot().at(10s).crash(m1).at(20s).views().ends(21s);
  return story;
}

TEST(Jury, ShowsHowThingsStoodBeforeEachRecordAndAfter) {
  const Story story = a_death();
  Jury jury(story.facts, {&kOnlooker, 1});
  for (const Record& record : story.records) jury.see(record);
  jury.finish(story.end());
  EXPECT_THAT(sentences(jury), ElementsAre("before: 6 nodes", "after: 5 nodes",
                                           "end at 21.000 s: 5 nodes, 6 views"));
}

TEST(Jury, ShowsTheSameToAll) {
  const Story story = a_death();
  const std::vector<InvariantKind> three(3, kOnlooker);
  Jury jury(story.facts, three);
  for (const Record& record : story.records) jury.see(record);
  jury.finish(story.end());
  ASSERT_EQ(jury.invariants().size(), 3u);
  EXPECT_EQ(sentences(jury, 1), sentences(jury, 0));
  EXPECT_EQ(sentences(jury, 2), sentences(jury, 0));
}

// What one of the two is told later, the other does not know.
TEST(Jury, JudgesOnByItselfWhenCopied) {
  const Story story = a_death();
  auto jury = std::make_unique<Jury>(story.facts, std::span{&kOnlooker, 1});
  for (const Record& record : story.records) jury->see(record);
  Jury copy(*jury);
  Story more;
  more.at(22s).crash(m2);
  for (const Record& record : more.records) jury->see(record);
  jury->finish(sim_time(23s));
  jury.reset();
  copy.finish(story.end());
  EXPECT_EQ(copy.stage().directory().up().size(), 5u);
  EXPECT_THAT(sentences(copy), ElementsAre("before: 6 nodes", "after: 5 nodes",
                                           "end at 21.000 s: 5 nodes, 6 views"));
}

TEST(Jury, OfNobodyKeepsTheStage) {
  const Story story = a_death();
  Jury jury(story.facts, {});
  for (const Record& record : story.records) jury.see(record);
  jury.finish(story.end());
  EXPECT_TRUE(jury.invariants().empty());
  EXPECT_EQ(jury.stage().directory().up().size(), 5u);
}

TEST(Stage, KnowsWhoCameBackWhileItsPrimaryWasDead) {
  Story story;
  story.boot().at(10s).crash(m1).crash(m4).crash(m5).at(12s).start(m4, 1).start(m5, 1);
  Stage stage(story.facts.cast);
  for (const Record& record : story.records) stage.see(record);
  EXPECT_TRUE(stage.is_orphan(MachineId{m4}));
  EXPECT_FALSE(stage.is_orphan(MachineId{m5}));  // m2 runs
  EXPECT_FALSE(stage.is_orphan(MachineId{m6}));  // has not been away
  Story later;
  later.at(20s).say(m4, event::ReplicationUp{});
  for (const Record& record : later.records) stage.see(record);
  EXPECT_FALSE(stage.is_orphan(MachineId{m4}));
}

}  // namespace
}  // namespace sim::story
