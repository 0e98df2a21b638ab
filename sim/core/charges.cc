#include "sim/core/charges.h"

#include <algorithm>

namespace sim {
namespace {

constexpr std::uint64_t kKilobyte = 1'000;

// What went over sockets.
struct Traffic {
  std::uint64_t bytes = 0, bus_packets = 0, connections = 0;

  void add(const Payload& payload) {
    bytes += payload.size();
    bus_packets += payload.kind() == PayloadKind::kBus ? 1 : 0;
  }
  Duration cost(const CpuCosts& costs) const {
    return cost_of(bytes, kKilobyte, costs.per_kilobyte) +
           cost_of(bus_packets, 1, costs.per_bus_packet) +
           cost_of(connections, 1, costs.per_connection);
  }
};

bool sockets_are_free(const CpuCosts& costs) {
  return costs.per_kilobyte == Duration{} && costs.per_bus_packet == Duration{} &&
         costs.per_connection == Duration{};
}

}  // namespace

void charge_inputs(const Server& server, Pass& pass, std::span<const Input> inputs) {
  const CpuCosts& costs = server.costs.cpu;
  if (sockets_are_free(costs)) return;
  Traffic traffic;
  for (const Input& input : inputs) {
    if (const auto* received = std::get_if<Received>(&input)) traffic.add(*received->payload);
    traffic.connections += std::holds_alternative<Accepted>(input) ? 1 : 0;
  }
  pass.charge(traffic.cost(costs));
}

Duration charge_effects(Server& server, const Pass& pass, std::size_t first, Effects& effects) {
  Duration spent = pass.spent();
  const CpuCosts& costs = server.costs.cpu;
  if (!sockets_are_free(costs)) {
    Traffic traffic;
    for (std::size_t at = first; at < effects.size(); ++at) {
      if (const auto* send = std::get_if<Send>(&effects[at])) traffic.add(*send->payload);
    }
    spent += traffic.cost(costs);
  }
  if (spent == Duration::zero()) return spent;
  server.work.busy += spent;
  server.work.longest = std::max(server.work.longest, spent);
  effects.emplace_back(Busy{spent});
  return spent;
}

void charge_flush(const Server& server, Pass& pass) {
  const std::uint64_t keys = server.keyspace.size() + server.weight.keys;
  pass.charge(cost_of(keys, 1'000'000, server.costs.flush_per_million_keys));
}

void charge_map_reply(Server& server, Pass& pass, std::uint64_t entries) {
  const CpuCosts& costs = server.costs.cpu;
  ++server.work.map_replies;
  pass.charge(costs.per_slots_reply + cost_of(entries, 1, costs.per_slots_entry));
}

}  // namespace sim
