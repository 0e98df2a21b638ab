#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "sim/scenario/reader.h"

namespace sim {
namespace reader {

std::vector<WorkloadOptions> read_workloads(Options& root, const ClusterOptions& cluster,
                                            const Vocabulary& vocabulary) {
  std::vector<WorkloadOptions> list;
  std::uint64_t clients = 0;
  std::map<std::string, std::size_t> of_type;
  std::set<std::string> taken;
  std::vector<std::string_view> types, zones(cluster.zones.begin(), cluster.zones.end());
  for (const Vocabulary::Workload& workload : vocabulary.workloads) types.push_back(workload.name);
  for (Options& entry : root.objects("workload")) {
    WorkloadOptions workload;
    workload.type = entry.text("type");
    const std::size_t same = of_type[workload.type]++;
    workload.name = entry.text(
        "name", same == 0 ? workload.type : workload.type + '-' + std::to_string(same + 1));
    if (!taken.insert(workload.name).second)
      entry.problem("name", "a second workload " + quote(workload.name));
    workload.zone = entry.text("zone", "");
    entry.text("note", "");
    workload.clients =
        static_cast<std::uint32_t>(entry.integer("clients", kClientsDefault, {1, kClientsMax}));
    clients += workload.clients;
    if (!workload.zone.empty() &&
        std::find(zones.begin(), zones.end(), workload.zone) == zones.end()) {
      entry.problem("zone", "there is no zone " + quote(workload.zone),
                    root.problems().guess(workload.zone, zones));
    }
    workload.options = {entry.source(), entry.pointer(), entry.asked()};
    const auto found = std::find_if(
        vocabulary.workloads.begin(), vocabulary.workloads.end(),
        [&](const Vocabulary::Workload& known) { return known.name == workload.type; });
    if (found == vocabulary.workloads.end()) {
      if (!workload.type.empty()) {
        entry.problem("type", "there is no workload " + quote(workload.type),
                      root.problems().guess(workload.type, types));
      }
    } else {
      Options rest = workload.options.open(root.problems(), root.known());
      if (found->check) found->check(rest);
      rest.finish();
    }
    list.push_back(std::move(workload));
  }
  if (clients > kNodesMax) {
    root.problem("workload", std::to_string(clients) + " clients; at most " +
                                 std::to_string(kNodesMax) + " are possible");
  }
  return list;
}

}  // namespace reader

namespace {

using namespace reader;

// Where the file puts two machines on one host, it must put them in one place.
void check_hosts(Options& root, const std::vector<PlannedServer>& servers) {
  std::map<std::string, const PlannedServer*> first;
  for (const PlannedServer& server : servers) {
    const PlannedServer& other = *first.emplace(server.host, &server).first->second;
    if (other.zone != server.zone || other.rack != server.rack) {
      root.problem("cluster", "host " + quote(server.host) + " would stand in two places, for " +
                                  other.name + " and for " + server.name);
    }
  }
}

// The machines at which operations are typed, also those that repeat.
void add_operators(Options& steps_of, std::string_view key, NameList& operators) {
  for (Options& step : steps_of.objects(key)) {
    const JsonRef action = step.raw("do");
    if (action && action->text == "repeat") add_operators(step, "steps", operators);
    if (!action || find_operation(action->text) == nullptr) continue;
    const JsonRef with = step.raw("with");
    const bool real = with && with->text == kRedisCliMachine;
    operators.add(std::string(real ? kRedisCliMachine : kOperatorMachine));
  }
}

NameList operators_of(Options& root) {
  NameList operators;
  add_operators(root, "timeline", operators);
  return operators;
}

// Machines for programs have names before their programs are read, which may speak of them.
void learn_boxes(Options& root, Scenario& scenario) {
  KnownNames& known = scenario.known;
  std::uint32_t tools = 0;
  for (Options& step : root.objects("timeline")) {
    if (step.has("run") && !step.has("on")) known.boxes.add(tool_name(++tools));
  }
  for (const std::string& name : known.boxes) known.machines.add(name);
  const NameList operators = operators_of(root);
  for (const std::string& name : operators) known.machines.add(name);
  for (const std::string& name : exec_names(root)) {
    if (operators.has(name) || (known.machines.has(name) && !known.boxes.has(name)))
      root.problem("machines", "there is another machine " + quote(name));
    known.boxes.add(name);
  }
  if (operators.has(kRedisCliMachine)) known.boxes.add(std::string(kRedisCliMachine));
  for (const std::string& name : known.boxes) known.machines.add(name);
}

void learn_names(const std::vector<PlannedServer>& servers, Scenario& scenario) {
  KnownNames& known = scenario.known;
  known.shards = scenario.cluster.shards;
  known.spares = scenario.cluster.spares;
  for (const std::string& zone : scenario.cluster.zones) known.zones.add(zone);
  for (const auto& [region, zones] : scenario.cluster.regions) known.regions.add(region);
  std::set<std::string> hosts;
  for (const PlannedServer& server : servers) {
    known.machines.add(server.name);
    known.servers.add(server.name);
    if (program_of(scenario.cluster, server.name).process) known.processes.add(server.name);
    if (!server.rack.empty()) known.racks.add(server.rack);
    hosts.insert(server.host);
  }
  for (const std::string& host : hosts) known.hosts.add(host);
  std::uint32_t clients = 0;
  for (const WorkloadOptions& workload : scenario.workloads) {
    for (std::uint32_t i = 0; i < workload.clients; ++i) {
      known.machines.add("client-" + std::to_string(++clients));
    }
  }
  for (std::size_t i = 0; i < scenario.workloads.size(); ++i) {
    known.machines.add("auditor-" + std::to_string(i + 1));
  }
}

std::uint64_t read_seed(Options& root) {
  const JsonRef node = root.raw("seed");
  if (!node) return 1;
  std::string_view digits = node->text;
  int base = 10;
  if (node->kind == JsonNode::Kind::kText && digits.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
  }
  std::uint64_t seed = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), seed, base);
  if (digits.empty() || error != std::errc{} || stop != digits.data() + digits.size()) {
    root.problem("seed",
                 "expected a whole number or a text such as \"0x2a\", got " + describe(*node));
  }
  return seed;
}

void read_about(Options& root, Scenario& scenario) {
  root.text("$schema", "");
  const JsonRef version = root.raw("version");
  if (!version) {
    root.problem("", "missing key \"version\": expected 1");
  } else if (version->kind != JsonNode::Kind::kNumber || version->text != "1") {
    root.problem("version", "expected version 1, the only one there is; got " + describe(*version));
  }
  scenario.name = root.text("name");
  scenario.description = root.text("description", "");
  scenario.tags = root.texts("tags", std::vector<std::string>{});
  scenario.refs = root.texts("refs", std::vector<std::string>{});
  scenario.seed = read_seed(root);
  scenario.duration = root.duration("duration", Duration{std::chrono::seconds{60}}, kSomeTime);
}

void read_limits(Options options, LimitOptions& limits) {
  constexpr Range<std::int64_t> kEvents{1, 1'000'000'000'000};
  limits.events = static_cast<std::uint64_t>(
      options.integer("events", static_cast<std::int64_t>(limits.events), kEvents));
  limits.events_per_instant = static_cast<std::uint64_t>(options.integer(
      "events_per_instant", static_cast<std::int64_t>(limits.events_per_instant), kEvents));
  limits.memory_bytes =
      options.bytes("memory", limits.memory_bytes, {1 << 20, std::uint64_t{1} << 44});
  options.finish();
}

// Reads a document that is one variant; what varies it has been asked for already.
Scenario read_variant(const JsonRef& document, const Vocabulary& vocabulary, Problems& problems) {
  Scenario scenario;
  scenario.document = document;
  Options root(document, "", problems);
  read_about(root, scenario);
  const std::size_t sound = problems.size();
  const bool has_machines = root.has("machines");
  if (root.has("cluster") || !has_machines) {
    scenario.cluster = read_cluster(root.object("cluster"), vocabulary, has_machines);
  } else {
    scenario.cluster.shards = 0;
    scenario.cluster.zones = {"a"};
  }
  scenario.workloads = read_workloads(root, scenario.cluster, vocabulary);
  // When the shape is in doubt, names are not checked against it: one mistake, one message.
  const bool shaped = problems.size() == sound;
  if (shaped) {
    const std::vector<PlannedServer> servers = planned_servers(scenario.cluster);
    check_hosts(root, servers);
    learn_names(servers, scenario);
    for (const Vocabulary::Fault& fault : vocabulary.faults) scenario.known.faults.add(fault.name);
    learn_boxes(root, scenario);
    if (servers.empty() && root.has("workload"))
      root.problem("workload", "there is no server that clients could ask");
    Options network = root.object("network");
    for (const std::string& name : network.texts("switches", std::vector<std::string>{}))
      scenario.known.switches.add(name);
  }
  Options rest(document, "", problems, shaped ? &scenario.known : nullptr);
  scenario.machines = read_machines(rest, scenario.cluster);
  scenario.network = read_network(rest.object("network"));
  scenario.timeline = read_timeline(rest, vocabulary, scenario.duration);
  if (rest.has("nemesis"))
    scenario.nemesis = read_nemesis(rest.object("nemesis"), vocabulary, scenario.duration);
  scenario.heal = rest.boolean("heal", true);
  Options settle = rest.object("settle");
  scenario.settle_within = settle.duration("within", Duration{std::chrono::seconds{30}}, kSomeTime);
  scenario.heal_core_only = settle.one_of<bool>("heal", {{"all", false}, {"core", true}}, false);
  scenario.progress_every = static_cast<std::uint32_t>(
      settle.integer("progress", scenario.heal_core_only ? 1 : 0, {0, kSlotCount}));
  for (const std::string_view key : {"heal", "progress"}) {
    if (!settle.has(key)) continue;
    if (!scenario.heal) settle.problem(key, "nothing is healed: \"heal\" is false");
    if (scenario.cluster.shards == 0) settle.problem(key, "there is no cluster");
  }
  settle.finish();
  scenario.expect = read_expectations(rest.object("expect"), vocabulary, scenario.workloads);
  read_limits(rest.object("limits"), scenario.limits);
  rest.has("cases");
  rest.has("matrix");
  rest.has("swarm");
  rest.also_known(root.asked());
  rest.finish();
  return scenario;
}

// Every value that a seed may draw is tried by itself when the file is loaded.
void check_swarm(const JsonRef& document, const std::vector<Axis>& axes,
                 const Vocabulary& vocabulary, Problems& problems) {
  for (const Axis& axis : axes) {
    for (const JsonRef& value : axis.values) {
      std::string why;
      const JsonRef drawn = with_value(document, axis.path, value, why);
      if (drawn) {
        read_variant(drawn, vocabulary, problems);
      } else {
        problems.add({axis.place, "/swarm", quote(axis.path) + " meets the matrix: " + why, ""});
      }
    }
  }
}

// The document with all servers as processes, those excepted that say what they are.
JsonRef run_by(const JsonRef& document, const std::string& program) {
  if (document->find("machines") != nullptr && document->find("cluster") == nullptr)
    return document;  // there are no servers
  JsonRef changed = document;
  for (const auto& [path, word] : {std::pair{"cluster.nodes.kind", std::string("process")},
                                   std::pair{"cluster.nodes.program", program}}) {
    auto value = std::make_shared<JsonNode>();
    value->kind = JsonNode::Kind::kText;
    value->text = word;
    std::string why;
    const JsonRef next = with_value(changed, path, value, why);
    if (!next) return document;  // no cluster it is, and the reader will say so
    changed = next;
  }
  return changed;
}

// Rules of other versions are asked for.
bool deviates(const JsonRef& document) {
  const JsonMember* const cluster = document->find("cluster");
  const JsonMember* const named = cluster == nullptr ? nullptr : cluster->value->find("deviations");
  return named != nullptr &&
         (named->value->kind != JsonNode::Kind::kList || !named->value->items.empty());
}

}  // namespace

Loaded load_scenario(std::string file, std::string text, const Vocabulary& vocabulary,
                     const std::string& program) {
  Loaded loaded{{}, Problems(file, text)};
  Problems& problems = loaded.problems;
  const JsonRef document = parse_json(text, problems);
  if (!document) return loaded;
  if (document->kind != JsonNode::Kind::kObject) {
    problems.add({document->place, "",
                  "expected a scenario, which is an object; got " + describe(*document), ""});
    return loaded;
  }
  Options root(document, "", problems);
  const std::vector<Axis> matrix = read_axes(root, "matrix");
  const std::vector<Axis> swarm = read_axes(root, "swarm");
  for (const Variant& one : read_cases(root, "cases")) {
    if (!program.empty() && !one.name.empty() && deviates(one.document)) {
      loaded.left_out.push_back(
          {one.name, "it is about other rules than those of " + program +
                         ", and only simulated servers follow the rules they are told"});
      continue;
    }
    for (Variant& variant : expand(one, matrix, problems)) {
      if (!program.empty()) variant.document = run_by(variant.document, program);
      Scenario scenario = read_variant(variant.document, vocabulary, problems);
      scenario.file = file;
      scenario.variant = variant.name;
      for (const Axis& axis : swarm) scenario.swarm.emplace_back(axis.path, axis.values);
      check_swarm(variant.document, swarm, vocabulary, problems);
      loaded.variants.push_back(std::move(scenario));
    }
  }
  if (!problems.empty()) loaded.variants.clear();
  return loaded;
}

Scenario draw_swarm(const Scenario& scenario, const Vocabulary& vocabulary, Choices& choices,
                    Problems& problems) {
  JsonRef document = scenario.document;
  for (const auto& [path, values] : scenario.swarm) {
    std::string why;
    const JsonRef drawn =
        with_value(document, path, values[choices.choose(Site::kSwarm, values.size())], why);
    if (!drawn) {
      problems.add(
          {values.front()->place, "/swarm", quote(path) + " meets another value: " + why, ""});
      return scenario;
    }
    document = drawn;
  }
  Scenario drawn = read_variant(document, vocabulary, problems);
  drawn.file = scenario.file;
  drawn.variant = scenario.variant;
  return problems.empty() ? drawn : scenario;
}

}  // namespace sim
