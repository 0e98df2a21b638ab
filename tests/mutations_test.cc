// Invariants must catch: every invariant declares the mutations of the core that it kills, and here
// it sees a small cluster run into each of them. Without the mutation the same run with the same
// seed holds. What breaks no promise and is yet another node is caught by `slotsim diff`.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "sim/app/comparison.h"
#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

// Some mutations need luck: two candidates in one epoch, two claims that cross on the way.
constexpr std::uint64_t kSeeds = 20;

// A primary dies and is replaced.
constexpr std::string_view kFailover = R"({
  "version": 1, "name": "failover", "duration": "15s",
  "cluster": {"config": {"cluster-node-timeout": 2000}},
  "workload": [{"type": "list-append", "clients": 2, "rate": 100}],
  "timeline": [{"at": "2s", "do": "crash", "node": "m1", "for": "10s"}]})";

// A primary is cut off with a client, replaced, and comes back.
constexpr std::string_view kMinority = R"({
  "version": 1, "name": "minority", "duration": "20s",
  "cluster": {"config": {"cluster-node-timeout": 2000}},
  "workload": [{"type": "list-append", "clients": 3, "rate": 100}],
  "timeline": [{"at": "2s", "do": "partition", "groups": [["m1", "client-1"]], "for": "10s"}]})";

// Nothing goes wrong, and every key is overwritten often.
constexpr std::string_view kOverwrites = R"({
  "version": 1, "name": "overwrites", "duration": "10s",
  "workload": [{"type": "register", "clients": 2, "keys": 100, "rate": 100}]})";

// Two shards lose their primaries at once, far apart: both replicas stand before either has heard
// of the other.
constexpr std::string_view kTwoCandidates = R"({
  "version": 1, "name": "two-candidates", "duration": "20s",
  "cluster": {"shards": 5, "config": {"cluster-node-timeout": 2000}},
  "network": {"delay": "200ms"},
  "timeline": [{"at": "2s", "do": "crash", "node": ["m1", "m2"], "for": "heal"}]})";

// Two replicas that cannot hear each other take over in the same epoch, asking nobody.
constexpr std::string_view kTakeovers = R"({
  "version": 1, "name": "takeovers", "duration": "20s",
  "cluster": {"config": {"cluster-node-timeout": 2000}},
  "network": {"delay": "20ms"},
  "timeline": [
    {"at": "2s", "do": "crash", "node": ["m1", "m2"], "for": "heal"},
    {"at": "8s", "do": "failover", "node": ["m4", "m5"], "mode": "takeover"}]})";

// Far apart: when the old primary is back, its claim and its successor's cross on the way.
constexpr std::string_view kCrossingClaims = R"({
  "version": 1, "name": "crossing-claims", "duration": "20s",
  "cluster": {"config": {"cluster-node-timeout": 2000}},
  "network": {"delay": "300ms"},
  "timeline": [{"at": "2s", "do": "partition", "groups": [["m1"]], "for": "12s"}]})";

// A client that asks seldom learns of a planned failover long after the cluster has calmed down.
constexpr std::string_view kStaleClient = R"({
  "version": 1, "name": "stale-client", "duration": "20s",
  "cluster": {"config": {"cluster-node-timeout": 1000}},
  "workload": [
    {"type": "register", "clients": 1, "processes": 4, "keys": 20, "think": "4s"}],
  "timeline": [{"at": "4s", "do": "failover", "node": "replica:shard-0"}]})";

// A primary dies, and nobody looks but the others.
constexpr std::string_view kElection = R"({
  "version": 1, "name": "election", "duration": "8s",
  "cluster": {"config": {"cluster-node-timeout": 1000}},
  "timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "heal"}]})";

// A node of another cluster lives where a dead replica of this one was.
constexpr std::string_view kAddressReuse = R"({
  "version": 1, "name": "address-reuse", "duration": "10s",
  "cluster": {"others": {"b": {"shards": 2}}, "config": {"cluster-node-timeout": 1000}},
  "timeline": [
    {"at": "1s", "do": "crash", "node": "m6", "power": true, "for": "forever"},
    {"at": "4s", "do": "restart", "node": "b-m2", "address_of": "m6"}]})";

const std::map<std::string, std::string_view, std::less<>> kScenarios = {
    {"vote-twice-per-epoch", kTwoCandidates}, {"win-without-majority", kFailover},
    {"epoch-goes-back", kMinority},           {"skip-collision-resolution", kTakeovers},
    {"ignore-slot-epoch", kCrossingClaims},   {"no-demotion", kMinority},
    {"minority-keeps-writing", kMinority},    {"no-rejoin-delay", kMinority},
    {"ack-before-apply", kOverwrites},        {"replica-skips-command", kFailover},
    {"redirect-to-self", kStaleClient},       {"fail-never-clears", kMinority},
    {"send-before-save", kFailover},          {"late-election", kElection},
    {"ping-introduces", kAddressReuse},
};

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
  const auto text = kScenarios.find(mutation);
  ASSERT_NE(text, kScenarios.end()) << "give it a scenario here";
  const Loaded loaded = load_scenario(mutation + ".json", std::string(text->second), vocabulary());
  ASSERT_EQ(loaded.problems.text(), "");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Scenario& scenario = loaded.variants.front();
    if (judge(scenario, seed, *broken, invariant) != Judgement::kFail) continue;
    EXPECT_EQ(judge(scenario, seed, Mutation::kNone, invariant), Judgement::kPass)
        << "with seed " << seed << " it is broken without the mutation too";
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
    const auto text = kScenarios.find(info.name);
    ASSERT_NE(text, kScenarios.end()) << "give it a scenario here";
    const Loaded loaded = load_scenario("x.json", std::string(text->second), vocabulary());
    ASSERT_EQ(loaded.problems.text(), "");
    const Scenario& scenario = loaded.variants.front();
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

TEST(Mutations, NoScenarioHereIsForNothing) {
  for (const auto& [mutation, text] : kScenarios) EXPECT_TRUE(find_mutation(mutation)) << mutation;
}

}  // namespace
}  // namespace sim
