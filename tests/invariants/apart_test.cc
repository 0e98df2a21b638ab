// Clusters that run beside each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

using ::testing::HasSubstr;

// m5 and m6 are of another cluster.
Story beside() {
  Story story;
  std::vector<MachineInfo> people(story.facts.cast.people().begin(),
                                  story.facts.cast.people().end());
  people[m5].cluster = people[m6].cluster = "b";
  story.facts.cast = Cast(std::move(people));
  story.boot().at(5s);
  return story;
}

TEST(ClustersStayApart, HoldsWhileNobodyLearnsOfTheOther) {
  Story story = beside();
  story.say(m1, event::PeerLearned{id(m2)}).say(m5, event::PeerLearned{id(m6)});
  const Judged judged = story.judge("clusters_stay_apart");
  EXPECT_EQ(judged.judgement, Judgement::kPass);
  EXPECT_EQ(judged.summary, "0 nodes of another cluster became known");
}

TEST(ClustersStayApart, IsNotCheckedWhereThereIsOne) {
  Story story;
  story.boot();
  EXPECT_EQ(story.judge("clusters_stay_apart").judgement, Judgement::kNotChecked);
}

TEST(ClustersStayApart, SeesAStrangerWhomNobodyIntroduced) {
  Story story = beside();
  story.say(m1, event::PeerLearned{id(m6)});
  const Judged judged = story.judge("clusters_stay_apart");
  EXPECT_EQ(judged.judgement, Judgement::kFail);
  EXPECT_EQ(judged.what(),
            "m1 came to know m6, a node of another cluster, and nobody had introduced them");
}

TEST(ClustersStayApart, KnowsTheDefectOfAnIntroduction) {
  Story by_fault = beside(), by_command = beside();
  event::FaultBegan meet;
  meet.kind = "meet";
  event::StepReply typed;
  typed.command = "CLUSTER MEET 10.0.0.6 6379";
  by_fault.say(plan, meet).say(m1, event::PeerLearned{id(m6)});
  by_command.say(plan, typed).say(m6, event::PeerLearned{id(m1)});
  for (const Story& story : {by_fault, by_command}) {
    const Judged judged = story.judge("clusters_stay_apart");
    EXPECT_EQ(judged.judgement, Judgement::kKnownDefect);
    ASSERT_EQ(judged.findings.size(), 1u);
    EXPECT_EQ(judged.findings.front().row, 28);
    EXPECT_THAT(judged.what(), HasSubstr("after a MEET was typed"));
  }
}

// Who owns a slot for longer than hearsay needs, once they are one cluster.
TEST(OneWritablePrimary, KnowsTheDefectOfTwoClustersThatMet) {
  Story story = beside();
  story.say(m1, event::PeerLearned{id(m6)}).claim_primary(m6, shard(0), 9).healthy(m6);
  story.at(30s).phase(event::Phase::kSettling);
  const Judged judged = story.judge("one_writable_primary");
  EXPECT_EQ(judged.judgement, Judgement::kKnownDefect) << judged.what();
  EXPECT_THAT(judged.what(), HasSubstr("they come of two clusters that have met"));
}

}  // namespace
}  // namespace sim::story
