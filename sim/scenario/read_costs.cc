// What the work of simulated servers costs (sim/base/costs.h).
#include <charconv>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

constexpr Range<Duration> kCost{Duration{0}, std::chrono::hours{1}};

CpuCosts read_cpu(Options options, const CpuCosts& otherwise) {
  CpuCosts cpu;
  cpu.per_command = options.duration("per_command", otherwise.per_command, kCost);
  cpu.per_kilobyte = options.duration("per_kilobyte", otherwise.per_kilobyte, kCost);
  cpu.per_slots_reply = options.duration("per_slots_reply", otherwise.per_slots_reply, kCost);
  cpu.per_slots_entry = options.duration("per_slots_entry", otherwise.per_slots_entry, kCost);
  cpu.per_bus_packet = options.duration("per_bus_packet", otherwise.per_bus_packet, kCost);
  cpu.per_connection = options.duration("per_connection", otherwise.per_connection, kCost);
  options.finish();
  return cpu;
}

Weight read_dataset(Options options, const Weight& otherwise) {
  Weight weight;
  weight.keys = static_cast<std::uint64_t>(options.integer(
      "keys", static_cast<std::int64_t>(otherwise.keys), {0, std::int64_t{1} << 40}));
  weight.bytes = options.bytes("bytes", otherwise.bytes);
  weight.rdb_bytes =
      options.bytes("rdb", options.has("bytes") ? weight.bytes : otherwise.rdb_bytes);
  options.finish();
  return weight;
}

bool gives_dataset(Options& of) {
  const JsonRef costs = of.raw("costs");
  return costs && costs->kind == JsonNode::Kind::kObject && costs->find("dataset") != nullptr;
}

// The shard of the server of that number, a replica.
std::uint32_t shard_of(std::uint64_t number, const ClusterOptions& cluster) {
  std::uint64_t passed = cluster.shards;
  for (std::uint32_t round = 1;; ++round) {
    for (std::uint32_t shard = 0; shard < cluster.shards; ++shard) {
      if (round <= cluster.replicas_of(shard) && ++passed == number) return shard;
    }
  }
}

// Of servers m1..mN the shards' primaries come first.
void check_dataset(Options& node, const std::string& name, const ClusterOptions& cluster) {
  std::uint32_t number = 0;
  if (name.empty()) return;
  std::from_chars(name.data() + 1, name.data() + name.size(), number);
  const std::uint64_t members = cluster.shards + cluster.replica_count();
  if (number > cluster.shards && number <= members) {
    node.problem("costs", quote(name) + " is a replica, and has the data set of its primary",
                 quote('m' + std::to_string(shard_of(number, cluster) + 1)) +
                     ": {\"costs\": {\"dataset\": ...}}");
  } else if (number > members + cluster.standalone) {
    node.problem("costs", quote(name) + " is a spare, and has no data");
  }
}

}  // namespace

ServerCosts read_costs(Options& of, const ServerCosts& otherwise) {
  Options options = of.object("costs");
  ServerCosts read;
  read.dataset = read_dataset(options.object("dataset"), otherwise.dataset);
  Costs& costs = read.costs;
  costs.cpu = read_cpu(options.object("cpu"), otherwise.costs.cpu);
  costs.fork_per_gigabyte =
      options.duration("fork_per_gigabyte", otherwise.costs.fork_per_gigabyte, kCost);
  costs.flush_per_million_keys =
      options.duration("flush_per_million_keys", otherwise.costs.flush_per_million_keys, kCost);
  costs.save_rate = options.bandwidth("save_rate", otherwise.costs.save_rate);
  costs.load_rate = options.bandwidth("load_rate", otherwise.costs.load_rate);
  options.finish();
  return read;
}

std::optional<ServerCosts> read_own_costs(Options& node, const std::string& name, bool process,
                                          const ClusterOptions& cluster) {
  if (!node.has("costs")) return std::nullopt;
  const ServerCosts costs = read_costs(node, cluster.costs);
  if (process) {
    node.problem("costs", quote(name) + " is a process: what its work takes is \"process\"");
  } else if (gives_dataset(node)) {
    check_dataset(node, name, cluster);
  }
  return costs;
}

void check_costs(Options& cluster, ServerKinds kinds) {
  if (!cluster.has("costs")) return;
  if (!kinds.simulated) {
    cluster.problem("costs",
                    "no server is simulated: what the work of processes takes is "
                    "\"process\"");
  } else if (kinds.processes && gives_dataset(cluster)) {
    cluster.problem("costs",
                    "\"dataset\" is for clusters without processes: these would have to "
                    "be sent every byte of it");
  }
}

}  // namespace sim::reader
