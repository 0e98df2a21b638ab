// What whoever listens on every cable is told of connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;

// "m1 SYN", "m2 DATA lost": one of each frame.
std::vector<std::string> frames_of(Stage& stage) {
  constexpr std::array<const char*, 9> kKinds = {"SYN", "SYN-ACK", "ACK",      "DATA",     "FIN",
                                                 "RST", "arrived", "returned", "forgotten"};
  std::vector<std::string> told;
  for (const Frame& frame : stage.world().take_frames()) {
    told.push_back(stage.world().cast()[frame.from.value].name + ' ' +
                   kKinds[static_cast<std::size_t>(frame.kind)] + (frame.lost ? " lost" : ""));
  }
  return told;
}

Stage listened_to() {
  StageSpec spec;
  spec.world.sight_frames = plane_set(Plane::kBus);
  return Stage(spec);
}

TEST(Frames, TellTheLifeOfAConnection) {
  Stage stage = listened_to();
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.tell("m1", "dial c m2");
  stage.run_for(1s);
  stage.tell("m1", "send b bus:PING");
  stage.tell("m1", "send c cmd:SET");
  stage.run_for(1s);
  stage.tell("m1", "close b");
  stage.run_for(1s);
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 SYN", "m2 SYN-ACK", "m1 ACK", "m1 DATA",
                                            "m1 arrived", "m1 FIN", "m1 arrived", "m1 forgotten"));
}

TEST(Frames, TellWhatACutSwallowsEachTimeItIsSent) {
  Stage stage = listened_to();
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.run_for(1s);
  stage.world().take_frames();
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.tell("m1", "send b bus:PING");
  stage.tell("m1", "send b bus:VOTE");
  stage.run_for(250ms);  // a retransmission after 200 ms
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 DATA lost", "m1 DATA lost"));
  stage.levers().release(cut);
  stage.run_for(5s);
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 DATA", "m1 DATA", "m1 arrived", "m1 arrived"));
}

TEST(Frames, TellThatWhatWasUnderWayComesBack) {
  Stage stage = listened_to();
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.run_for(1s);
  stage.world().take_frames();
  stage.tell("m1", "send b bus:PING");
  stage.run_for(500us);  // half of the way
  const LeverId cut = stage.levers().cut(stage.both("m1", "m2"), kAllPlanes);
  stage.run_for(100ms);
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 DATA", "m1 returned"));
  stage.levers().release(cut);
  stage.run_for(5s);
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 DATA", "m1 arrived"));
}

TEST(Frames, TellOfRefusalsAndResets) {
  Stage stage = listened_to();
  stage.tell("m1", "dial b m2 " + std::to_string(kBusPort));
  stage.run_for(1s);
  stage.world().take_frames();
  stage.levers().crash(stage.id("m2"), false);
  stage.run_for(1s);
  EXPECT_THAT(frames_of(stage), ElementsAre("m2 RST", "m1 forgotten"));
  stage.tell("m1", "dial d m2 " + std::to_string(kBusPort));
  stage.run_for(1s);
  EXPECT_THAT(frames_of(stage), ElementsAre("m1 SYN", "m2 RST", "m1 forgotten"));
}

}  // namespace
}  // namespace sim::stage
