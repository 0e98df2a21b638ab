#include <algorithm>
#include <charconv>

#include "sim/scenario/reader.h"

namespace sim::reader {

namespace {

void check_for_processes(Options& options, std::string_view key, const Directives& directives,
                         const Vocabulary& vocabulary) {
  const JsonRef object = options.raw(key);
  if (!object || !vocabulary.refuse_for_process) return;
  for (const auto& [name, value] : directives) {
    const std::optional<std::string> refusal = vocabulary.refuse_for_process(name, value);
    if (!refusal) continue;
    options.problems().add(
        {object->find(name)->value->place, pointer_to(pointer_to(options.pointer(), key), name),
         "a process cannot have " + quote(name) + " set to " + quote(value) + ": " + *refusal, ""});
  }
}

void check_for_simulated(Options& options, std::string_view key, const Directives& directives,
                         const Vocabulary& vocabulary) {
  const JsonRef object = options.raw(key);
  if (!object || !vocabulary.check_directive) return;
  const std::vector<std::string_view> known(vocabulary.directives.begin(),
                                            vocabulary.directives.end());
  for (const auto& [name, value] : directives) {
    const std::optional<std::string> refusal = vocabulary.check_directive(name, value);
    if (!refusal) continue;
    const JsonMember& member = *object->find(name);
    const std::string at = pointer_to(options.pointer(), key);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      options.problems().add({member.place, at, "unknown directive " + quote(name),
                              options.problems().guess(name, known)});
    } else {
      options.problems().add(
          {member.value->place, pointer_to(at, name),
           "directive " + quote(name) + " refuses " + quote(value) + ": " + *refusal, ""});
    }
  }
}

Directives read_directives(Options& options, std::string_view key, ServerKinds kinds,
                           const Vocabulary& vocabulary) {
  Directives directives = options.directives(key);
  if (kinds.processes) check_for_processes(options, key, directives, vocabulary);
  if (kinds.simulated) check_for_simulated(options, key, directives, vocabulary);
  return directives;
}

// Each at most once; a profile's come first.
std::vector<std::string> read_deviations(Options& options, std::vector<std::string> names,
                                         const Vocabulary& vocabulary) {
  const std::vector<std::string_view> known(vocabulary.deviations.begin(),
                                            vocabulary.deviations.end());
  for (std::string& name : options.texts("deviations", std::vector<std::string>{})) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      options.problem("deviations", "there is no deviation " + quote(name),
                      options.problems().guess(name, known));
    } else if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

void check_names(Options& options, std::string_view key, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_name(names[i])) {
      options.problem(key, quote(names[i]) + " is no name: up to 32 letters, digits, '-' and '_'");
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      options.problem(key, quote(names[i]) + " occurs twice");
    }
  }
}

// "a", "b", ... "z", "a2", "b2", ...
std::string letter_name(std::size_t index) {
  std::string name(1, static_cast<char>('a' + index % 26));
  return index < 26 ? name : name + std::to_string(index / 26 + 1);
}

constexpr std::size_t kZonesMax = 1000;

std::vector<std::string> read_zones(Options& options) {
  const JsonRef zones = options.raw("zones");
  std::vector<std::string> names;
  if (zones && zones->kind != JsonNode::Kind::kNumber) {
    names = options.texts("zones");
    if (names.empty()) options.problem("zones", "expected at least one zone");
    if (names.size() > kZonesMax) {
      options.problem("zones", std::to_string(names.size()) + " zones; at most " +
                                   std::to_string(kZonesMax) + " are possible");
      names.resize(1);
    }
    check_names(options, "zones", names);
  } else {
    const auto count = static_cast<std::size_t>(options.integer("zones", 1, {1, kZonesMax}));
    for (std::size_t i = 0; i < count; ++i) names.push_back(letter_name(i));
  }
  return names;
}

void read_regions(Options options, ClusterOptions& cluster) {
  const std::vector<std::string_view> zones(cluster.zones.begin(), cluster.zones.end());
  std::vector<std::string> placed;
  for (const std::string& region : options.keys()) {
    std::vector<std::string> members = options.texts(region);
    for (const std::string& zone : members) {
      if (std::find(zones.begin(), zones.end(), zone) == zones.end()) {
        options.problem(region, "there is no zone " + quote(zone),
                        options.problems().guess(zone, zones));
      } else if (std::find(placed.begin(), placed.end(), zone) != placed.end()) {
        options.problem(region, "zone " + quote(zone) + " is in two regions");
      }
      placed.push_back(zone);
    }
    cluster.regions.emplace_back(region, std::move(members));
  }
  options.finish();
}

std::vector<OtherCluster> read_others(Options options) {
  std::vector<OtherCluster> others;
  check_names(options, "", options.keys());
  for (const std::string& name : options.keys()) {
    Options shape = options.object(name);
    others.push_back({name, static_cast<std::uint32_t>(shape.integer("shards", 1, {1, kNodesMax})),
                      static_cast<std::uint32_t>(shape.integer("replicas", 0, {0, 100}))});
    shape.finish();
  }
  options.finish();
  return others;
}

void read_slots(Options& options, ClusterOptions& cluster) {
  if (!options.has("slots")) return;
  SlotSet taken;
  for (const std::string& text : options.texts("slots")) {
    const std::optional<std::vector<SlotRange>> ranges = parse_slots(text);
    if (!ranges) {
      options.problem("slots", "expected slot ranges such as \"0-5460 10922\", got " + quote(text));
      continue;
    }
    for (const SlotRange& range : *ranges) {
      for (std::uint32_t slot = range.first.value; slot <= range.last.value; ++slot) {
        if (taken.test(slot)) {
          options.problem("slots", "slot " + std::to_string(slot) + " is given to two shards");
          return;
        }
        taken.set(slot);
      }
    }
    cluster.slots.push_back(*ranges);
  }
  if (cluster.slots.size() > cluster.shards) {
    options.problem("slots", "slots for " + std::to_string(cluster.slots.size()) +
                                 " shards, but there are " + std::to_string(cluster.shards));
  }
}

// A number of each shard, or a list with a number of each.
void read_replicas(Options& options, ClusterOptions& cluster) {
  constexpr Range<std::int64_t> kReplicas{0, 100};
  const JsonRef given = options.raw("replicas");
  if (!given || given->kind != JsonNode::Kind::kList) {
    cluster.replicas = static_cast<std::uint32_t>(options.integer("replicas", 1, kReplicas));
    return;
  }
  std::vector<std::uint32_t> replicas;
  for (const std::int64_t number : options.integers("replicas", kReplicas))
    replicas.push_back(static_cast<std::uint32_t>(number));
  if (replicas.size() != cluster.shards) {
    options.problem("replicas", "replicas of " + std::to_string(replicas.size()) +
                                    " shards, but there are " + std::to_string(cluster.shards));
    return;
  }
  cluster.replicas = replicas.empty() ? 0 : *std::max_element(replicas.begin(), replicas.end());
  cluster.uneven_replicas = std::move(replicas);
}

void read_clock(Options options, NodeOptions& node) {
  node.clock_skew = options.duration("skew", Duration{0}, kSignedTime);
  node.drift_ppm = static_cast<std::int32_t>(options.integer("drift_ppm", 0, {-500'000, 500'000}));
  options.finish();
}

// The name that a server is given, which no other may have.
void read_name(Options& options, std::uint32_t number, ClusterOptions& cluster) {
  if (!options.has("name")) return;
  const std::string name = options.text("name");
  std::optional<std::string> refusal = refuse_server_name(name);
  for (const OtherCluster& other : cluster.others) {
    if (name.starts_with(other.name + "-m"))
      refusal = quote(name) + " may be a server of the cluster " + quote(other.name);
  }
  if (cluster.nodes.count(name) > 0) refusal = "another server is called " + quote(name) + " too";
  if (refusal) {
    options.problem("name", *refusal);
  } else {
    cluster.names.emplace(number, name);
  }
}

NodeOptions read_node(const std::string& machine, Options options, std::uint32_t number,
                      ClusterOptions& cluster, const Vocabulary& vocabulary) {
  NodeOptions node;
  read_name(options, number, cluster);
  node.server = read_server(options, cluster.server, find_profile(cluster.profile)->program);
  if (options.has("process")) node.model = read_model(options, cluster.model);
  const bool process = node.server.value_or(cluster.server).process;
  node.costs = read_own_costs(options, machine, process, cluster);
  node.config = read_directives(options, "config", {!process, process}, vocabulary);
  if (options.has("deviations")) {
    node.deviations = read_deviations(options, {}, vocabulary);
    if (process) options.problem("deviations", "a process does what its program does");
  }
  read_clock(options.object("clock"), node);
  node.zone = options.text("zone", "");
  node.rack = options.text("rack", "");
  node.host = options.text("host", "");
  for (const std::string_view key : {"rack", "host"}) {
    const std::string& name = key == "rack" ? node.rack : node.host;
    if (options.has(key) && !is_name(name)) {
      options.problem(key, quote(name) + " is no name: up to 32 letters, digits, '-' and '_'");
    }
  }
  const std::vector<std::string_view> zones(cluster.zones.begin(), cluster.zones.end());
  if (!node.zone.empty() && std::find(zones.begin(), zones.end(), node.zone) == zones.end()) {
    options.problem("zone", "there is no zone " + quote(node.zone),
                    options.problems().guess(node.zone, zones));
  }
  options.finish();
  return node;
}

void read_nodes(Options& options, ClusterOptions& cluster, std::uint32_t count,
                const Vocabulary& vocabulary) {
  constexpr std::array<std::string_view, 2> kOfAll{"kind", "program"};
  for (const std::string& name : options.keys()) {
    if (std::find(kOfAll.begin(), kOfAll.end(), name) != kOfAll.end()) continue;
    std::uint32_t number = 0;
    const char* const stop = name.data() + name.size();
    const auto parsed =
        std::from_chars(name.data() + std::min<std::size_t>(1, name.size()), stop, number);
    if (name.empty() || name[0] != 'm' || parsed.ec != std::errc{} || parsed.ptr != stop ||
        number == 0 || number > count || name[1] == '0') {
      const std::string meant = options.problems().guess(name, kOfAll);
      options.problem(name, "there is no server " + quote(name),
                      meant.empty() ? "the servers are m1 to m" + std::to_string(count) : meant);
    }
    NodeOptions node = read_node(name, options.object(name), number, cluster, vocabulary);
    cluster.nodes.emplace(cluster.server_name(number), std::move(node));
  }
  options.finish();
}

Directives persistence(Options& options) {
  enum class Kind : std::uint8_t { kNone, kEverySecond, kAlways };
  switch (options.one_of<Kind>(
      "persistence",
      {{"none", Kind::kNone}, {"aof", Kind::kEverySecond}, {"aof-always", Kind::kAlways}},
      Kind::kNone)) {
    case Kind::kNone:
      return {};
    case Kind::kEverySecond:
      return {{"appendonly", "yes"}, {"appendfsync", "everysec"}};
    case Kind::kAlways:
      return {{"appendonly", "yes"}, {"appendfsync", "always"}};
  }
  return {};
}

const ServerProfile& read_profile(Options& options) {
  const std::string name = options.text("profile", std::string(profiles().front().name));
  if (const ServerProfile* profile = find_profile(name)) return *profile;
  std::vector<std::string_view> names;
  for (const ServerProfile& profile : profiles()) names.push_back(profile.name);
  options.problem("profile", "there is no profile " + quote(name),
                  options.problems().guess(name, names));
  return profiles().front();
}

ServerKinds kinds_of(const ClusterOptions& cluster, std::uint32_t count) {
  ServerKinds kinds;
  for (std::uint32_t i = 1; i <= count; ++i) {
    const bool process = program_of(cluster, cluster.server_name(i)).process;
    (process ? kinds.processes : kinds.simulated) = true;
  }
  return kinds;
}

// What all servers are must be known before the single ones are read, what kinds there are, after.
void read_kinds(Options& options, ClusterOptions& cluster, std::uint32_t count,
                const Vocabulary& vocabulary) {
  const ServerProfile& profile = read_profile(options);
  cluster.profile = profile.name;
  Options nodes = options.object("nodes");
  cluster.server = read_server(nodes, {}, profile.program).value_or(ServerProgram{});
  cluster.model = read_model(options, {});
  cluster.costs = read_costs(options, {});
  read_nodes(nodes, cluster, count, vocabulary);
  const ServerKinds kinds = kinds_of(cluster, count);
  cluster.deviations =
      read_deviations(options, {profile.deviations.begin(), profile.deviations.end()}, vocabulary);
  if (options.has("deviations") && !kinds.simulated) {
    options.problem("deviations", "no server is simulated, and processes do what programs do");
  }
  check_costs(options, kinds);
  cluster.config = persistence(options);
  const Directives config = read_directives(options, "config", kinds, vocabulary);
  cluster.config.insert(cluster.config.end(), config.begin(), config.end());
}

}  // namespace

ClusterOptions read_cluster(Options options, const Vocabulary& vocabulary, bool may_be_empty) {
  ClusterOptions cluster;
  cluster.shards = static_cast<std::uint32_t>(options.integer("shards", 3, {0, kNodesMax}));
  read_replicas(options, cluster);
  cluster.standalone = static_cast<std::uint32_t>(options.integer("standalone", 0, {0, kNodesMax}));
  cluster.spares = static_cast<std::uint32_t>(options.integer("spares", 0, {0, kNodesMax}));
  cluster.others = read_others(options.object("others"));
  const std::uint64_t own =
      cluster.shards + cluster.replica_count() + cluster.standalone + cluster.spares;
  std::uint64_t count = own;
  for (const OtherCluster& other : cluster.others)
    count += std::uint64_t{other.shards} * (1 + other.replicas);
  if (own == 0 && !may_be_empty) options.problem("", "a cluster without a single server");
  if (count > kNodesMax) {
    options.problem("", std::to_string(count) + " servers; at most " + std::to_string(kNodesMax) +
                            " are possible");
  }
  cluster.zones = read_zones(options);
  read_regions(options.object("regions"), cluster);
  cluster.racks_per_zone = static_cast<std::uint32_t>(options.integer("racks", 0, {0, 1000}));
  cluster.hosts_per_rack = static_cast<std::uint32_t>(options.integer("hosts", 0, {0, 1000}));
  using Placement = ClusterOptions::Placement;
  cluster.placement = options.one_of<Placement>(
      "placement", {{"spread", Placement::kSpread}, {"packed", Placement::kPacked}},
      Placement::kSpread);
  using Form = ClusterOptions::Form;
  cluster.form = options.one_of<Form>("form", {{"booted", Form::kBooted}, {"meet", Form::kMeet}},
                                      Form::kBooted);
  read_slots(options, cluster);
  read_kinds(options, cluster, static_cast<std::uint32_t>(std::min<std::uint64_t>(own, kNodesMax)),
             vocabulary);
  options.finish();
  return cluster;
}

}  // namespace sim::reader
