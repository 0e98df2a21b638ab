#include "sim/app/plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sim/app/console.h"
#include "sim/app/scenario_uses.h"
#include "sim/app/seed_nodes.h"
#include "sim/app/topology_plan.h"
#include "sim/app/vocabulary.h"
#include "sim/base/check.h"
#include "sim/client/client_node.h"
#include "sim/client/operator/operator_node.h"
#include "sim/core/cluster_node.h"
#include "sim/invariants/core.h"
#include "sim/workloads/progress.h"
#include "sim/workloads/workload.h"

namespace sim {
namespace {

constexpr std::uint32_t kServerNet = 10u << 24;                    // 10.0.x.y
constexpr std::uint32_t kClientNet = (10u << 24) | (1u << 16);     // 10.1.x.y
constexpr std::uint32_t kProgramNet = (10u << 24) | (254u << 16);  // 10.254.x.y

// Addresses 10.0.0.1, 10.0.0.2, ... in order of the machines.
std::uint32_t address_in(std::uint32_t net, std::size_t index) {
  return net + static_cast<std::uint32_t>(index) + 1;
}

class Planner {
 public:
  Planner(const Scenario& scenario, const PlanOptions& options)
      : options_(options), plan_(std::make_shared<Plan>()) {
    plan_->seed = options.seed;
    plan_->judge_invariants = options.judge_invariants;
    if (options.as_in_diff) {
      ChoiceStream stream(options.seed, "plan:start");
      Choices choices(stream);
      plan_->start_delay = std::chrono::microseconds(choices.choose(Site::kFaultTime, 1'000'000));
    }
    plan_->scenario = scenario;
  }

  std::shared_ptr<const Plan> make() {
    draw_swarm_values();
    plan_servers();
    plan_workloads();
    plan_programs();
    plan_operators();
    plan_world();
    plan_steps();
    plan_facts();
    return plan_;
  }

 private:
  void draw_swarm_values() {
    if (plan_->scenario.swarm.empty()) return;
    ChoiceStream stream(options_.seed, "plan:swarm");
    Choices choices(stream);
    Problems problems;
    Scenario drawn = draw_swarm(plan_->scenario, vocabulary(), choices, problems);
    if (!problems.empty()) throw ScenarioError(problems);
    plan_->scenario = std::move(drawn);
  }

  Config config_of(const std::string& machine, bool standalone) const {
    const ClusterOptions& cluster = plan_->scenario.cluster;
    Config config;
    config.cluster_enabled = !standalone;
    const bool process = program_of(cluster, machine).process;
    for (const auto& [name, value] : directives_of(cluster, machine)) {
      const auto refusal = set_directive(config, name, value, false);
      // Loading has checked what a simulated server gets. A process may know more than we do.
      CHECK(process || !refusal);
    }
    return config;
  }

  void plan_servers() {
    const std::vector<PlannedServer> servers = planned_servers(plan_->scenario.cluster);
    std::vector<SeedNode> seeds;
    std::map<std::string, std::vector<SlotSet>> layouts{{"", slot_layout()}};  // by cluster
    for (const OtherCluster& other : plan_->scenario.cluster.others)
      layouts[other.name] = even_slots(other.shards);
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const PlannedServer& server = servers[i];
      SeedNode seed;
      seed.name = server.name;
      seed.id = seed_node_id(options_.seed, server.name);
      configs_.push_back(config_of(server.name, server.part == PlannedServer::Part::kStandalone));
      seed.endpoint = {address_in(kServerNet, i), configs_.back().port};
      seed.bus_port = configs_.back().bus_port();
      if (server.shard >= 0 && !server.primary)
        seed.primary = static_cast<int>(server.primary_index);
      if (server.shard >= 0 && server.primary)
        seed.slots = layouts.at(server.cluster)[static_cast<std::size_t>(server.shard)];
      seeds.push_back(std::move(seed));
    }
    names_ = std::make_shared<Names>();
    for (const SeedNode& seed : seeds) bus_ports_.push_back(seed.bus_port);
    std::sort(bus_ports_.begin(), bus_ports_.end());
    bus_ports_.erase(std::unique(bus_ports_.begin(), bus_ports_.end()), bus_ports_.end());
    for (std::size_t i = 0; i < servers.size();) {
      std::size_t end = i + 1;
      while (end < servers.size() && servers[end].part == servers[i].part &&
             servers[end].cluster == servers[i].cluster)
        ++end;
      add_servers(servers, seeds, i, end);
      i = end;
    }
  }

  // Servers of one part, which know each other if they are a cluster.
  void add_servers(const std::vector<PlannedServer>& servers, const std::vector<SeedNode>& seeds,
                   std::size_t begin, std::size_t end) {
    std::vector<Slices> files(end - begin);
    if (servers[begin].shard >= 0) {
      std::vector<SeedNode> members(seeds.begin() + static_cast<std::ptrdiff_t>(begin),
                                    seeds.begin() + static_cast<std::ptrdiff_t>(end));
      for (SeedNode& member : members) {
        if (member.primary >= 0) member.primary -= static_cast<int>(begin);
      }
      files = seed_files(members);
    }
    for (std::size_t i = begin; i < end; ++i)
      add_server(servers[i], seeds[i], std::move(files[i - begin]), i);
  }

  std::vector<SlotSet> slot_layout() const {
    const ClusterOptions& cluster = plan_->scenario.cluster;
    if (cluster.slots.empty()) return even_slots(cluster.shards);
    std::vector<SlotSet> layout(cluster.shards);
    for (std::size_t shard = 0; shard < cluster.slots.size(); ++shard) {
      for (const SlotRange& range : cluster.slots[shard]) {
        for (std::size_t slot = range.first.value; slot <= range.last.value; ++slot)
          layout[shard].set(slot);
      }
    }
    return layout;
  }

  // Does it find a nodes.conf at its first boot?
  bool is_introduced(const PlannedServer& server) const {
    const bool booted = plan_->scenario.cluster.form == ClusterOptions::Form::kBooted;
    return (server.part == PlannedServer::Part::kMember && booted) ||
           server.part == PlannedServer::Part::kOther;
  }

  void add_server(const PlannedServer& server, const SeedNode& seed, Slices nodes_conf,
                  std::size_t index) {
    const ClusterOptions& cluster = plan_->scenario.cluster;
    const bool standalone = server.part == PlannedServer::Part::kStandalone;
    MachineSpec spec;
    spec.info.name = server.name;
    spec.info.kind = standalone ? MachineKind::kStandaloneNode : MachineKind::kClusterNode;
    spec.info.endpoint = seed.endpoint;
    spec.info.cluster = server.cluster;
    spec.info.shard = server.cluster.empty() ? server.shard : -1;
    spec.info.planned_primary = server.primary;
    spec.info.process = program_of(cluster, server.name).process;
    spec.factory = factory_of(server, seed, index);
    if (is_introduced(server)) {
      spec.disk.emplace("nodes.conf", std::move(nodes_conf));
      spec.info.planned_id = seed.id;
    }
    spec.ports = {{seed.bus_port, Plane::kBus}};
    // Machines do not start in step: each within its first 100 ms.
    ChoiceStream stream(options_.seed, "plan:boot:" + server.name);
    Choices choices(stream);
    spec.boot_at = sim_time(std::chrono::milliseconds(choices.choose(Site::kBootOffset, 100)));
    const auto own = cluster.nodes.find(server.name);
    if (own != cluster.nodes.end()) {
      spec.clock_skew = own->second.clock_skew;
      spec.drift_ppm = own->second.drift_ppm;
    }
    add_machine(std::move(spec),
                {server.name, server.host, server.rack, server.zone, server.region});
    plan_->nodes.push_back({MachineId{static_cast<std::uint32_t>(index)}, seed.endpoint,
                            seed.primary, slot_ranges(seed.slots), server.part});
  }

  std::shared_ptr<const NodeFactory> factory_of(const PlannedServer& server, const SeedNode& seed,
                                                std::size_t index) const {
    const ClusterOptions& cluster = plan_->scenario.cluster;
    const ServerProgram program = program_of(cluster, server.name);
    if (!program.process) {
      return std::make_shared<ClusterNodeFactory>(setup_of(server, index));
    }
    ProcessMachine machine;
    machine.name = server.name;
    machine.endpoint = seed.endpoint;
    machine.bus_port = seed.bus_port;
    machine.program = program.program;
    machine.cluster_enabled = server.part != PlannedServer::Part::kStandalone;
    machine.config = directives_of(cluster, server.name);
    machine.model = model_of(cluster, server.name);
    machine.names = names_;
    if (is_introduced(server)) machine.planned_id = seed.id;
    machine.bus_ports = bus_ports_;
    machine.log_suspicions = options_.as_in_diff;
    return hosted(machine);
  }

  // Servers of a shard come about with one data set and one history of it; where they have to meet
  // first, the primary has it.
  NodeSetup setup_of(const PlannedServer& server, std::size_t index) const {
    using Part = PlannedServer::Part;
    const ClusterOptions& cluster = plan_->scenario.cluster;
    NodeSetup setup{configs_[index], names_, options_.mutation,
                    deviations_named(deviations_of(cluster, server.name)),
                    costs_of(cluster, server.name).costs};
    const bool booted = cluster.form == ClusterOptions::Form::kBooted;
    const bool has_data = server.part == Part::kStandalone ||
                          (server.part == Part::kMember && (booted || server.primary));
    if (!has_data) return setup;
    const std::string primary = cluster.server_name(server.primary_index + 1);
    setup.dataset = costs_of(cluster, primary).dataset;
    const bool shared = server.part == Part::kMember && booted && !setup.dataset.empty();
    if (shared) setup.history = seed_node_id(options_.seed, primary);
    return setup;
  }

  std::shared_ptr<const NodeFactory> hosted(const ProcessMachine& machine) const {
    if (options_.process_host) return options_.process_host(machine);
    Problems problems(plan_->scenario.file, "");
    problems.add({{}, "", machine.name + " runs a program, and there is no host for programs", ""});
    throw ScenarioError(problems);
  }

  void add_machine(MachineSpec spec, Standing standing) {
    spec.info.host = standing.host;
    spec.info.rack = standing.rack;
    spec.info.zone = standing.zone;
    spec.info.region = standing.region;
    standings_.push_back(std::move(standing));
    plan_->world.machines.push_back(std::move(spec));
  }

  std::string region_of(const std::string& zone) const {
    for (const auto& [region, zones] : plan_->scenario.cluster.regions) {
      if (std::find(zones.begin(), zones.end(), zone) != zones.end()) return region;
    }
    return {};
  }

  MachineId add_client(ClientSetup setup, const std::string& zone, const std::string& workload) {
    MachineSpec spec;
    spec.info.workload = workload;
    spec.info.name = setup.name;
    spec.info.kind = MachineKind::kClient;
    spec.info.endpoint = {address_in(kClientNet, client_machines_++), 0};
    spec.factory = std::make_shared<ClientNodeFactory>(setup);
    spec.boot_at = kNotByItself;
    const MachineId machine{static_cast<std::uint32_t>(plan_->world.machines.size())};
    add_machine(std::move(spec), {setup.name, setup.name, "", zone, region_of(zone)});
    return machine;
  }

  // Machines with a command of their own, and those of steps that run a program.
  void plan_programs() {
    const Scenario& scenario = plan_->scenario;
    for (const ExecMachine& machine : scenario.machines) reserve_address(machine.name);
    for (const Step& step : scenario.timeline) {
      if (step.what == Step::What::kProgram) reserve_address(step.program.machine);
    }
    for (const Step& step : scenario.timeline) {
      if (step.what == Step::What::kOperation)
        reserve_address(std::string(step.operation.machine()));
    }
    for (ExecMachine& machine : plan_->scenario.machines) {
      machine.words = addressed(machine.words);
      FirstDisk disk;
      for (const auto& [name, text] : machine.files) disk.emplace(name, Slices{share(text)});
      plan_->programs.push_back(
          add_program(program_machine(machine.name, machine.words, machine.model), machine.zone,
                      std::move(disk)));
    }
    for (const Step& step : scenario.timeline) {
      if (step.what != Step::What::kProgram || machine_named(step.program.machine)) continue;
      add_program(program_machine(step.program.machine, {}, scenario.cluster.model),
                  scenario.cluster.zones.front(), {});
    }
  }

  // The machines at which operators work.
  void plan_operators() {
    const ClusterOptions& cluster = plan_->scenario.cluster;
    for (const Step& step : plan_->scenario.timeline) {
      if (step.what != Step::What::kOperation) continue;
      const std::string name{step.operation.machine()};
      if (machine_named(name)) continue;
      if (step.operation.real) {
        add_program(program_machine(name, {}, cluster.model), cluster.zones.front(), {});
      } else {
        add_tool(name, std::make_shared<OperatorNodeFactory>(), cluster.zones.front(), {});
      }
    }
  }

  static ProcessMachine program_machine(const std::string& name, std::vector<std::string> words,
                                        const ProcessModel& model) {
    ProcessMachine machine;
    machine.name = name;
    machine.words = std::move(words);
    machine.model = model;
    return machine;
  }

  std::optional<MachineId> machine_named(const std::string& name) const {
    const std::vector<MachineSpec>& machines = plan_->world.machines;
    for (std::uint32_t i = 0; i < machines.size(); ++i) {
      if (machines[i].info.name == name) return MachineId{i};
    }
    return std::nullopt;
  }

  // Programs speak of each other's machines before all of these are planned.
  void reserve_address(const std::string& name) {
    if (!machine_named(name))
      program_addresses_.try_emplace(name, address_in(kProgramNet, program_addresses_.size()));
  }

  MachineId add_program(ProcessMachine machine, const std::string& zone, FirstDisk disk) {
    machine.endpoint = {program_addresses_.at(machine.name), 0};
    return add_tool(machine.name, hosted(machine), zone, std::move(disk));
  }

  MachineId add_tool(const std::string& name, std::shared_ptr<const NodeFactory> factory,
                     const std::string& zone, FirstDisk disk) {
    MachineSpec spec;
    spec.info.name = name;
    spec.info.kind = MachineKind::kProgram;
    spec.info.endpoint = {program_addresses_.at(name), 0};
    spec.factory = std::move(factory);
    spec.disk = std::move(disk);
    spec.boot_at = kNotByItself;
    const MachineId id{static_cast<std::uint32_t>(plan_->world.machines.size())};
    add_machine(std::move(spec), {name, name, "", zone, region_of(zone)});
    return id;
  }

  std::string address_of(const AddressReference& reference) const {
    const auto box = program_addresses_.find(reference.machine);
    if (box != program_addresses_.end()) return format_ipv4(box->second);
    const std::optional<MachineId> server = machine_named(reference.machine);
    CHECK(server.has_value());  // loading has looked for it
    const Endpoint endpoint = plan_->world.machines[server->value].info.endpoint;
    switch (reference.part) {
      case AddressReference::Part::kIp:
        return format_ipv4(endpoint.ipv4);
      case AddressReference::Part::kPort:
        return std::to_string(endpoint.port);
      case AddressReference::Part::kBoth:
        break;
    }
    return format_endpoint(endpoint);
  }

  std::vector<std::string> addressed(std::vector<std::string> words) const {
    for (std::string& word : words) {
      const auto whole =
          with_addresses(word, [&](const AddressReference& of) { return address_of(of); });
      CHECK(whole.has_value());
      word = *whole;
    }
    return words;
  }

  std::vector<ServerAddress> servers_for(RoutingKind routing) const {
    std::vector<ServerAddress> addresses;
    for (const PlannedNode& node : plan_->nodes) {
      using Part = PlannedServer::Part;
      if (node.part != (routing == RoutingKind::kSharding ? Part::kStandalone : Part::kMember))
        continue;
      addresses.push_back({plan_->world.machines[node.machine.value].info.name, node.endpoint});
    }
    return addresses;
  }

  void plan_workloads() {
    const Scenario& scenario = plan_->scenario;
    const std::vector<std::string>& zones = scenario.cluster.zones;
    std::uint32_t index = 1;
    std::uint32_t client_number = 0, auditor_number = 0;
    for (const WorkloadOptions& section : scenario.workloads) {
      Problems problems;
      Options options = section.options.open(problems, &scenario.known);
      const WorkloadKind* kind = find_workload(section.type);
      CHECK(kind != nullptr);
      const std::unique_ptr<Workload> workload = kind->make(options);
      CHECK(problems.empty());
      WorkloadPlace place{section.name, servers_for(workload->routing()), index, Duration{0},
                          scenario.duration};
      for (ClientSetup& setup : workload->clients(place)) {
        setup.name = "client-" + std::to_string(++client_number);
        const std::string zone =
            section.zone.empty() ? zones[(client_number - 1) % zones.size()] : section.zone;
        plan_->clients.push_back(add_client(std::move(setup), zone, section.name));
      }
      std::erase_if(place.servers, [&](const ServerAddress& server) {
        return hands_on(plan_->scenario, server.name);
      });
      ClientSetup auditor = workload->auditor(place);
      auditor.name = "auditor-" + std::to_string(++auditor_number);
      plan_->auditors.push_back(add_client(std::move(auditor), zones.front(), section.name));
      index += workload->client_count() + 1;
    }
    if (scenario.progress_every > 0) plan_prober(index);
  }

  // One who tries every slot until it has what it wrote, and no one slot for long.
  void plan_prober(std::uint32_t index) {
    const Scenario& scenario = plan_->scenario;
    ClientSetup setup;
    setup.name = "prober";
    setup.workload = kProgressWorkload;
    setup.index = index;
    setup.servers = servers_for(RoutingKind::kCluster);
    setup.processes = 64;
    setup.patience = {.attempt = 500ms, .operation = 2s, .attempts_max = 4, .backoff_min = 100ms};
    setup.give_up_after = scenario.settle_within;
    setup.generator = make_progress(scenario.progress_every);
    plan_->prober = add_client(std::move(setup), scenario.cluster.zones.front(), "");
  }

  void plan_world() {
    const Scenario& scenario = plan_->scenario;
    WorldSpec& world = plan_->world;
    PlannedTopology planned = plan_topology(scenario.network, standings_);
    world.topology = std::move(planned.topology);
    for (std::size_t i = 0; i < world.machines.size(); ++i)
      world.machines[i].vertex = planned.vertices[i];
    one_way_max_ = planned.one_way_max;
    world.seed = options_.seed;
    world.console = std::make_shared<RespConsole>();
    world.replication_labels = {"repl:", "cmd:PSYNC", "cmd:SYNC", "cmd:REPLCONF"};
    world.limits = {scenario.limits.events, scenario.limits.events_per_instant,
                    scenario.limits.memory_bytes};
    world.through_wire = options_.through_wire;
    world.record_deliveries = options_.record_deliveries;
    plan_->idle_faults = options_.idle_faults;
    world.sight_bus = options_.sight_bus;
    world.sight_frames = options_.sight_frames;
    world.choice_policy = options_.choice_policy;
  }

  void plan_steps() {
    for (const Step& step : plan_->scenario.timeline) {
      PlannedStep planned{step, nullptr, false};
      if (step.what == Step::What::kFault) {
        const FaultKind* kind = find_fault(step.fault);
        CHECK(kind != nullptr);
        Problems problems;
        Options options = step.options.open(problems, &plan_->scenario.known);
        planned.fault = kind->make(options);
        CHECK(problems.empty());
        planned.lasts = kind->lasts;
      }
      planned.step.program.words = addressed(step.program.words);
      plan_->steps.push_back(std::move(planned));
    }
  }

  // Of what servers may be configured differently, what holds for all of them.
  static void add_facts(const Config& config, bool first, RunFacts& facts) {
    const Duration lag = std::chrono::seconds(config.min_replicas_max_lag_s);
    // Either at 0 switches the check off.
    const std::int64_t writes = lag > Duration{} ? config.min_replicas_to_write : 0;
    facts.full_coverage &= config.cluster_require_full_coverage;
    facts.min_replicas_to_write = first ? writes : std::min(facts.min_replicas_to_write, writes);
    facts.min_replicas_max_lag = std::max(facts.min_replicas_max_lag, lag);
    const Duration timeout = std::chrono::seconds(config.repl_timeout_s);
    facts.repl_timeout = first ? timeout : std::max(facts.repl_timeout, timeout);
    facts.replica_migration &= config.cluster_allow_replica_migration;
    facts.migration_barrier =
        first ? config.cluster_migration_barrier
              : std::max(facts.migration_barrier, config.cluster_migration_barrier);
  }

  void plan_facts() {
    const Scenario& scenario = plan_->scenario;
    RunFacts& facts = plan_->facts;
    for (const MachineSpec& machine : plan_->world.machines) {
      if (machine.info.process)
        facts.processes.insert(MachineId{static_cast<std::uint32_t>(facts.cast.size())});
      facts.cast.push_back(machine.info);
      facts.open_slots_repointed |=
          machine.info.kind == MachineKind::kClusterNode &&
          deviations_named(deviations_of(scenario.cluster, machine.info.name))
              .has(Deviation::kOpenSlotsRepointed);
    }
    facts.suspicions_logged = options_.as_in_diff;
    Config config;
    if (!configs_.empty()) config = configs_.front();
    facts.node_timeout = std::chrono::milliseconds(config.cluster_node_timeout_ms);
    facts.tick = std::chrono::milliseconds(1000 / std::max<std::int64_t>(1, config.hz));
    facts.one_way_max = one_way_max_;
    for (std::size_t server = 0; server < configs_.size(); ++server) {
      add_facts(configs_[server], server == 0, facts);
    }
    facts.replicas_per_shard = scenario.cluster.replicas;
    facts.persistent = config.appendonly;
    facts.replicas_may_stand =
        std::none_of(configs_.begin(), configs_.end(),
                     [](const Config& one) { return one.cluster_replica_no_failover; });
    if (config.cluster_replica_validity_factor != 0) {
      facts.data_age_max = facts.node_timeout * (config.cluster_replica_validity_factor + 1) +
                           std::chrono::seconds(config.repl_ping_replica_period_s);
    }
    for (const PlannedServer& server : planned_servers(scenario.cluster)) {
      for (const std::string& name : deviations_of(scenario.cluster, server.name))
        facts.deviations.insert(name);
      if (costs_of(scenario.cluster, server.name).costs != Costs{})
        facts.stall_max = kStallTold;  // those that are not told are shorter
    }
    for (const auto& [name, node] : scenario.cluster.nodes) {
      facts.clock_disorder = std::max(
          facts.clock_disorder, node.clock_skew < Duration{0} ? -node.clock_skew : node.clock_skew);
      facts.drift = facts.drift || node.drift_ppm != 0;
    }
    // How far a clock fault goes is its own business; bounds that clocks can break are then not
    // held against anybody.
    if (uses_fault(scenario, {"clock-jump", "clock-skew"}))
      facts.clock_disorder = std::max<Duration>(facts.clock_disorder, 1h);
    if (uses_fault(scenario, {"clock-drift"})) facts.drift = true;
    facts.messages_late = messages_late(scenario);
    // The nemesis' failovers are forced now and then.
    facts.takeovers = uses_word(scenario, "failover", {"takeover", "force"}) ||
                      nemesis_uses(scenario, "failover");
    facts.operator_commands = edits_slots(scenario);
    facts.converge_within = scenario.settle_within;
    facts.settle_from = scenario.heal ? sim_time(scenario.duration) : SimTime::max();
  }

  const PlanOptions& options_;
  std::shared_ptr<Plan> plan_;
  NamesRef names_;
  std::vector<std::uint16_t> bus_ports_;
  std::vector<Config> configs_;
  std::vector<Standing> standings_;
  std::size_t client_machines_ = 0;
  std::map<std::string, std::uint32_t> program_addresses_;  // by machine
  Duration one_way_max_{};
};

}  // namespace

std::shared_ptr<const Plan> make_plan(const Scenario& scenario, const PlanOptions& options) {
  return Planner(scenario, options).make();
}

}  // namespace sim
