// Scripted commands: steps that wait for each other, commands that are asked until the reply is as
// expected, and what is remembered and compared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/app/run_text.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

RunResult run(const std::string& timeline, const std::string& expect = "") {
  return run_text(
      R"({"version": 1, "name": "commands", "duration": "20s",
          "cluster": {"config": {"cluster-node-timeout": 2000}},
          "workload": [{"type": "register", "clients": 1, "rate": 1}],
          "timeline": [)" +
      timeline + "]" + (expect.empty() ? "" : R"(, "expect": {)" + expect + "}") + "}");
}

const std::string kUntilFail = R"({"at": "1s", "do": "crash", "node": "m1", "for": "heal"},
    {"then": "0s", "do": "command", "node": "m2", "command": "CLUSTER NODES",
     "expect": {"between": ["id-of:m1", "\\n"], "contains": "fail "}, "every": "100ms")";

TEST(Commands, AreAskedUntilTheReplyIsAsExpected) {
  const RunResult result =
      run(kUntilFail + R"(, "within": "10s"})",
          R"("reached": [{"event": "step-reply", "after": "2s", "before": "6s"}])");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Commands, AreNotAskedLongerThanTheyMayTake) {
  const RunResult result = run(kUntilFail + R"(, "within": "1s"})");
  EXPECT_THAT(result.headline, HasSubstr("FAIL m2 answers \"CLUSTER NODES\""));
}

TEST(Steps, WaitForTheOneBeforeThem) {
  const RunResult result = run(
      kUntilFail +
          R"(, "within": "10s"}, {"then": "1s", "do": "pause", "node": "m3", "for": "1s"})",
      R"("reached": [{"event": "pause", "after": "3s"}], "not_reached": [{"event": "pause", "before": "3s"}])");
  EXPECT_EQ(result.headline, "PASS");
}

TEST(Steps, ThatWaitInVainAreMissed) {
  const std::string later =
      R"({"then": "0s", "id": "later", "do": "pause", "node": "m3", "for": "1s"})";
  const RunResult unanswered = run(kUntilFail + R"(, "within": "1s"}, )" + later);
  EXPECT_THAT(unanswered.headline, HasSubstr("nobody answers \"later\" with its turn"));
  const RunResult late = run(R"({"at": "1s", "do": "command", "node": "m1", "command": "PING"},
      {"then": "30s", "id": "later", "do": "command", "node": "m1", "command": "PING"},
      {"then": "1s", "id": "latest", "do": "command", "node": "m1", "command": "PING"})");
  EXPECT_THAT(late.headline, HasSubstr("nobody answers \"later\" with its turn"));
  EXPECT_EQ(late.headline.find("latest"), std::string::npos) << "one that is missed is enough";
}

TEST(Replies, AreRememberedAndCompared) {
  const auto compared = [](const std::string& bound) {
    return run(R"({"at": "1s", "do": "command", "node": "m1", "command": "CLUSTER INFO",
                   "expect": {"field": "cluster_current_epoch", "is": ">=1"}, "remember": "epoch"},
        {"then": "0s", "do": "command", "node": "m4", "command": "CLUSTER FAILOVER TAKEOVER", "expect": "OK"},
        {"then": "1s", "do": "command", "node": "m1", "command": "CLUSTER INFO",
         "expect": {"field": "cluster_current_epoch", "is": ")" +
               bound + R"("}})")
        .headline;
  };
  EXPECT_EQ(compared("> epoch"), "PASS");
  EXPECT_THAT(compared("== epoch"), HasSubstr("a cluster_current_epoch that is == epoch"));
}

TEST(Replies, AreComparedAmongAllWhoAreAsked) {
  EXPECT_EQ(run(R"({"at": "1s", "do": "command", "node": "all", "command": "CLUSTER MYID",
                    "expect": {"all": "distinct"}},
                   {"at": "1s", "do": "command", "node": "all", "command": "CLUSTER INFO",
                    "expect": {"field": "cluster_current_epoch", "all": "same"}})")
                .headline,
            "PASS");
  EXPECT_THAT(run(R"({"at": "1s", "do": "command", "node": "all", "command": "CLUSTER MYID",
                      "expect": {"all": "same"}})")
                  .headline,
              HasSubstr("m1, m2, m3 and 3 others answer \"CLUSTER MYID\" with a reply that is the "
                        "same of all"));
}

TEST(Replies, MayBeExpectedToNameANode) {
  EXPECT_EQ(run(R"({"at": "1s", "do": "command", "node": "m4", "command": "INFO replication",
                    "expect": {"field": "master_host", "reply": "ip-of:m1"}},
                   {"at": "1s", "do": "command", "node": "m4", "command": "CLUSTER MYID",
                    "expect": "id-of:m4"})")
                .headline,
            "PASS");
}

TEST(WhatRepeats, HitsAnotherEachTimeAndIsTakenBack) {
  const RunResult result =
      run(R"({"at": "1s", "do": "repeat", "times": 2, "steps": [
      {"then": "0s", "id": "stop", "do": "pause", "node": "any-replica", "for": "heal"},
      {"then": "1s", "do": "command", "node": {"not": "hit-by:pause"}, "command": "PING",
       "expect": "PONG", "within": "100ms"},
      {"then": "0s", "do": "end", "step": "stop"},
      {"then": "0s", "do": "command", "node": "hit-by:pause", "command": "ECHO {round}",
       "expect": "{round}", "within": "100ms"}]})",
          R"("reached": [{"event": "resume", "count": 2}, {"event": "step-reply", "count": 12}])");
  EXPECT_EQ(result.headline, "PASS");
}

}  // namespace
}  // namespace sim
