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
#include <string_view>
#include <vector>

#include "sim/app/hunt.h"
#include "sim/app/vocabulary.h"
#include "tests/read_file.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

// Some mutations need luck: two candidates in one epoch, two claims that cross on the way.
constexpr std::uint64_t kSeeds = 20;

const MutationInfo* info_of(std::string_view mutation) {
  const auto all = mutations();
  const auto info = std::find_if(all.begin(), all.end(),
                                 [&](const MutationInfo& one) { return one.name == mutation; });
  return info == all.end() ? nullptr : &*info;
}

Scenario situation(const MutationInfo& mutation) {
  const std::string file = "scenarios/broken/" + std::string(mutation.shown_by) + ".json";
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

std::vector<Pair> declared() {
  std::vector<Pair> pairs;
  for (const InvariantKind& kind : invariants()) {
    for (const std::string_view mutation : declared_kills(kind))
      pairs.push_back({std::string(kind.name), std::string(mutation)});
  }
  return pairs;
}

class Invariants : public testing::TestWithParam<Pair> {};

TEST_P(Invariants, KillTheMutationsTheyDeclare) {
  const auto& [invariant, mutation] = GetParam();
  const MutationInfo* broken = info_of(mutation);
  ASSERT_NE(broken, nullptr);
  const Scenario scenario = situation(*broken);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    if (!catch_mutation(*broken, scenario, seed).killers.contains(invariant)) continue;
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

TEST(Diff, KillsTheMutationsThatAreLeftToIt) {
  for (const MutationInfo& info : mutations()) {
    if (info.killed_by != kKilledByDiff) continue;
    const std::vector<Scenario> set{situation(info)};
    const Hunted hunted = Hunt(set, {1, 1}, 1).tell_apart(info);
    EXPECT_TRUE(hunted.killed) << info.name << " survives";
    EXPECT_EQ(hunted.crashes, 0u) << hunted.crash;
  }
}

TEST(Mutations, EachIsKilledByAnInvariantThatDeclaresIt) {
  for (const MutationInfo& info : mutations()) {
    if (info.killed_by == kKilledByDiff) continue;
    const InvariantKind* killer = find_invariant(info.killed_by);
    ASSERT_NE(killer, nullptr) << info.name << " is killed by " << info.killed_by;
    const auto kills = declared_kills(*killer);
    EXPECT_NE(std::find(kills.begin(), kills.end(), info.name), kills.end())
        << info.killed_by << " does not declare " << info.name;
    EXPECT_EQ(find_mutation(info.name), info.mutation);
  }
}

TEST(Mutations, EachInvariantDeclaresOne) {
  for (const InvariantKind& kind : invariants()) {
    EXPECT_FALSE(declared_kills(kind).empty()) << kind.name;
    for (const std::string_view mutation : declared_kills(kind)) {
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
