// A full synchronisation that takes its time: the fork, the child that writes, the wire, and
// loading at the other end.
#include <gtest/gtest.h>

#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

// m1 and its replicas, which have a data set of 100 MB.
ClusterSpec shard(int replicas = 1) {
  ClusterSpec spec;
  spec.primaries = 1;
  spec.replicas = replicas;
  spec.directives = {
      {"repl-diskless-sync-delay", "0"}, {"cluster-node-timeout", "1000"}, {"save", ""}};
  spec.dataset = {1'000'000, 200 * kMegabyte, 100 * kMegabyte};
  return spec;
}

ClusterStage formed(const ClusterSpec& spec) {
  ClusterStage stage(spec);
  stage.run_for(5s);
  return stage;
}

void restart(ClusterStage& stage, const std::string& who) {
  stage.levers().crash(stage.id(who), false);
  stage.run_for(100ms);
  stage.levers().start(stage.id(who), {});
}

struct Syncs {
  std::size_t full = 0, partial = 0;
};
Syncs syncs(const ClusterStage& stage, const std::string& who) {
  Syncs count;
  for (const auto& up : stage.told<event::ReplicationUp>(who)) {
    ++(up.how == event::SyncKind::kFull ? count.full : count.partial);
  }
  return count;
}

// From its start until it is in sync with m1.
Duration resync(ClusterStage& stage, const std::string& who, Duration limit = 60s) {
  restart(stage, who);
  const SimTime began = stage.world().now();
  const std::size_t before = stage.times<event::ReplicationUp>(who).size();
  while (stage.times<event::ReplicationUp>(who).size() == before) {
    if (stage.world().now() - began > limit) return Duration::max();
    stage.run_for(10ms);
  }
  return stage.times<event::ReplicationUp>(who).back() - began;
}

TEST(FullSync, ServersBeginWithTheirDataAndInSync) {
  ClusterStage stage = formed(shard());
  EXPECT_EQ(syncs(stage, "m2").full, 0u);
  EXPECT_EQ(syncs(stage, "m2").partial, 1u);
}

TEST(FullSync, AWeightByItselfTakesNoTimeOnAFastNetwork) {
  ClusterStage stage = formed(shard());
  EXPECT_LT(resync(stage, "m2"), 1s);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
  EXPECT_TRUE(stage.told<event::LoadingBegan>().empty());
}

TEST(FullSync, TheWireCarriesTheWeight) {
  ClusterSpec spec = shard();
  spec.bandwidth = 25 * kMegabyte;
  ClusterStage stage = formed(spec);
  const Duration time = resync(stage, "m2");
  EXPECT_GE(time, 4s);
  EXPECT_LT(time, 4500ms);
}

TEST(FullSync, TheChildWritesAtItsRate) {
  ClusterSpec spec = shard();
  spec.costs.save_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  const Duration time = resync(stage, "m2");
  EXPECT_GE(time, 5s);
  EXPECT_LT(time, 5500ms);
}

TEST(FullSync, AForkStopsThePrimary) {
  ClusterSpec spec = shard();
  spec.costs.fork_per_gigabyte = 2s;
  ClusterStage stage = formed(spec);
  EXPECT_GE(resync(stage, "m2"), 400ms);
  const auto forks = stage.told<event::Forked>("m1");
  ASSERT_EQ(forks.size(), 1u);
  EXPECT_EQ(forks[0].stall_ns, 400'000'000);
  EXPECT_EQ(forks[0].bytes, 200 * kMegabyte);
  ASSERT_EQ(stage.told<event::StallBegan>("m1").size(), 1u);
}

TEST(FullSync, LoadingKeepsTheReplicaFromItsCron) {
  ClusterSpec spec = shard();
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  ASSERT_TRUE(
      stage.run_until<event::LoadingBegan>(10s, [](const auto&, const auto&) { return true; }));
  const std::uint64_t pings = stage.view("m2").counters["bus_sent_ping"];
  const std::uint64_t pongs = stage.view("m2").counters["bus_sent_pong"];
  stage.run_for(4s);
  EXPECT_EQ(stage.view("m2").counters["bus_sent_ping"], pings);
  EXPECT_GT(stage.view("m2").counters["bus_sent_pong"], pongs + 2);
  EXPECT_EQ(stage.view("m2").offset, 0);
  stage.levers().console(stage.id("m2"), {"PING"});
  stage.run_for(3s);
  const auto began = stage.times<event::LoadingBegan>("m2"),
             ended = stage.times<event::LoadingEnded>("m2");
  ASSERT_EQ(began.size(), 1u);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ((ended[0] - began[0]) / 1ms, 5000);
  EXPECT_GT(stage.view("m2").counters["bus_sent_ping"], pings);
  // Nobody suspected it, although it pinged nobody for five times the node timeout.
  for (const auto& change : stage.told<event::SuspicionChanged>("m1")) {
    EXPECT_EQ(change.to, event::Suspicion::kNone);
  }
}

TEST(FullSync, ALoadingServerAnswersInBetween) {
  ClusterSpec spec = shard();
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  ASSERT_TRUE(
      stage.run_until<event::LoadingBegan>(10s, [](const auto&, const auto&) { return true; }));
  stage.levers().console(stage.id("m2"), {"DBSIZE"});
  const SimTime asked = stage.world().now();
  std::vector<ConsoleReply> replies;
  while (replies.empty()) {
    stage.world().advance();
    replies = stage.world().take_console_replies();
  }
  EXPECT_NE(replies[0].text.find("LOADING Redis is loading"), std::string::npos);
  EXPECT_LE(stage.world().now() - asked, 106ms);  // 2 MB at its rate
}

TEST(FullSync, ALoadingReplicaTellsItsPrimaryThatItLives) {
  ClusterSpec spec = shard();
  spec.costs.load_rate = 10 * kMegabyte;
  spec.directives["repl-timeout"] = "3";
  ClusterStage stage = formed(spec);
  EXPECT_GE(resync(stage, "m2"), 10s);
  stage.run_for(20s);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
}

TEST(FullSync, DisklessALateReplicaWaitsForTheNextChild) {
  ClusterSpec spec = shard(2);
  spec.costs.save_rate = 50 * kMegabyte;
  spec.costs.fork_per_gigabyte = 10ms;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  stage.run_for(1s);
  restart(stage, "m3");
  stage.run_for(10s);
  const auto forks = stage.times<event::Forked>("m1");
  ASSERT_EQ(forks.size(), 2u);
  EXPECT_GE(forks[1] - forks[0], 2s);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
  EXPECT_EQ(syncs(stage, "m3").full, 1u);
}

TEST(FullSync, ReplicasThatComeTogetherShareAChild) {
  ClusterSpec spec = shard(2);
  spec.directives["repl-diskless-sync-delay"] = "3";
  spec.costs.fork_per_gigabyte = 10ms;
  spec.bandwidth = 50 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  restart(stage, "m3");
  stage.run_for(20s);
  EXPECT_EQ(stage.told<event::Forked>("m1").size(), 1u);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
  EXPECT_EQ(syncs(stage, "m3").full, 1u);
}

TEST(FullSync, OnDiskALateReplicaSharesTheFile) {
  ClusterSpec spec = shard(2);
  spec.directives["repl-diskless-sync"] = "no";
  spec.costs.save_rate = 50 * kMegabyte;
  spec.costs.fork_per_gigabyte = 10ms;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  stage.run_for(1s);
  restart(stage, "m3");
  stage.tell("m1", "SET during 1");
  stage.run_for(10s);
  EXPECT_EQ(stage.told<event::Forked>("m1").size(), 1u);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
  EXPECT_EQ(syncs(stage, "m3").full, 1u);
  // Both have what was written while the file was.
  EXPECT_EQ(stage.view("m2").data_hash, stage.view("m1").data_hash);
  EXPECT_EQ(stage.view("m3").data_hash, stage.view("m1").data_hash);
}

TEST(FullSync, AReplicaThatStopsTakingIsGivenUp) {
  ClusterSpec spec = shard();
  spec.directives["repl-timeout"] = "3";
  spec.bandwidth = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  stage.run_for(2s);
  stage.levers().cut(stage.both_ways({"m1"}, {"m2"}), kAllPlanes);
  stage.run_for(10s);
  EXPECT_NE(stage.tell("m1", "INFO replication").find("connected_slaves:0"), std::string::npos);
}

TEST(FullSync, ACopyInTheMiddleEndsEqual) {
  ClusterSpec spec = shard();
  spec.bandwidth = 50 * kMegabyte;
  spec.costs.load_rate = 50 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m2");
  for (int i = 0; i < 5; ++i) {
    stage.run_for(800ms);
    ClusterStage copy = stage;
    copy.run_for(10s);
    ClusterStage original = stage;
    original.run_for(10s);
    ASSERT_EQ(copy.world().digest(), original.world().digest()) << i;
  }
  ClusterStage copy = stage;
  stage.run_for(10s);
  copy.run_for(10s);
  EXPECT_EQ(copy.world().digest(), stage.world().digest());
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
}

TEST(FullSync, OnAWireOfBytesItIsTheSame) {
  ClusterSpec spec = shard();
  spec.bandwidth = 100 * kMegabyte;
  spec.costs.load_rate = 100 * kMegabyte;
  ClusterStage decoded = formed(spec);
  spec.through_wire = true;
  ClusterStage encoded = formed(spec);
  EXPECT_EQ(resync(decoded, "m2"), resync(encoded, "m2"));
  EXPECT_EQ(decoded.world().digest(), encoded.world().digest());
  // What it was sent weighs as much as before.
  EXPECT_EQ(resync(decoded, "m2"), resync(encoded, "m2"));
}

TEST(BootLoading, TakesClientsButNotTheBus) {
  ClusterSpec spec = shard();
  spec.replicas = 2;
  spec.directives["save"] = "3600 1";
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  stage.tell("m1", "SET k v");
  stage.levers().terminate(stage.id("m2"));
  stage.run_for(2s);
  ASSERT_FALSE(stage.who().is_up(stage.id("m2")));
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(4s);
  ASSERT_EQ(stage.told<event::LoadingBegan>("m2").size(), 1u);
  EXPECT_EQ(stage.told<event::LoadingBegan>("m2")[0].from, "its disk");
  EXPECT_EQ(stage.told<event::NodeStarted>("m2").size(), 1u);
  bool suspected = false;
  for (const auto& change : stage.told<event::SuspicionChanged>("m1")) {
    suspected |= change.to == event::Suspicion::kPfail;
  }
  EXPECT_TRUE(suspected);
  stage.run_for(4s);
  EXPECT_EQ(stage.told<event::NodeStarted>("m2").size(), 2u);
  EXPECT_TRUE(stage.run_until_healthy());
  // It goes on where it stopped.
  stage.run_for(5s);
  EXPECT_EQ(syncs(stage, "m2").full, 0u);
  EXPECT_EQ(syncs(stage, "m2").partial, 2u);
  EXPECT_EQ(stage.view("m2").data_hash, stage.view("m1").data_hash);
}

TEST(BootLoading, AnAofHasTheWeightToo) {
  ClusterSpec spec = shard();
  spec.directives["appendonly"] = "yes";
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m1");
  stage.run_for(4s);
  EXPECT_EQ(stage.told<event::NodeStarted>("m1").size(), 1u);
  stage.run_for(2s);
  EXPECT_EQ(stage.told<event::NodeStarted>("m1").size(), 2u);
}

TEST(BootLoading, WhoHasNothingOnDiskComesUpEmpty) {
  ClusterSpec spec = shard();
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  restart(stage, "m1");
  stage.run_for(1s);
  EXPECT_EQ(stage.told<event::NodeStarted>("m1").size(), 2u);
  // And so does who copies it: there is no weight left to load.
  stage.run_for(10s);
  EXPECT_EQ(syncs(stage, "m2").full, 1u);
  EXPECT_TRUE(stage.told<event::LoadingBegan>("m2").empty());
}

TEST(BootLoading, SigtermEndsItAtOnce) {
  ClusterSpec spec = shard();
  spec.directives["save"] = "3600 1";
  spec.costs.load_rate = 20 * kMegabyte;
  ClusterStage stage = formed(spec);
  stage.levers().terminate(stage.id("m2"));
  stage.run_for(2s);
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(1s);
  stage.levers().terminate(stage.id("m2"));
  stage.run_for(200ms);
  EXPECT_FALSE(stage.levers().is_up(stage.id("m2")));
  // What it would have loaded is still there.
  stage.levers().start(stage.id("m2"), {});
  stage.run_for(6s);
  EXPECT_EQ(stage.told<event::LoadingBegan>("m2").size(), 2u);
}

TEST(Shutdown, SavingTheDataTakesItsTime) {
  ClusterSpec spec = shard();
  spec.directives["save"] = "3600 1";
  spec.costs.save_rate = 50 * kMegabyte;
  ClusterStage stage = formed(spec);
  stage.levers().terminate(stage.id("m2"));
  stage.run_for(1500ms);
  EXPECT_TRUE(stage.levers().is_up(stage.id("m2")));
  stage.run_for(1s);
  EXPECT_FALSE(stage.levers().is_up(stage.id("m2")));
}

}  // namespace
}  // namespace sim::stage
