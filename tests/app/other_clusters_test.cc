// Another cluster in the same world: left alone until it is known here, and then one with this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/app/run_text.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

std::string scenario(const std::string& cluster, const std::string& rest) {
  return R"({"version": 1, "name": "others", "cluster": {)" + cluster +
         R"(, "config": {"cluster-node-timeout": 2000}}, )" + rest + "}";
}

const InvariantResult& judged(const RunResult& result, std::string_view name) {
  const auto found = std::find_if(result.invariants.begin(), result.invariants.end(),
                                  [&](const InvariantResult& one) { return one.name == name; });
  EXPECT_NE(found, result.invariants.end());
  return *found;
}

// Its nodes have votes, epochs and slots like ours, and its failover is nothing of ours.
TEST(OtherClusters, AreNotJudged) {
  const RunResult result = run_text(scenario(R"("others": {"b": {"shards": 3, "replicas": 1}})",
                                             R"("duration": "20s",
      "timeline": [{"at": "2s", "do": "crash", "node": "b-m1", "for": "heal"},
                   {"at": "2s", "do": "crash", "node": ["b-m2", "b-m5"], "for": "forever"}],
      "expect": {"not_reached": ["promoted", "fail"],
                 "final": [{"node": "m1", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:6"}},
                           {"node": "b-m3", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_state:fail"}}]})"));
  EXPECT_EQ(result.headline, "PASS");
  EXPECT_EQ(judged(result, "clusters_stay_apart").judgement, Judgement::kPass);
  EXPECT_EQ(judged(result, "election_safety").summary, "0 elections, 0 won, 0 votes");
}

TEST(OtherClusters, AreOneWithThisOneOnceTheyMeet) {
  const RunResult result =
      run_text(scenario(R"("shards": 2, "others": {"b": {"shards": 4}})", R"("duration": "20s",
      "workload": [{"type": "list-append", "clients": 1, "rate": 100}],
      "timeline": [{"at": "5s", "do": "meet", "node": "m1", "with": "b-m1"}],
      "expect": {"invariants": {"known_defects": [12, 28]},
                 "metrics": {"lost_by_defect": ">0", "lost_unexplained": "==0"},
                 "final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:8"}}]})"));
  EXPECT_THAT(result.headline, HasSubstr("PASS (as declared: "));
  EXPECT_EQ(judged(result, "clusters_stay_apart").judgement, Judgement::kKnownDefect);
  EXPECT_EQ(judged(result, "converges_after_heal").judgement, Judgement::kPass);
  const auto& answered = result.expectations.front().text;
  EXPECT_TRUE(answered.starts_with("m1, m2, m3 and 5 others answer ")) << answered;
}

// Before redis 6.0.5 it was enough to have forgotten a dead node whose address another cluster was
// given. Whether the MEET or the others' finding out comes first is chance.
TEST(OtherClusters, AreMetThroughGossipByOldServers) {
  const auto merged = [](const std::string& deviations, std::uint64_t seed) {
    const Loaded loaded = load_scenario(
        "test.json",
        scenario(R"("others": {"b": {"shards": 2}}, "deviations": )" + deviations,
                 R"("duration": "90s",
      "timeline": [{"at": "1s", "do": "crash", "node": "m6", "power": true, "for": "forever"},
                   {"at": "8s", "do": "forget", "node": "m6", "by": "m1"},
                   {"at": "75s", "do": "restart", "node": "b-m2", "address_of": "m6"}])"),
        vocabulary());
    EXPECT_EQ(loaded.problems.text(), "");
    RunSettings settings;
    settings.plan.seed = seed;
    return judged(run_once(loaded.variants.front(), settings), "clusters_stay_apart").judgement ==
           Judgement::kFail;
  };
  int times = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    times += merged(R"(["gossip-introduces"])", seed) ? 1 : 0;
    EXPECT_FALSE(merged("[]", seed)) << "seed " << seed;
  }
  EXPECT_GT(times, 0);
}

TEST(OtherClusters, HaveNamesAndShapes) {
  const auto problem = [](const std::string& others, const std::string& step) {
    return load_scenario("x.json", scenario(R"("others": )" + others, R"("timeline": [)" + step + "]"),
                         vocabulary())
        .problems.text();
  };
  const std::string pause = R"({"at": "1s", "do": "pause", "node": "b-m2", "for": "1s"})";
  EXPECT_EQ(problem(R"({"b": {"shards": 2}})", pause), "");
  EXPECT_THAT(problem(R"({"b": {"shards": 1}})", pause), HasSubstr("there is no machine \"b-m2\""));
  EXPECT_THAT(problem(R"({"b": {"shards": 0}})", pause), HasSubstr("/cluster/others/b/shards"));
  EXPECT_THAT(problem(R"({"b": {"shard": 2}})", pause), HasSubstr("did you mean \"shards\"?"));
  EXPECT_THAT(problem(R"({"b c": {}})", ""), HasSubstr("\"b c\" is no name"));
  const std::string taken = R"({"at": "1s", "do": "restart", "node": "b-m1", )";
  EXPECT_EQ(problem(R"({"b": {}})", taken + R"("address_of": "m6"})"), "");
  EXPECT_THAT(problem(R"({"b": {}})", taken + R"("address_of": "m7"})"),
              HasSubstr("there is no machine \"m7\""));
  EXPECT_THAT(problem(R"({"b": {}})", taken + R"("address_of": "replicas"})"),
              HasSubstr("expected one machine, by its name"));
  EXPECT_THAT(problem(R"({"b": {}})", taken + R"("new_address": true, "address_of": "m6"})"),
              HasSubstr("is one address"));
}

}  // namespace
}  // namespace sim
