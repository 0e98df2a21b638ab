// What work costs a server: each cost charged as it is told, and nothing by default.
#include <gtest/gtest.h>

#include "sim/core/charges.h"
#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

std::int64_t busy_ns(ClusterStage& stage, const std::string& who) {
  const event::ViewSnapshot view = stage.view(who);
  const auto found = view.counters.find("busy_ns");
  return found == view.counters.end() ? -1 : static_cast<std::int64_t>(found->second);
}

std::uint64_t packets(ClusterStage& stage, const std::string& who) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : stage.view(who).counters) {
    if (name.starts_with("bus_")) sum += count;
  }
  return sum;
}

// A server that is alone with its costs.
ClusterStage alone(const Costs& costs) {
  ClusterSpec spec;
  spec.primaries = 1;
  spec.replicas = 0;
  spec.costs = costs;
  ClusterStage stage(spec);
  stage.run_for(5s);
  return stage;
}

TEST(CpuCosts, NothingTakesTimeByDefault) {
  ClusterStage stage{ClusterSpec{}};
  stage.run_for(20s);
  stage.tell("m1", "CLUSTER SLOTS");
  EXPECT_EQ(busy_ns(stage, "m1"), -1);
  EXPECT_TRUE(stage.told<event::StallBegan>().empty());
  EXPECT_TRUE(stage.told<event::Forked>().empty());
  EXPECT_TRUE(stage.told<event::LoadingBegan>().empty());
}

TEST(CpuCosts, EachCommandIsCharged) {
  Costs costs;
  costs.cpu.per_command = 3ms;
  ClusterStage stage = alone(costs);
  const std::int64_t before = busy_ns(stage, "m1");
  stage.tell("m1", "PING");
  stage.tell("m1", "GET k");
  stage.tell("m1", "NONSENSE");
  EXPECT_EQ(busy_ns(stage, "m1") - before, 9'000'000);
}

TEST(CpuCosts, TheReplicationStreamIsMadeOfCommands) {
  ClusterSpec spec;
  spec.primaries = 1;
  spec.replicas = 1;
  spec.costs.cpu.per_command = 1ms;
  ClusterStage stage(spec);
  stage.run_for(15s);
  const std::int64_t before = busy_ns(stage, "m2");
  stage.tell("m1", "SET k v");
  stage.run_for(20ms);
  EXPECT_EQ(busy_ns(stage, "m2") - before, 2'000'000);  // SELECT goes before the first
}

TEST(CpuCosts, BytesAreChargedBothWays) {
  Costs costs;
  costs.cpu.per_kilobyte = 1us;
  ClusterStage stage = alone(costs);
  const std::int64_t before = busy_ns(stage, "m1");
  stage.tell("m1", "ECHO " + std::string(100'000, 'x'));
  const std::int64_t spent = busy_ns(stage, "m1") - before;
  EXPECT_GE(spent, 200'000);
  EXPECT_LT(spent, 200'200);
}

TEST(CpuCosts, DescriptionsOfTheClusterAreChargedByServer) {
  ClusterSpec spec;
  spec.costs.cpu.per_slots_reply = 1ms;
  spec.costs.cpu.per_slots_entry = 10us;
  ClusterStage stage(spec);
  stage.run_for(30s);
  for (const char* command : {"CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES"}) {
    const std::int64_t before = busy_ns(stage, "m1");
    stage.tell("m1", command);
    EXPECT_EQ(busy_ns(stage, "m1") - before, 1'060'000) << command;
  }
  EXPECT_EQ(stage.view("m1").counters["map_replies"], 3u);
  const std::int64_t before = busy_ns(stage, "m1");
  stage.tell("m1", "CLUSTER MYID");
  EXPECT_EQ(busy_ns(stage, "m1"), before);
}

TEST(CpuCosts, PacketsOfTheBusAreChargedBothWays) {
  ClusterSpec spec;
  spec.replicas = 0;
  spec.costs.cpu.per_bus_packet = 100us;
  ClusterStage stage(spec);
  stage.run_for(20s);
  const std::int64_t before = busy_ns(stage, "m1");
  const std::uint64_t packets_before = packets(stage, "m1");
  stage.run_for(20s);
  const std::uint64_t more = packets(stage, "m1") - packets_before;
  EXPECT_GT(more, 20u);
  EXPECT_EQ(busy_ns(stage, "m1") - before, static_cast<std::int64_t>(more) * 100'000);
}

TEST(CpuCosts, ConnectionsAreChargedWhenTheyAreAccepted) {
  Costs costs;
  costs.cpu.per_connection = 2ms;
  ClusterStage stage = alone(costs);
  const std::int64_t before = busy_ns(stage, "m1");
  stage.tell("m1", "PING");  // each has a connection of its own
  stage.tell("m1", "PING");
  EXPECT_EQ(busy_ns(stage, "m1") - before, 4'000'000);
}

TEST(CpuCosts, AReplyLeavesWhenItIsPaidFor) {
  Costs costs;
  costs.cpu.per_command = 50ms;
  ClusterStage stage = alone(costs);
  const SimTime asked = stage.world().now();
  stage.levers().console(stage.id("m1"), {"PING"});
  while (stage.world().take_console_replies().empty()) stage.world().advance();
  EXPECT_GE(stage.world().now() - asked, 50ms);
  EXPECT_LT(stage.world().now() - asked, 51ms);
}

TEST(FlushCosts, AreByTheKeyAndNotForFlushesInTheBackground) {
  ClusterSpec spec;
  spec.primaries = 1;
  spec.replicas = 0;
  spec.costs.flush_per_million_keys = 100ms;
  spec.dataset = {20'000'000, 0, 0};
  ClusterStage stage(spec);
  stage.run_for(5s);
  ClusterStage other = stage;
  const std::int64_t before = busy_ns(stage, "m1");
  stage.tell("m1", "FLUSHALL ASYNC");
  EXPECT_EQ(busy_ns(stage, "m1"), before);
  other.levers().console(other.id("m1"), {"FLUSHALL"});
  other.run_for(3s);
  EXPECT_EQ(busy_ns(other, "m1") - before, 2'000'000'000);
  // Nothing is left of it.
  other.levers().console(other.id("m1"), {"FLUSHALL"});
  other.run_for(3s);
  EXPECT_EQ(busy_ns(other, "m1") - before, 2'000'000'000);
}

}  // namespace
}  // namespace sim::stage
