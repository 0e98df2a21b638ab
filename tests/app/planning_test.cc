// From a scenario to a plan: the cluster it starts from, the network it stands on, and whom words
// mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/app/casting.h"
#include "sim/app/console.h"
#include "sim/app/run.h"
#include "sim/app/seed_nodes.h"
#include "sim/app/topology_plan.h"
#include "sim/app/vocabulary.h"
#include "sim/core/cluster_node.h"
#include "sim/core/deviation.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

// ---- The cluster it starts from ----

TEST(SeedNodes, SplitSlotsAsRedisCliDoes) {
  const std::vector<SlotSet> three = even_slots(3);
  EXPECT_EQ(format_slots(three[0]), "0-5460");
  EXPECT_EQ(format_slots(three[1]), "5461-10922");
  EXPECT_EQ(format_slots(three[2]), "10923-16383");
}

TEST(SeedNodes, CoverEverySlotOnce) {
  for (const std::size_t shards : {1u, 2u, 5u, 7u, 100u, 1000u}) {
    SlotSet all;
    std::size_t count = 0;
    for (const SlotSet& slots : even_slots(shards)) {
      EXPECT_TRUE(slots.any());
      all |= slots;
      count += slots.count();
    }
    EXPECT_TRUE(all.all()) << shards;
    EXPECT_EQ(count, kSlotCount) << shards;
  }
}

TEST(SeedNodes, KeepTheirIdsWhenOthersJoin) {
  EXPECT_EQ(seed_node_id(7, "m1"), seed_node_id(7, "m1"));
  EXPECT_NE(seed_node_id(7, "m1"), seed_node_id(7, "m2"));
  EXPECT_NE(seed_node_id(7, "m1"), seed_node_id(8, "m1"));
}

TEST(SeedNodes, FindEverybodyInTheirNodesConf) {
  SeedNode primary{"m1", seed_node_id(1, "m1"), {0x0a000001, 6379}, 16379, -1, even_slots(1)[0]};
  SeedNode replica{"m2", seed_node_id(1, "m2"), {0x0a000002, 6379}, 16379, 0, {}};
  const std::vector<Slices> files = seed_files({primary, replica});
  ASSERT_EQ(files.size(), 2u);
  std::string text;
  for (const Slice& piece : files[1]) text += piece.view();
  EXPECT_THAT(text, HasSubstr("10.0.0.1:6379@16379 master - 0 1700000000000 1 "));
  EXPECT_THAT(text, HasSubstr("myself,slave " + std::string(primary.id.text.data(), 40)));
}

// ---- What its servers are ----

Deviations deviations_of_server(const Plan& plan, std::size_t index) {
  const std::unique_ptr<Node> node = plan.world.machines.at(index).factory->make();
  return dynamic_cast<const ClusterNode&>(*node).server().deviations;
}

TEST(Servers, FollowTheRulesOfOtherVersionsThatTheyAreGiven) {
  const Loaded loaded = load_scenario("deviating.json", R"({
      "version": 1, "name": "deviating", "duration": "5s",
      "cluster": {"deviations": ["no-owner-not-claiming"],
                  "nodes": {"m2": {"deviations": ["distinct-ranks", "force-at-once"]}}},
      "workload": [{"type": "register", "clients": 2, "rate": 1}]})",
                                      vocabulary());
  ASSERT_EQ(loaded.problems.text(), "");
  const auto plan = make_plan(loaded.variants.at(0), {});
  EXPECT_EQ(names_of(deviations_of_server(*plan, 0)), "no-owner-not-claiming");
  EXPECT_EQ(names_of(deviations_of_server(*plan, 1)), "distinct-ranks, force-at-once");
}

TEST(Servers, OfAProfileHaveDeviationsThatExist) {
  for (const ServerProfile& profile : profiles()) {
    for (const std::string_view name : profile.deviations)
      EXPECT_TRUE(find_deviation(name).has_value()) << profile.name << ": " << name;
  }
}

// ---- What the judge is told of it ----

Duration messages_late_in(const std::string& rest) {
  const Loaded loaded = load_scenario(
      "late.json", R"({"version": 1, "name": "late", "duration": "5s")" + rest + "}", vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return make_plan(loaded.variants.at(0), {})->facts.messages_late;
}

TEST(Facts, TellHowLateAMessageMayCome) {
  EXPECT_EQ(messages_late_in(""), 0s);
  EXPECT_EQ(messages_late_in(R"(, "timeline": [
                {"at": "1s", "do": "message", "label": "bus:PONG", "act": "delay", "by": "3s", "for": "1s"},
                {"at": "2s", "do": "message", "label": "bus:PONG", "act": "delay", "by": "2s", "for": "1s"},
                {"at": "2s", "do": "delay", "from": "m1", "to": "m2", "extra": "4s", "for": "1s"}])"),
            3s);
  EXPECT_EQ(messages_late_in(R"(, "nemesis": {"kinds": ["message"]})"), 10s);
}

// ---- The network it stands on ----

Standing at(const std::string& machine, const std::string& zone) {
  return {machine, machine, "", zone, ""};
}

Duration one_way(const PlannedTopology& planned, std::size_t from, std::size_t to) {
  return planned.topology.path(planned.vertices[from], planned.vertices[to])->latency;
}

TEST(TopologyPlan, SplitsTheDelayBetweenTwoMachinesOverTheirLinks) {
  NetworkOptions network;
  network.machines.delay = 500us;
  const PlannedTopology planned = plan_topology(network, {at("m1", "a"), at("m2", "a")});
  EXPECT_EQ(one_way(planned, 0, 1), 500us);
  EXPECT_EQ(planned.one_way_max, 500us);
}

TEST(TopologyPlan, AddsWhatLiesBetweenZones) {
  NetworkOptions network;
  network.machines.delay = 400us;
  network.machines.jitter = 100us;
  network.links.push_back({"ab", {"zone", "a"}, {"zone", "b"}, {.delay = 2ms}});
  const PlannedTopology planned =
      plan_topology(network, {at("m1", "a"), at("m2", "b"), at("m3", "c"), at("m4", "a")});
  EXPECT_EQ(one_way(planned, 0, 3), 400us) << "in one zone";
  EXPECT_EQ(one_way(planned, 0, 2), 400us) << "a link that nobody described adds nothing";
  EXPECT_EQ(one_way(planned, 2, 1), 400us);
  EXPECT_EQ(one_way(planned, 0, 1), 400us) << "the way round by c is shorter than 2 ms";
  EXPECT_EQ(planned.one_way_max, 500us);
}

TEST(TopologyPlan, WithSwitchesOnlyTheLinksGivenExist) {
  NetworkOptions network;
  network.machines.delay = 200us;
  network.switches = {"core"};
  network.links.push_back({"a-core", {"zone", "a"}, {"switch", "core"}, {.delay = 1ms}});
  network.links.push_back({"b-core", {"zone", "b"}, {"switch", "core"}, {.delay = 3ms}});
  const PlannedTopology planned =
      plan_topology(network, {at("m1", "a"), at("m2", "b"), at("m3", "c")});
  EXPECT_EQ(one_way(planned, 0, 1), 4200us);
  EXPECT_FALSE(planned.topology.path(planned.vertices[0], planned.vertices[2]))
      << "nothing leads to zone c";
  EXPECT_EQ(planned.one_way_max, 4200us);
}

TEST(TopologyPlan, MachinesOfOneHostAreTheHost) {
  const Standing one{"m1", "h1", "r1", "a", "eu"}, two{"m2", "h1", "r1", "a", "eu"};
  const PlannedTopology planned = plan_topology({}, {one, two});
  EXPECT_EQ(planned.vertices[0], planned.vertices[1]);
  EXPECT_TRUE(planned.topology.find("rack:r1"));
  EXPECT_TRUE(planned.topology.find("region:eu"));
}

// ---- Whom words mean ----

class Casting : public testing::Test {
 protected:
  Casting() {
    const Loaded loaded = load_scenario("casting.json", R"({
        "version": 1, "name": "casting", "duration": "5s",
        "cluster": {"shards": 3, "replicas": 1, "zones": 3, "racks": 1,
                    "regions": {"eu": ["a", "b"], "us": ["c"]}},
        "workload": [{"type": "register", "clients": 2, "rate": 1}]})",
                                        vocabulary());
    EXPECT_EQ(loaded.problems.text(), "");
    run_.emplace(make_plan(loaded.variants.at(0), {}));
    while (!run_->formed() && run_->advance()) {}
  }

  Names resolve_with(const std::string& word, std::uint64_t seed = 1) {
    SelectorMistake mistake;
    const auto selector = parse_selector(word, &run_->plan().scenario.known, mistake);
    EXPECT_TRUE(selector) << mistake.what;
    return selector ? names(*selector, seed) : Names{};
  }
  Names names(const Selector& selector, std::uint64_t seed = 1) {
    ChoiceStream stream(seed, "test:casting");
    Choices choices(stream);
    Names found;
    for (const MachineId machine : resolve(selector, directory(), choices))
      found.emplace_back(directory().name(machine));
    return found;
  }
  Names standing_in(std::string MachineInfo::*place, const std::string& name) {
    Names found;
    for (const MachineId machine : directory().cluster_nodes()) {
      const MachineInfo& info = directory().cast()[machine.value];
      if (info.*place == name) found.push_back(info.name);
    }
    return found;
  }
  const Directory& directory() const { return run_->judge().directory(); }

  std::optional<sim::Run> run_;
};

TEST_F(Casting, NamesMeanThemselves) {
  EXPECT_THAT(resolve_with("m3"), ElementsAre("m3"));
  EXPECT_THAT(resolve_with("client-2"), ElementsAre("client-2"));
}

TEST_F(Casting, ShardsMeanTheirMembers) {
  EXPECT_THAT(resolve_with("primary:shard-1"), ElementsAre("m2"));
  EXPECT_THAT(resolve_with("replica:shard-1"), ElementsAre("m5"));
  EXPECT_THAT(resolve_with("replicas:shard-2"), ElementsAre("m6"));
  EXPECT_THAT(resolve_with("shard:0"), ElementsAre("m1", "m4"));
}

TEST_F(Casting, RolesMeanAllWhoHaveThem) {
  EXPECT_THAT(resolve_with("primaries"), ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(resolve_with("replicas"), ElementsAre("m4", "m5", "m6"));
  EXPECT_THAT(resolve_with("majority"), ElementsAre("m1", "m2"));
  EXPECT_THAT(resolve_with("minority"), ElementsAre("m3"));
  EXPECT_THAT(resolve_with("all"), ElementsAre("m1", "m2", "m3", "m4", "m5", "m6"));
  EXPECT_THAT(resolve_with("clients"), ElementsAre("client-1", "client-2")) << "no auditors";
}

TEST_F(Casting, AnyMeansOneOfThemAndNotAlwaysTheSame) {
  std::set<std::string> primaries, replicas, nodes;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    ASSERT_EQ(resolve_with("any-primary", seed).size(), 1u);
    primaries.insert(resolve_with("any-primary", seed)[0]);
    replicas.insert(resolve_with("any-replica", seed)[0]);
    nodes.insert(resolve_with("any-node", seed)[0]);
  }
  EXPECT_THAT(primaries, ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(replicas, ElementsAre("m4", "m5", "m6"));
  EXPECT_EQ(nodes.size(), 6u);
}

TEST_F(Casting, PlacesMeanTheServersThatStandThere) {
  const MachineInfo m2 = directory().cast()[1];
  EXPECT_EQ(resolve_with("zone:" + m2.zone), standing_in(&MachineInfo::zone, m2.zone));
  EXPECT_EQ(resolve_with("rack:" + m2.rack), standing_in(&MachineInfo::rack, m2.rack));
  EXPECT_EQ(resolve_with("host:" + m2.host), standing_in(&MachineInfo::host, m2.host));
  EXPECT_EQ(resolve_with("region:us"), standing_in(&MachineInfo::region, "us"));
  EXPECT_EQ(resolve_with("zone:a").size(), 2u);
  EXPECT_EQ(resolve_with("region:eu").size(), 4u);
}

TEST_F(Casting, KeysAndSlotsMeanTheirOwner) {
  EXPECT_THAT(resolve_with("owner-of:foo"), ElementsAre("m3")) << "slot 12182";
  EXPECT_THAT(resolve_with("owner-of-slot:5461"), ElementsAre("m2"));
}

TEST_F(Casting, UnionsNameEachOnceAndNotMeansEveryOtherServer) {
  const Selector m2{Selector::Kind::kMachine, "m2", 0, {}};
  const Selector primaries{Selector::Kind::kPrimaries, "", 0, {}};
  const Selector both{Selector::Kind::kUnion, "", 0, {m2, primaries, m2}};
  EXPECT_THAT(names(both), ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(names({Selector::Kind::kNot, "", 0, {both}}), ElementsAre("m4", "m5", "m6"));
  EXPECT_THAT(names({Selector::Kind::kNot, "", 0, {{}}}), IsEmpty());
}

TEST_F(Casting, ADeadPrimaryIsStillMeantUntilSomebodyTakesOver) {
  run_->world().levers().crash(MachineId{0}, false);
  for (int i = 0; i < 100; ++i) run_->advance();
  ASSERT_FALSE(directory().is_up(MachineId{0}));
  EXPECT_THAT(resolve_with("primary:shard-0"), ElementsAre("m1"));
  EXPECT_THAT(resolve_with("primaries"), ElementsAre("m2", "m3"));
}

// ---- Words of the console ----

TEST(SplitCommand, KeepsQuotedWordsTogether) {
  EXPECT_THAT(split_command("SET a 1"), ElementsAre("SET", "a", "1"));
  EXPECT_THAT(split_command("  SET   a \"two words\" "), ElementsAre("SET", "a", "two words"));
  EXPECT_THAT(split_command("SET a \"\""), ElementsAre("SET", "a", ""));
  EXPECT_THAT(split_command(""), IsEmpty());
}

}  // namespace
}  // namespace sim
