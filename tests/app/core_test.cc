// Healing only a core: who is in it, what stays broken, and what is then demanded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/app/run_text.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

std::string scenario(const std::string& settle, const std::string& timeline) {
  return R"({"version": 1, "name": "core", "duration": "6s",
      "cluster": {"config": {"cluster-node-timeout": 1000}},
      "settle": {"within": "15s", "progress": 1024, )" +
         settle + R"(}, "timeline": [)" + timeline + "]}";
}

const InvariantResult& judged(const RunResult& result, const std::string& name) {
  return *std::find_if(result.invariants.begin(), result.invariants.end(),
                       [&](const InvariantResult& one) { return one.name == name; });
}

// What the core's own fault says, from its text on; empty if there is none.
std::string core_of(const RunResult& result) {
  for (const FaultResult& fault : result.faults) {
    if (fault.kind == "core-only") return fault.text;
  }
  return {};
}

RunResult run_seed(const std::string& text, std::uint64_t seed) {
  const Loaded loaded = load_scenario("test.json", text, vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  RunSettings settings;
  settings.plan.seed = seed;
  return run_once(loaded.variants.at(0), settings);
}

constexpr const char* kPaused = R"({"at": "1s", "do": "pause", "node": "m1", "for": "heal"})";

TEST(CoreOnly, TwoOfThreePrimariesAndTheReplicaOfTheThirdMakeProgress) {
  const RunResult result = run_text(scenario(R"("heal": "core")", kPaused));
  EXPECT_EQ(result.headline, "PASS");
  EXPECT_EQ(judged(result, "progress_after_heal").judgement, Judgement::kPass);
  EXPECT_THAT(judged(result, "progress_after_heal").summary, HasSubstr("in a core of 3"));
  EXPECT_THAT(judged(result, "converges_after_heal").summary, HasSubstr("only a core was healed"));
  EXPECT_THAT(core_of(result), HasSubstr("are healed, for good"));
  for (const FaultResult& fault : result.faults) EXPECT_GT(fault.effects, 0u) << fault.text;
}

TEST(CoreOnly, EachSeedDrawsItsOwn) {
  std::set<std::string> cores;
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    cores.insert(core_of(run_seed(scenario(R"("heal": "core")", ""), seed)));
  EXPECT_GT(cores.size(), 2u);
}

TEST(CoreOnly, WhoIsHeldForeverIsNotInIt) {
  const std::string held = R"({"at": "1s", "do": "crash", "node": "m2", "for": "forever"})";
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::string core = core_of(run_seed(scenario(R"("heal": "core")", held), seed));
    EXPECT_EQ(core.find("m2"), std::string::npos) << core;
  }
}

TEST(CoreOnly, WithoutAMajorityItIsExcusedByName) {
  const std::string held = R"({"at": "1s", "do": "crash", "node": ["m1", "m2", "m4", "m5"],
                               "for": "forever"})";
  const RunResult result = run_text(scenario(R"("heal": "core")", held));
  const InvariantResult& progress = judged(result, "progress_after_heal");
  EXPECT_EQ(progress.judgement, Judgement::kNotChecked);
  EXPECT_THAT(progress.summary, HasSubstr("excused: no majority: 1 of 3 primaries run"));
}

TEST(CoreOnly, AllCanBeAskedForProgressToo) {
  const RunResult result = run_text(scenario(R"("heal": "all")", kPaused));
  EXPECT_EQ(result.headline, "PASS");
  EXPECT_THAT(judged(result, "progress_after_heal").summary, HasSubstr("16 slots written"));
  EXPECT_EQ(core_of(result), "");
}

// What fails to recover costs exit 4.
TEST(CoreOnly, ABrokenCoreIsAMatterOfLiveness) {
  const Loaded loaded =
      load_scenario("test.json", scenario(R"("heal": "core")", kPaused), vocabulary());
  RunSettings settings;
  settings.plan.mutation = Mutation::kUnanimousElection;
  const RunResult result = run_once(loaded.variants.at(0), settings);
  EXPECT_EQ(result.code, exit_code::kLiveness) << result.headline;
  EXPECT_THAT(result.headline, HasSubstr("progress_after_heal"));
}

}  // namespace
}  // namespace sim
