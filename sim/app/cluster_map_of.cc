#include "sim/app/cluster_map_of.h"

#include <algorithm>
#include <map>

#include "sim/app/seed_nodes.h"
#include "sim/base/check.h"
#include "sim/core/config.h"

namespace sim {
namespace {

PlaceKind kind_of(VertexKind kind) {
  switch (kind) {
    case VertexKind::kHost:
      return PlaceKind::kHost;
    case VertexKind::kRack:
      return PlaceKind::kRack;
    case VertexKind::kZone:
      return PlaceKind::kZone;
    case VertexKind::kRegion:
      return PlaceKind::kRegion;
    case VertexKind::kSwitch:
      break;
  }
  return PlaceKind::kSwitch;
}

std::vector<std::uint32_t> slot_counts(const ClusterOptions& cluster) {
  std::vector<std::uint32_t> counts(cluster.shards);
  const std::vector<SlotSet> even = even_slots(cluster.shards);
  for (std::uint32_t shard = 0; shard < cluster.shards; ++shard) {
    if (cluster.slots.empty()) {
      counts[shard] = static_cast<std::uint32_t>(even[shard].count());
    } else if (shard < cluster.slots.size()) {
      for (const SlotRange& range : cluster.slots[shard])
        counts[shard] += range.last.value - range.first.value + 1u;
    }
  }
  return counts;
}

Config config_of(const ClusterOptions& cluster, const std::string& server) {
  Config config;
  for (const auto& [name, value] : directives_of(cluster, server)) {
    // Loading has looked at them; what only processes know says nothing here.
    set_directive(config, name, value, false);
  }
  return config;
}

// How many pairs of servers talk over each link.
void count_routes(const Topology& topology, ClusterMap& map) {
  std::map<std::uint32_t, std::uint64_t> servers;  // by host
  for (const MapServer& server : map.servers) ++servers[server.host];
  for (auto one = servers.begin(); one != servers.end(); ++one) {
    for (auto other = std::next(one); other != servers.end(); ++other) {
      for (const LinkId link : topology.route(VertexId{one->first}, VertexId{other->first}))
        map.links[link.value].routes += one->second * other->second;
    }
  }
}

// The places and links of a topology, with their states; no servers.
ClusterMap places_of(const Topology& topology) {
  ClusterMap map;
  for (const VertexInfo& vertex : topology.vertices()) {
    // "zone:a" among vertices, where names are unique.
    map.places.push_back({kind_of(vertex.kind), vertex.name.substr(vertex.name.find(':') + 1), {}});
  }
  for (const LinkInfo& link : topology.links()) {
    map.links.push_back({link.a.value, link.b.value, false, link.up, link.quality.latency,
                         link.quality.jitter, link.quality.bandwidth, link.quality.loss_ppm, 0});
  }
  return map;
}

// Cuts here what is cut there. The names are the same, the numbers need not be.
void cut_alike(const Topology& there, Topology& here) {
  const auto same = [&](VertexId vertex) { return there.find(here.vertices()[vertex.value].name); };
  for (std::uint32_t i = 0; i < here.links().size(); ++i) {
    const auto a = same(here.links()[i].a), b = same(here.links()[i].b);
    const auto link = a && b ? there.link_between(*a, *b) : std::nullopt;
    if (link && !there.links()[link->value].up) here.set_link(LinkId{i}, false);
  }
}

}  // namespace

ClusterMap cluster_map_of(const Scenario& scenario, const Topology* now) {
  const ClusterOptions& cluster = scenario.cluster;
  const std::vector<PlannedServer> servers = planned_servers(cluster);
  std::vector<Standing> standings;
  for (const PlannedServer& server : servers)
    standings.push_back({server.name, server.host, server.rack, server.zone, server.region});
  PlannedTopology planned = plan_topology(scenario.network, standings);
  if (now != nullptr) cut_alike(*now, planned.topology);
  const Topology& topology = planned.topology;
  ClusterMap map = places_of(topology);
  const auto place = [&](const std::string& kind, const std::string& name) {
    const auto vertex = topology.find(kind + ":" + name);
    CHECK(vertex.has_value());
    return vertex->value;
  };
  const auto put_within = [&](std::uint32_t inner, std::uint32_t outer) {
    map.places[inner].within = outer;
    if (const auto link = topology.link_between(VertexId{inner}, VertexId{outer}))
      map.links[link->value].uplink = true;
  };
  const std::vector<std::uint32_t> slots = slot_counts(cluster);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const PlannedServer& server = servers[i];
    const std::uint32_t host = planned.vertices[i].value, zone = place("zone", server.zone);
    std::uint32_t above = zone;
    if (!server.region.empty()) put_within(zone, place("region", server.region));
    if (!server.rack.empty()) put_within(above = place("rack", server.rack), zone);
    put_within(host, above);
    if (server.part != PlannedServer::Part::kMember) continue;
    const Config config = config_of(cluster, server.name);
    map.full_coverage &= config.cluster_require_full_coverage;
    const auto shard = static_cast<std::uint32_t>(server.shard);
    map.servers.push_back({server.name, host, shard, server.primary,
                           server.primary ? slots[shard] : 0, !config.cluster_replica_no_failover});
  }
  count_routes(topology, map);
  return map;
}

std::vector<std::string> unsaid_places(const Scenario& scenario) {
  const ClusterOptions& cluster = scenario.cluster;
  const auto any = [&](std::string NodeOptions::*where) {
    return std::any_of(cluster.nodes.begin(), cluster.nodes.end(),
                       [&](const auto& node) { return !(node.second.*where).empty(); });
  };
  std::vector<std::string> sentences;
  if (cluster.hosts_per_rack == 0 && !any(&NodeOptions::host))
    sentences.emplace_back("no hosts are given: each server is taken to have one of its own");
  if (cluster.zones.size() == 1) {
    sentences.emplace_back("no zones are told apart: all servers are taken to stand in one");
  }
  return sentences;
}

std::string vertex_name(const MapPlace& place) {
  return std::string(word_of(place.kind)) + ":" + place.name;
}

}  // namespace sim
