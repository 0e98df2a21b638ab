#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

using ::testing::ElementsAre;

TEST(Tcp, HandshakeThenMessagesTakeOneWayEach) {
  Stage stage;
  stage.run_until(10ms);
  stage.tell("m1", "dial c m2");
  stage.run_for(10ms);
  // Dialled 20 us after typing: SYN and SYN-ACK make one round trip, the ACK another half.
  EXPECT_EQ(stage.when("m1", "connected c"), 12ms + 20us);
  EXPECT_EQ(stage.when("m2", "accepted in1"), 13ms + 20us);
  stage.run_until(100ms);
  stage.tell("m1", "send c ask-1");
  stage.run_for(10ms);
  EXPECT_EQ(stage.when("m2", "received in1 ask-1"), 101ms + 20us);
  EXPECT_EQ(stage.when("m1", "received c re:ask-1"), 102ms + 20us);
}

}  // namespace
}  // namespace sim::stage
