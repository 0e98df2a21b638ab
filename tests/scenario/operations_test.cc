// Steps that are operations: what they say, and what is wrong with them.
#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

Step step(const std::string& options, const std::string& cluster = R"("spares": 2)") {
  const Scenario scenario = loaded(R"(, "cluster": {)" + cluster +
                                   R"(}, "timeline": [{"at": "1s", "do": )" + options + "}]");
  return scenario.timeline.at(0);
}

std::string problem(const std::string& options) {
  return load(R"(, "cluster": {"spares": 2}, "timeline": [{"at": "1s", "do": )" + options + "}]")
      .problems.text();
}

TEST(Operations, HaveTheDefaultsOfRedisCli) {
  const OperationStep reshard = step(R"("reshard", "to": "spare:1", "slots": 100)").operation;
  EXPECT_EQ(reshard.kind, OperationKind::kReshard);
  EXPECT_EQ(reshard.from.kind, Selector::Kind::kAll);
  EXPECT_EQ(to_text(*reshard.to), "spare:1");
  EXPECT_EQ(reshard.slots, 100u);
  EXPECT_EQ(reshard.pipeline, 10u);
  EXPECT_EQ(reshard.timeout, Duration{std::chrono::seconds{60}});
  EXPECT_FALSE(reshard.real);
  EXPECT_EQ(reshard.machine(), "operator");
  EXPECT_EQ(step(R"("rebalance")").operation.threshold, 2u);
}

TEST(Operations, SayWhichSlotsMove) {
  const OperationStep ranges =
      step(R"("reshard", "to": "m1", "slots": ["0-9 20", "30-31"])").operation;
  EXPECT_EQ(ranges.ranges,
            (std::vector<SlotRange>{
                {SlotId{0}, SlotId{9}}, {SlotId{20}, SlotId{20}}, {SlotId{30}, SlotId{31}}}));
  EXPECT_NE(problem(R"("reshard", "to": "m1", "slots": "9-0")").find("expected a number of slots"),
            std::string::npos);
  EXPECT_NE(problem(R"("reshard", "to": "m1", "slots": 0)").find("1 to 16384"), std::string::npos)
      << problem(R"("reshard", "to": "m1", "slots": 0)");
  EXPECT_NE(problem(R"("reshard", "to": "m1")").find("\"slots\""), std::string::npos);
  EXPECT_NE(problem(R"("reshard", "to": "m1", "slots": "5", "with": "redis-cli")")
                .find("redis-cli moves a number of slots"),
            std::string::npos);
}

TEST(Operations, MeanOneNode) {
  EXPECT_NE(problem(R"("remove-node", "node": "replicas")").find("expected one"),
            std::string::npos);
  EXPECT_NE(problem(R"("reshard", "to": ["m1", "m2"], "slots": 5)").find("expected one"),
            std::string::npos);
  EXPECT_NE(problem(R"("add-node", "node": "spare:2")").find("the spares are 0 to 1"),
            std::string::npos);
  EXPECT_EQ(problem(R"("reshard", "from": ["m1", "m2"], "to": "m3", "slots": 5)"), "");
}

TEST(Operations, WeighNodesByWhomeverTheyAre) {
  const OperationStep rebalance =
      step(R"("rebalance", "weights": {"m1": 0, "primary:shard-1": 3}, "use_empty": true)")
          .operation;
  ASSERT_EQ(rebalance.weights.size(), 2u);
  EXPECT_EQ(to_text(rebalance.weights[1].first), "primary:shard-1");
  EXPECT_EQ(rebalance.weights[1].second, 3u);
  EXPECT_NE(problem(R"("rebalance", "weights": {"m77": 1})").find("there is no machine \"m77\""),
            std::string::npos);
}

TEST(Operations, AreSuggestedToWhoMistypesThem) {
  EXPECT_NE(problem(R"("reshrd", "to": "m1", "slots": 5)").find("reshard"), std::string::npos);
  EXPECT_NE(problem(R"("add-node", "nod": "spare:0")").find("node"), std::string::npos);
}

// Its machine has a name that faults can mean, and others cannot have.
TEST(Operations, AreTypedAtAMachine) {
  const std::string cut = R"(, {"at": "2s", "do": "crash", "node": "operator", "for": "5s"}])";
  const std::string timeline = R"(, "timeline": [{"at": "1s", "do": "rebalance")";
  EXPECT_EQ(load(timeline + "}" + cut).problems.text(), "");
  EXPECT_NE(load(timeline + R"(, "with": "redis-cli"})" + cut).problems.text().find("\"operator\""),
            std::string::npos);
  const std::string repeated = R"(, "timeline": [{"at": "1s", "do": "repeat", "times": 2, "steps": [
      {"then": "1s", "do": "fix"}]})";
  EXPECT_EQ(load(repeated + cut).problems.text(), "");
  EXPECT_NE(load(timeline + R"(}], "machines": [{"name": "operator", "exec": "true"}])")
                .problems.text()
                .find("there is another machine \"operator\""),
            std::string::npos);
}

TEST(Operations, HaveExamplesThatAreValid) {
  for (const OperationInfo& operation : operations()) {
    EXPECT_EQ(
        load(R"(, "cluster": {"spares": 1}, "timeline": [)" + std::string(operation.example) + "]")
            .problems.text(),
        "")
        << operation.name;
  }
}

}  // namespace
}  // namespace sim
