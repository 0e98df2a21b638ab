#include "sim/app/observation_json.h"

#include <string>
#include <utility>

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStations = static_cast<std::size_t>(Station::kCount);

// Named as `slotsim list milestones` names them.
std::string key_of(Station station) {
  return std::string(station_name(station)) + "_ns";
}

template <class Number>
std::map<std::string, Number> map_from(const Json& json) {
  std::map<std::string, Number> map;
  for (const auto& [name, value] : json.items()) map[name] = value.template get<Number>();
  return map;
}

}  // namespace

Json to_json_part(const Observation& seen) {
  Json failovers = Json::array(), traffic = Json::array();
  for (const Observation::Failover& failover : seen.failovers) {
    Json one{{"shard", failover.shard}};
    for (const auto& [station, at] : failover.at) one[key_of(station)] = to_ns(at);
    failovers.push_back(std::move(one));
  }
  for (const Observation::Traffic& node : seen.traffic) {
    traffic.push_back(
        {{"node", node.node}, {"milliseconds", node.milliseconds}, {"messages", node.messages}});
  }
  return {{"complete", seen.complete},
          {"converged", seen.converged},
          {"primaries", seen.primaries},
          {"failovers", std::move(failovers)},
          {"traffic", std::move(traffic)},
          {"has_clients", seen.has_clients},
          {"error_replies", seen.error_replies},
          {"sees_effects", seen.sees_effects},
          {"numbers", seen.numbers}};
}

Observation observation_from(const Json& json) {
  Observation seen;
  seen.complete = json["complete"];
  seen.converged = json["converged"];
  seen.primaries = json["primaries"].get<std::vector<std::string>>();
  for (const Json& one : json["failovers"]) {
    Observation::Failover failover;
    failover.shard = one["shard"];
    for (std::size_t i = 0; i < kStations; ++i) {
      const auto station = static_cast<Station>(i);
      if (!one.contains(key_of(station))) continue;
      failover.at[station] = sim_time(Duration{one[key_of(station)].get<std::int64_t>()});
    }
    seen.failovers.push_back(std::move(failover));
  }
  for (const Json& node : json["traffic"]) {
    seen.traffic.push_back(
        {node["node"], node["milliseconds"], map_from<std::uint64_t>(node["messages"])});
  }
  seen.has_clients = json["has_clients"];
  seen.error_replies = map_from<std::uint64_t>(json["error_replies"]);
  seen.sees_effects = json["sees_effects"];
  seen.numbers = map_from<std::int64_t>(json["numbers"]);
  return seen;
}

}  // namespace sim
