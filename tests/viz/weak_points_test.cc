// Articulation points, bridges and smallest cuts: by hand, and of random networks against a slow
// and obvious search.
#include "viz/weak_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>

#include "sim/base/choices.h"
#include "tests/viz/map_testing.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- The slow and obvious ----

// Hosts that one host reaches: from link to link, but through no host.
std::set<std::uint32_t> reached_from(const ClusterMap& map, std::uint32_t start,
                                     const Broken& broken) {
  const auto gone = [&](std::uint32_t place) {
    return std::any_of(broken.places.begin(), broken.places.end(),
                       [&](std::uint32_t lost) { return stands_in(map, place, lost); });
  };
  std::set<std::uint32_t> reached = {start};
  std::vector<std::uint32_t> todo = {start};
  while (!todo.empty()) {
    const std::uint32_t at = todo.back();
    todo.pop_back();
    if (at != start && map.places[at].kind == PlaceKind::kHost) continue;
    for (std::uint32_t i = 0; i < map.links.size(); ++i) {
      const MapLink& link = map.links[i];
      const bool cut = std::find(broken.links.begin(), broken.links.end(), i) != broken.links.end();
      if (!link.up || cut || (link.a != at && link.b != at)) continue;
      const std::uint32_t next = link.a == at ? link.b : link.a;
      if (!gone(next) && reached.insert(next).second) todo.push_back(next);
    }
  }
  return reached;
}

bool parts(const ClusterMap& map, const Broken& broken) {
  const auto is_gone = [&](std::uint32_t host) {
    return std::any_of(broken.places.begin(), broken.places.end(),
                       [&](std::uint32_t lost) { return stands_in(map, host, lost); });
  };
  for (const MapServer& one : map.servers) {
    if (is_gone(one.host)) continue;
    const auto before = reached_from(map, one.host, {});
    const auto after = reached_from(map, one.host, broken);
    for (const MapServer& other : map.servers) {
      if (!is_gone(other.host) && before.contains(other.host) && !after.contains(other.host))
        return true;
    }
  }
  return false;
}

WeakPoints slow_weak_points(const ClusterMap& map) {
  WeakPoints found;
  for (std::uint32_t i = 0; i < map.places.size(); ++i) {
    if (parts(map, {{i}, {}})) found.places.push_back(i);
  }
  for (std::uint32_t i = 0; i < map.links.size(); ++i) {
    if (parts(map, {{}, {i}})) found.links.push_back(i);
  }
  return found;
}

// Zones, switches and hosts, of which some have several links, one of them to another host; some
// links are down.
ClusterMap random_map(Choices& choices) {
  const auto draw = [&](std::uint64_t n) { return choices.choose(Site::kFaultTarget, n); };
  MapMaker maker;
  std::vector<std::string> middles, hosts;
  for (std::uint64_t i = 0, n = 1 + draw(4); i < n; ++i)
    middles.push_back("zone:" + std::to_string(i));
  for (std::uint64_t i = 0, n = draw(4); i < n; ++i)
    middles.push_back("switch:" + std::to_string(i));
  for (std::uint64_t i = 0, n = 2 + draw(5); i < n; ++i) {
    const std::string name = "m" + std::to_string(i);
    hosts.push_back("host:" + name);
    std::string zone = middles[draw(middles.size())];
    if (!zone.starts_with("zone:")) zone = "zone:0";
    maker.primary(name, static_cast<std::uint32_t>(i), 1, zone);
  }
  for (std::uint64_t i = 0, n = draw(9); i < n; ++i) {
    const std::string a = middles[draw(middles.size())], b = middles[draw(middles.size())];
    if (a != b) maker.link(a, b);
  }
  for (std::uint64_t i = 0, n = draw(4); i < n; ++i) {
    const std::string host = hosts[draw(hosts.size())];
    const std::string other =
        draw(3) == 0 ? hosts[draw(hosts.size())] : middles[draw(middles.size())];
    if (host != other) maker.link(host, other);
  }
  for (MapLink& link : maker.map().links) link.up = draw(8) != 7;
  return maker.map();
}

TEST(WeakPoints, AreWhatASlowSearchFinds) {
  std::size_t places = 0, links = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    ChoiceStream stream(seed, "weak-points");
    Choices choices(stream);
    const ClusterMap map = random_map(choices);
    const WeakPoints found = weak_points(map), slow = slow_weak_points(map);
    ASSERT_EQ(found.places, slow.places) << "seed " << seed;
    ASSERT_EQ(found.links, slow.links) << "seed " << seed;
    places += found.places.size();
    links += found.links.size();
  }
  EXPECT_GT(places, 300u);
  EXPECT_GT(links, 3000u);
}

TEST(WeakPoints, OfAHostWithTwoLinksIntoOneNetworkNeitherIsABridge) {
  MapMaker maker;
  maker.primary("m1", 0, 1, "zone:a").primary("m2", 1, 1, "zone:b").link("zone:a", "zone:b");
  maker.link("host:m1", "zone:b");
  const WeakPoints found = weak_points(maker.map());
  EXPECT_THAT(found.places, IsEmpty());
  EXPECT_THAT(found.links, ElementsAre(1u)) << "the only link of m2";
}

TEST(WeakPoints, AHostForwardsNothingAndSoMendsNothing) {
  MapMaker maker;
  maker.primary("m1", 0, 1, "zone:a").primary("m2", 1, 1, "zone:b").primary("m3", 2, 1, "zone:a");
  maker.link("zone:a", "zone:b").link("host:m3", "zone:b");
  const ClusterMap& map = maker.map();
  const WeakPoints found = weak_points(map);
  ASSERT_EQ(name_of_link(map, 3), "zone a - zone b");
  EXPECT_THAT(found.links, ElementsAre(0u, 1u, 3u)) << "m3 hangs on both and joins them not";
}

// ---- Cuts ----

std::optional<std::size_t> slow_cut(const ClusterMap& map) {
  std::vector<std::uint32_t> ties;
  for (std::uint32_t i = 0; i < map.links.size(); ++i) {
    if (!map.links[i].uplink) ties.push_back(i);
  }
  std::optional<std::size_t> least;
  for (std::uint32_t mask = 0; mask < (1u << ties.size()); ++mask) {
    const auto size = static_cast<std::size_t>(std::popcount(mask));
    if (least && size >= *least) continue;
    Broken broken;
    for (std::size_t bit = 0; bit < ties.size(); ++bit) {
      if ((mask >> bit) & 1u) broken.links.push_back(ties[bit]);
    }
    const auto reached = reached_from(map, map.servers.front().host, broken);
    for (const MapServer& server : map.servers) {
      if (!reached.contains(server.host)) least = size;
    }
  }
  return least;
}

TEST(SmallestCut, IsAsSmallAsASlowSearchFinds) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    ChoiceStream stream(seed, "cut");
    Choices choices(stream);
    MapMaker maker;
    const std::uint64_t zones = 2 + choices.choose(Site::kFaultTarget, 3);
    for (std::uint64_t i = 0; i < zones; ++i) {
      const std::string name = std::to_string(i);
      maker.primary("m" + name, static_cast<std::uint32_t>(i), 1, "zone:" + name);
    }
    const auto end = [&] {
      const std::uint64_t drawn = choices.choose(Site::kFaultTarget, zones + 2);
      return drawn < zones ? "zone:" + std::to_string(drawn) : "switch:" + std::to_string(drawn);
    };
    for (int i = 0; i < 8; ++i) {
      const std::string a = end(), b = end();
      if (a != b) maker.link(a, b);
    }
    const auto cut = smallest_cut(maker.map());
    ASSERT_TRUE(cut.has_value());
    ASSERT_EQ(cut->links.size(), slow_cut(maker.map())) << "seed " << seed;
    ASSERT_FALSE(cut->servers.empty());
  }
}

TEST(SmallestCut, NamesTheLinksAndTheSideWithFewerPrimaries) {
  MapMaker maker;
  maker.primary("m1", 0, 1, "zone:a").primary("m2", 1, 1, "zone:b").primary("m3", 2, 1, "zone:c");
  maker.link("zone:a", "zone:b").link("zone:a", "zone:b").link("zone:b", "zone:c");
  const auto cut = smallest_cut(maker.map());
  ASSERT_TRUE(cut.has_value());
  EXPECT_THAT(cut->links, ElementsAre(5u));
  EXPECT_THAT(cut->servers, ElementsAre(2u));
}

TEST(SmallestCut, OneZoneHasNone) {
  MapMaker maker;
  maker.primary("m1", 0, 1, "zone:a").primary("m2", 1, 1, "zone:a");
  EXPECT_FALSE(smallest_cut(maker.map()).has_value());
}

}  // namespace
}  // namespace sim
