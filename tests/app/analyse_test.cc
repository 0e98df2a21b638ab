// From scenarios to what they risk, in words; and the drills that measure it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/app/cluster_map_of.h"
#include "sim/app/drill.h"
#include "sim/app/frames.h"
#include "sim/app/risk_report.h"
#include "sim/app/risk_words.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Json = nlohmann::json;

Scenario scenario_with(const std::string& cluster, const std::string& more = "") {
  const Loaded loaded = load_scenario(
      "x.json",
      R"({"version": 1, "name": "x", "duration": "3s", "cluster": )" + cluster + more + "}",
      vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  return loaded.variants.front();
}
std::string report_of(const std::string& cluster, const std::string& more = "") {
  return report_analysis(analyse(scenario_with(cluster, more)), 10, Paint::plain());
}

// ---- Maps ----

TEST(ClusterMapOf, PlacesServersAsTheScenarioDoes) {
  const ClusterMap map = cluster_map_of(scenario_with(
      R"({"shards": 3, "replicas": 1, "zones": 3, "racks": 2, "spares": 1, "standalone": 1,
          "regions": {"eu": ["a", "b"], "us": ["c"]},
          "config": {"cluster-require-full-coverage": "no"},
          "nodes": {"m4": {"config": {"cluster-replica-no-failover": "yes"}}}})",
      R"(, "network": {"links": [{"between": ["region:eu", "region:us"], "delay": "40ms"}]})"));
  ASSERT_THAT(map.servers, SizeIs(6)) << "no standalone server and no spare";
  EXPECT_EQ(map.servers[0].slots, 5461u);
  EXPECT_EQ(map.servers[3].slots, 0u);
  EXPECT_FALSE(map.servers[3].may_stand);
  EXPECT_TRUE(map.servers[4].may_stand);
  EXPECT_FALSE(map.full_coverage);
  std::string above;
  for (std::optional<std::uint32_t> at = map.servers[1].host; at; at = map.places[*at].within)
    above += name_of_place(map, *at) + ", ";
  EXPECT_EQ(above, "host m2, rack b1, zone b, region eu, ");
  const MapLink& ocean = map.links.back();
  EXPECT_EQ(name_of_link(map, static_cast<std::uint32_t>(map.links.size() - 1)),
            "region eu - region us");
  EXPECT_EQ(ocean.latency, 40ms);
  EXPECT_FALSE(ocean.uplink);
  EXPECT_EQ(ocean.routes, 8u) << "four servers here, two there";
}

TEST(ClusterMapOf, CutsWhatIsCutNow) {
  const Scenario scenario = scenario_with(R"({"zones": 2})");
  std::vector<Standing> standings;
  for (const PlannedServer& server : planned_servers(scenario.cluster))
    standings.push_back({server.name, server.host, server.rack, server.zone, server.region});
  Topology now = plan_topology(scenario.network, standings).topology;
  now.set_link(*now.link_between(*now.find("zone:a"), *now.find("zone:b")), false);
  const ClusterMap map = cluster_map_of(scenario, &now);
  EXPECT_EQ(std::count_if(map.links.begin(), map.links.end(),
                          [](const MapLink& link) { return !link.up; }),
            1);
  EXPECT_EQ(map.links.back().routes, 0u) << "no path leads over it";
}

// ---- Sentences ----

TEST(AnalyseReport, TellsOfAZoneWithTheMajorityFirst) {
  const std::string text = report_of(R"({"shards": 6, "replicas": 1, "zones": ["a", "b"],
                    "nodes": {"m1": {"zone": "b"}, "m7": {"zone": "a"}}})");
  EXPECT_THAT(text, HasSubstr("  1. losing zone b loses 4 of 6 primaries and 2 of 6 replicas: no "
                              "majority (2 votes left, 4 needed), no failover, 16,384 slots down\n"
                              "  2. losing zone a loses 2 of 6 primaries and 4 of 6 replicas: "));
  EXPECT_THAT(text,
              HasSubstr("votes by zone: a 2, b 4; without zone b the others are no majority"));
  EXPECT_THAT(text, HasSubstr("\n1 single point of failure in 15 single failures; the worst: "
                              "losing zone b loses"));
}

TEST(AnalyseReport, TellsWhoSharesAHostAndWhatItCosts) {
  const std::string text = report_of(
      R"({"shards": 3, "replicas": 1, "nodes": {"m3": {"host": "h2"}, "m6": {"host": "h2"}}})");
  EXPECT_THAT(text, HasSubstr("primary m3 and its only replica m6 share host h2\n"));
  EXPECT_THAT(text, HasSubstr("losing host h2 loses 1 of 3 primaries and 1 of 3 replicas: 1 shard "
                              "without any copy, 5,461 slots down, and as full coverage is "
                              "required all 16,384 are refused (shard 2: m3 and m6)\n"));
  EXPECT_THAT(text, HasSubstr("Note: no zones are told apart"));
  EXPECT_THAT(text, Not(HasSubstr("no hosts are given")));
}

TEST(AnalyseReport, OfASoundClusterSaysSoLast) {
  const std::string text = report_of(R"({"shards": 3, "replicas": 1, "zones": 3})");
  EXPECT_THAT(text, EndsWith("\nno single point of failure in 12 single failures; 21 double "
                             "failures lose slots\n"));
  EXPECT_THAT(text, HasSubstr("any of the zones a, b and c"));
  EXPECT_THAT(text, HasSubstr("Note: no hosts are given: each server is taken to have one of its "
                              "own.\n"));
}

TEST(AnalyseReport, OfAShardWithoutSlotsOrReplicasTellsNoLie) {
  const std::string text =
      report_of(R"({"shards": 3, "replicas": 0, "zones": 3, "slots": ["0-8191", "8192-16383"]})");
  EXPECT_THAT(text, HasSubstr("m1, m2 and m3 have no replica\n"));
  EXPECT_THAT(text, HasSubstr("2 primaries vote, 2 make a majority"));
}

TEST(AnalyseReport, SaysHowManyPairsWereLookedAt) {
  Analysis analysis;
  analysis.map = cluster_map_of(scenario_with(R"({"zones": 3})"));
  analysis.risks = find_risks(analysis.map, 7);
  EXPECT_THAT(report_analysis(analysis, 10, Paint::plain()), HasSubstr("(7 of "));
}

TEST(AnalyseJson, HoldsTheSentencesAndTheNumbersBehindThem) {
  const Analysis analysis = analyse(scenario_with(
      R"({"shards": 3, "replicas": 1, "nodes": {"m3": {"host": "h2"}, "m6": {"host": "h2"}}})"));
  const Json json = Json::parse(to_json(analysis));
  EXPECT_EQ(json["slotsim_analysis"], 1);
  EXPECT_EQ(json["single_points_of_failure"], 1);
  EXPECT_EQ(json["single"][0]["failures"], Json::parse(R"([[{"kind": "host", "name": "h2"}]])"));
  EXPECT_EQ(json["single"][0]["consequence"]["slots_down"], 5461);
  EXPECT_EQ(json["single"][0]["sentence"], sentence_of(analysis, analysis.risks.single.front()));
  EXPECT_FALSE(json["single"][0].contains("simulated"));
  EXPECT_EQ(json["shared_places"][0]["place"], "host h2");
}

// ---- Drills ----

const char* const kFast = R"({"shards": 3, "replicas": 1, "zones": 3,
                              "config": {"cluster-node-timeout": 2000}})";

TEST(Drill, APlaceLosesItsPowerAndASwitchItsLinks) {
  const Scenario scenario = scenario_with(
      R"({"zones": 3})",
      R"(, "network": {"switches": ["s"], "links": [{"between": ["zone:a", "switch:s"]},
           {"between": ["zone:b", "switch:s"]}, {"between": ["zone:c", "switch:s"]}]},
           "timeline": [{"at": "1s", "do": "reset", "node": "m1"}],
           "expect": {"reached": ["promoted"]})");
  const ClusterMap map = cluster_map_of(scenario);
  const auto drill = [&](const std::string& name) {
    for (std::uint32_t i = 0; i < map.places.size(); ++i) {
      if (name_of_place(map, i) == name)
        return drill_of(scenario, map, {{Failing::What::kPlace, i}});
    }
    throw std::invalid_argument(name);
  };
  const Scenario zone = drill("zone a");
  ASSERT_THAT(zone.timeline, SizeIs(1)) << "instead of the scenario's own";
  EXPECT_EQ(zone.timeline[0].fault, "crash");
  EXPECT_THAT(zone.expect.reached, IsEmpty());
  EXPECT_THAT(zone.workloads, SizeIs(1)) << "somebody must be there to miss it";
  EXPECT_GE(zone.duration, drill_lasts(scenario));
  const Scenario hub = drill("switch s");
  ASSERT_THAT(hub.timeline, SizeIs(3));
  for (const Step& step : hub.timeline) EXPECT_EQ(step.fault, "cut-link");
}

TEST(Drill, MeasuresAFailoverAndItsAbsence) {
  const Scenario scenario = scenario_with(kFast);
  Analysis analysis = analyse(scenario);
  std::vector<Risk> risks;
  for (const std::string name : {"host m1", "host m4"}) {
    for (std::uint32_t i = 0; i < analysis.map.places.size(); ++i) {
      if (name_of_place(analysis.map, i) == name)
        risks.push_back({{{{Failing::What::kPlace, i}}}, {}, false, {}});
    }
  }
  const auto drills = run_drills(scenario, analysis.map, risks, {1, 2}, 2);
  ASSERT_THAT(drills, SizeIs(2));
  EXPECT_THAT(drills[0].failovers, ElementsAre(1, 1));
  EXPECT_THAT(drills[1].failovers, ElementsAre(0, 0));
  for (const std::int64_t time : drills[0].unavailable_ns) {
    EXPECT_GT(Duration{time}, 2s) << "the node timeout";
    EXPECT_LT(Duration{time}, 10s);
  }
  EXPECT_THAT(drills[1].unavailable_ns, Each(0));
  EXPECT_EQ(drills[0].until_mended, 0u);
  EXPECT_EQ(drills[0].violations + drills[0].died, 0u);
  EXPECT_THAT(drills[0].lost_writes, SizeIs(2));
}

TEST(Drill, WhatLastsUntilItIsMendedIsSaidSo) {
  const Scenario scenario = scenario_with(
      R"({"shards": 3, "replicas": 0, "zones": 3, "config": {"cluster-node-timeout": 2000}})");
  const Analysis analysis = analyse(scenario);
  ASSERT_TRUE(analysis.risks.single.front().consequence.loses_slots());
  const auto drills =
      run_drills(scenario, analysis.map, {analysis.risks.single.front()}, {1, 1}, 1);
  ASSERT_THAT(drills, SizeIs(1));
  EXPECT_EQ(drills[0].until_mended, 1u);
  EXPECT_THAT(sentence_of(drills[0]), HasSubstr("until it was mended"));
}

TEST(Drill, SaysWhatWasMeasured) {
  DrillResult drill;
  drill.unavailable_ns = {6'213'000'000, 7'020'000'000, 6'000'000'000};
  drill.failovers = {1, 1, 2};
  drill.lost_writes = {0, 3, 0};
  EXPECT_EQ(sentence_of(drill),
            "3 seeds: not served for 6.213s (p50), 7.020s (max); 1 failover (p50); acknowledged "
            "writes lost: 0 (p50), 3 (max)");
  drill.lost_writes = {0, 0, 0};
  drill.died = 1;
  drill.death = "exit code 70: CHECK failed";
  EXPECT_THAT(sentence_of(drill), HasSubstr("4 seeds: "));
  EXPECT_THAT(sentence_of(drill),
              EndsWith("; no acknowledged write lost; died in 1 run, exit code 70: CHECK failed"));
}

// ---- Frames ----

TEST(Frames, OneForTheBeginningAndOneForEachMoment) {
  const auto frames = frames_of({{-5ms, "forms", false},
                                 {5s, "crash m1", true},
                                 {5s + 90ms, "m2: suspects m1", false},
                                 {5s + 110ms, "m3: suspects m1", false}});
  ASSERT_THAT(frames, SizeIs(3));
  EXPECT_EQ(frames[0].at, 0s);
  EXPECT_THAT(frames[0].lines, IsEmpty());
  EXPECT_EQ(frames[1].at, 5s + 90ms);
  EXPECT_THAT(frames[1].lines, ElementsAre("5.000s  crash m1", "5.090s  m2: suspects m1"));
  EXPECT_EQ(frame_name(1, frames[1], "svg"), "001-5.090s.svg");
}

}  // namespace
}  // namespace sim
