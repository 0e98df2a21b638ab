// What clusters risk whose weaknesses are known by hand.
#include "viz/risks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/viz/map_testing.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kAllPairs = 1'000'000;

// Three shards over three zones as `slotsim` places them, all zones joined.
MapMaker sound_cluster() {
  MapMaker maker;
  maker.primary("m1", 0, 5461, "zone:a")
      .primary("m2", 1, 5462, "zone:b")
      .primary("m3", 2, 5461, "zone:c")
      .replica("m4", 0, "zone:b")
      .replica("m5", 1, "zone:c")
      .replica("m6", 2, "zone:a")
      .link("zone:a", "zone:b")
      .link("zone:a", "zone:c")
      .link("zone:b", "zone:c");
  return maker;
}

// Names of what fails, joined: "zone b", "host m1 + host m4".
std::vector<std::string> names(const ClusterMap& map, const Risk& risk) {
  std::vector<std::string> all;
  for (const Failure& failure : risk.failures) {
    std::string text;
    for (const Failing& thing : failure) {
      text += text.empty() ? "" : " + ";
      text += thing.what == Failing::What::kPlace ? name_of_place(map, thing.index)
                                                  : name_of_link(map, thing.index);
    }
    all.push_back(text);
  }
  return all;
}
const Risk& risk_of(const ClusterMap& map, const std::vector<Risk>& risks,
                    const std::string& name) {
  for (const Risk& risk : risks) {
    const auto all = names(map, risk);
    if (std::find(all.begin(), all.end(), name) != all.end()) return risk;
  }
  throw std::invalid_argument(name);
}

TEST(Risks, ASoundClusterSurvivesEverySingleFailure) {
  MapMaker maker = sound_cluster();
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, kAllPairs);
  EXPECT_EQ(risks.votes, 3u);
  EXPECT_FALSE(risks.sound.loses_slots());
  EXPECT_EQ(risks.single_examined, 12u) << "6 hosts, 3 zones, 3 links";
  for (const Risk& risk : risks.single) EXPECT_FALSE(risk.consequence.loses_slots());
  const Risk& zone = risk_of(map, risks.single, "zone a");
  EXPECT_THAT(zone.failures, SizeIs(3)) << "alike, and so told once";
  EXPECT_EQ(zone.consequence.failovers, 1u);
  EXPECT_EQ(zone.consequence.primaries_lost, 1u);
  EXPECT_EQ(zone.consequence.replicas_lost, 1u);
  EXPECT_EQ(zone.consequence.shards_bare, 2u);
  EXPECT_TRUE(risk_of(map, risks.single, "zone a - zone b").consequence.changes_nothing());
}

TEST(Risks, TwoFailuresThatTakeAShardOrTheMajorityAreTold) {
  MapMaker maker = sound_cluster();
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, kAllPairs);
  EXPECT_EQ(risks.two_examined, risks.two_possible);
  EXPECT_THAT(names(map, risk_of(map, risks.two, "zone a + zone b")), SizeIs(3));
  EXPECT_FALSE(risk_of(map, risks.two, "zone a + zone b").consequence.majority);
  const Risk& shard = risk_of(map, risks.two, "host m1 + host m4");
  EXPECT_TRUE(shard.consequence.majority);
  EXPECT_EQ(shard.consequence.slots_down, 5462u);
  EXPECT_EQ(shard.consequence.slots_refused, 16384u) << "full coverage is required";
  EXPECT_EQ(shard.consequence.shards_gone, 1u);
  EXPECT_THAT(shard.shards_down, ElementsAre(0u));
  EXPECT_THAT(shard.failures, SizeIs(3)) << "alike but for a slot";
  EXPECT_TRUE(shard.slots_vary);
  EXPECT_THROW(risk_of(map, risks.two, "host m1 + host m5"), std::invalid_argument)
      << "of each shard one is left";
  EXPECT_FALSE(risk_of(map, risks.two, "host m1 + host m2").consequence.majority);
}

TEST(Risks, AZoneWithMostVotesTakesTheClusterWithIt) {
  MapMaker maker;
  maker.primary("m1", 0, 5461, "zone:a")
      .primary("m2", 1, 5462, "zone:b")
      .primary("m3", 2, 5461, "zone:b")
      .replica("m4", 0, "zone:b")
      .replica("m5", 1, "zone:a")
      .replica("m6", 2, "zone:a")
      .link("zone:a", "zone:b");
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, kAllPairs);
  EXPECT_THAT(names(map, risks.single.front()), ElementsAre("zone b"));
  const Consequence& worst = risks.single.front().consequence;
  EXPECT_FALSE(worst.majority);
  EXPECT_EQ(worst.votes_left, 1u);
  EXPECT_EQ(worst.votes_needed, 2u);
  EXPECT_EQ(worst.slots_refused, 16384u);
  EXPECT_EQ(worst.failovers, 0u);
  // The other zone is lost with one failover; cutting the link costs the same.
  EXPECT_FALSE(risk_of(map, risks.single, "zone a").consequence.loses_slots());
  const Consequence& cut = risk_of(map, risks.single, "zone a - zone b").consequence;
  EXPECT_TRUE(cut.majority);
  EXPECT_EQ(cut.primaries_cut_off, 1u);
  EXPECT_EQ(cut.replicas_cut_off, 2u);
  EXPECT_EQ(cut.failovers, 1u);
}

TEST(Risks, WithoutFullCoverageOnlyTheShardIsLost) {
  MapMaker maker = sound_cluster();
  maker.map().full_coverage = false;
  const Risks risks = find_risks(maker.map(), kAllPairs);
  const Risk& shard = risk_of(maker.map(), risks.two, "host m2 + host m5");
  EXPECT_EQ(shard.consequence.slots_refused, 5462u);
}

TEST(Risks, AReplicaThatMayNotStandSavesNobody) {
  MapMaker maker = sound_cluster();
  maker.map().servers[3].may_stand = false;
  const Risks risks = find_risks(maker.map(), 0);
  const Consequence& lost = risk_of(maker.map(), risks.single, "host m1").consequence;
  EXPECT_EQ(lost.slots_down, 5461u);
  EXPECT_EQ(lost.shards_down, 1u);
  EXPECT_EQ(lost.shards_gone, 0u) << "a copy is left, and nobody who may take over";
}

TEST(Risks, OneHostUnderAPrimaryAndItsReplicaIsASinglePoint) {
  MapMaker maker;
  maker.primary("m1", 0, 5461, "zone:a", "h1")
      .primary("m2", 1, 5462, "zone:a", "h2")
      .primary("m3", 2, 5461, "zone:a", "h3")
      .replica("m4", 0, "zone:a", "h2")
      .replica("m5", 1, "zone:a", "h3")
      .replica("m6", 2, "zone:a", "h3");
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, kAllPairs);
  EXPECT_THAT(names(map, risks.single.front()), ElementsAre("host h3"));
  EXPECT_EQ(risks.single.front().consequence.slots_down, 5461u);
  ASSERT_THAT(risks.whole_places, SizeIs(1)) << "all stand in zone a, which is not counted";
  const auto shared = shared_places(map);
  ASSERT_THAT(shared, SizeIs(1));
  EXPECT_EQ(name_of_place(map, shared[0].place), "host h3");
  EXPECT_EQ(shared[0].shard, 2u);
  EXPECT_TRUE(shared[0].all);
  EXPECT_THAT(shared[0].servers, ElementsAre(2u, 5u));
}

TEST(Risks, ASwitchThatEverythingGoesThroughIsFound) {
  MapMaker maker;
  maker.primary("m1", 0, 5461, "zone:a")
      .primary("m2", 1, 5462, "zone:b")
      .primary("m3", 2, 5461, "zone:c")
      .link("zone:a", "switch:core")
      .link("zone:b", "switch:core")
      .link("zone:c", "switch:core");
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, kAllPairs);
  const Consequence& core = risk_of(map, risks.single, "switch core").consequence;
  EXPECT_FALSE(core.majority);
  EXPECT_EQ(core.primaries_lost, 0u);
  EXPECT_EQ(core.votes_left, 1u);
  EXPECT_EQ(core.primaries_cut_off, 3u);
}

TEST(Risks, AreBoundedAndLookAtRelatedPairsFirst) {
  MapMaker maker = sound_cluster();
  const ClusterMap& map = maker.map();
  const Risks risks = find_risks(map, 9);
  EXPECT_EQ(risks.two_examined, 9u);
  EXPECT_GT(risks.two_possible, 9u);
  EXPECT_NO_THROW(risk_of(map, risks.two, "zone a + zone b"));
}

TEST(Risks, AreWorseTheMoreIsRefused) {
  Consequence none, some, all, headless;
  some.slots_refused = some.slots_down = 100;
  all.slots_refused = 16384;
  headless.majority = false;
  headless.slots_refused = 16384;
  const std::vector<Consequence> ranked = {headless, all, some, none};
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    for (std::size_t k = 0; k < ranked.size(); ++k)
      EXPECT_EQ(worse_than(ranked[i], ranked[k]), i < k) << i << " " << k;
  }
}

TEST(SharedPlaces, TheNarrowestCountsAndAllCopiesOutweighSome) {
  MapMaker maker;
  maker.primary("m1", 0, 1, "zone:a")
      .primary("m2", 1, 1, "zone:b")
      .replica("m3", 0, "zone:a")
      .replica("m4", 0, "zone:a", "m1")
      .replica("m5", 1, "zone:a")
      .link("zone:a", "zone:b");
  const auto shared = shared_places(maker.map());
  ASSERT_THAT(shared, SizeIs(1));
  EXPECT_EQ(name_of_place(maker.map(), shared[0].place), "zone a") << "m4 alone shares the host";
  EXPECT_TRUE(shared[0].all);
}

}  // namespace
}  // namespace sim
