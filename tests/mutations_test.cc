// Invariants must catch: every invariant declares the mutations of the core that it kills, and here
// it sees a small cluster (scenarios/broken/) run into each of them. Without the mutation the same
// run with the same seed holds. What breaks no promise and is yet another node is caught by
// `slotsim diff`.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "sim/app/comparison.h"
#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "tests/read_file.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

// Some mutations need luck: two candidates in one epoch, two claims that cross on the way.
constexpr std::uint64_t kSeeds = 20;

Scenario situation(std::string_view mutation) {
  const auto all = mutations();
  const auto info = std::find_if(all.begin(), all.end(),
                                 [&](const MutationInfo& one) { return one.name == mutation; });
  const std::string file = "scenarios/broken/" + std::string(info->shown_by) + ".json";
  Loaded loaded = load_scenario(file, read(fs::path(SLOTSIM_SOURCE_DIR) / file), vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return std::move(loaded.variants.at(0));
}

struct Pair {
  std::string invariant, mutation;
};
void PrintTo(const Pair& pair, std::ostream* out) {
  *out << pair.invariant << " against " << pair.mutation;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(", "), list.size());
    words.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 2, list.size()));
  }
  return words;
}

std::vector<Pair> declared() {
  std::vector<Pair> pairs;
  for (const InvariantKind& kind : invariants()) {
    for (std::string& mutation : split(kind.kills)) {
      pairs.push_back({std::string(kind.name), std::move(mutation)});
    }
  }
  return pairs;
}

Judgement judge(const Scenario& scenario, std::uint64_t seed, Mutation mutation,
                const std::string& invariant) {
  RunSettings settings;
  settings.plan.seed = seed;
  settings.plan.mutation = mutation;
  const RunResult result = run_once(scenario, settings);
  for (const InvariantResult& judged : result.invariants) {
    if (judged.name == invariant) return judged.judgement;
  }
  ADD_FAILURE() << "nobody judged " << invariant;
  return Judgement::kUnknown;
}

class Invariants : public testing::TestWithParam<Pair> {};

TEST_P(Invariants, KillTheMutationsTheyDeclare) {
  const auto& [invariant, mutation] = GetParam();
  const auto broken = find_mutation(mutation);
  ASSERT_TRUE(broken);
  const Scenario scenario = situation(mutation);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (judge(scenario, seed, *broken, invariant) != Judgement::kFail) continue;
    EXPECT_EQ(judge(scenario, seed, Mutation::kNone, invariant), Judgement::kPass)
        << "with seed " << seed << " it is broken without the mutation too";
    RecordProperty("seeds", static_cast<int>(seed));
    std::cout << mutation << ": killed by " << invariant << " in seed " << seed << '\n';
    return;
  }
  ADD_FAILURE() << "survived " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Registry, Invariants, testing::ValuesIn(declared()), [](const auto& test) {
  std::string name = test.param.invariant + "_of_" + test.param.mutation;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// ---- Those that only diff can see ----

SideRuns runs_of(const Scenario& scenario, std::uint64_t first_seed, Mutation mutation) {
  constexpr std::uint64_t kSeedsOfDiff = 150;
  SideRuns side{"sim", true, {}};
  for (std::uint64_t seed = first_seed; seed < first_seed + kSeedsOfDiff; ++seed) {
    RunSettings settings;
    settings.plan.seed = seed;
    settings.plan.mutation = mutation;
    side.runs.push_back(run_once(scenario, settings).seen);
  }
  return side;
}

TEST(Diff, KillsTheMutationsThatAreLeftToIt) {
  for (const MutationInfo& info : mutations()) {
    if (info.killed_by != kKilledByDiff) continue;
    const Scenario scenario = situation(info.name);
    const SideRuns ours = runs_of(scenario, 1, Mutation::kNone);
    EXPECT_FALSE(compare(ours, runs_of(scenario, 1, info.mutation), {}).equivalent())
        << info.name << " survives";
    EXPECT_TRUE(compare(ours, runs_of(scenario, 10'001, Mutation::kNone), {}).equivalent())
        << "other seeds of the same node are flagged";
  }
}

TEST(Mutations, EachIsKilledByAnInvariantThatDeclaresIt) {
  for (const MutationInfo& info : mutations()) {
    if (info.killed_by == kKilledByDiff) continue;
    const InvariantKind* killer = find_invariant(info.killed_by);
    ASSERT_NE(killer, nullptr) << info.name << " is killed by " << info.killed_by;
    const std::vector<std::string> kills = split(killer->kills);
    EXPECT_NE(std::find(kills.begin(), kills.end(), info.name), kills.end())
        << info.killed_by << " does not declare " << info.name;
    EXPECT_EQ(find_mutation(info.name), info.mutation);
  }
}

TEST(Mutations, EachInvariantDeclaresOne) {
  for (const InvariantKind& kind : invariants()) {
    EXPECT_FALSE(split(kind.kills).empty()) << kind.name;
    for (const std::string& mutation : split(kind.kills)) {
      EXPECT_TRUE(find_mutation(mutation)) << kind.name << " kills " << mutation;
    }
  }
}

TEST(Mutations, EachBrokenScenarioShowsOne) {
  std::set<std::string> shown, there;
  for (const MutationInfo& info : mutations()) shown.insert(std::string(info.shown_by) + ".json");
  for (const auto& entry :
       fs::directory_iterator(fs::path(SLOTSIM_SOURCE_DIR) / "scenarios/broken"))
    there.insert(entry.path().filename());
  EXPECT_EQ(shown, there);
}

}  // namespace
}  // namespace sim
