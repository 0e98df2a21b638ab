// Where the shape of a cluster puts its servers.
#include <algorithm>
#include <map>
#include <tuple>

#include "sim/scenario/scenario.h"

namespace sim {
namespace {

// Servers are placed in order, so the first on a host decides where the host stands.
class Placer {
 public:
  explicit Placer(const ClusterOptions& cluster) : cluster_(cluster) {}

  void place(PlannedServer& server, std::size_t zone_index) {
    const auto found = cluster_.nodes.find(server.name);
    const NodeOptions own = found == cluster_.nodes.end() ? NodeOptions{} : found->second;
    server.zone = own.zone.empty() ? cluster_.zones[zone_index % cluster_.zones.size()] : own.zone;
    if (const auto stands = hosts_.find(own.host); !own.host.empty() && stands != hosts_.end()) {
      std::tie(server.zone, server.rack) = stands->second;
    } else {
      server.rack = own.rack.empty() ? next_rack(server.zone) : own.rack;
    }
    server.host = own.host.empty() ? next_host(server) : own.host;
    hosts_.emplace(server.host, std::pair(server.zone, server.rack));
    for (const auto& [region, zones] : cluster_.regions) {
      if (std::find(zones.begin(), zones.end(), server.zone) != zones.end()) server.region = region;
    }
  }

 private:
  std::string next_rack(const std::string& zone) {
    if (cluster_.racks_per_zone == 0) return {};
    return zone + std::to_string(1 + placed_in_zone_[zone]++ % cluster_.racks_per_zone);
  }
  std::string next_host(const PlannedServer& server) {
    if (cluster_.hosts_per_rack == 0) return server.name;
    const std::string& place = server.rack.empty() ? server.zone : server.rack;
    return place + "-h" + std::to_string(1 + placed_in_rack_[place]++ % cluster_.hosts_per_rack);
  }

  const ClusterOptions& cluster_;
  std::map<std::string, std::pair<std::string, std::string>> hosts_;
  std::map<std::string, std::uint32_t> placed_in_zone_, placed_in_rack_;
};

const NodeOptions* own_options(const ClusterOptions& cluster, std::string_view machine) {
  const auto found = cluster.nodes.find(machine);
  return found == cluster.nodes.end() ? nullptr : &found->second;
}

}  // namespace

ServerProgram program_of(const ClusterOptions& cluster, std::string_view machine) {
  const NodeOptions* own = own_options(cluster, machine);
  return own != nullptr && own->server ? *own->server : cluster.server;
}

ProcessModel model_of(const ClusterOptions& cluster, std::string_view machine) {
  const NodeOptions* own = own_options(cluster, machine);
  return own != nullptr && own->model ? *own->model : cluster.model;
}

ServerCosts costs_of(const ClusterOptions& cluster, std::string_view machine) {
  const NodeOptions* own = own_options(cluster, machine);
  return own != nullptr && own->costs ? *own->costs : cluster.costs;
}

Directives directives_of(const ClusterOptions& cluster, std::string_view machine) {
  Directives all = cluster.config;
  if (const NodeOptions* own = own_options(cluster, machine))
    all.insert(all.end(), own->config.begin(), own->config.end());
  return all;
}

const std::vector<std::string>& deviations_of(const ClusterOptions& cluster,
                                              std::string_view machine) {
  const NodeOptions* own = own_options(cluster, machine);
  return own != nullptr && own->deviations ? *own->deviations : cluster.deviations;
}

std::uint64_t ClusterOptions::replica_count() const {
  std::uint64_t count = 0;
  for (std::uint32_t shard = 0; shard < shards; ++shard) count += replicas_of(shard);
  return count;
}

std::string ClusterOptions::server_name(std::uint32_t number) const {
  const auto own = names.find(number);
  return own == names.end() ? 'm' + std::to_string(number) : own->second;
}

std::vector<PlannedServer> planned_servers(const ClusterOptions& cluster) {
  using Part = PlannedServer::Part;
  std::vector<PlannedServer> result;
  Placer placer(cluster);
  const std::size_t zones = cluster.zones.size();
  const bool spread = cluster.placement == ClusterOptions::Placement::kSpread && zones > 1;
  // `rounds`: of replicas.
  const auto add_shards = [&](PlannedServer server, std::uint32_t shards, std::uint32_t rounds,
                              auto replicas_of) {
    const auto first = static_cast<std::uint32_t>(result.size());
    for (std::uint32_t index = 0; index < shards * (1 + rounds); ++index) {
      const std::uint32_t shard = index % shards, round = index / shards;
      if (round > replicas_of(shard)) continue;
      const auto number = static_cast<std::uint32_t>(result.size()) - first + 1;
      server.name = server.cluster.empty() ? cluster.server_name(number)
                                           : server.cluster + "-m" + std::to_string(number);
      server.shard = static_cast<int>(shard);
      server.primary = round == 0;
      server.primary_index = first + shard;
      std::size_t zone = shard;
      if (round > 0 && spread) zone += 1 + (round - 1) % (zones - 1);
      result.push_back(server);
      placer.place(result.back(), zone);
    }
  };
  const auto add_apart = [&](Part part, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      PlannedServer server;
      server.part = part;
      server.primary_index = static_cast<std::uint32_t>(result.size());
      server.name = cluster.server_name(server.primary_index + 1);
      placer.place(server, i);
      result.push_back(std::move(server));
    }
  };
  add_shards({}, cluster.shards, cluster.replicas,
             [&](std::uint32_t shard) { return cluster.replicas_of(shard); });
  add_apart(Part::kStandalone, cluster.standalone);
  add_apart(Part::kSpare, cluster.spares);
  for (const OtherCluster& other : cluster.others) {
    PlannedServer server;
    server.part = Part::kOther;
    server.cluster = other.name;
    add_shards(server, other.shards, other.replicas, [&](std::uint32_t) { return other.replicas; });
  }
  return result;
}

}  // namespace sim
