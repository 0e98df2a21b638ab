// How mutations are hunted, with runs made up: what counts as a kill, and what does not.
#include "sim/app/hunt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const MutationInfo& no_demotion() {
  for (const MutationInfo& info : mutations()) {
    if (info.name == "no-demotion") return info;
  }
  std::abort();
}

Scenario named(const std::string& file) {
  Scenario scenario;
  scenario.file = "set/" + file + ".json";
  return scenario;
}

RunResult judged(const std::string& invariant, Judgement judgement) {
  RunResult result;
  result.cpu_ns = 5;
  InvariantResult one;
  one.name = invariant;
  one.judgement = judgement;
  result.invariants.push_back(one);
  return result;
}

class Hunting : public ::testing::Test {
 protected:
  Hunted hunt(SeedRange seeds, const MutatedRun& run) const {
    return Hunt(set_, seeds, 2, run).hunt({{.mutation = &no_demotion()}}).at(0);
  }
  const std::vector<Scenario> set_{named("another"), named("minority")};
};

TEST_F(Hunting, StopsAtTheFirstRunInWhichADeclaredInvariantFails) {
  const Hunted hunted = hunt({1, 50}, [](const Scenario&, std::uint64_t seed, Mutation mutation) {
    const bool fails = mutation != Mutation::kNone && seed >= 6;
    return judged("one_writable_primary", fails ? Judgement::kFail : Judgement::kPass);
  });
  EXPECT_TRUE(hunted.killed);
  EXPECT_THAT(hunted.by, ElementsAre("one_writable_primary"));
  EXPECT_EQ(hunted.scenario, "minority");
  EXPECT_EQ(hunted.seed, 6u);
  EXPECT_EQ(hunted.runs, 6u);
  EXPECT_EQ(hunted.cpu_ns, 7 * 5);  // and one without the mutation
}

TEST_F(Hunting, GoesToTheOtherScenariosWhenItsOwnIsUsedUp) {
  const Hunted hunted =
      hunt({1, 3}, [](const Scenario& scenario, std::uint64_t, Mutation mutation) {
        const bool fails = mutation != Mutation::kNone && scenario.file == "set/another.json";
        return judged("one_writable_primary", fails ? Judgement::kFail : Judgement::kPass);
      });
  EXPECT_TRUE(hunted.killed);
  EXPECT_EQ(hunted.scenario, "another");
  EXPECT_EQ(hunted.runs, 4u);
}

TEST_F(Hunting, WhatFailsWithoutTheMutationTooIsNoKill) {
  const Hunted hunted = hunt({1, 3}, [](const Scenario&, std::uint64_t, Mutation) {
    return judged("one_writable_primary", Judgement::kFail);
  });
  EXPECT_FALSE(hunted.killed);
  EXPECT_EQ(hunted.runs, 6u);
}

TEST_F(Hunting, WhatNobodyDeclaredIsToldAndIsNoKill) {
  const Hunted hunted = hunt({1, 2}, [](const Scenario&, std::uint64_t, Mutation mutation) {
    return judged("epochs_monotone",
                  mutation != Mutation::kNone ? Judgement::kFail : Judgement::kPass);
  });
  EXPECT_FALSE(hunted.killed);
  EXPECT_THAT(hunted.bystanders, ElementsAre("epochs_monotone"));
}

TEST_F(Hunting, AKnownDefectIsNoKill) {
  const Hunted hunted = hunt({1, 1}, [](const Scenario&, std::uint64_t, Mutation mutation) {
    return judged("one_writable_primary",
                  mutation != Mutation::kNone ? Judgement::kKnownDefect : Judgement::kPass);
  });
  EXPECT_FALSE(hunted.killed);
}

TEST_F(Hunting, ACrashIsToldAndIsNoKill) {
  const Hunted hunted =
      hunt({1, 2}, [](const Scenario&, std::uint64_t seed, Mutation mutation) -> RunResult {
        if (mutation == Mutation::kNone || seed != 2)
          return judged("one_writable_primary", Judgement::kPass);
        std::fputs("the core fell over\n", stderr);
        std::abort();
      });
  EXPECT_FALSE(hunted.killed);
  EXPECT_THAT(hunted.by, IsEmpty());
  EXPECT_EQ(hunted.crashes, 2u);  // with its own scenario, and with the other
  EXPECT_THAT(hunted.crash, HasSubstr("minority with seed 2, exit code 134: the core fell over"));
}

TEST_F(Hunting, WhenAllRunsCrashDiffHasSeenNoDifference) {
  const MutationInfo info{Mutation::kLateElection, "late-election", kKilledByDiff, "minority", ""};
  const MutatedRun run = [](const Scenario&, std::uint64_t, Mutation mutation) -> RunResult {
    if (mutation != Mutation::kNone) std::_Exit(70);
    return {};
  };
  const Hunted hunted = Hunt(set_, {1, 1}, 2, run).tell_apart(info);
  EXPECT_FALSE(hunted.killed);
  EXPECT_EQ(hunted.crashes, 150u);
}

}  // namespace
}  // namespace sim
