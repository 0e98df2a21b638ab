// Steps that follow each other, and steps that repeat.
#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

TEST(Timeline, StepsFollowTheOneBeforeThem) {
  const Scenario scenario = loaded(R"(, "timeline": [
      {"at": "1s", "do": "command", "node": "m1", "command": "PING"},
      {"then": "250ms", "do": "command", "node": "m1", "command": "PING"}])");
  EXPECT_EQ(scenario.timeline.at(1).trigger.kind, Trigger::Kind::kThen);
  EXPECT_EQ(scenario.timeline.at(1).trigger.delay, 250ms);
}

TEST(Timeline, WhatRepeatsStandsThereAsOftenAsItHappens) {
  const Scenario scenario = loaded(R"(, "timeline": [
      {"at": "1s", "do": "repeat", "times": 2, "steps": [
        {"then": "2s", "id": "kill", "do": "crash", "node": "m1", "for": "heal"},
        {"then": "3s", "do": "command", "node": "m2", "command": "SET {round} v{round}{tag}",
         "expect": {"contains": "r{round}"}},
        {"then": "4s", "do": "end", "step": "kill"}]},
      {"then": "5s", "do": "command", "node": "m1", "command": "PING"}])");
  const std::vector<Step>& steps = scenario.timeline;
  ASSERT_EQ(steps.size(), 7u);
  EXPECT_EQ(steps[0].trigger.kind, Trigger::Kind::kAt);
  EXPECT_EQ(steps[0].trigger.at, 3s) << "when the first round begins, and so much later";
  EXPECT_EQ(steps[3].trigger.kind, Trigger::Kind::kThen);
  EXPECT_EQ(steps[3].trigger.delay, 2s);
  EXPECT_EQ(steps[0].id, "kill-1");
  EXPECT_EQ(steps[2].ends, "kill-1");
  EXPECT_EQ(steps[5].ends, "kill-2");
  EXPECT_EQ(steps[1].id, "step-2");
  EXPECT_EQ(steps[4].id, "step-5");
  EXPECT_EQ(steps[4].command.words, (std::vector<std::string>{"SET", "2", "v2{tag}"}));
  EXPECT_EQ(steps[4].command.expect.contains, std::vector<std::string>{"r2"});
}

TEST(Timeline, CommandsAreAskedAgainAndRemembered) {
  const Scenario scenario = loaded(R"(, "timeline": [{"at": "1s", "do": "command", "node": "m1",
      "command": "CLUSTER INFO", "expect": {"field": "cluster_state", "reply": "ok"},
      "every": "100ms", "within": "50s", "remember": "state"}])");
  const CommandStep& command = scenario.timeline.at(0).command;
  EXPECT_EQ(command.every, 100ms);
  EXPECT_EQ(command.within, 50s);
  EXPECT_EQ(command.remember, "state");
}

TEST(Timeline, WordsMayStandForIdsAndAddresses) {
  EXPECT_EQ(node_reference("id-of:m1")->what, NodeReference::What::kId);
  EXPECT_EQ(node_reference("ip-of:primary:shard-0")->what, NodeReference::What::kIp);
  EXPECT_EQ(node_reference("ip-of:primary:shard-0")->selector, "primary:shard-0");
  EXPECT_FALSE(node_reference("an id-of:m1"));
}

}  // namespace
}  // namespace sim
