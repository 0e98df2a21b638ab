#include "viz/picture.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/viz/stage_testing.h"

namespace sim {
namespace {

const PictureNode& node(const ClusterPicture& picture, std::uint32_t index) {
  return picture.nodes.at(MachineId{index});
}
event::PeerView seen(int machine, Role role, SlotsRef slots, event::Suspicion suspicion) {
  event::PeerView view;
  view.id = Stage::id(machine);
  view.role = role;
  view.slots = std::move(slots);
  view.suspicion = suspicion;
  return view;
}

TEST(Picture, ShowsOwnersReplicasAndTimeSinceTheClusterFormed) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.add(4s, -1, event::Converged{});
  const ClusterPicture picture = picture_of(stage);
  EXPECT_EQ(picture.at, 3s);
  EXPECT_EQ(picture.nodes.size(), 6u);
  EXPECT_EQ(format_slots(node(picture, 0).slots), "0-5460");
  EXPECT_EQ(node(picture, 3).follows, MachineId{0});
  EXPECT_TRUE(node(picture, 0).up && node(picture, 0).healthy);
}

TEST(Picture, StopsAtTheMomentAskedFor) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.fail_over(5s);
  EXPECT_TRUE(node(picture_of(stage, {.at = 3900ms}), 0).up);
  EXPECT_FALSE(node(picture_of(stage, {.at = 4000ms}), 0).up);
}

TEST(Picture, TheHeirOwnsTheSlotsAndTheOldClaimIsOutdated) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.fail_over(5s);
  const ClusterPicture picture = picture_of(stage);
  EXPECT_EQ(format_slots(node(picture, 3).slots), "0-5460");
  EXPECT_TRUE(node(picture, 0).slots.none());
  EXPECT_EQ(node(picture, 0).stale, 5461u);
}

TEST(Picture, AnOutrankedClaimOfADeadNodeIsNotOutdatedByAnotherDeadNode) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.fail_over(5s);
  stage.add(9s, 3, event::MachineCrashed{});
  EXPECT_EQ(node(picture_of(stage), 0).stale, 0u);
}

TEST(Picture, FailNeedsAMajorityOfThoseThatRun) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.suspect(3s, 1, 0, event::Suspicion::kFail);
  stage.suspect(3s, 2, 0, event::Suspicion::kPfail);
  EXPECT_EQ(node(picture_of(stage), 0).held_as, event::Suspicion::kNone);
  stage.suspect(4s, 3, 0, event::Suspicion::kPfail);
  EXPECT_EQ(node(picture_of(stage), 0).held_as, event::Suspicion::kPfail);
  stage.suspect(5s, 2, 0, event::Suspicion::kFail);
  stage.suspect(5s, 3, 0, event::Suspicion::kFail);
  EXPECT_EQ(node(picture_of(stage), 0).held_as, event::Suspicion::kFail);
  EXPECT_EQ(node(picture_of(stage), 0).held_by, 3u);
  EXPECT_EQ(node(picture_of(stage), 0).observers, 5u);
  stage.add(6s, 2, event::MachineCrashed{});
  stage.add(7s, 2, event::MachineStarted{.incarnation = 1});
  stage.add(7s, 2, event::NodeStarted{.id = Stage::id(2), .incarnation = 1});
  EXPECT_EQ(node(picture_of(stage), 0).held_as, event::Suspicion::kNone)
      << "a new incarnation suspects nobody";
}

TEST(Picture, AViewIsWhatThatNodeSaidWhenProbed) {
  Stage stage(3, 1, 3);
  stage.form();
  event::ViewSnapshot snapshot;
  snapshot.id = Stage::id(1);
  snapshot.peers = {seen(0, Role::kPrimary, no_slots(), event::Suspicion::kFail),
                    seen(3, Role::kPrimary, stage.slots_of(0), event::Suspicion::kNone)};
  stage.add(5s, 1, snapshot);
  const ClusterPicture picture = picture_of(stage, {.view = "m2"});
  EXPECT_TRUE(picture.view_probed);
  EXPECT_EQ(node(picture, 0).held_as, event::Suspicion::kFail);
  EXPECT_EQ(format_slots(node(picture, 3).slots), "0-5460");
  EXPECT_TRUE(node(picture, 1).known) << "a node knows itself";
  EXPECT_FALSE(node(picture, 2).known);
  EXPECT_FALSE(picture_of(stage, {.view = "m3"}).view_probed);
}

TEST(Picture, SidesComeFromTheWorstCutAndLeaveClientsOut) {
  Stage stage(3, 1, 0);
  MachineInfo client;
  client.name = "client-1";
  client.kind = MachineKind::kClient;
  stage.cast.push_back(client);
  stage.form();
  stage.add(3s, -1, event::Reachability{"client", {{"client-1"}, {"m1"}}, {}});
  stage.add(3s, -1,
            event::Reachability{"bus", {{"m1", "m4"}, {"m2", "m3", "m5", "m6"}}, {{"m2", "m3"}}});
  const ClusterPicture picture = picture_of(stage);
  EXPECT_EQ(picture.clients, 1u);
  EXPECT_EQ(picture.cut_plane, "bus");
  ASSERT_EQ(picture.sides.size(), 2u);
  EXPECT_EQ(node(picture, 3).side, 0u);
  EXPECT_EQ(node(picture, 4).side, 1u);
  EXPECT_EQ(picture.one_way_cuts.size(), 1u);
  stage.add(4s, -1, event::Reachability{"bus", {}, {}});
  stage.add(4s, -1, event::Reachability{"client", {}, {}});
  EXPECT_TRUE(picture_of(stage).cut_plane.empty());
}

TEST(Picture, MarksAPrimaryAndItsReplicaOnOneHost) {
  Stage stage(3, 1, 0);
  stage.cast[0].host = stage.cast[3].host = "big";
  stage.cast[1].host = stage.cast[5].host = "other";  // m2 and the replica of m3: harmless
  stage.form();
  const ClusterPicture picture = picture_of(stage);
  EXPECT_TRUE(node(picture, 0).shares_host && node(picture, 3).shares_host);
  EXPECT_FALSE(node(picture, 1).shares_host || node(picture, 5).shares_host);
}

TEST(Picture, ListsTheFaultsInForce) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.add(2s, -1, event::FaultBegan{1, "pause", "pause m1", {}});
  stage.add(3s, -1, event::FaultBegan{2, "partition", "", {}});
  stage.add(4s, -1, event::FaultEnded{1, 3, "wake-ups"});
  EXPECT_EQ(picture_of(stage).faults, std::vector<std::string>{"partition"});
  stage.add(9s, -1, event::FaultEnded{.id = 2, .never = true});
  EXPECT_EQ(picture_of(stage).faults, std::vector<std::string>{"partition"});
}

}  // namespace
}  // namespace sim
