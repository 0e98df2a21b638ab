#include "sim/world/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "sim/base/choices.h"
#include "sim/world/jitter.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LinkQuality takes(Duration latency) {
  LinkQuality quality;
  quality.latency = latency;
  return quality;
}

// h1 - r1 - r2 - h2, and a slow way round: r1 - wan - r2.
struct Ring {
  Topology t;
  VertexId h1 = t.add_vertex(VertexKind::kHost, "h1");
  VertexId h2 = t.add_vertex(VertexKind::kHost, "h2");
  VertexId r1 = t.add_vertex(VertexKind::kRack, "r1");
  VertexId r2 = t.add_vertex(VertexKind::kRack, "r2");
  VertexId wan = t.add_vertex(VertexKind::kSwitch, "wan");
  LinkId h1_r1 = t.add_link(h1, r1, takes(1ms));
  LinkId h2_r2 = t.add_link(h2, r2, takes(1ms));
  LinkId r1_r2 = t.add_link(r1, r2, takes(2ms));
  LinkId r1_wan = t.add_link(r1, wan, takes(10ms));
  LinkId wan_r2 = t.add_link(wan, r2, takes(10ms));
};

TEST(Topology, TakesTheShortestPath) {
  const Ring ring;
  EXPECT_EQ(ring.t.path(ring.h1, ring.h2)->latency, 4ms);
  EXPECT_THAT(ring.t.route(ring.h1, ring.h2), ElementsAre(ring.h1_r1, ring.r1_r2, ring.h2_r2));
  EXPECT_THAT(ring.t.route(ring.h2, ring.h1), ElementsAre(ring.h2_r2, ring.r1_r2, ring.h1_r1));
  EXPECT_EQ(ring.t.path(ring.h1, ring.h1)->latency, 20us);
  EXPECT_THAT(ring.t.route(ring.h1, ring.h1), IsEmpty());
  EXPECT_EQ(ring.t.path(ring.h1, ring.r1)->latency, 1ms);
}

TEST(Topology, ReRoutesRoundACutAndPartitionsWithoutAWay) {
  Ring ring;
  ring.t.set_link(ring.r1_r2, false);
  EXPECT_EQ(ring.t.path(ring.h1, ring.h2)->latency, 22ms);
  ring.t.set_link(ring.wan_r2, false);
  EXPECT_FALSE(ring.t.path(ring.h1, ring.h2).has_value());
  EXPECT_THAT(ring.t.route(ring.h1, ring.h2), IsEmpty());
  EXPECT_TRUE(ring.t.path(ring.h1, ring.wan).has_value());
  ring.t.set_link(ring.r1_r2, true);
  EXPECT_EQ(ring.t.path(ring.h1, ring.h2)->latency, 4ms);
}

TEST(Topology, AHostDoesNotForward) {
  Ring ring;
  // A cable between the hosts serves themselves, but is no way round for the racks.
  const LinkId cable = ring.t.add_link(ring.h1, ring.h2, takes(10us));
  EXPECT_THAT(ring.t.route(ring.h1, ring.h2), ElementsAre(cable));
  EXPECT_THAT(ring.t.route(ring.r1, ring.r2), ElementsAre(ring.r1_r2));
  EXPECT_THAT(ring.t.route(ring.h1, ring.r2), ElementsAre(ring.h1_r1, ring.r1_r2));
  ring.t.set_link(ring.h2_r2, false);
  EXPECT_THAT(ring.t.route(ring.h1, ring.h2), ElementsAre(cable));
  EXPECT_FALSE(ring.t.path(ring.r1, ring.h2).has_value());
  EXPECT_FALSE(ring.t.path(ring.h2, ring.wan).has_value());
}

TEST(Topology, APathAddsUpItsLinks) {
  Topology t;
  const VertexId a = t.add_vertex(VertexKind::kHost, "a");
  const VertexId s = t.add_vertex(VertexKind::kSwitch, "s");
  const VertexId b = t.add_vertex(VertexKind::kHost, "b");
  t.add_link(a, s, {1ms, 100us, JitterShape::kUniform, 0, 100'000});
  t.add_link(s, b, {2ms, 300us, JitterShape::kExponential, 5000, 500'000});
  const PathQuality path = *t.path(a, b);
  EXPECT_EQ(path, (PathQuality{3ms, 400us, JitterShape::kExponential, 5000, 550'000}));
  EXPECT_EQ(*t.path(b, a), path);
}

TEST(Topology, FindsByName) {
  const Ring ring;
  EXPECT_EQ(ring.t.find("wan"), ring.wan);
  EXPECT_EQ(ring.t.find("nowhere"), std::nullopt);
  EXPECT_EQ(ring.t.link_between(ring.r2, ring.r1), ring.r1_r2);
  EXPECT_EQ(ring.t.link_between(ring.h1, ring.h2), std::nullopt);
}

TEST(Topology, ArticulationPointsArePlacesWhoseLossParts_Hosts) {
  Ring ring;
  // Each rack hangs on the ring twice, but its host hangs on it alone; the wide area is not needed.
  EXPECT_THAT(ring.t.articulation_points(), ElementsAre(ring.r1, ring.r2));
  // A dead-end switch behind h2 makes h2 an articulation point of the graph, but parts no hosts.
  const VertexId stub = ring.t.add_vertex(VertexKind::kSwitch, "stub");
  ring.t.add_link(ring.h2, stub, takes(1ms));
  EXPECT_THAT(ring.t.articulation_points(), ElementsAre(ring.r1, ring.r2));
  ring.t.set_link(ring.r1_r2, false);
  EXPECT_THAT(ring.t.articulation_points(), ElementsAre(ring.r1, ring.r2, ring.wan));
}

// Routes never lead through a host, so a host is no single point of failure, and is no way round
// one.
TEST(Topology, ArticulationPointsAreNoHostsAndAreNotBypassedByThem) {
  Topology t;
  const auto host = [&](const char* name) { return t.add_vertex(VertexKind::kHost, name); };
  const VertexId a = host("a"), both = host("both"), b = host("b");
  const VertexId s1 = t.add_vertex(VertexKind::kSwitch, "s1");
  const VertexId s2 = t.add_vertex(VertexKind::kSwitch, "s2");
  t.add_link(a, s1, takes(1ms));
  t.add_link(both, s1, takes(1ms));
  t.add_link(both, s2, takes(1ms));
  t.add_link(b, s2, takes(1ms));
  EXPECT_FALSE(t.path(a, b).has_value());
  EXPECT_THAT(t.articulation_points(), ElementsAre(s1, s2));
  const VertexId hub = t.add_vertex(VertexKind::kSwitch, "hub");
  t.add_link(s1, hub, takes(1ms));
  t.add_link(hub, s2, takes(1ms));
  EXPECT_THAT(t.articulation_points(), ElementsAre(s1, s2, hub));
  // A cable between two hosts serves these two, and nobody behind them.
  t.add_link(a, b, takes(1ms));
  EXPECT_THAT(t.articulation_points(), ElementsAre(s1, s2));
}

// Up to ten vertices, one in `hosts_in` of them a host.
std::vector<VertexId> random_vertices(Topology& t, Choices& choices, std::uint64_t hosts_in) {
  const std::size_t n = 3 + choices.choose(Site::kKey, 8);
  std::vector<VertexId> v;
  for (std::size_t i = 0; i < n; ++i) {
    const bool host = choices.chance(Site::kLoss, 1, hosts_in);
    const auto kind = host ? VertexKind::kHost : VertexKind::kSwitch;
    v.push_back(t.add_vertex(kind, "v" + std::to_string(i)));
  }
  return v;
}

// A network with links of which some are down.
Topology random_network(Choices& choices) {
  Topology t;
  const std::vector<VertexId> v = random_vertices(t, choices, 2);
  const std::size_t n = v.size();
  for (std::size_t k = 0; k < n + 3; ++k) {
    const std::size_t a = choices.choose(Site::kKey, n), b = choices.choose(Site::kKey, n);
    if (a == b) continue;
    const LinkId link = t.add_link(v[a], v[b], takes(1ms));
    if (choices.chance(Site::kLoss, 1, 4)) t.set_link(link, false);
  }
  return t;
}

TEST(Topology, VerticesThatShareAWayAreThoseWithAPath) {
  ChoiceStream stream(1, "ways");
  Choices choices(stream);
  for (int run = 0; run < 100; ++run) {
    const Topology t = random_network(choices);
    const std::vector<Topology::Ways> ways = t.ways();
    for (std::uint32_t i = 0; i < ways.size(); ++i) {
      for (std::uint32_t j = 0; j < ways.size(); ++j) {
        Topology::Ways shared;
        std::set_intersection(ways[i].begin(), ways[i].end(), ways[j].begin(), ways[j].end(),
                              std::back_inserter(shared));
        ASSERT_EQ(!shared.empty(), t.path(VertexId{i}, VertexId{j}).has_value());
      }
    }
  }
}

// Takes every vertex out in turn and asks for every path.
TEST(Topology, ArticulationPointsAgreeWithASlowTwin) {
  ChoiceStream stream(2, "ways");
  Choices choices(stream);
  std::size_t found = 0;
  for (int run = 0; run < 100; ++run) {
    const Topology t = random_network(choices);
    std::vector<VertexId> points;
    for (std::uint32_t v = 0; v < t.vertices().size(); ++v) {
      Topology without = t;
      for (std::uint32_t link = 0; link < t.links().size(); ++link) {
        const LinkInfo& info = t.links()[link];
        if (info.a.value == v || info.b.value == v) without.set_link(LinkId{link}, false);
      }
      bool parts = false;
      for (std::uint32_t i = 0; i < t.vertices().size(); ++i) {
        for (std::uint32_t j = 0; j < i; ++j) {
          const VertexId a{i}, b{j};
          const bool hosts = t.vertices()[i].kind == VertexKind::kHost &&
                             t.vertices()[j].kind == VertexKind::kHost;
          if (!hosts || i == v || j == v) continue;
          parts |= t.path(a, b).has_value() && !without.path(a, b).has_value();
        }
      }
      if (parts) points.push_back(VertexId{v});
    }
    found += points.size();
    ASSERT_EQ(t.articulation_points(), points);
  }
  EXPECT_GT(found, 20u);
}

// Against Floyd and Warshall, on random graphs with cuts, in which hosts forward nothing.
TEST(Topology, AgreesWithASlowTwin) {
  ChoiceStream stream(1, "topology");
  Choices choices(stream);
  for (int run = 0; run < 40; ++run) {
    Topology t;
    const std::vector<VertexId> v = random_vertices(t, choices, 3);
    const std::size_t n = v.size();
    constexpr std::int64_t kFar = std::int64_t{1} << 60;
    std::vector<std::vector<std::int64_t>> d(n, std::vector<std::int64_t>(n, kFar));
    for (std::size_t i = 0; i < n; ++i) d[i][i] = 0;
    for (std::size_t k = 0; k < n + 3; ++k) {
      const std::size_t a = choices.choose(Site::kKey, n), b = choices.choose(Site::kKey, n);
      if (a == b) continue;
      const Duration latency{1 + static_cast<std::int64_t>(choices.choose(Site::kKey, 1000))};
      const LinkId link = t.add_link(v[a], v[b], takes(latency));
      if (choices.chance(Site::kLoss, 1, 4)) {
        t.set_link(link, false);
      } else {
        d[a][b] = d[b][a] = std::min(d[a][b], latency.count());
      }
    }
    for (std::size_t k = 0; k < n; ++k) {
      if (t.vertices()[k].kind == VertexKind::kHost) continue;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) d[i][j] = std::min(d[i][j], d[i][k] + d[k][j]);
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j) continue;
        const auto& path = t.path(v[i], v[j]);
        ASSERT_EQ(path.has_value(), d[i][j] < kFar);
        if (!path.has_value()) continue;
        ASSERT_EQ(path->latency.count(), d[i][j]);
        Duration along{};
        for (const LinkId link : t.route(v[i], v[j]))
          along += t.links()[link.value].quality.latency;
        ASSERT_EQ(along, path->latency);
      }
    }
  }
}

TEST(Jitter, HasTheMeanOfItsShape) {
  ChoiceStream stream(1, "jitter");
  Choices choices(stream);
  const auto mean = [&](JitterShape shape) {
    Duration sum{};
    for (int i = 0; i < 20'000; ++i) sum += draw_jitter(shape, 1ms, choices);
    return static_cast<double>(sum.count()) / 20'000 / 1e6;
  };
  EXPECT_NEAR(mean(JitterShape::kUniform), 0.5, 0.02);
  EXPECT_NEAR(mean(JitterShape::kExponential), 1.0, 0.05);
  EXPECT_NEAR(mean(JitterShape::kNormal), 0.8, 0.03);  // sqrt(2 / pi)
}

TEST(Jitter, OutcomeZeroIsNoDelay) {
  std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides;
  ChoiceStream stream(1, "jitter");
  for (std::uint32_t i = 0; i < 3; ++i) overrides[{stream.scope(), Site::kLatencyJitter, i}] = 0;
  ChoicePolicy policy;
  policy.overrides = &overrides;
  Choices choices(stream, &policy);
  for (const auto shape :
       {JitterShape::kUniform, JitterShape::kExponential, JitterShape::kNormal}) {
    EXPECT_EQ(draw_jitter(shape, 1h, choices), 0ns);
  }
}

}  // namespace
}  // namespace sim
