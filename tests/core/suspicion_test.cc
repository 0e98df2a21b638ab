// How long it takes to notice, to stop and to start again. (Protocol §6, §8; claims 11, 12, 35, 36
// of §15.)
#include <gtest/gtest.h>

#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

constexpr int kSeeds = 20;
constexpr Duration kTimeout = 2000ms;
constexpr Duration kSlack = 200ms + 2ms;  // two ticks and the way there and back

ClusterStage ready(std::uint64_t seed, Mutation mutation = Mutation::kNone) {
  ClusterSpec spec;
  spec.seed = seed;
  spec.mutation = mutation;
  spec.config.cluster_node_timeout_ms = kTimeout / 1ms;
  ClusterStage stage(spec);
  EXPECT_TRUE(stage.run_until_healthy());
  stage.run_for(5s + std::chrono::milliseconds(137 * seed));
  return stage;
}

SimTime first(const ClusterStage& stage, std::size_t from, auto fits) {
  for (std::size_t i = from; i < stage.records().size(); ++i) {
    if (fits(stage.records()[i])) return stage.records()[i].at;
  }
  return SimTime::max();
}

TEST(Suspicion, OfASilentPeerComesWithinOneAndAHalfTimeouts) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(seed);
    const SimTime crash = stage.world().now();
    const std::size_t mark = stage.mark();
    stage.levers().crash(stage.id("m1"), true);
    stage.run_for(5s);
    for (const char* watcher : {"m2", "m3", "m4", "m5", "m6"}) {
      const SimTime noticed = first(stage, mark, [&](const Record& record) {
        return record.machine == stage.id(watcher) &&
               std::holds_alternative<event::SuspicionChanged>(record.event);
      });
      // The last byte may have come a heartbeat before the crash; FAIL may be told before PFAIL is
      // reached.
      EXPECT_LE(noticed - crash, kTimeout * 3 / 2 + kSlack) << "seed " << seed << ", " << watcher;
    }
    const SimTime earliest = first(stage, mark, [](const Record& record) {
      return std::holds_alternative<event::SuspicionChanged>(record.event);
    });
    EXPECT_GE(earliest - crash, kTimeout / 2) << "seed " << seed;
  }
}

TEST(Suspicion, NeedsAMajorityToBecomeFail) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(seed);
    stage.levers().crash(stage.id("m1"), true);
    stage.run_for(5s);
    for (const auto& change : stage.told<event::SuspicionChanged>()) {
      if (change.to == event::Suspicion::kFail && change.quorum != 0) {
        EXPECT_GE(change.reports, change.quorum) << "seed " << seed;
      }
    }
  }
}

TEST(Suspicion, OfAPrimaryWithSlotsIsNotClearedWithinTwoTimeouts) {
  ClusterSpec spec;
  spec.replicas = 0;
  spec.config.cluster_node_timeout_ms = kTimeout / 1ms;
  ClusterStage stage(spec);
  ASSERT_TRUE(stage.run_until_healthy());
  const LeverId pause = stage.levers().pause(stage.id("m1"));
  const auto failed = [](const Record&, const event::SuspicionChanged& change) {
    return change.to == event::Suspicion::kFail;
  };
  ASSERT_TRUE(stage.run_until<event::SuspicionChanged>(10s, failed));
  const SimTime at = stage.world().now();
  stage.levers().release(pause);
  const auto cleared = [](const Record&, const event::SuspicionChanged& change) {
    return change.from == event::Suspicion::kFail;
  };
  ASSERT_TRUE(stage.run_until<event::SuspicionChanged>(10s, cleared));
  EXPECT_GE(stage.world().now() - at, 2 * kTimeout - 20ms);
}

TEST(Suspicion, NeverClearsWhenBrokenSo) {
  ClusterStage stage = ready(1, Mutation::kFailNeverClears);
  stage.levers().crash(stage.id("m1"), true);
  stage.run_for(8s);
  stage.levers().start(stage.id("m1"), {});
  stage.run_for(20s);
  EXPECT_GT(stage.view("m2").suspected, 0u);
}

TEST(Health, AMinorityStopsWritingWithinOneAndAHalfTimeouts) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    ClusterStage stage = ready(seed);
    const SimTime cut = stage.world().now();
    stage.levers().cut(stage.both_ways({"m1"}, stage.others({"m1"})), kAllPlanes);
    const auto stopped = [&](const Record& record, const event::HealthChanged& health) {
      return record.machine == stage.id("m1") && !health.ok;
    };
    ASSERT_TRUE(stage.run_until<event::HealthChanged>(6s, stopped)) << "seed " << seed;
    EXPECT_LE(stage.world().now() - cut, kTimeout * 3 / 2 + kSlack + 10ms) << "seed " << seed;
    EXPECT_FALSE(stage.view("m1").writable);
  }
}

TEST(Health, AMinorityNeverStopsWhenBrokenSo) {
  ClusterStage stage = ready(1, Mutation::kMinorityKeepsWriting);
  stage.levers().cut(stage.both_ways({"m1"}, stage.others({"m1"})), kAllPlanes);
  stage.run_for(10s);
  EXPECT_TRUE(stage.view("m1").writable);
}

TEST(Health, APrimaryThatHasJustStartedWaitsTwoSeconds) {
  ClusterSpec spec;
  ClusterStage stage(spec);
  ASSERT_TRUE(stage.run_until_healthy());
  const SimTime ok = first(stage, 0, [&](const Record& record) {
    return record.machine == stage.id("m1") &&
           std::holds_alternative<event::HealthChanged>(record.event);
  });
  EXPECT_GE(ok - SimTime{}, 2s);
  EXPECT_LE(ok - SimTime{}, 2s + 400ms);
}

TEST(Health, AfterAMinorityItWaitsBeforeItServesAgain) {
  for (const Mutation mutation : {Mutation::kNone, Mutation::kNoRejoinDelay}) {
    ClusterSpec spec;
    spec.replicas = 0;
    spec.mutation = mutation;
    spec.config.cluster_node_timeout_ms = kTimeout / 1ms;
    ClusterStage stage(spec);
    ASSERT_TRUE(stage.run_until_healthy());
    stage.run_for(5s);
    const LeverId cut =
        stage.levers().cut(stage.both_ways({"m1"}, stage.others({"m1"})), kAllPlanes);
    stage.run_for(3500ms);
    ASSERT_FALSE(stage.view("m1").healthy);
    const SimTime healed = stage.world().now();
    stage.levers().release(cut);
    const auto serves = [&](const Record& record, const event::HealthChanged& health) {
      return record.machine == stage.id("m1") && health.ok;
    };
    ASSERT_TRUE(stage.run_until<event::HealthChanged>(20s, serves));
    const Duration waited = stage.world().now() - healed;
    if (mutation == Mutation::kNone) {
      EXPECT_GE(waited, kTimeout - 110ms);
    } else {
      EXPECT_LT(waited, kTimeout - 110ms);
    }
  }
}

}  // namespace
}  // namespace sim::stage
