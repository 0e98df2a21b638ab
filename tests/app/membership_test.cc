// Who belongs to a cluster, told by the operator: introductions and partings, in clusters that were
// booted and in such that have met over the wire, and spares that join.
#include <gtest/gtest.h>

#include <string>

#include "tests/app/run_text.h"

namespace sim {
namespace {

RunResult run(const std::string& cluster, const std::string& rest) {
  return run_text(R"({"version": 1, "name": "members", "cluster": {)" + cluster +
                  R"(, "config": {"cluster-node-timeout": 2000}}, )" + rest + "}");
}

class Members : public testing::TestWithParam<std::string> {
 protected:
  std::string form() const { return R"("form": ")" + GetParam() + '"'; }
};

// A node that is forgotten is not let in again for 60 s. (Protocol §3.)
TEST_P(Members, AreForgottenAndIntroducedAgain) {
  const RunResult result = run(form(), R"("duration": "80s",
      "timeline": [{"at": "5s", "do": "forget", "node": "m6"},
                   {"at": "70s", "do": "meet", "node": "m6", "with": "m1"}],
      "expect": {"reached": [{"event": "peer-forgotten", "node": "m6", "after": "5s",
                              "before": "6s", "count": 5},
                             {"event": "peer-learned", "node": "m6", "after": "65s", "count": 5}],
                 "final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:6"}}]})");
  EXPECT_EQ(result.headline, "PASS");
  ASSERT_EQ(result.faults.size(), 2u);
  EXPECT_EQ(result.faults[0].effects, 5u) << result.faults[0].unit;
  EXPECT_EQ(result.faults[1].effects, 1u) << result.faults[1].unit;
}

TEST_P(Members, AreJoinedByASpare) {
  const RunResult result = run(form() + R"(, "spares": 1)", R"("duration": "30s",
      "timeline": [{"at": "5s", "do": "meet", "node": "spare:0", "with": "m2"},
                   {"at": "15s", "do": "command", "node": "m7", "expect": "OK",
                    "command": "CLUSTER REPLICATE id-of:primary:shard-0"}],
      "expect": {"reached": [{"event": "full-sync", "node": "m7", "after": "15s"}],
                 "final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:7"}},
                           {"node": "replicas:shard-0", "command": "INFO replication",
                            "expect": {"contains": "role:slave"}}]})");
  EXPECT_EQ(result.headline, "PASS");
}

INSTANTIATE_TEST_SUITE_P(Forms, Members, testing::Values("booted", "meet"),
                         [](const auto& test) { return test.param; });

// It is no part of the cluster, so nobody waits for it and nothing is expected of it.
TEST(Spares, ThatMeetNobodyAreLeftAlone) {
  const RunResult result = run(R"("spares": 2)", R"("duration": "5s",
      "expect": {"final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:6"}},
                           {"node": "spare:1", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:1"}}]})");
  EXPECT_EQ(result.headline, "PASS");
  ASSERT_EQ(result.expectations.size(), 2u);
  EXPECT_TRUE(result.expectations[0].text.starts_with("m1, m2, m3 and 3 others answer "))
      << result.expectations[0].text;
}

TEST(Spares, AreNamedOnlyIfThereAreAny) {
  const auto problem = [](const std::string& cluster) {
    return load_scenario("x.json", R"({"version": 1, "name": "x", "cluster": {)" + cluster + R"(},
        "timeline": [{"at": "1s", "do": "meet", "node": "spare:1", "with": "m1"}]})",
                         vocabulary())
        .problems.text();
  };
  EXPECT_NE(problem(R"("spares": 0)").find("there is no spare 1"), std::string::npos);
  EXPECT_NE(problem(R"("spares": 0)").find("the cluster has none"), std::string::npos);
  EXPECT_NE(problem(R"("spares": 1)").find("the spares are 0 to 0"), std::string::npos);
  EXPECT_EQ(problem(R"("spares": 2)"), "");
}

TEST(Ids, InCommandsMeanOneNode) {
  const auto problem = [](const std::string& command) {
    return load_scenario("x.json",
                         R"({"version": 1, "name": "x", "timeline": [{"at": "1s",
        "do": "command", "node": "m6", "command": "CLUSTER REPLICATE )" +
                             command + R"("}]})",
                         vocabulary())
        .problems.text();
  };
  EXPECT_EQ(problem("id-of:m1"), "");
  EXPECT_NE(problem("id-of:replicas").find("means several nodes"), std::string::npos);
  EXPECT_NE(problem("id-of:m77").find("there is no machine \"m77\""), std::string::npos);
}

}  // namespace
}  // namespace sim
