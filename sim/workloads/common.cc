#include "sim/workloads/common.h"

#include <algorithm>

#include "sim/workloads/audit.h"

namespace sim {

namespace {

Pace read_pace(Options& options, const Pace& fallback) {
  Pace pace;
  pace.rate = static_cast<std::uint32_t>(options.integer("rate", 0, {1, 1'000'000}));
  const bool closed = options.has("think");
  pace.think = options.duration("think", fallback.think);
  if (pace.rate > 0 && closed) {
    options.problem("think",
                    "\"rate\" is an open loop and \"think\" a closed one: give one of them");
  }
  return pace;
}

Patience read_patience(Options& options) {
  Patience patience;
  patience.operation = options.duration("timeout", patience.operation, kSomeTime);
  patience.attempt = options.duration("attempt_timeout",
                                      std::min(patience.attempt, patience.operation), kSomeTime);
  patience.attempts_max = static_cast<std::uint32_t>(
      options.integer("attempts", patience.attempts_max, {1, 1'000'000}));
  patience.redirects_max =
      static_cast<std::uint32_t>(options.integer("redirects", patience.redirects_max, {0, 1000}));
  patience.repeat_unknown_writes = options.boolean("repeat_unknown_writes", false);
  return patience;
}

WaitForReplicas read_wait(Options& options) {
  WaitForReplicas wait;
  if (!options.has("wait")) return wait;
  Options given = options.object("wait");
  wait.replicas = static_cast<std::uint32_t>(given.integer("replicas", 1, {1, 100}));
  wait.timeout = given.duration("timeout", wait.timeout, {1ms, kTimeMax});
  given.finish();
  return wait;
}

void read_routing(Options& options, CommonOptions& common) {
  common.routing = options.one_of<RoutingKind>(
      "routing", {{"cluster", RoutingKind::kCluster}, {"client-sharding", RoutingKind::kSharding}},
      RoutingKind::kCluster);
  if (common.routing == RoutingKind::kCluster) {
    common.read_from = options.one_of<ReadFrom>(
        "read_from",
        {{"primary", ReadFrom::kPrimary}, {"replica", ReadFrom::kReplica}, {"any", ReadFrom::kAny}},
        ReadFrom::kPrimary);
    return;
  }
  common.nodes = static_cast<std::uint32_t>(options.integer("nodes", 0, {1, 1000}));
  if (options.has("add_node_at")) common.add_node_at = options.duration("add_node_at");
}

// A closed loop keeps few busy; an open one needs enough that a second's arrivals can all be in
// flight.
std::uint32_t default_processes(const Pace& pace) {
  return pace.rate == 0 ? 4 : std::clamp<std::uint32_t>(pace.rate, 4, 256);
}

}  // namespace

CommonOptions read_common(Options& options, const CommonDefaults& defaults) {
  CommonOptions common = defaults.values;
  const auto number = [&](std::string_view key, std::uint32_t fallback, std::int64_t min,
                          std::int64_t max) {
    return static_cast<std::uint32_t>(options.integer(key, fallback, {min, max}));
  };
  common.clients = number("clients", common.clients, 1, kClientsMax);
  common.pace = read_pace(options, common.pace);
  common.processes = number("processes", default_processes(common.pace), 1, 10'000);
  common.keys = number("keys", common.keys, 1, 10'000'000);
  if (options.has("key_prefix")) common.key_prefix = options.text("key_prefix");
  common.hash_tags = number("hash_tags", 0, 0, 1'000'000);
  if (defaults.has_key_choice) {
    common.zipf = options.one_of<bool>("key_choice", {{"uniform", false}, {"zipf", true}},
                                       defaults.values.zipf);
  }
  if (defaults.has_reads) common.reads_ppm = options.ratio_ppm("reads", common.reads_ppm);
  if (defaults.has_values) {
    common.value_size = options.bytes("value_size", common.value_size, {0, 1 << 20});
  }
  common.patience = read_patience(options);
  common.wait = read_wait(options);
  common.start = options.duration("start", Duration{0});
  if (options.has("stop")) common.stop = options.duration("stop");
  if (common.stop <= common.start) options.problem("stop", "stops before it starts");
  read_routing(options, common);
  return common;
}

ClientSetup CommonWorkload::setup(const WorkloadPlace& place) const {
  ClientSetup setup;
  setup.workload = place.name;
  setup.servers = place.servers;
  setup.routing = common_.routing;
  setup.read_from = common_.read_from;
  setup.processes = common_.processes;
  setup.pace = common_.pace;
  setup.patience = common_.patience;
  setup.keys = common_.key_space(place.name);
  if (common_.routing == RoutingKind::kCluster) return setup;

  const std::size_t joins = common_.add_node_at ? 1 : 0;
  const std::size_t all = place.servers.size();
  const std::size_t most = all - std::min(joins, all);
  setup.servers.resize(common_.nodes == 0 ? most : std::min<std::size_t>(common_.nodes, most));
  if (joins == 1 && all > 0) {
    setup.additions.push_back({std::max(*common_.add_node_at - place.boot_at, Duration{0}),
                               place.servers[setup.servers.size()]});
  }
  return setup;
}

std::vector<ClientSetup> CommonWorkload::clients(const WorkloadPlace& place) const {
  std::vector<ClientSetup> clients;
  for (std::uint32_t i = 0; i < common_.clients; ++i) {
    ClientSetup client = setup(place);
    client.name = place.name + '-' + std::to_string(i + 1);
    client.index = place.first_index + i;
    client.wait = common_.wait;
    client.start_after = std::max(common_.start - place.boot_at, Duration{0});
    const Duration stop = std::min(common_.stop, place.stop_at);
    if (stop < Duration::max()) client.stop_after = std::max(stop - place.boot_at, Duration{0});
    client.generator = generator(client.keys, i);
    client.done_note = done_note();
    client.measures_keys = i == 0;
    clients.push_back(std::move(client));
  }
  return clients;
}

ClientSetup CommonWorkload::auditor(const WorkloadPlace& place) const {
  ClientSetup auditor = setup(place);
  auditor.name = place.name + "-audit";
  auditor.index = place.first_index + common_.clients;
  // By the time it is booted every server that was to join a sharded group has joined.
  for (const ServerAddition& addition : auditor.additions) {
    auditor.servers.push_back(addition.server);
  }
  auditor.additions.clear();
  auditor.read_from = ReadFrom::kPrimary;
  auditor.processes = 64;
  auditor.pace = {};
  auditor.patience = {.attempt = 1s, .operation = 2s, .skip_unreachable = true};
  auditor.give_up_after = 50s;
  auditor.generator = make_audit(auditor.keys, final_read());
  auditor.done_note = "audit_done";
  return auditor;
}

Operation read_key(std::string key) {
  Operation operation;
  operation.kind = event::OpKind::kRead;
  operation.command = {"GET", std::move(key)};
  return operation;
}

Operation write_key(std::string key, std::string value) {
  Operation operation;
  operation.kind = event::OpKind::kWrite;
  operation.value = value;
  operation.command = {"SET", std::move(key), std::move(value)};
  return operation;
}

Operation read_list(std::string key) {
  Operation operation;
  operation.kind = event::OpKind::kReadList;
  operation.command = {"LRANGE", std::move(key), "0", "-1"};
  return operation;
}

std::string unique_value(std::uint64_t operation, std::uint64_t size) {
  std::string value = unique_value(operation);
  if (value.size() < size) value.append(size - value.size(), '.');
  return value;
}

}  // namespace sim
