// What a scenario says of the work of its servers: "costs".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

std::string costs(const std::string& text, const std::string& more = "") {
  return R"(, "cluster": {"shards": 2, "replicas": 1, "spares": 1, "costs": )" + text + more + "}";
}

TEST(Costs, AreNothingIfNotGiven) {
  const Scenario scenario = loaded("");
  EXPECT_EQ(costs_of(scenario.cluster, "m1").costs, Costs{});
  EXPECT_TRUE(costs_of(scenario.cluster, "m1").dataset.empty());
}

TEST(Costs, AreReadInIntegers) {
  const Scenario scenario = loaded(costs(R"({
      "dataset": {"keys": 20000000, "bytes": "20GB", "rdb": "12GB"},
      "cpu": {"per_command": "2us", "per_kilobyte": "1us", "per_slots_reply": "150us",
              "per_slots_entry": "1.5us", "per_bus_packet": "5us", "per_connection": "30us"},
      "fork_per_gigabyte": "10ms", "flush_per_million_keys": "300ms",
      "save_rate": "200MB", "load_rate": "1Gbit"})"));
  const ServerCosts read = costs_of(scenario.cluster, "m2");
  EXPECT_EQ(read.dataset, (Weight{20'000'000, 20'000'000'000, 12'000'000'000}));
  EXPECT_EQ(read.costs.cpu, (CpuCosts{2us, 1us, 150us, 1500ns, 5us, 30us}));
  EXPECT_EQ(read.costs.fork_per_gigabyte, 10ms);
  EXPECT_EQ(read.costs.flush_per_million_keys, 300ms);
  EXPECT_EQ(read.costs.save_rate, 200'000'000u);
  EXPECT_EQ(read.costs.load_rate, 125'000'000u);
}

TEST(Costs, AnRdbFileIsAsBigAsMemoryUnlessItIsSaid) {
  const Scenario scenario = loaded(costs(R"({"dataset": {"bytes": "1GB"}})"));
  EXPECT_EQ(costs_of(scenario.cluster, "m1").dataset, (Weight{0, 1'000'000'000, 1'000'000'000}));
}

TEST(Costs, OfOneServerAreAsOfAllButForWhatItSays) {
  const Scenario scenario = loaded(costs(
      R"({"dataset": {"keys": 5, "bytes": "4GB", "rdb": "1GB"}, "cpu": {"per_command": "1us"}, "load_rate": "10MB"})",
      R"(, "nodes": {"m1": {"costs": {"dataset": {"keys": 9}, "load_rate": "unlimited"}},
                     "m3": {"costs": {"cpu": {"per_command": "7us"}}}})"));
  const ServerCosts m1 = costs_of(scenario.cluster, "m1"), m3 = costs_of(scenario.cluster, "m3");
  EXPECT_EQ(m1.dataset, (Weight{9, 4'000'000'000, 1'000'000'000}));
  EXPECT_EQ(m1.costs.load_rate, 0u);
  EXPECT_EQ(m1.costs.cpu.per_command, 1us);
  EXPECT_EQ(m3.costs.cpu.per_command, 7us);
  EXPECT_EQ(m3.costs.load_rate, 10'000'000u);
}

TEST(Costs, OfAShardAreItsPrimarys) {
  const std::string uneven = R"(, "cluster": {"shards": 3, "replicas": [0, 2, 1], "nodes": {)";
  for (const auto& [replica, primary] : {std::pair{"m4", "m2"}, {"m5", "m3"}, {"m6", "m2"}}) {
    EXPECT_THAT(
        messages(load(uneven + '"' + replica + R"(": {"costs": {"dataset": {"bytes": "1GB"}}}}})")),
        HasSubstr('"' + std::string(primary) + "\": {\"costs\""));
  }
}

TEST(Costs, MistakesAreToldWhereTheyAre) {
  EXPECT_THAT(messages(load(costs(R"({"load_rate": "fast"})"))),
              HasSubstr("/cluster/costs/load_rate"));
  EXPECT_THAT(messages(load(costs(R"({"cpu": {"per_comand": "1us"}})"))), HasSubstr("per_command"));
  EXPECT_THAT(messages(load(costs(R"({"cpu": {"per_command": "-1us"}})"))),
              HasSubstr("/cluster/costs/cpu/per_command"));
  EXPECT_THAT(messages(load(costs(R"({"dataset": {"keys": -1}})"))),
              HasSubstr("/cluster/costs/dataset/keys"));
}

TEST(Costs, AShardHasTheDataOfItsPrimary) {
  EXPECT_THAT(
      messages(load(costs("{}", R"(, "nodes": {"m4": {"costs": {"dataset": {"keys": 1}}}})"))),
      HasSubstr("\"m4\" is a replica, and has the data set of its primary"));
  EXPECT_THAT(
      messages(load(costs("{}", R"(, "nodes": {"m5": {"costs": {"dataset": {"keys": 1}}}})"))),
      HasSubstr("\"m5\" is a spare, and has no data"));
}

TEST(Costs, AreOfSimulatedServers) {
  EXPECT_THAT(messages(load(costs(R"({"load_rate": "1MB"})", R"(, "nodes": {"kind": "process"})"))),
              HasSubstr("no server is simulated"));
  const std::string mixed = R"(, "nodes": {"m4": {"kind": "process"}})";
  EXPECT_EQ(messages(load(costs(R"({"load_rate": "1MB"})", mixed))), "");
  EXPECT_THAT(messages(load(costs(R"({"dataset": {"keys": 1}})", mixed))),
              HasSubstr("\"dataset\" is for clusters without processes"));
  EXPECT_THAT(
      messages(load(
          costs("{}", R"(, "nodes": {"m4": {"kind": "process", "costs": {"load_rate": "1MB"}}})"))),
      HasSubstr("\"m4\" is a process"));
}

}  // namespace
}  // namespace sim
