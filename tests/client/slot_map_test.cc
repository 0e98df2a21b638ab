#include "sim/client/slot_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/client_testing.h"

namespace sim::testing {
namespace {

using ::testing::ElementsAre;

TEST(SlotMap, LearnsRangesAndReplicas) {
  SlotMap map;
  EXPECT_EQ(map.primary({0}), nullptr);
  ASSERT_TRUE(map.learn(slots_reply(2, {{2, {3, 4}}}), server_at(1)));
  EXPECT_EQ(*map.primary({0}), server_at(1));
  EXPECT_EQ(*map.primary({8191}), server_at(1));
  EXPECT_EQ(*map.primary({8192}), server_at(2));
  EXPECT_TRUE(map.replicas({0}).empty());
  EXPECT_THAT(map.replicas({16383}), ElementsAre(server_at(3), server_at(4)));
  EXPECT_THAT(map.endpoints(), ElementsAre(server_at(1), server_at(2), server_at(3), server_at(4)));
}

TEST(SlotMap, MovedChangesOneSlot) {
  SlotMap map;
  ASSERT_TRUE(map.learn(slots_reply(2), server_at(1)));
  map.moved({5}, server_at(2));
  map.moved({6}, server_at(9));
  EXPECT_EQ(*map.primary({4}), server_at(1));
  EXPECT_EQ(*map.primary({5}), server_at(2));
  EXPECT_EQ(*map.primary({6}), server_at(9));
}

TEST(SlotMap, KeepsWhatItKnowsWhenAReplyIsNoMap) {
  SlotMap map;
  ASSERT_TRUE(map.learn(slots_reply(2), server_at(1)));
  const auto range = [](std::int64_t first, std::int64_t last) {
    return resp::Value{resp::Array{
        {{resp::Array{{resp::integer(first),
                       resp::integer(last),
                       {resp::Array{{resp::bulk("10.0.0.7"), resp::integer(6379)}}}}}}}}};
  };
  for (const resp::Value& bad :
       {resp::ok(), resp::error("ERR"), resp::Value{resp::Array{}},
        resp::Value{resp::Array{{resp::integer(1)}}}, range(-1, 5), range(0, 16384), range(7, 6)}) {
    EXPECT_FALSE(map.learn(bad, server_at(1))) << resp::describe(bad);
  }
  EXPECT_EQ(*map.primary({0}), server_at(1));
  EXPECT_TRUE(map.learn(range(3, 3), server_at(1)));
  EXPECT_EQ(map.primary({2}), nullptr);
  EXPECT_EQ(*map.primary({3}), server_at(7));
}

TEST(SlotMap, AnEmptyAddressMeansTheNodeThatWasAsked) {
  SlotMap map;
  const resp::Value reply{
      resp::Array{{{resp::Array{{resp::integer(0),
                                 resp::integer(9),
                                 {resp::Array{{resp::bulk(""), resp::integer(7000)}}}}}}}}};
  ASSERT_TRUE(map.learn(reply, server_at(3)));
  EXPECT_EQ(*map.primary({0}), (Endpoint{server_at(3).ipv4, 7000}));
}

TEST(ParseMoved, ReadsWhatServersSayAndNothingElse) {
  SlotId slot;
  Endpoint owner;
  ASSERT_TRUE(parse_redirection("MOVED 3999 10.0.0.2:6381", "MOVED", server_at(1), slot, owner));
  EXPECT_EQ(slot, SlotId{3999});
  EXPECT_EQ(owner, (Endpoint{server_at(2).ipv4, 6381}));
  ASSERT_TRUE(parse_redirection("MOVED 0 :6381", "MOVED", server_at(1), slot, owner));
  EXPECT_EQ(owner, (Endpoint{server_at(1).ipv4, 6381}));
  for (const char* bad :
       {"MOVED", "MOVED ", "MOVED 1", "MOVED x 10.0.0.2:1", "MOVED 16384 10.0.0.2:1",
        "MOVED -1 10.0.0.2:1", "MOVED 1 10.0.0.2", "MOVED 1 10.0.0.2:0", "MOVED 1 10.0.0.2:65536",
        "MOVED 1 ?:6379", "ASK 1 10.0.0.2:6379"}) {
    EXPECT_FALSE(parse_redirection(bad, "MOVED", server_at(1), slot, owner)) << bad;
  }
}

}  // namespace
}  // namespace sim::testing
