// The physical, logical and belief pictures, and large clusters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "tests/viz/map_testing.h"
#include "tests/viz/stage_testing.h"
#include "viz/graph.h"
#include "viz/graph_boxes.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The map on which the servers of a stage stand: hosts in racks, if there are any, in zones, all of
// which are joined.
ClusterMap map_of(const Stage& stage) {
  MapMaker maker;
  std::vector<std::string> zones;
  for (const MachineInfo& info : stage.cast) {
    const std::string zone = "zone:" + info.zone;
    if (!info.rack.empty()) maker.within("rack:" + info.rack, zone);
    const std::string above = info.rack.empty() ? zone : "rack:" + info.rack;
    const auto shard = static_cast<std::uint32_t>(info.shard);
    if (info.planned_primary) {
      maker.primary(info.name, shard, 1, above, info.host);
    } else {
      maker.replica(info.name, shard, above, info.host);
    }
    if (std::find(zones.begin(), zones.end(), zone) == zones.end()) zones.push_back(zone);
  }
  for (std::size_t a = 0; a < zones.size(); ++a) {
    for (std::size_t b = a + 1; b < zones.size(); ++b) maker.link(zones[a], zones[b]);
  }
  return maker.map();
}

// Nodes, boxes and edges of a DOT text, without what they look like.
std::string structure(const std::string& dot) {
  std::string found;
  const std::regex line(
      R"(^ *(subgraph "[^"]*"|[a-z0-9]+(:h[0-9]+)? -> [a-z0-9]+(:h[0-9]+)?|[a-z]+[0-9]*) [\[{].*)");
  for (std::size_t at = 0; at < dot.size();) {
    const std::size_t end = std::min(dot.find('\n', at), dot.size());
    std::smatch match;
    const std::string text = dot.substr(at, end - at);
    if (std::regex_match(text, match, line)) found += match[1].str() + "\n";
    at = end + 1;
  }
  return found;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

// ---- Physical ----

TEST(PhysicalGraph, HasZonesOfHostsAndTheLinksBetweenThem) {
  Stage stage(3, 1, 3);
  stage.form();
  const std::string dot = physical_dot(picture_of(stage), map_of(stage));
  EXPECT_EQ(structure(dot),
            "graph\nnode\nedge\np1\np3\np5\np1 -> p3\np1 -> p5\np3 -> p5\n"
            "p1 -> legend\np3 -> legend\np5 -> legend\nlegend\n");
  EXPECT_THAT(dot, HasSubstr("zone <B>a</B>   1 vote"));
  EXPECT_THAT(dot, HasSubstr("host <B>host-1</B><BR/><B>m1</B> PRIMARY"));
  EXPECT_EQ(count(dot, "smallest cut"), 3u) << "two links round zone a, and the legend";
  EXPECT_THAT(dot, Not(HasSubstr("bridge")));
  EXPECT_EQ(dot, physical_dot(picture_of(stage), map_of(stage)));
}

TEST(PhysicalGraph, MarksWhatThereIsNoWayRound) {
  Stage stage(3, 1, 3);
  stage.form();
  MapMaker maker;
  for (const MachineInfo& info : stage.cast)
    maker.replica(info.name, 0, "zone:" + info.zone, info.host);
  maker.link("zone:a", "switch:core").link("zone:b", "switch:core").link("zone:c", "zone:b");
  const std::string dot = physical_dot(picture_of(stage), maker.map());
  EXPECT_THAT(dot, HasSubstr("switch <B>core</B><BR/>"));
  EXPECT_EQ(count(dot, "! articulation point"), 3u) << "the switch, zone b, and the legend";
  EXPECT_EQ(count(dot, "! bridge"), 4u) << "three links and the legend";
}

TEST(PhysicalGraph, SaysOfLinksThatTheyAreCutAndHowBusyTheyAre) {
  Stage stage(3, 1, 3);
  stage.form();
  ClusterMap map = map_of(stage);
  MapLink& link = map.links.back();
  link.up = false;
  link.latency = 1500us;
  map.links[map.links.size() - 2].routes = 8;
  map.links[map.links.size() - 3].routes = 4;
  map.links.front().up = false;
  const std::string dot = physical_dot(picture_of(stage), map);
  EXPECT_THAT(dot, HasSubstr("+1.5ms<BR/><FONT COLOR=\"#D55E00\"><B>X cut</B></FONT>"));
  EXPECT_THAT(dot, HasSubstr("penwidth=6.0, label=<"));
  EXPECT_THAT(dot, HasSubstr("penwidth=3.5, label=<"));
  EXPECT_EQ(count(dot, "X uplink cut"), 1u);
}

TEST(PhysicalGraph, SaysOfASplitWhereNothingPassesAndWhoHasTheMajority) {
  Stage stage(3, 1, 3);
  stage.form();
  // Zone a holds m1 and m6.
  stage.add(3s, -1, event::Reachability{"all", {{"m1", "m6"}, {"m2", "m3", "m4", "m5"}}, {}});
  const ClusterPicture picture = picture_of(stage);
  EXPECT_THAT(picture.side_votes, ElementsAre(1u, 2u));
  EXPECT_EQ(picture.votes, 3u);
  const std::string dot = physical_dot(picture, map_of(stage));
  EXPECT_EQ(count(dot, "X nothing passes"), 2u);
  EXPECT_THAT(dot, HasSubstr("side B, <B>majority</B>"));
  EXPECT_THAT(dot, Not(HasSubstr("side A, <B>majority</B>")));
  EXPECT_THAT(dot, HasSubstr("A has 1 of 3 votes, B has 2 (majority)"));
}

TEST(PhysicalGraph, OfManyHostsShowsThoseInWhichThereIsSomethingToSee) {
  Stage stage(100, 2, 3);
  stage.form();
  stage.fail_over(5s);
  const std::string dot = physical_dot(picture_of(stage), map_of(stage));
  EXPECT_THAT(dot, HasSubstr("<B>m1</B> PRIMARY <B>DOWN</B>"));
  EXPECT_THAT(dot, HasSubstr("<B>m101</B> PRIMARY")) << "the heir";
  EXPECT_LE(count(dot, "host <B>"), 4u);
  EXPECT_EQ(count(dot, " hosts</B>"), 3u) << "one a zone";
}

// ---- Logical ----

TEST(LogicalGraph, HasABoxAShard) {
  Stage stage(3, 2, 3);
  stage.form();
  const std::string dot = logical_dot(picture_of(stage));
  EXPECT_EQ(structure(dot),
            "graph\nnode\nedge\nshard0\nshard1\nshard2\nshard0 -> legend\nlegend\n");
  EXPECT_THAT(dot, HasSubstr("slots <B>0-5460</B> (5461)"));
  const std::size_t second = dot.find("shard1 [");
  EXPECT_LT(dot.find("<B>m4</B> replica"), second) << "a replica is in the box of its primary";
  EXPECT_GT(dot.find("<B>m2</B> PRIMARY"), second);
}

TEST(LogicalGraph, SaysWhoIsLeftWithoutAReplicaAndWhoStandsInOnePlace) {
  Stage stage(3, 1, 3);
  stage.cast[3].zone = "a";
  stage.form();
  EXPECT_THAT(logical_dot(picture_of(stage)), HasSubstr("! all in one zone"));
  stage.fail_over(5s);
  stage.claim_replica(9s, 0, 3);
  const std::string after = logical_dot(picture_of(stage));
  EXPECT_THAT(after, Not(HasSubstr("! no replica"))) << "the old primary follows its heir";
  Stage bare(3, 0, 3);
  bare.form();
  EXPECT_EQ(count(logical_dot(picture_of(bare)), "! no replica"), 3u);
}

TEST(LogicalGraph, OfManyShardsShowsThoseInWhichThereIsSomethingToSee) {
  Stage stage(100, 2, 3);
  stage.form();
  stage.fail_over(5s);
  stage.add(8s, 1, event::MachinePaused{});
  const std::string dot = logical_dot(picture_of(stage));
  EXPECT_THAT(dot, HasSubstr("<B>98 shards</B>"));
  EXPECT_THAT(dot, HasSubstr("<B>m2</B> PRIMARY <B>PAUSED</B>"));
  EXPECT_EQ(count(dot, " [label=<<TABLE"), 5u) << "three shards, the others, and the legend";
}

// ---- Beliefs ----

TEST(BeliefGraph, HasARowForThoseWhoBelieveTheSame) {
  Stage stage(3, 1, 3);
  stage.form();
  EXPECT_THAT(beliefs_dot(picture_of(stage)), HasSubstr("nobody holds anybody"));
  stage.add(3s, 0, event::MachineCrashed{});
  for (const int observer : {1, 2, 3}) stage.suspect(4s, observer, 0, event::Suspicion::kFail);
  stage.suspect(4s, 4, 0, event::Suspicion::kPfail);
  const ClusterPicture picture = picture_of(stage);
  EXPECT_EQ(picture.beliefs.size(), 4u);
  const std::string dot = beliefs_dot(picture);
  EXPECT_THAT(dot, HasSubstr("m2, m3 and m4 (3)"));
  EXPECT_EQ(count(dot, "X FAIL"), 1u);
  EXPECT_EQ(count(dot, "? PFAIL"), 1u);
  EXPECT_THAT(dot, HasSubstr("<B>m1</B><BR/>DOWN"));
}

TEST(BeliefGraph, WhatTheDeadBelievedIsNotTold) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.suspect(4s, 1, 0, event::Suspicion::kPfail);
  stage.add(5s, 1, event::MachineCrashed{});
  EXPECT_TRUE(picture_of(stage).beliefs.empty());
}

// ---- Combined, large and small ----

TEST(LargeGraph, DrawsAsOneWhatDoesNotStandOut) {
  Stage stage(100, 2, 3);
  stage.form();
  stage.fail_over(5s);
  stage.add(8s, 1, event::MachinePaused{});
  const ClusterPicture picture = picture_of(stage);
  const GraphBox root = box_tree(picture);
  std::size_t drawn = 0, summarised = 0;
  for (const GraphBox& zone : root.boxes) {
    drawn += zone.nodes.size();
    for (const auto& nodes : zone.summaries) summarised += nodes.size() - 1;
  }
  EXPECT_EQ(drawn + summarised, 300u);
  EXPECT_LE(drawn, 8u);
  const std::string dot = to_dot(picture);
  for (const char* word : {"<B>m1</B></FONT>  PRIMARY", "<B>m2</B></FONT>  PRIMARY", "PAUSED",
                           "<B>m101</B></FONT>  PRIMARY"}) {
    EXPECT_THAT(dot, HasSubstr(word));
  }
  EXPECT_THAT(dot, Not(HasSubstr("<B>m3</B>")));
  EXPECT_EQ(count(dot, " nodes</B>"), 3u);
}

TEST(LargeGraph, DrawsAsOneWhatStandsOutAlike) {
  Stage stage(100, 2, 3);
  stage.form();
  for (int i = 0; i < 300; i += 3) stage.add(5s, i, event::MachineCrashed{});
  const ClusterPicture picture = picture_of(stage);
  for (const std::string& dot :
       {to_dot(picture), physical_dot(picture, map_of(stage)), logical_dot(picture)}) {
    EXPECT_THAT(dot, HasSubstr("DOWN"));
    EXPECT_THAT(dot, Not(HasSubstr("<B>m1</B>"))) << "one of a hundred";
    EXPECT_LT(dot.size(), 12'000u);
  }
  stage.add(6s, 1, event::MachinePaused{});
  EXPECT_THAT(to_dot(picture_of(stage)), HasSubstr("<B>m2</B></FONT>  PRIMARY"));
}

TEST(LargeGraph, SidesAreNotDrawnAsOne) {
  Stage stage(30, 2, 1);
  stage.form();
  std::vector<std::string> some, others;
  for (const MachineInfo& info : stage.cast)
    (some.size() < 40 ? some : others).push_back(info.name);
  stage.add(3s, -1, event::Reachability{"all", {some, others}, {}});
  const std::string dot = to_dot(picture_of(stage));
  EXPECT_EQ(count(dot, " nodes</B>"), 2u);
  EXPECT_EQ(count(dot, "style=dashed, penwidth=2"), 1u) << "one line between the sides";
}

TEST(LargeGraph, LeavesOutArrowsThatWouldHideEachOther) {
  Stage stage(20, 2, 3);
  stage.form();
  EXPECT_EQ(count(to_dot(picture_of(stage)), "#0072B2"), 0u);
  stage.add(3s, 1, event::MachinePaused{});
  EXPECT_EQ(count(to_dot(picture_of(stage)), "#0072B2"), 2u + 1u)
      << "to the two replicas of the paused one, and the legend";
}

TEST(Graph, MarksNetworksThatAreWorseThanTheyWere) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.add(3s, -1, event::FaultBegan{1, "delay", "delay m2 by 200ms", {MachineId{1}}});
  const ClusterPicture picture = picture_of(stage);
  EXPECT_EQ(picture.nodes.at(MachineId{1}).slowed, "delay");
  EXPECT_THAT(to_dot(picture), HasSubstr("~ delay"));
  EXPECT_THAT(physical_dot(picture, map_of(stage)), HasSubstr("~ delay"));
  stage.add(4s, -1, event::FaultEnded{1, 5, "segments delayed"});
  EXPECT_EQ(picture_of(stage).nodes.at(MachineId{1}).slowed, "");
}

}  // namespace
}  // namespace sim
