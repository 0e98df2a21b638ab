// What the specification of Redis Cluster promises, and what follows from it, as far as no other
// test is named after it. (Protocol §15, by number; docs/protocol.md lists who holds the others.)
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

constexpr std::uint64_t kSeeds = 8;
constexpr Duration kTimeout = 2000ms;

ClusterSpec spec_of(std::uint64_t seed, int primaries = 3, int replicas = 3) {
  ClusterSpec spec;
  spec.primaries = primaries;
  spec.replicas = replicas;
  spec.seed = seed;
  spec.config.cluster_node_timeout_ms = kTimeout / 1ms;
  return spec;
}

// A cluster whose replicas have their data, at a moment that depends on the seed.
ClusterStage ready(const ClusterSpec& spec) {
  ClusterStage stage(spec);
  EXPECT_TRUE(stage.run_until_healthy());
  stage.run_for(8s + std::chrono::milliseconds(137 * spec.seed));
  return stage;
}

LeverId isolate(ClusterStage& stage, const std::vector<std::string>& names) {
  return stage.levers().cut(stage.both_ways(names, stage.others(names)), kAllPlanes);
}

template <class Kind>
std::optional<SimTime> first(const ClusterStage& stage, const std::string& by) {
  for (const Record& record : stage.records()) {
    if (!std::holds_alternative<Kind>(record.event)) continue;
    if (by.empty() || stage.who().name(record.machine) == by) return record.at;
  }
  return std::nullopt;
}

bool all_healthy(ClusterStage& stage, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!stage.view(name).healthy) return false;
  }
  return true;
}

// 4
TEST(Claims, ACutShorterThanTheTimeoutCausesNoFailoverAndLosesNothing) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed));
    const LeverId cut = isolate(stage, {"m1"});
    stage.run_for(kTimeout / 2);
    EXPECT_EQ(stage.tell("m1", "SET bar during"), "OK");
    stage.run_for(kTimeout / 2 - 50ms);
    stage.levers().release(cut);
    stage.run_for(10s);
    EXPECT_TRUE(stage.told<event::Promoted>().empty()) << "seed " << seed;
    EXPECT_TRUE(stage.told<event::ElectionScheduled>().empty()) << "seed " << seed;
    EXPECT_EQ(stage.view("m4").data_hash, stage.view("m1").data_hash) << "seed " << seed;
    EXPECT_EQ(stage.view("m4").keys, 1u) << "seed " << seed;
  }
}

// 6
TEST(Claims, TheMajorityIsBackWithinTheTimeoutAndAFewSecondsTheMinorityIsNot) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed));
    isolate(stage, {"m1", "m5"});  // m4, m1's replica, is on the other side
    stage.run_for(kTimeout * 3 / 2 + 3s);
    EXPECT_TRUE(all_healthy(stage, {"m2", "m3", "m4", "m6"})) << "seed " << seed;
    EXPECT_FALSE(stage.view("m1").healthy) << "seed " << seed;
    EXPECT_FALSE(stage.view("m5").healthy) << "seed " << seed;
  }
}

// 7
TEST(Claims, WithOneReplicaEachTheLossOfAnySingleNodeIsSurvived) {
  for (const char* lost : {"m1", "m2", "m3", "m4", "m5", "m6"}) {
    ClusterStage stage = ready(spec_of(1));
    stage.levers().crash(stage.id(lost), true);
    stage.run_for(kTimeout * 3 / 2 + 4s);
    EXPECT_TRUE(all_healthy(stage, stage.others({lost}))) << lost;
  }
}

// 7, the other half: a pair is not.
TEST(Claims, TheLossOfAPrimaryWithItsOnlyReplicaIsNotSurvived) {
  ClusterStage stage = ready(spec_of(1));
  stage.levers().crash(stage.id("m1"), true);
  stage.levers().crash(stage.id("m4"), true);
  stage.run_for(30s);
  EXPECT_FALSE(stage.view("m2").healthy);
}

// 10
TEST(Claims, AnElectedEpochExceedsAllThatTheMajorityKnows) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed));
    EXPECT_EQ(stage.tell("m2", "CLUSTER BUMPEPOCH").substr(0, 6), "BUMPED");
    stage.run_for(3s);
    stage.levers().crash(stage.id("m1"), true);
    ASSERT_TRUE(
        stage.run_until<event::Promoted>(10s, [](const auto&, const auto&) { return true; }));
    const std::uint64_t elected = stage.told<event::Promoted>().front().epoch;
    for (const char* voter : {"m2", "m3"}) {
      for (const event::PeerView& peer : stage.view(voter).peers) {
        if (peer.id == id_of(4)) continue;
        EXPECT_GT(elected, peer.config_epoch) << "seed " << seed;
      }
    }
  }
}

// 13, and 37 for the whole way. FAIL needs the gossip of one more primary, which a heartbeat every
// second carries.
TEST(Claims, AFailoverTakesItsTimeAndNoMore) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed));
    const SimTime crash = stage.world().now();
    stage.levers().crash(stage.id("m1"), true);
    stage.run_for(8s);
    const auto promoted = first<event::Promoted>(stage, "m4");
    ASSERT_TRUE(promoted.has_value()) << "seed " << seed;
    // The last byte came up to half a timeout before; then half a second at least.
    EXPECT_GE(*promoted - crash, kTimeout / 2 + 500ms) << "seed " << seed;
    EXPECT_LE(*promoted - crash, kTimeout * 3 / 2 + 200ms + 1100ms + 1000ms + 100ms)
        << "seed " << seed;
  }
}

// 13: a second per better informed sibling.
TEST(Claims, AReplicaOfRankOneAsksASecondLater) {
  ClusterSpec spec = spec_of(1, 3, 6);
  ClusterStage stage = ready(spec);
  isolate(stage, {"m7"});  // the other replica of m1 misses a write
  EXPECT_EQ(stage.tell("m1", "SET bar 1"), "OK");
  stage.run_for(100ms);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(10s);
  ASSERT_EQ(stage.told<event::Promoted>("m4").size(), 1u);
  ClusterStage other = ready(spec);
  const LeverId cut = isolate(other, {"m7"});
  EXPECT_EQ(other.tell("m1", "SET bar 1"), "OK");
  other.run_for(100ms);
  other.levers().crash(other.id("m1"), true);
  other.levers().release(cut);
  other.levers().cut(other.both_ways({"m7"}, {"m1"}), kAllPlanes);
  other.run_for(10s);
  for (const auto& scheduled : other.told<event::ElectionScheduled>("m7")) {
    EXPECT_EQ(scheduled.rank, 1u);
    EXPECT_GE(scheduled.delay_ms, 1500);
    EXPECT_LT(scheduled.delay_ms, 2000);
  }
  EXPECT_FALSE(other.told<event::ElectionScheduled>("m7").empty());
}

// 14
TEST(Claims, ARefusedCandidateIsAnsweredNothing) {
  ClusterSpec spec = spec_of(1);
  spec.latency = 80ms;  // so that both ask before they hear of each other
  ClusterStage stage = ready(spec);
  stage.levers().console(stage.id("m4"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.levers().console(stage.id("m5"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.run_for(1s);
  EXPECT_FALSE(stage.told<event::VoteRefused>("m3").empty());
  const auto counters = stage.view("m3").counters;
  EXPECT_EQ(counters.at("bus_received_auth-req"), 2u);
  EXPECT_EQ(counters.at("bus_sent_auth-ack"), 1u);
}

// 18
TEST(Claims, MinReplicasToWriteBoundsWhatAnIsolatedPrimaryTakesOn) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterSpec spec = spec_of(seed);
    spec.config.cluster_node_timeout_ms = 60'000;
    spec.config.min_replicas_to_write = 1;
    spec.config.min_replicas_max_lag_s = 2;
    ClusterStage stage = ready(spec);
    EXPECT_EQ(stage.tell("m1", "SET bar 1"), "OK");
    isolate(stage, {"m1"});
    // max-lag, and a second each for the last ACK, for whole seconds and for the cron that counts.
    stage.run_for(2s + 3s);
    EXPECT_NE(stage.tell("m1", "SET bar 2").find("NOREPLICAS"), std::string::npos)
        << "seed " << seed;
    EXPECT_TRUE(stage.view("m1").healthy);
  }
}

// 20
TEST(Claims, TakeoversMayShareAnEpochUntilTheCollisionIsResolved) {
  ClusterStage stage = ready(spec_of(1));
  const LeverId cuts[] = {isolate(stage, {"m4"}), isolate(stage, {"m5"})};
  EXPECT_EQ(stage.tell("m4", "CLUSTER FAILOVER TAKEOVER"), "OK");
  EXPECT_EQ(stage.tell("m5", "CLUSTER FAILOVER TAKEOVER"), "OK");
  EXPECT_EQ(stage.view("m4").config_epoch, stage.view("m5").config_epoch);
  for (const LeverId cut : cuts) stage.levers().release(cut);
  stage.run_for(5s);
  EXPECT_NE(stage.view("m4").config_epoch, stage.view("m5").config_epoch);
}

// 22
TEST(Claims, WhoIsForgottenByAllWithinAMinuteStaysForgotten) {
  ClusterStage stage = ready(spec_of(1));
  stage.levers().crash(stage.id("m6"), true);
  stage.run_for(5s);
  for (const char* who : {"m1", "m2", "m3", "m4", "m5"}) {
    EXPECT_EQ(stage.tell(who, "CLUSTER FORGET " + std::string(id_of(6).view())), "OK");
  }
  stage.run_for(150s);
  for (const char* who : {"m1", "m2", "m3", "m4", "m5"}) {
    EXPECT_EQ(stage.view(who).known_nodes, 5u) << who;
  }
}

// 27
TEST(Claims, ANodeWithSlotsNeverBecomesAReplicaItEndsFirst) {
  ClusterStage stage = ready(spec_of(1));
  EXPECT_EQ(stage.tell("m4", "CLUSTER DELSLOTS 1"), "OK");
  EXPECT_EQ(stage.tell("m4", "CLUSTER ADDSLOTS 1"), "OK");
  stage.tell("m4", "CLUSTER REPLICATE " + std::string(id_of(2).view()));
  stage.run_for(100ms);
  EXPECT_FALSE(stage.levers().is_up(stage.id("m4")));
}

// 31
TEST(Claims, KeysOfASlotThatIsLostDoNotStayBehindAsOrphans) {
  ClusterStage stage = ready(spec_of(1));
  EXPECT_EQ(stage.tell("m3", "SET foo bar"), "OK");   // slot 12182
  EXPECT_EQ(stage.tell("m3", "SET {a}1 bar"), "OK");  // slot 15495
  EXPECT_EQ(stage.view("m3").keys, 2u);
  for (const char* command : {"CLUSTER DELSLOTS 12182", "CLUSTER ADDSLOTS 12182"}) {
    EXPECT_EQ(stage.tell("m1", command), "OK");
  }
  stage.tell("m1", "CLUSTER BUMPEPOCH");
  stage.run_for(10s);
  EXPECT_EQ(stage.tell("m3", "GET foo"), "(error) MOVED 12182 10.0.0.1:6379");
  EXPECT_EQ(stage.view("m3").keys, 1u);
  EXPECT_EQ(stage.view("m6").keys, 2u) << "7.0 does not tell its replicas (protocol §7.7)";
  EXPECT_EQ(stage.tell("m3", "GET {a}1"), "bar");
}

}  // namespace
}  // namespace sim::stage
