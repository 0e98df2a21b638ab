// Operations of a timeline: an operator who adds, moves, removes and replaces, and what becomes of
// the cluster when it, or he, is hit in the middle.
#include "sim/app/operations.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/app/run_text.h"

namespace sim {
namespace {

RunResult run_operations(const std::string& cluster, const std::string& rest) {
  return run_text(R"({"version": 1, "name": "operations", "cluster": {)" + cluster +
                  R"(, "config": {"cluster-node-timeout": 2000}}, )" + rest + "}");
}

TEST(Operations, AddAPrimaryAndAReplica) {
  const RunResult result = run_operations(R"("spares": 2)", R"("duration": "20s",
      "timeline": [
        {"at": "1s", "id": "primary", "do": "add-node", "node": "spare:0"},
        {"after": "primary", "do": "add-node", "node": "spare:1", "replica_of": "primary:shard-1"}],
      "expect": {"reached": [{"event": "operation-done", "count": 2},
                             {"event": "full-sync", "node": "spare:1"}],
                 "final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:8"}}]})");
  EXPECT_EQ(result.headline, "PASS");
}

// Nobody is left who knows it, and it knows nobody.
TEST(Operations, RemoveAReplica) {
  const RunResult result = run_operations(R"("replicas": 2)", R"("duration": "20s",
      "timeline": [{"at": "1s", "do": "remove-node", "node": "replica:shard-0"}],
      "expect": {"reached": [{"event": "operation-done"}, {"event": "peer-forgotten", "count": 8}]}
      )");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Operations, DoNotRemoveWhoHasSlots) {
  const RunResult result = run_operations(R"("shards": 3)", R"("duration": "10s",
      "timeline": [{"at": "1s", "do": "remove-node", "node": "m1", "expect": "failed"}],
      "expect": {"reached": [{"event": "operation-failed"}], "not_reached": ["peer-forgotten"]})");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Operations, ThatShouldComeOffAndDoNotFailTheRun) {
  const RunResult result = run_operations(R"("shards": 3)", R"("duration": "10s",
      "timeline": [{"at": "1s", "do": "remove-node", "node": "m1"}])");
  EXPECT_TRUE(result.headline.starts_with("FAIL step 1, remove-node")) << result.headline;
}

class Replaced : public testing::TestWithParam<std::string> {};

// The old id is gone, the machine has another, and the shard has its replica again.
TEST_P(Replaced, ComesBackAsAReplica) {
  const RunResult result = run_operations(R"("shards": 3)", R"("duration": "40s",
      "timeline": [{"at": "1s", "do": "replace-node", "node": ")" +
                                                                GetParam() + R"("}],
      "expect": {"reached": [{"event": "operation-done"}, {"event": "full-sync", "after": "1s"}],
                 "not_reached": ["fail"],
                 "final": [{"node": "all", "command": "CLUSTER INFO",
                            "expect": {"contains": "cluster_known_nodes:6"}},
                           {"node": "replicas", "command": "INFO replication",
                            "expect": {"contains": "master_link_status:up"}}]})");
  EXPECT_EQ(result.headline, "PASS");
}
INSTANTIATE_TEST_SUITE_P(AtTheSameAddress, Replaced,
                         testing::Values("m6", "primary:shard-0", R"(m6", "new_address": true,
                                          "note": ")"));

// ---- Stopped ----

TEST(Operations, FailWhenTheOperatorDies) {
  const RunResult result = run_operations(R"("spares": 1)", R"("duration": "10s",
      "timeline": [
        {"at": "1s", "do": "add-node", "node": "spare:0", "replica_of": "m1", "expect": "failed"},
        {"at": "1500ms", "do": "crash", "node": "operator", "for": "1s"}],
      "expect": {"reached": [{"event": "operation-failed", "before": "1600ms"}]})");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Operations, WaitWhileTheOperatorIsCutOff) {
  const std::string timeline = R"("duration": "20s",
      "timeline": [
        {"at": "1s", "do": "partition", "node": "operator", "for": "5s"},
        {"at": "2s", "do": "add-node", "node": "spare:0"}],
      "expect": {"reached": [{"event": "operation-done", "after": "6s"}]})";
  EXPECT_EQ(run_operations(R"("spares": 1)", timeline).headline, "PASS");
}

TEST(Operations, AreStoppedWhenTheyTakeTooLong) {
  const RunResult result = run_operations(R"("spares": 1)", R"("duration": "20s",
      "timeline": [
        {"at": "1s", "do": "partition", "node": "operator", "for": "heal"},
        {"at": "2s", "do": "add-node", "node": "spare:0", "within": "3s", "expect": "failed"}],
      "expect": {"reached": [{"event": "operation-failed", "after": "5s", "before": "5100ms"}]})");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Operations, AreStoppedWhenEverythingHeals) {
  const RunResult result = run_operations(R"("spares": 1)", R"("duration": "5s",
      "timeline": [
        {"at": "1s", "do": "partition", "node": "operator", "for": "heal"},
        {"at": "2s", "do": "add-node", "node": "spare:0", "expect": "any"}],
      "expect": {"reached": [{"event": "operation-failed"}], "not_reached": ["peer-learned"]})");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Operations, NameWhoeverIsMeantWhenTheyBegin) {
  const RunResult result = run_operations(R"("shards": 3, "replicas": 0)", R"("duration": "5s",
      "timeline": [
        {"at": "1s", "do": "remove-node", "node": "any-replica", "expect": "failed"}])");
  ASSERT_EQ(result.expectations.size(), 1u);
  EXPECT_NE(result.expectations[0].detail.find("nobody is any-replica"), std::string::npos)
      << result.expectations[0].detail;
}

}  // namespace
}  // namespace sim
