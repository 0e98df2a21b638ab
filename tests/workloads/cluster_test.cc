// Workloads against real cluster nodes in a real world: what the generators, the client, the
// network and the servers do together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sim/client/client_node.h"
#include "sim/core/cluster_node.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"
#include "sim/world/world.h"
#include "tests/workloads/workloads_testing.h"

namespace sim::testing {
namespace {

using event::OpCompleted;
using event::OpInvoked;
using event::OpKind;
using event::OpOutcome;

constexpr std::uint32_t kServers = 3;
constexpr Duration kStopAt = 12s;

NodeName node_id(std::uint32_t n) {
  return NodeName::from(std::string(40, static_cast<char>('a' + n)));
}
Endpoint endpoint_of(std::uint32_t n) {
  return {0x0a000001u + n, 6379};
}

FirstDisk disk_of(std::uint32_t self) {
  nodes_conf::File file;
  for (std::uint32_t n = 0; n < kServers; ++n) {
    nodes_conf::Line line;
    line.id = node_id(n);
    line.address = {format_ipv4(endpoint_of(n).ipv4), 6379, 16379, 0};
    line.flags = n == self ? bus::flag::kMaster | bus::flag::kMyself : bus::flag::kMaster;
    line.config_epoch = n + 1;
    for (std::size_t slot = n * kSlotCount / kServers; slot < (n + 1) * kSlotCount / kServers;
         ++slot) {
      line.slots.set(slot);
    }
    file.lines.push_back(std::move(line));
  }
  file.current_epoch = kServers;
  return {{"nodes.conf", {share(nodes_conf::print(file))}}};
}

// Servers m1..m3, the workload's clients from 5 s on, its auditor when `audit` is called.
class Stage {
 public:
  Stage(const Workload& workload, bool standalone) : world_(spec(workload, standalone)) {}

  void run_until(Duration until) {
    while (world_.next_event() && *world_.next_event() <= sim_time(until)) {
      ASSERT_TRUE(world_.advance());
      for (Record& record : world_.take_records()) see(record.event);
    }
    world_.skip_to(sim_time(until));
  }
  void audit() { world_.levers().start(auditor_, {}); }
  Levers& levers() { return world_.levers(); }

  std::map<std::uint64_t, OpInvoked> invoked;
  std::map<std::uint64_t, OpCompleted> completed;
  std::map<std::string, std::int64_t> measured;
  std::uint64_t hits = 0, misses = 0;

 private:
  WorldSpec spec(const Workload& workload, bool standalone) {
    WorldSpec spec;
    const VertexId lan = spec.topology.add_vertex(VertexKind::kSwitch, "lan");
    const auto add = [&](MachineSpec machine) {
      machine.vertex = spec.topology.add_vertex(VertexKind::kHost, machine.info.name);
      spec.topology.add_link(machine.vertex, lan, {.latency = 250us, .jitter = 50us});
      spec.machines.push_back(std::move(machine));
    };
    Config config;
    config.cluster_enabled = !standalone;
    const auto names = std::make_shared<Names>();
    WorkloadPlace place;
    place.name = "w";
    place.boot_at = 5s;
    place.stop_at = kStopAt;
    place.first_index = 1;
    for (std::uint32_t n = 0; n < kServers; ++n) {
      MachineSpec server;
      server.info.name = "m" + std::to_string(n + 1);
      server.info.endpoint = endpoint_of(n);
      server.factory = std::make_shared<ClusterNodeFactory>(NodeSetup{config, names});
      if (!standalone) server.disk = disk_of(n);
      server.ports = {{16379, Plane::kBus}};
      add(std::move(server));
      place.servers.push_back({"m" + std::to_string(n + 1), endpoint_of(n)});
    }
    std::vector<ClientSetup> setups = workload.clients(place);
    setups.push_back(workload.auditor(place));
    for (std::size_t i = 0; i < setups.size(); ++i) {
      MachineSpec client;
      client.info.name = setups[i].name;
      client.info.kind = MachineKind::kClient;
      client.info.endpoint = {0x0a010001u + static_cast<std::uint32_t>(i), 0};
      client.boot_at = i + 1 < setups.size() ? sim_time(5s) : SimTime::max();
      client.factory = std::make_shared<ClientNodeFactory>(std::move(setups[i]));
      auditor_ = {static_cast<std::uint32_t>(spec.machines.size())};
      add(std::move(client));
    }
    return spec;
  }

  void see(const Event& event) {
    if (const auto* begin = std::get_if<OpInvoked>(&event)) {
      EXPECT_TRUE(invoked.emplace(begin->operation, *begin).second);
    }
    if (const auto* end = std::get_if<OpCompleted>(&event)) {
      EXPECT_TRUE(invoked.contains(end->operation));
      EXPECT_TRUE(completed.emplace(end->operation, *end).second);
    }
    if (const auto* told = std::get_if<event::Measured>(&event)) measured[told->name] = told->value;
    if (const auto* read = std::get_if<event::CacheRead>(&event)) ++(read->hit ? hits : misses);
  }

  MachineId auditor_;
  World world_;
};

class OnACluster : public ::testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(All, OnACluster,
                         ::testing::Values(R"({"type": "register", "rate": 200})",
                                           R"({"type": "counter", "think": "5ms"})",
                                           R"({"type": "list-append", "think": "5ms"})",
                                           R"({"type": "cache", "think": "5ms", "keys": 200})",
                                           R"({"type": "fill", "keys": 2000})"));

TEST_P(OnACluster, EverythingIsAnsweredAndAudited) {
  const auto made = workload(GetParam());
  Stage stage(*made, false);
  stage.run_until(kStopAt + 1s);
  ASSERT_GT(stage.completed.size(), 1000u);
  EXPECT_EQ(stage.completed.size(), stage.invoked.size());
  for (const auto& [operation, end] : stage.completed) {
    ASSERT_EQ(end.outcome, OpOutcome::kOk) << end.value;
    ASSERT_EQ(end.redirects, 0u);  // the slot map was asked for before anything else
  }
  stage.audit();
  stage.run_until(kStopAt + 60s);
  EXPECT_TRUE(stage.measured.contains("audit_done"));
  EXPECT_EQ(stage.measured["audit_unread"], 0);
  EXPECT_EQ(stage.measured["audit_keys"], stage.measured["audit_done"]);
}

TEST(OnACluster, CountersAddUp) {
  Stage stage(*workload(R"({"type": "counter", "keys": 5})"), false);
  stage.run_until(kStopAt + 1s);
  stage.audit();
  stage.run_until(kStopAt + 10s);
  std::map<std::string, int> increments;
  std::map<std::string, int> final_values;
  for (const auto& [operation, begin] : stage.invoked) {
    if (begin.kind == OpKind::kIncrement) ++increments[begin.key];
    if (begin.final_read) final_values[begin.key] = std::stoi(stage.completed.at(operation).value);
  }
  EXPECT_EQ(increments.size(), 5u);
  EXPECT_EQ(final_values, increments);
}

TEST(OnACluster, AFilledClusterMissesNothing) {
  Stage stage(*workload(R"({"type": "fill", "keys": 1000, "clients": 2})"), false);
  stage.run_until(kStopAt);
  EXPECT_EQ(stage.measured["fill_done"], 500);
  stage.audit();
  stage.run_until(kStopAt + 10s);
  EXPECT_EQ(stage.measured["audit_keys"], 1000);
  EXPECT_EQ(stage.measured["audit_absent"], 0);
}

TEST(OnACluster, AFavouredKeyIsMostlyInTheCache) {
  Stage stage(*workload(R"({"type": "cache", "keys": 100, "think": "5ms"})"), false);
  stage.run_until(kStopAt);
  EXPECT_GT(stage.hits, 10 * stage.misses);
  EXPECT_GE(stage.misses, 90u);  // each key is missed at least once
}

TEST(OnStandaloneServers, ADeadShardTakesItsKeysAway) {
  const auto made = workload(
      R"({"type": "register", "routing": "client-sharding", "keys": 300, "think": "5ms"})");
  Stage stage(*made, true);
  stage.run_until(8s);
  for (const auto& [operation, end] : stage.completed) ASSERT_EQ(end.outcome, OpOutcome::kOk);
  stage.levers().crash({1}, false);
  stage.run_until(kStopAt + 6s);
  EXPECT_NEAR(static_cast<double>(stage.measured["keys_unreachable_percent_x100"]), 3333, 700);
  std::map<OpOutcome, int> outcomes;
  for (const auto& [operation, end] : stage.completed) ++outcomes[end.outcome];
  EXPECT_GT(outcomes[OpOutcome::kFailed], 0);
  stage.audit();
  stage.run_until(kStopAt + 70s);
  EXPECT_TRUE(stage.measured.contains("audit_done"));
  EXPECT_EQ(stage.measured["audit_unread"], stage.measured["keys_unreachable"]);
}

TEST(OnStandaloneServers, AnAddedServerTurnsHitsIntoMisses) {
  const auto made = workload(
      R"({"type": "register", "routing": "client-sharding", "keys": 300, "think": "5ms",
          "add_node_at": "12s"})");
  Stage stage(*made, true);
  stage.run_until(kStopAt + 1s);
  stage.audit();
  stage.run_until(kStopAt + 60s);
  EXPECT_EQ(stage.measured["audit_unread"], 0);
  EXPECT_NEAR(static_cast<double>(stage.measured["keys_moved_percent_x100"]), 6667, 700);
  EXPECT_EQ(stage.measured["audit_absent"], stage.measured["keys_moved"]);
}

}  // namespace
}  // namespace sim::testing
