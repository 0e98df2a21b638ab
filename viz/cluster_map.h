// A cluster as it is planned: where its servers stand and what connects them. Plain data, made by
// whoever knows the scenario, for reasoning about a cluster that nobody has started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"

namespace sim {

enum class PlaceKind : std::uint8_t { kHost, kRack, kZone, kRegion, kSwitch };
std::string_view word_of(PlaceKind kind);  // "host"

struct MapPlace {
  PlaceKind kind{};
  std::string name;
  std::optional<std::uint32_t> within;  // the place it stands in, of a wider kind
};

// A cable between two places. Hosts pass nothing on; all other places do.
struct MapLink {
  std::uint32_t a = 0, b = 0;  // places
  bool uplink = false;         // one of its ends stands in the other
  bool up = true;
  Duration latency{}, jitter{};  // one way
  std::uint64_t bandwidth = 0;   // bytes per second, 0: unlimited
  std::uint32_t loss_ppm = 0;
  std::uint64_t routes = 0;  // pairs of servers whose shortest path takes it
};

struct MapServer {
  std::string name;
  std::uint32_t host = 0;  // a place
  std::uint32_t shard = 0;
  bool primary = false;
  std::uint32_t slots = 0;  // of a primary
  bool may_stand = true;    // of a replica: false where cluster-replica-no-failover is set
};

struct ClusterMap {
  std::vector<MapPlace> places;
  std::vector<MapLink> links;
  std::vector<MapServer> servers;  // members of the cluster only
  bool full_coverage = true;       // cluster-require-full-coverage, of all servers
};

// Is the first the second, or does it stand in it?
bool stands_in(const ClusterMap& map, std::uint32_t place, std::uint32_t wider);
// "zone a"; of a link "zone a - zone b".
std::string name_of_place(const ClusterMap& map, std::uint32_t place);
std::string name_of_link(const ClusterMap& map, std::uint32_t link);

// What has failed: places with all that stands in them, and links.
struct Broken {
  std::vector<std::uint32_t> places, links;
};

// The numbers of the ways that are open at a place, ascending. Two places reach each other iff they
// share a way: a part of the network in which all pass messages on, or a cable between two hosts. A
// place that has failed has none.
using OpenWays = std::vector<std::uint32_t>;
std::vector<OpenWays> open_ways(const ClusterMap& map, const Broken& broken);
bool share_a_way(const OpenWays& a, const OpenWays& b);

}  // namespace sim
