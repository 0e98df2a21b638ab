// Claims about elections, each over many seeds. (Protocol §15.)
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

constexpr int kSeeds = 20;

ClusterSpec spec_of(std::uint64_t seed, int primaries = 3, int replicas = 3) {
  ClusterSpec spec;
  spec.primaries = primaries;
  spec.replicas = replicas;
  spec.seed = seed;
  spec.config.cluster_node_timeout_ms = 2000;
  return spec;
}

// A cluster whose replicas have their data.
ClusterStage ready(const ClusterSpec& spec) {
  ClusterStage stage(spec);
  EXPECT_TRUE(stage.run_until_healthy());
  stage.run_for(8s);
  return stage;
}

// How many votes any voter gave in one epoch.
int most_votes_in_an_epoch(const ClusterStage& stage) {
  std::map<std::pair<std::uint32_t, std::uint64_t>, int> votes;
  int most = 0;
  for (const Record& record : stage.records()) {
    if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      most = std::max(most, ++votes[{record.machine.value, vote->epoch}]);
    }
  }
  return most;
}

// Two candidates in the same epoch, before either hears of the other: m4 and m5 of a 3+6 cluster
// force it at once.
ClusterStage contested(Mutation mutation) {
  ClusterSpec spec = spec_of(1, 3, 6);
  spec.mutation = mutation;
  spec.latency = 80ms;  // so that they ask before they hear of each other
  ClusterStage stage = ready(spec);
  stage.levers().crash(stage.id("m1"), true);
  stage.levers().console(stage.id("m4"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.levers().console(stage.id("m5"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.levers().console(stage.id("m6"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.levers().console(stage.id("m7"), {"CLUSTER", "FAILOVER", "FORCE"});
  stage.run_for(20s);
  return stage;
}

TEST(Election, VotesOncePerEpoch) {
  const ClusterStage stage = contested(Mutation::kNone);
  EXPECT_GE(stage.told<event::ElectionStarted>().size(), 2u);
  EXPECT_EQ(most_votes_in_an_epoch(stage), 1);
}

TEST(Election, VotesTwicePerEpochWhenBrokenSo) {
  EXPECT_GT(most_votes_in_an_epoch(contested(Mutation::kVoteTwicePerEpoch)), 1);
}

TEST(Election, HasOneWinnerPerEpochAndOnlyWithAMajority) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed, 3, 6));
    stage.levers().crash(stage.id("m1"), true);
    stage.run_for(24s);  // two that stand at once may share the votes, and stand again
    std::set<std::uint64_t> epochs;
    for (const auto& promoted : stage.told<event::Promoted>()) {
      EXPECT_TRUE(epochs.insert(promoted.epoch).second) << "seed " << seed;
      EXPECT_GE(promoted.votes, promoted.quorum) << "seed " << seed;
    }
    EXPECT_EQ(epochs.size(), 1u) << "seed " << seed;
  }
}

TEST(Election, BeginsHalfASecondToASecondAfterFail) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(spec_of(seed));
    stage.levers().crash(stage.id("m1"), true);
    stage.run_for(8s);
    const auto scheduled = stage.times<event::ElectionScheduled>("m4");
    const auto started = stage.times<event::ElectionStarted>("m4");
    ASSERT_EQ(started.size(), 1u) << "seed " << seed;
    const Duration delay = started[0] - scheduled[0];
    EXPECT_GE(delay, 500ms) << "seed " << seed;
    EXPECT_LT(delay, 1000ms + 110ms) << "seed " << seed;  // and a tick of the cron
  }
}

TEST(Election, IsRetriedNoSoonerThanFourTimeouts) {
  ClusterStage stage = ready(spec_of(1));
  for (const char* voter : {"m2", "m3"}) {
    MessageRule rule;
    rule.label = "bus:FAILOVER_AUTH_ACK";
    rule.from = {stage.id(voter)};
    stage.levers().on_message(rule);
  }
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(30s);
  const auto scheduled = stage.times<event::ElectionScheduled>("m4");
  const auto started = stage.times<event::ElectionStarted>("m4");
  ASSERT_GE(started.size(), 2u);
  EXPECT_GE(scheduled[1] - started[0], 8s - 110ms);
  EXPECT_FALSE(stage.told<event::ElectionExpired>("m4").empty());
  EXPECT_TRUE(stage.told<event::Promoted>().empty());
}

TEST(Election, IsLeftToTheReplicaWithMoreData) {
  ClusterStage stage = ready(spec_of(1, 3, 6));
  // m7 hears no more of m1's writes.
  stage.levers().cut(stage.both_ways({"m7"}, {"m1"}), plane_set(Plane::kReplication));
  stage.tell("m1", "SET key1 behind");  // slot 9189 is m2's: answers MOVED
  EXPECT_EQ(stage.tell("m1", "SET bar ahead"), "OK");
  stage.run_for(1500ms);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(8s);
  const auto behind = stage.told<event::ElectionScheduled>("m7");
  ASSERT_EQ(stage.told<event::Promoted>("m4").size(), 1u);
  ASSERT_EQ(behind.size(), 1u);
  EXPECT_EQ(behind[0].rank, 1u);
  EXPECT_GE(behind[0].delay_ms, 1500);
}

TEST(Election, IsHinderedByOldData) {
  ClusterSpec spec = spec_of(1);
  spec.directives["cluster-replica-validity-factor"] = "1";
  spec.directives["repl-ping-replica-period"] = "1";
  spec.directives["repl-timeout"] = "2";
  ClusterStage stage = ready(spec);
  stage.levers().cut(stage.both_ways({"m4"}, {"m1"}), plane_set(Plane::kReplication));
  stage.run_for(20s);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(10s);
  ASSERT_FALSE(stage.told<event::ElectionHindered>("m4").empty());
  EXPECT_TRUE(stage.told<event::Promoted>().empty());
}

TEST(Election, IsNotStoodForByThoseWhoMayNot) {
  ClusterSpec spec = spec_of(1);
  spec.of_machine["m4"]["cluster-replica-no-failover"] = "yes";
  ClusterStage stage = ready(spec);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(10s);
  EXPECT_TRUE(stage.told<event::ElectionStarted>().empty());
}

TEST(Election, AVoteIsOnDiskBeforeItIsSent) {
  for (const Mutation mutation : {Mutation::kNone, Mutation::kSendBeforeSave}) {
    ClusterSpec spec = spec_of(1);
    spec.mutation = mutation;
    ClusterStage stage = ready(spec);
    stage.levers().crash(stage.id("m1"), true);
    ASSERT_TRUE(
        stage.run_until<event::Promoted>(10s, [](const auto&, const auto&) { return true; }));
    for (std::size_t i = 0; i < stage.records().size(); ++i) {
      const Record& vote = stage.records()[i];
      if (!std::holds_alternative<event::VoteGranted>(vote.event)) continue;
      bool saved = false;
      for (std::size_t j = i; j < stage.records().size() && stage.records()[j].at == vote.at; ++j) {
        const auto* save = std::get_if<event::ConfigSaved>(&stage.records()[j].event);
        saved = saved ||
                (save != nullptr && save->synced && stage.records()[j].machine == vote.machine);
      }
      EXPECT_EQ(saved, mutation == Mutation::kNone);
    }
  }
}

TEST(Election, AVoterThatLostPowerRemembersItsVote) {
  ClusterStage stage = ready(spec_of(1));
  stage.levers().crash(stage.id("m1"), true);
  ASSERT_TRUE(
      stage.run_until<event::VoteGranted>(10s, [](const auto&, const auto&) { return true; }));
  const std::uint64_t epoch = stage.told<event::VoteGranted>().front().epoch;
  stage.levers().crash(stage.id("m2"), true);
  stage.run_for(100ms);
  stage.levers().start(stage.id("m2"), {DiskChange::What::kLoseUnsynced, {}});
  stage.run_for(100ms);
  EXPECT_EQ(stage.view("m2").last_vote_epoch, epoch);
}

TEST(Election, GoesOnAlikeInACopiedWorld) {
  ClusterStage stage = ready(spec_of(3));
  stage.levers().crash(stage.id("m1"), true);
  ASSERT_TRUE(stage.run_until<event::ElectionScheduled>(
      10s, [](const auto&, const auto&) { return true; }));
  ClusterStage copy = stage;
  stage.run_for(10s);
  copy.run_for(10s);
  EXPECT_EQ(stage.told<event::Promoted>().size(), 1u);
  EXPECT_EQ(stage.world().digest(), copy.world().digest());
  EXPECT_EQ(stage.view("m2").fingerprint, copy.view("m2").fingerprint);
}

}  // namespace
}  // namespace sim::stage
