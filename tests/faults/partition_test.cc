#include <gtest/gtest.h>

#include "tests/faults/fault_stage_testing.h"

namespace sim {
namespace {

const std::vector<std::string> kServers{"m1", "m2", "m3", "m4", "m5", "m6"};

// Who still hears whom while the partition lasts, one line a machine.
std::string hearing(const std::string& options, std::uint64_t seed = 1) {
  TestStage stage(seed);
  const std::unique_ptr<Fault> fault = make_fault(R"({"do": "partition", )" + options + "}");
  stage.run(*fault, sim_time(6s), false);
  std::string text;
  std::vector<std::string> all = kServers;
  all.push_back("client-1");
  for (const std::string& to : all) {
    text += to + " hears";
    for (const std::string& from : all) {
      if (from != to && !stage.levers().is_cut(from, to)) text += ' ' + from;
    }
    text += '\n';
  }
  return text;
}

TEST(Partition, IsolatesAMachineFromEveryoneClientsIncluded) {
  EXPECT_EQ(hearing(R"("node": "primary:shard-0")"),
            "m1 hears\n"
            "m2 hears m3 m4 m5 m6 client-1\n"
            "m3 hears m2 m4 m5 m6 client-1\n"
            "m4 hears m2 m3 m5 m6 client-1\n"
            "m5 hears m2 m3 m4 m6 client-1\n"
            "m6 hears m2 m3 m4 m5 client-1\n"
            "client-1 hears m2 m3 m4 m5 m6\n");
}

TEST(Partition, WhoIsInNoGroupFormsOneMore) {
  EXPECT_EQ(hearing(R"("groups": [["m1", "client-1"], ["m2", "m3"]])"),
            "m1 hears client-1\n"
            "m2 hears m3\n"
            "m3 hears m2\n"
            "m4 hears m5 m6\n"
            "m5 hears m4 m6\n"
            "m6 hears m4 m5\n"
            "client-1 hears m1\n");
}

TEST(Partition, OneWayLeavesTheOtherDirection) {
  TestStage stage;
  const auto fault =
      make_fault(R"({"do": "partition", "shape": "one-way", "from": "m1", "to": "m2"})");
  stage.run(*fault, sim_time(6s), false);
  EXPECT_TRUE(stage.levers().is_cut("m1", "m2"));
  EXPECT_FALSE(stage.levers().is_cut("m2", "m1"));
  EXPECT_EQ(fault->text(), "cut m1 -> m2");
}

TEST(Partition, ByZoneTakesTheClientsOfTheZoneAlong) {
  EXPECT_EQ(hearing(R"("shape": "zone", "zone": "a")").substr(0, 20), "m1 hears m6 client-1");
}

TEST(Partition, ByRoleSeparatesReplicasFromTheRest) {
  const std::string text = hearing(R"("shape": "roles")");
  EXPECT_NE(text.find("m4 hears m5 m6\n"), std::string::npos) << text;
  EXPECT_NE(text.find("client-1 hears m1 m2 m3\n"), std::string::npos) << text;
}

TEST(Partition, InAMajorityRingEachHearsAMajorityAndNoTwoTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestStage stage(seed);
    const auto fault = make_fault(R"({"do": "partition", "shape": "majority-ring"})");
    stage.run(*fault, sim_time(6s), false);
    std::set<std::set<std::string>> views;
    for (const std::string& me : kServers) {
      std::set<std::string> heard{me};
      for (const std::string& other : kServers) {
        if (!stage.levers().is_cut(other, me)) heard.insert(other);
        EXPECT_EQ(stage.levers().is_cut(other, me), stage.levers().is_cut(me, other));
      }
      EXPECT_GE(heard.size(), 4u) << "a majority of six";
      EXPECT_LT(heard.size(), 6u) << "not everyone";
      views.insert(heard);
    }
    EXPECT_EQ(views.size(), 6u);
  }
}

TEST(Partition, ABridgeIsHeardByBothHalvesThatDoNotHearEachOther) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestStage stage(seed);
    const auto fault = make_fault(R"({"do": "partition", "shape": "bridge"})");
    stage.run(*fault, sim_time(6s), false);
    int bridges = 0;
    for (const std::string& me : kServers) {
      int deaf = 0;
      for (const std::string& other : kServers) deaf += stage.levers().is_cut(other, me) ? 1 : 0;
      bridges += deaf == 0 ? 1 : 0;
      EXPECT_TRUE(deaf == 0 || deaf == 2 || deaf == 3);
    }
    EXPECT_EQ(bridges, 1);
  }
}

TEST(Partition, HalvesAndThirdsAreThatLarge) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const auto& [shape, size] :
         std::map<std::string, std::size_t>{{"halves", 3}, {"minority-third", 2}}) {
      TestStage stage(seed);
      const auto fault = make_fault(R"({"do": "partition", "shape": ")" + shape + "\"}");
      stage.run(*fault, sim_time(6s), false);
      EXPECT_EQ(fault->targets().size(), size);
    }
  }
}

TEST(Partition, SeedsChooseDifferentHalves) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    seen.insert(hearing(R"("shape": "halves")", seed));
  EXPECT_GT(seen.size(), 5u);
}

TEST(Partition, CutsThePlanesItIsGiven) {
  TestStage stage;
  const auto fault =
      make_fault(R"({"do": "partition", "node": "m1", "planes": ["bus", "replication"]})");
  stage.run(*fault, sim_time(6s), false);
  EXPECT_NE(stage.levers().log().front().find("[planes 5]"), std::string::npos);
  EXPECT_EQ(fault->text(), "cut m1 off from everyone (bus, replication)");
}

TEST(Restart, WaitsForAGracefulShutdownToEnd) {
  TestStage stage;
  const auto fault =
      make_fault(R"({"do": "restart", "node": "m1", "down": "10ms", "new_address": true})");
  stage.run(*fault, sim_time(6s));
  ASSERT_EQ(stage.levers().log().size(), 3u);
  EXPECT_EQ(stage.levers().log()[0], "5s terminate m1");
  EXPECT_NE(stage.levers().log()[1].find("address of m1 10."), std::string::npos);
  EXPECT_EQ(stage.levers().log()[2], "5.31s start m1 disk 0 ")
      << "it took 250 ms to exit; looked at every 100 ms";
  EXPECT_EQ(fault->effects(stage.levers()).count, 1u);
}

// A fault that was to take files and found none has done nothing, and must say so.
TEST(Restart, CountsTheBytesItTookFromTheDisk) {
  TestStage stage;
  const auto fault =
      make_fault(R"({"do": "restart", "node": "m1", "how": "power", "disk": "lose-unsynced"})");
  stage.run(*fault, sim_time(10s));
  EXPECT_EQ(fault->effects(stage.levers()).count, 100u);
  EXPECT_EQ(fault->effects(stage.levers()).unit, "bytes of files lost or altered");
}

TEST(RollingRestart, TakesReplicasFirstAndOneAtATime) {
  TestStage stage;
  const auto fault =
      make_fault(R"({"do": "rolling-restart", "how": "kill", "down": "1s", "gap": "2s"})");
  stage.run(*fault, sim_time(60s));
  std::string order;
  for (const std::string& line : stage.levers().log())
    order += line.substr(line.find(' ') + 1, 8) + '|';
  EXPECT_EQ(order,
            "kill m4|start m4|kill m5|start m5|kill m6|start m6|kill m1|start m1|kill m2|start "
            "m2|kill m3|start m3|");
}

}  // namespace
}  // namespace sim
