#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Scenario, HasSensibleDefaults) {
  const Scenario scenario = loaded("");
  EXPECT_EQ(scenario.name, "test");
  EXPECT_EQ(scenario.seed, 1u);
  EXPECT_EQ(scenario.duration, 60s);
  EXPECT_EQ(scenario.cluster.shards, 3u);
  EXPECT_EQ(scenario.cluster.replicas, 1u);
  EXPECT_EQ(scenario.cluster.zones, std::vector<std::string>{"a"});
  EXPECT_EQ(scenario.network.machines.delay, 500us);
  EXPECT_TRUE(scenario.heal);
  EXPECT_EQ(scenario.settle_within, 30s);
  EXPECT_EQ(scenario.expect.verdict, Expectations::Verdict::kPass);
  EXPECT_FALSE(scenario.nemesis);
}

TEST(Scenario, ReadsAStepInFull) {
  const Scenario scenario = loaded(R"(, "timeline": [
      {"id": "cut", "when": {"event": "fail", "shard": 1, "node": "m2", "count": 2}, "delay": "250ms",
       "do": "partition", "groups": [["m1", "zone:a"], {"not": "m2"}], "for": "5s"},
      {"after": "cut", "do": "command", "node": "m2", "command": "SET \"a key\" 1", "expect": {"error": "MOVED"}}])");
  ASSERT_EQ(scenario.timeline.size(), 2u);
  const Step& cut = scenario.timeline[0];
  EXPECT_EQ(cut.trigger.kind, Trigger::Kind::kWhen);
  EXPECT_EQ(cut.trigger.when.text(), "fail 2 times of shard 1 of m2");
  EXPECT_EQ(cut.trigger.delay, 250ms);
  EXPECT_EQ(cut.lifetime.kind, Lifetime::Kind::kFor);
  EXPECT_EQ(cut.lifetime.length, 5s);
  Problems problems;
  Options options = cut.options.open(problems, &scenario.known);
  const std::vector<Selector> groups = options.selectors("groups");
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(to_text(groups[0]), "m1, zone:a");
  EXPECT_EQ(to_text(groups[1]), "not m2");
  options.finish();
  EXPECT_TRUE(problems.empty()) << problems.text();
  const Step& command = scenario.timeline[1];
  EXPECT_EQ(command.id, "step-2");
  EXPECT_EQ(command.trigger.after, "cut");
  EXPECT_EQ(command.command.words, (std::vector<std::string>{"SET", "a key", "1"}));
  EXPECT_TRUE(command.command.expect.met_by("-MOVED 1 10.0.0.1:6379"));
  EXPECT_FALSE(command.command.expect.met_by("MOVED"));
}

TEST(Scenario, TellsClientsAndAuditorsByName) {
  const Scenario scenario =
      loaded(R"(, "workload": [{"type": "register", "clients": 2}, {"type": "register"}],
             "timeline": [{"at": "1s", "do": "reset", "node": ["client-5", "auditor-2"]}])");
  EXPECT_EQ(scenario.workloads[1].name, "register-2");
  EXPECT_EQ(messages(load(R"(, "workload": [{"type": "register", "clients": 2}],
                             "timeline": [{"at": "1s", "do": "reset", "node": "client-3"}])")),
            "there is no machine \"client-3\" at /timeline/0/node; did you mean \"client-1\"?\n");
}

TEST(Scenario, PutsReplicasInOtherZonesThanTheirPrimaries) {
  const Scenario scenario =
      loaded(R"(, "cluster": {"shards": 3, "replicas": 2, "zones": 3, "standalone": 1})");
  const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
  ASSERT_EQ(servers.size(), 10u);
  std::string zones;
  for (const PlannedServer& server : servers) zones += server.zone;
  EXPECT_EQ(zones,
            "abc"
            "bca"
            "cab"
            "a");
  EXPECT_EQ(servers[4].name, "m5");
  EXPECT_EQ(servers[4].shard, 1);
  EXPECT_EQ(servers[4].primary_index, 1u);
  EXPECT_FALSE(servers[4].primary);
  EXPECT_EQ(servers[9].shard, -1);
  EXPECT_EQ(servers[9].host, "m10") << "a host of its own";
}

TEST(Scenario, GivesEachShardTheReplicasItIsTold) {
  const Scenario scenario = loaded(R"(, "cluster": {"shards": 3, "replicas": [2, 0, 1],
      "slots": ["0-99", "", "100-16383"], "spares": 1})");
  std::string shape;
  for (const PlannedServer& server : planned_servers(scenario.cluster)) {
    shape += server.name + (server.primary ? " leads " : " is of ") + std::to_string(server.shard) +
             " of m" + std::to_string(server.primary_index + 1) + '\n';
  }
  EXPECT_EQ(shape,
            "m1 leads 0 of m1\n"
            "m2 leads 1 of m2\n"
            "m3 leads 2 of m3\n"
            "m4 is of 0 of m1\n"
            "m5 is of 2 of m3\n"
            "m6 is of 0 of m1\n"
            "m7 is of -1 of m7\n");
  EXPECT_EQ(scenario.cluster.replica_count(), 3u);
  EXPECT_TRUE(scenario.cluster.slots.at(1).empty());
  EXPECT_EQ(messages(load(R"(, "cluster": {"shards": 2, "replicas": [1, 1, 1]})")),
            "replicas of 3 shards, but there are 2 at /cluster/replicas\n");
  EXPECT_EQ(messages(load(R"(, "cluster": {"replicas": [1, "2", 101]})")),
            "expected a whole number from 0 to 100, got \"2\" at /cluster/replicas/1\n"
            "expected a whole number from 0 to 100, got 101 at /cluster/replicas/2\n");
}

TEST(Scenario, EqualReplicasOneByOneAreReplicasOfEach) {
  const Scenario listed =
      loaded(R"(, "cluster": {"shards": 3, "replicas": [2, 2, 2], "zones": 3})");
  const Scenario counted = loaded(R"(, "cluster": {"shards": 3, "replicas": 2, "zones": 3})");
  const std::vector<PlannedServer> one = planned_servers(listed.cluster),
                                   other = planned_servers(counted.cluster);
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].name, other[i].name);
    EXPECT_EQ(one[i].primary_index, other[i].primary_index);
    EXPECT_EQ(one[i].zone, other[i].zone);
  }
}

TEST(Scenario, CallsServersWhatTheyAreCalled) {
  const Scenario scenario = loaded(R"(, "cluster": {"zones": 2,
      "nodes": {"m1": {"name": "cache-07", "zone": "b"}, "m4": {"name": "cache-08"}}},
      "timeline": [{"at": "1s", "do": "reset", "node": ["cache-08", "m2"]}])");
  const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
  EXPECT_EQ(servers[0].name, "cache-07");
  EXPECT_EQ(servers[0].zone, "b") << "what is special about it goes with the name";
  EXPECT_EQ(servers[0].host, "cache-07");
  EXPECT_EQ(servers[1].name, "m2");
  EXPECT_EQ(servers[3].name, "cache-08");
  EXPECT_EQ(messages(load(R"(, "cluster": {"nodes": {"m4": {"name": "cache-08"}}},
                             "timeline": [{"at": "1s", "do": "reset", "node": "m4"}])")),
            "there is no machine \"m4\" at /timeline/0/node; did you mean \"m1\"?\n");
}

TEST(Scenario, AServersNameMeansNobodyElse) {
  for (const char* name : {"all", "m3", "m99", "client-1", "prober", "operator", "redis-cli",
                           "tool-2", "b-m1", "a.b", ""}) {
    const std::string more = R"(, "cluster": {"others": {"b": {}}, "nodes": {"m2": {"name": ")";
    EXPECT_THAT(messages(load(more + name + "\"}}}")),
                ::testing::EndsWith(" at /cluster/nodes/m2/name\n"))
        << name;
  }
  EXPECT_EQ(messages(load(R"(, "cluster": {"nodes": {"m1": {"name": "x"}, "m2": {"name": "x"}}})")),
            "another server is called \"x\" too at /cluster/nodes/m2/name\n");
}

TEST(Scenario, PutsMachinesOnTheHostsAndRacksItIsTold) {
  const Scenario scenario =
      loaded(R"(, "cluster": {"zones": 2, "racks": 2, "hosts": 1, "regions": {"eu": ["a", "b"]},
      "nodes": {"m1": {"host": "h1"}, "m4": {"host": "h1"}}})");
  const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
  EXPECT_EQ(servers[0].host, "h1");
  EXPECT_EQ(servers[3].host, "h1") << "primary and replica on one host, on purpose";
  EXPECT_EQ(servers[3].rack, servers[0].rack);
  EXPECT_EQ(servers[3].zone, servers[0].zone);
  EXPECT_EQ(servers[1].rack, "b1");
  EXPECT_EQ(servers[1].host, "b1-h1");
  EXPECT_EQ(servers[2].region, "eu");
}

TEST(Scenario, PersistenceIsSugarForDirectives) {
  const Scenario scenario = loaded(
      R"(, "cluster": {"persistence": "aof-always", "config": {"hz": 20, "appendonly": true}})");
  const Directives expected{
      {"appendonly", "yes"}, {"appendfsync", "always"}, {"hz", "20"}, {"appendonly", "yes"}};
  EXPECT_EQ(scenario.cluster.config, expected);
}

TEST(Scenario, BoundsAreReadInTheUnitOfTheirMetric) {
  const Scenario scenario = loaded(R"(, "expect": {"metrics":
      {"promotion_p99": "< 1.5s", "lost_writes": "==0", "hit_rate_min": ">80%",
       "ping_rate": "<=1.5/s", "bus_sent_ping": ">10"}})");
  const std::vector<MetricBound>& bounds = scenario.expect.metrics;
  ASSERT_EQ(bounds.size(), 5u);
  EXPECT_EQ(bounds[0].metric, "promotion");
  EXPECT_EQ(bounds[0].statistic, MetricBound::Statistic::kP99);
  EXPECT_TRUE(bounds[0].met_by(1'499'999'999));
  EXPECT_FALSE(bounds[0].met_by(1'500'000'000));
  EXPECT_EQ(bounds[1].statistic, MetricBound::Statistic::kEach);
  EXPECT_FALSE(bounds[1].met_by(1));
  EXPECT_EQ(bounds[2].value, 800'000);
  EXPECT_EQ(bounds[3].value, 1'500);
  EXPECT_EQ(bounds[4].metric, "bus_sent_ping");
}

TEST(Scenario, ABudgetOfLossesBoundsEveryClassThatCanBePermitted) {
  const Scenario scenario =
      loaded(R"(, "expect": {"losses": {"async": 3, "window": "2s", "share": "1%"}})");
  std::map<std::string, std::int64_t> most;
  for (const MetricBound& bound : scenario.expect.metrics) {
    EXPECT_EQ(bound.compare, Compare::kLessEqual);
    most[bound.metric] = bound.value;
  }
  const std::map<std::string, std::int64_t> expected{
      {"lost_async", 3},     {"lost_minority", 0}, {"lost_wait", 0},
      {"lost_forced", 0},    {"lost_restart", 0},  {"loss_window", 2'000'000'000},
      {"lost_share", 10'000}};
  EXPECT_EQ(most, expected);
  EXPECT_EQ(scenario.expect.metrics.at(0).text(), "losses async <=3");
  EXPECT_TRUE(loaded("").expect.metrics.empty()) << "without one nothing is bounded";
  EXPECT_THAT(messages(load(R"(, "expect": {"losses": {"asinc": 3}})")), HasSubstr("\"async\""));
}

TEST(Scenario, BoundsMayBeOfOneWorkloadAmongSeveral) {
  const std::string two = R"(, "workload": [{"type": "register", "name": "near"},
                                            {"type": "register", "name": "far"}])";
  const Scenario scenario = loaded(two + R"(, "expect": {"metrics": {
      "hit_rate of near": ">80%", "hit_rate_p50 of far": "<20%", "hit_rate": ">1%"}})");
  const std::vector<MetricBound>& bounds = scenario.expect.metrics;
  ASSERT_EQ(bounds.size(), 3u);
  EXPECT_EQ(bounds[0].metric, "hit_rate of near");
  EXPECT_EQ(bounds[0].text(), "hit_rate of near >80%");
  EXPECT_EQ(bounds[1].metric, "hit_rate of far");
  EXPECT_EQ(bounds[1].statistic, MetricBound::Statistic::kP50);
  EXPECT_EQ(bounds[1].value, 200'000);
  EXPECT_EQ(bounds[2].metric, "hit_rate");
  EXPECT_THAT(messages(load(two + R"(, "expect": {"metrics": {"hit_rate of fra": ">1%",
                                     "promotion of far": "<1s"}})")),
              AllOf(HasSubstr("there is no workload \"fra\""), HasSubstr("\"near\" or \"far\""),
                    HasSubstr("\"promotion\" is of the whole run"), HasSubstr("\"hit_rate\"")));
}

TEST(Scenario, OfASingleWorkloadEveryMetricIsItsOwn) {
  const Scenario scenario = loaded(R"(, "workload": [{"type": "register"}],
      "expect": {"metrics": {"hit_rate of register": ">80%"}})");
  EXPECT_EQ(scenario.expect.metrics.at(0).metric, "hit_rate");
}

TEST(Scenario, BoundsAreReadExactlyOrNotAtAll) {
  for (const char* text : {"", "<", "<s", "<1..5s", "<99999999999h", "<1e3s", "<NaNs", "20s", "<20",
                           "<20%", "< 1.5"}) {
    const std::string metrics =
        R"(, "expect": {"metrics": {"promotion": ")" + std::string(text) + R"("}})";
    EXPECT_THAT(messages(load(metrics)), HasSubstr("expected a bound such as \"<20s\"")) << text;
  }
  EXPECT_NE(messages(load(R"(, "expect": {"metrics": {"lost_writes": "<1.5"}})")), "");
}

TEST(Scenario, SparesComeLastAndBelongToNoShard) {
  const Scenario scenario = loaded(
      R"(, "cluster": {"shards": 3, "replicas": 1, "standalone": 1, "spares": 2, "zones": 2})");
  const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
  ASSERT_EQ(servers.size(), 9u);
  EXPECT_EQ(servers[5].part, PlannedServer::Part::kMember);
  EXPECT_EQ(servers[6].part, PlannedServer::Part::kStandalone);
  EXPECT_EQ(servers[7].part, PlannedServer::Part::kSpare);
  EXPECT_EQ(servers[8].name, "m9");
  EXPECT_EQ(servers[8].shard, -1);
  EXPECT_NE(servers[7].zone, servers[8].zone);
}

TEST(Timeline, AChainOfTenThousandStepsIsFollowedOnce) {
  std::string steps;
  for (int i = 0; i < 10'000; ++i) {
    steps += (i == 0 ? R"({"id": "s0", "at": "1s")"
                     : R"(, {"id": "s)" + std::to_string(i) + R"(", "after": "s)" +
                           std::to_string(i - 1) + '"') +
             std::string(R"(, "do": "reset", "node": "m1"})");
  }
  EXPECT_EQ(messages(load(R"(, "timeline": [)" + steps + "]")), "");
}

TEST(Timeline, EveryStepThatLeadsIntoACircleWaitsForItself) {
  const auto step = [](const std::string& id, const std::string& when) {
    return R"({"id": ")" + id + R"(", )" + when + R"(, "do": "reset", "node": "m1"})";
  };
  const std::string text =
      messages(load(R"(, "timeline": [)" + step("a", R"("after": "b")") + ',' +
                    step("b", R"("after": "c")") + ',' + step("c", R"("after": "b")") + ',' +
                    step("d", R"("at": "1s")") + ',' + step("e", R"("after": "d")") + "]"));
  EXPECT_EQ(text,
            "this step waits for itself at /timeline/0\nthis step waits for itself at /timeline/1\n"
            "this step waits for itself at /timeline/2\n");
}

TEST(Matrix, ExpandsToEveryCombinationByName) {
  const Loaded result = load(
      R"(, "matrix": {"cluster.replicas": [1, 2], "/cluster/config/cluster-node-timeout": [2000,
             5000]})");
  ASSERT_EQ(result.problems.text(), "");
  ASSERT_EQ(result.variants.size(), 4u);
  EXPECT_EQ(result.variants[0].variant, "replicas=1, cluster-node-timeout=2000");
  EXPECT_EQ(result.variants[1].variant, "replicas=1, cluster-node-timeout=5000");
  EXPECT_EQ(result.variants[3].variant, "replicas=2, cluster-node-timeout=5000");
  EXPECT_EQ(result.variants[3].cluster.replicas, 2u);
  EXPECT_EQ(result.variants[3].cluster.config, (Directives{{"cluster-node-timeout", "5000"}}));
}

TEST(Matrix, ReachesIntoLists) {
  const Loaded result =
      load(R"(, "timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "1s"}],
                                  "matrix": {"timeline.0.for": ["2s", "forever"]})");
  ASSERT_EQ(result.problems.text(), "");
  EXPECT_EQ(result.variants[0].timeline[0].lifetime.length, 2s);
  EXPECT_EQ(result.variants[1].timeline[0].lifetime.kind, Lifetime::Kind::kForever);
}

TEST(Matrix, AMistakeInAValueIsToldOnceWhereItStands) {
  const Loaded result = load(R"(, "matrix": {"cluster.replicas": [1, -1], "seed": [1, 2, 3]})");
  ASSERT_EQ(result.problems.size(), 1u);
  EXPECT_EQ(messages(result),
            "expected a whole number from 0 to 100, got -1 at /cluster/replicas\n");
}

TEST(Matrix, IsNotEndless) {
  std::string hundred = "1";
  for (int i = 2; i <= 100; ++i) hundred += ", " + std::to_string(i);
  EXPECT_EQ(messages(load(R"(, "matrix": {"seed": [)" + hundred + R"(], "cluster.replicas": [)" +
                          hundred + "]}")),
            "more than 1000 cases at /matrix\n");
}

// Each case changes what it names and nothing else; a matrix goes through each of them.
TEST(Cases, ChangeWhatTheyName) {
  const Loaded result = load(
      R"(, "cases": {"plain": {}, "old": {"cluster.deviations": ["no-owner-not-claiming"],
             "expect.verdict": "fail", "expect.misses": ["reaches promoted"]}},
           "matrix": {"cluster.replicas": [1, 2]})");
  ASSERT_EQ(result.problems.text(), "");
  ASSERT_EQ(result.variants.size(), 4u);
  EXPECT_EQ(result.variants[1].variant, "plain, replicas=2");
  EXPECT_TRUE(result.variants[1].cluster.deviations.empty());
  EXPECT_EQ(result.variants[2].variant, "old, replicas=1");
  EXPECT_EQ(result.variants[2].cluster.deviations.size(), 1u);
  EXPECT_EQ(result.variants[2].expect.misses, std::vector<std::string>{"reaches promoted"});
}

TEST(Cases, AreHeldToWhatTheyName) {
  EXPECT_EQ(messages(load(R"(, "cases": {"a": {"matrix.x": 1, "name.first": 1}})")),
            "\"matrix\" is the same in all cases at /cases/a/matrix.x\n"
            "no such place: \"test\" has no \"first\" at /cases/a/name.first\n");
  EXPECT_EQ(messages(load(R"(, "cases": {})")), "expected at least one case at /cases\n");
}

// A process does what its program does: a case about other rules is left out, and said why.
TEST(Cases, AboutOtherRulesAreNotForAProgram) {
  const Loaded result = load_scenario(
      "test.json",
      R"({"version": 1, "name": "test", "cases": {"plain": {}, "old": {"cluster.deviations":
             ["no-owner-not-claiming"]}}})",
      small_vocabulary(), "redis-server");
  ASSERT_EQ(result.problems.text(), "");
  ASSERT_EQ(result.variants.size(), 1u);
  ASSERT_EQ(result.left_out.size(), 1u);
  EXPECT_EQ(result.left_out[0].name, "old");
}

TEST(Expectations, NameKnownDefectsByTheirRow) {
  EXPECT_EQ(messages(load(R"(, "expect": {"known_defects": [7], "invariants": {"known_defects":
                             [12]}})")),
            "");
  EXPECT_EQ(
      messages(load(R"(, "expect": {"known_defects": [8]})")),
      "no known defect has the row 8 at /expect/known_defects; slotsim list known-defects names "
      "them\n");
}

TEST(Swarm, EverySeedDrawsForItself) {
  const Scenario scenario =
      loaded(R"(, "swarm": {"cluster.shards": [3, 5, 7], "cluster.replicas": [1, 2]})");
  std::set<std::pair<std::uint32_t, std::uint32_t>> shapes;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    ChoiceStream stream(seed, "plan:swarm");
    Choices choices(stream);
    Problems problems;
    const Scenario drawn = draw_swarm(scenario, small_vocabulary(), choices, problems);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(drawn.known.shards, drawn.cluster.shards) << "names are those of the drawn shape";
    shapes.emplace(drawn.cluster.shards, drawn.cluster.replicas);
  }
  EXPECT_EQ(shapes.size(), 6u);
}

TEST(Swarm, AValueThatMakesNoSenseIsAnErrorAtLoading) {
  const Loaded result =
      load(R"(, "timeline": [{"at": "1s", "do": "crash", "node": "primary:shard-4", "for": "1s"}],
                                  "cluster": {"shards": 5}, "swarm": {"cluster.shards": [5, 3]})");
  EXPECT_EQ(messages(result), "there is no shard 4 at /timeline/0/node; the shards are 0 to 2\n");
}

TEST(Nemesis, AllMeansAllThatAreForIt) {
  const Scenario scenario = loaded(R"(, "nemesis": {"every": "2s", "for": "1s"})");
  ASSERT_TRUE(scenario.nemesis);
  EXPECT_EQ(scenario.nemesis->kinds, (std::vector<std::string>{"crash", "partition", "reset"}));
  EXPECT_EQ(scenario.nemesis->lasting.min, 1s);
  EXPECT_EQ(scenario.nemesis->lasting.max, 1s);
  EXPECT_EQ(scenario.nemesis->active.max, 60s);
}

TEST(Mistakes, InTheShapeDoNotCascade) {
  EXPECT_EQ(messages(load(
                R"(, "cluster": {"shards": "three"}, "timeline": [{"at": "1s", "do": "reset",
                 "node": "primary:shard-2"}])")),
            "expected a whole number from 0 to 10000, got \"three\" at /cluster/shards\n");
}

TEST(Mistakes, AreThrownWhereAScenarioIsRequired) {
  const Loaded result = load(R"(, "nmae": 1)");
  const ScenarioError error(result.problems);
  EXPECT_NE(std::string(error.what())
                .find("test.json:1:32: error: unknown key \"nmae\"; did you mean \"name\"?"),
            std::string::npos)
      << error.what();
}

}  // namespace
}  // namespace sim
