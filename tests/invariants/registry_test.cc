#include <gtest/gtest.h>

#include <set>
#include <string>

#include "sim/invariants/verdict.h"
#include "tests/invariants/story_testing.h"

namespace sim::story {
namespace {

TEST(Invariants, HaveNamesClaimsSourcesScopesAndSomethingTheyKill) {
  std::set<std::string_view> names;
  for (const InvariantKind& kind : invariants()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.claim.empty() || kind.source.empty() || kind.scope.empty() ||
                 kind.kills.empty() || kind.needs.empty())
        << kind.name;
    EXPECT_EQ(find_invariant(kind.name), &kind);
  }
  EXPECT_EQ(find_invariant("no_such_thing"), nullptr);
}

TEST(Invariants, NeverPassAnEmptyTraceAndSayWhy) {
  for (const InvariantKind& kind : invariants()) {
    const Judged judged = Story().judge(kind.name);
    EXPECT_EQ(judged.judgement, Judgement::kNotChecked) << kind.name;
    EXPECT_FALSE(judged.summary.empty()) << kind.name;
  }
}

TEST(Invariants, HaveNoFaultToFindWithAQuietCluster) {
  Story story;
  story.boot().at(20s).phase(event::Phase::kSettling).at(29s).views().say(plan, event::Converged{});
  story.facts.settle_from = sim_time(20s);
  for (const InvariantKind& kind : invariants()) {
    const Judged judged = story.judge(kind.name);
    EXPECT_TRUE(judged.findings.empty()) << kind.name << ": " << judged.what();
  }
}

// Ten findings are kept, violations rather than known defects; all are counted.
TEST(Invariants, KeepTenFindingsAndCountTheRest) {
  Story story;
  story.boot();
  for (std::uint64_t epoch = 10; epoch < 35; ++epoch) {
    story.at(10s * epoch).vote(m2, m4, m1, epoch, false, false);
  }
  const Judged judged = story.judge("votes_follow_rules");
  EXPECT_EQ(judged.findings.size(), 10u);
  EXPECT_EQ(judged.count, 25u);
}

class Tallies final : public CopyableVerdict<Tallies> {
 public:
  Tallies() : CopyableVerdict("nothing was told") {}
  void see(const Record&, const Stage&) override {}
  std::string numbers() const override { return ""; }
  using Verdict::known_defect;
  void fails(std::uint64_t record) { violation(SimTime{}, record, "it fails"); }
};

// A row is what a scenario allows or not: however many findings there are of one row, the first of
// another is kept, and a violation before both.
TEST(Verdicts, KeepAFindingOfEveryRow) {
  Tallies tallies;
  for (std::uint64_t i = 0; i < 20; ++i) tallies.known_defect({}, i, 7, "again");
  tallies.known_defect({}, 21, 31, "another");
  tallies.fails(22);
  std::multiset<int> rows;
  for (const Finding& finding : tallies.findings()) rows.insert(finding.row);
  EXPECT_EQ(rows.size(), 10u);
  EXPECT_EQ(rows.count(31), 1u);
  EXPECT_EQ(rows.count(0), 1u);
  EXPECT_EQ(tallies.finding_count(), 22u);
}

}  // namespace
}  // namespace sim::story
