#include "viz/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/viz/stage_testing.h"
#include "viz/graph_boxes.h"
#include "viz/renderer.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string dot_of(const Stage& stage, Scene scene = {}) {
  scene.cast = stage.cast;
  scene.scenario = "test";
  const auto renderer = make_graph(scene);
  for (const Record& record : stage.records) renderer->see(record);
  return renderer->render();
}
Grid grid_for(const Stage& stage) {
  const ClusterPicture picture = picture_of(stage);
  return grid_of(picture, box_tree(picture));
}
std::uint32_t width(const Grid& grid) {
  std::uint32_t columns = 0;
  for (const auto& entry : grid) columns = std::max(columns, entry.first.column + 1);
  return columns;
}

TEST(Graph, DrawsZonesAsClustersWithPrimariesSlotsAndReplication) {
  Stage stage(3, 1, 3);
  stage.form();
  const std::string dot = dot_of(stage, {.seed = 7});
  EXPECT_THAT(dot, HasSubstr("subgraph \"cluster_zone_1\""));
  EXPECT_THAT(dot, HasSubstr("zone <B>a</B>"));
  EXPECT_THAT(dot, HasSubstr("0-5460"));
  EXPECT_THAT(dot, HasSubstr("n0 -> n3 ["));
  EXPECT_THAT(dot, HasSubstr("<B>test</B>   seed 7   t = 0.000s   as a majority sees it"));
  EXPECT_THAT(dot, Not(HasSubstr("FAIL"))) << "the legend explains only what occurs";
}

TEST(Graph, SaysInWordsWhatItSaysInColour) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.fail_over(5s);
  stage.add(8s, 1, event::MachinePaused{});
  stage.add(8s, -1, event::Reachability{"all", {{"m1", "m2"}, {"m3", "m4", "m5", "m6"}}, {}});
  const std::string dot = dot_of(stage, {.single_points = {"a", "core-switch"}});
  for (const char* word :
       {"DOWN", "PAUSED", "X FAIL", "side A", "side B", "! single point of failure",
        "! core-switch", "outdated claim: 5461 slots", "style=dashed, penwidth=2"}) {
    EXPECT_THAT(dot, HasSubstr(word));
  }
}

TEST(Graph, OneWayCutsEndInABarAndTwoWayCutsDoNot) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.add(3s, -1, event::Reachability{"bus", {}, {{"m1", "m2"}, {"m2", "m1"}, {"m3", "m5"}}});
  const std::string dot = dot_of(stage);
  EXPECT_THAT(dot, HasSubstr("label=\"no way\""));
  EXPECT_THAT(dot, HasSubstr("n2 -> n4 [arrowhead=tee"));
  EXPECT_THAT(dot, HasSubstr("label=\"cut\""));
  EXPECT_THAT(dot, HasSubstr("n0 -> n1 [dir=none"));
  EXPECT_THAT(dot, Not(HasSubstr("n1 -> n0")));
}

TEST(Graph, SaysOnceWhatNearlyAllNodesHaveInCommon) {
  Stage few(3, 1, 0), many(20, 2, 3);
  for (Stage* stage : {&few, &many}) {
    stage->form();
    for (int i = 1; i < static_cast<int>(stage->cast.size()); ++i)
      stage->add(2s, i, event::HealthChanged{false, "slot 0 is not covered"});
  }
  EXPECT_THAT(dot_of(few), HasSubstr("<BR/>cluster state: fail"));
  EXPECT_THAT(dot_of(few), Not(HasSubstr("refuse clients")));
  EXPECT_THAT(dot_of(many), Not(HasSubstr("<BR/>cluster state: fail")));
  EXPECT_THAT(dot_of(many), HasSubstr("59 of 60 nodes refuse clients"));
}

TEST(Graph, DrawsASpareAfterTheOthersUntilItHasMetSomebody) {
  Stage stage(3, 1, 1);
  stage.form();
  MachineInfo info = stage.cast.front();
  info.name = "m7";
  info.host = "host-7";
  info.shard = -1;
  info.planned_primary = false;
  info.planned_id = {};
  stage.cast.push_back(info);
  stage.add(2s, 6, event::MachineStarted{});
  stage.add(2s, 6, event::Claim{Stage::id(6), Role::kPrimary, {}, no_slots(), 0, 0});
  EXPECT_THAT(dot_of(stage), HasSubstr("<B>m7</B></FONT>  spare"));
  EXPECT_EQ(grid_for(stage).rbegin()->second, MachineId{6});
  stage.add(3s, 6, event::PeerLearned{Stage::id(0)});
  EXPECT_THAT(dot_of(stage), HasSubstr("<B>m7</B></FONT>  PRIMARY"));
}

TEST(Graph, EscapesNames) {
  Stage stage(3, 1, 0);
  stage.cast[0].name = "<m&1>\"";
  stage.form();
  EXPECT_THAT(dot_of(stage), HasSubstr("&lt;m&amp;1&gt;&quot;"));
}

// dot 2.42 dies of parallel edges between neighbours in a row.
TEST(Graph, HasNoParallelEdges) {
  Stage stage(20, 2, 3);
  stage.form();
  stage.add(3s, -1, event::Reachability{"all", {{"m10"}, {"m21"}}, {{"m2", "m5"}, {"m1", "m41"}}});
  const std::string dot = dot_of(stage);
  std::map<std::string, int> edges;
  for (std::size_t at = dot.find(" -> "); at != std::string::npos; at = dot.find(" -> ", at + 1)) {
    const std::size_t from = dot.rfind(' ', at - 1) + 1;
    const std::size_t to = dot.find(' ', at + 4);
    std::string a = dot.substr(from, at - from), b = dot.substr(at + 4, to - at - 4);
    if (b < a) std::swap(a, b);
    EXPECT_EQ(++edges[a + " " + b], 1) << a << " " << b;
  }
  EXPECT_GT(edges.size(), 100u);
}

TEST(GraphGrid, ReplicasStandUnderTheirPrimaryWhereNoPlaceIsKnown) {
  Stage stage(3, 1, 0);
  stage.form();
  const Grid grid = grid_for(stage);
  for (std::uint32_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(grid.at({0, shard}), MachineId{shard});
    EXPECT_EQ(grid.at({1, shard}), MachineId{shard + 3});
  }
}

TEST(GraphGrid, SixtyNodesFitAPage) {
  for (const int zones : {0, 1, 3, 5}) {
    Stage stage(20, 2, zones);
    stage.form();
    const Grid grid = grid_for(stage);
    EXPECT_EQ(grid.size(), 60u) << "every node has a cell of its own";
    EXPECT_LE(width(grid), 12u) << zones << " zones";
    EXPECT_LE(grid.rbegin()->first.row, 12u) << zones << " zones";
  }
}

TEST(GraphGrid, HostsAreBoxesOnlyWhereTheyHoldSeveralNodes) {
  Stage stage(3, 1, 0);
  stage.cast[0].host = stage.cast[4].host = "big";
  stage.form();
  const std::string dot = dot_of(stage);
  EXPECT_THAT(dot, HasSubstr("host <B>big</B>"));
  EXPECT_THAT(dot, Not(HasSubstr("host-2")));
}

TEST(Renderers, AreListedAndFoundByName) {
  for (const RendererInfo& info : renderers()) {
    EXPECT_EQ(find_renderer(info.name), &info);
    EXPECT_FALSE(info.description.empty());
    Stage stage(3, 1, 0);
    Scene scene;
    scene.cast = stage.cast;
    EXPECT_NE(info.make(scene), nullptr);
  }
  EXPECT_EQ(find_renderer("hologram"), nullptr);
}

}  // namespace
}  // namespace sim
