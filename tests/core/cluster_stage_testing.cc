#include <algorithm>
#include <sstream>
#include <utility>

#include "sim/base/check.h"
#include "sim/wire/bus.h"
#include "sim/wire/nodes_conf.h"
#include "sim/wire/resp.h"
#include "tests/core/cluster_stage.h"

namespace sim::stage {
namespace {

class Words final : public ConsoleWords {
 public:
  explicit Words(bool typed) : typed_(typed) {}
  PayloadRef request(const std::vector<std::string>& command) const override {
    return PayloadRef(new resp::RequestPayload(command));
  }
  std::optional<std::string> reply_text(const Payload& payload, std::string&) const override {
    resp::ValueReader reader;
    reader.feed(payload.bytes());
    resp::Value value;
    CHECK(reader.next(value));
    const auto* text = std::get_if<resp::Bulk>(&value.data);
    return text != nullptr && !typed_ ? text->text : resp::describe(value);
  }

 private:
  bool typed_;
};

std::string name_of(int machine) {
  return "m" + std::to_string(machine);
}
Endpoint endpoint_of(int machine) {
  return {parse_ipv4("10.0.0.0") + static_cast<std::uint32_t>(machine), 6379};
}
bool is_primary(const ClusterSpec& spec, int machine) {
  return machine <= spec.primaries;
}
int primary_of(const ClusterSpec& spec, int machine) {
  return is_primary(spec, machine) ? 0 : (machine - spec.primaries - 1) % spec.primaries + 1;
}

SlotSet slots_of(const ClusterSpec& spec, int machine) {
  SlotSet slots;
  if (!is_primary(spec, machine)) return slots;
  const auto share = kSlotCount / static_cast<std::uint32_t>(spec.primaries);
  const auto first = static_cast<std::uint32_t>(machine - 1) * share;
  const auto end = machine == spec.primaries ? kSlotCount : first + share;
  for (std::uint32_t slot = first; slot < end; ++slot) slots.set(slot);
  return slots;
}

std::string nodes_conf_of(const ClusterSpec& spec, int self) {
  nodes_conf::File file;
  for (int machine = 1; machine <= spec.primaries + spec.replicas; ++machine) {
    nodes_conf::Line line;
    line.id = id_of(machine);
    line.address = {format_ipv4(endpoint_of(machine).ipv4), 6379, 16379, 0};
    line.flags = is_primary(spec, machine) ? bus::flag::kMaster : bus::flag::kSlave;
    if (machine == self) line.flags |= bus::flag::kMyself;
    line.slots = slots_of(spec, machine);
    if (is_primary(spec, machine)) line.config_epoch = static_cast<std::uint64_t>(machine);
    if (!is_primary(spec, machine)) line.replica_of = id_of(primary_of(spec, machine));
    file.lines.push_back(std::move(line));
  }
  file.current_epoch = static_cast<std::uint64_t>(spec.primaries);
  return nodes_conf::print(file);
}

NodeSetup setup_of(const ClusterSpec& spec, int machine, const NamesRef& names) {
  NodeSetup setup{spec.config, names, spec.mutation, spec.deviations, spec.costs, spec.dataset};
  const int primary = is_primary(spec, machine) ? machine : primary_of(spec, machine);
  if (!spec.dataset.empty()) setup.history = id_of(primary);
  const auto apply = [&](const std::map<std::string, std::string>& directives) {
    for (const auto& [key, value] : directives) {
      const auto refused = set_directive(setup.config, key, value, false);
      CHECK(!refused.has_value());
    }
  };
  apply(spec.directives);
  const auto own = spec.of_machine.find(name_of(machine));
  if (own != spec.of_machine.end()) apply(own->second);
  return setup;
}

MachineSpec machine_of(const ClusterSpec& spec, int machine, const NamesRef& names) {
  MachineSpec made;
  made.info.name = name_of(machine);
  made.info.endpoint = endpoint_of(machine);
  made.info.shard = (is_primary(spec, machine) ? machine : primary_of(spec, machine)) - 1;
  if (spec.known) made.info.planned_id = id_of(machine);
  made.info.planned_primary = is_primary(spec, machine);
  made.factory = std::make_shared<const ClusterNodeFactory>(setup_of(spec, machine, names));
  if (const auto raw = spec.raw.find(made.info.name); raw != spec.raw.end()) {
    made.factory = std::make_shared<const RawNodeFactory>(made.factory, raw->second);
  }
  const auto file = spec.files.find(made.info.name);
  if (file != spec.files.end()) {
    made.disk["nodes.conf"] = {share(file->second)};
  } else if (spec.known) {
    made.disk["nodes.conf"] = {share(nodes_conf_of(spec, machine))};
  }
  made.ports = {{16379, Plane::kBus}};
  return made;
}

World make_world(const ClusterSpec& spec) {
  WorldSpec out;
  out.seed = spec.seed;
  out.through_wire = spec.through_wire;
  const auto names = std::make_shared<Names>();
  const VertexId hub = out.topology.add_vertex(VertexKind::kSwitch, "hub");
  for (int i = 1; i <= spec.primaries + spec.replicas; ++i) {
    MachineSpec machine = machine_of(spec, i, names);
    machine.vertex = out.topology.add_vertex(VertexKind::kHost, machine.info.name);
    LinkQuality quality;
    quality.latency = spec.latency / 2;
    quality.bandwidth = spec.bandwidth;
    out.topology.add_link(hub, machine.vertex, quality);
    out.machines.push_back(std::move(machine));
  }
  out.console = std::make_shared<const Words>(spec.typed_replies);
  out.replication_labels = {"repl:", "cmd:PSYNC", "cmd:REPLCONF"};
  return World(std::move(out));
}

}  // namespace

NodeName id_of(int machine) {
  std::string text = std::to_string(machine);
  text.insert(0, 40 - text.size(), '0');
  return NodeName::from(text);
}

ClusterStage::ClusterStage(const ClusterSpec& spec)
    : world_(make_world(spec)), who_(world_.cast()) {}

MachineId ClusterStage::id(const std::string& name) const {
  const auto found = who_.find(name);
  CHECK(found.has_value());
  return *found;
}

std::vector<Direction> ClusterStage::one_way(const std::vector<std::string>& a,
                                             const std::vector<std::string>& b) const {
  std::vector<Direction> ways;
  for (const auto& from : a) {
    for (const auto& to : b) ways.push_back({id(from), id(to)});
  }
  return ways;
}

std::vector<Direction> ClusterStage::both_ways(const std::vector<std::string>& a,
                                               const std::vector<std::string>& b) const {
  std::vector<Direction> ways = one_way(a, b);
  for (const Direction& way : one_way(b, a)) ways.push_back(way);
  return ways;
}

std::vector<std::string> ClusterStage::others(const std::vector<std::string>& names) const {
  std::vector<std::string> rest;
  for (const MachineInfo& info : who_.cast()) {
    if (std::find(names.begin(), names.end(), info.name) == names.end()) rest.push_back(info.name);
  }
  return rest;
}

void ClusterStage::run_for(Duration time) {
  const SimTime end = world_.now() + time;
  while (world_.next_event().has_value() && *world_.next_event() <= end) {
    if (!world_.advance()) break;
    if (world_.has_news()) collect();
  }
  CHECK(world_.stopped() == StopReason::kNone);
  world_.skip_to(end);
  collect();
}

bool ClusterStage::run_until_healthy(Duration limit) {
  const SimTime end = world_.now() + limit;
  const auto healthy = [&] {
    for (const MachineId machine : who_.up()) {
      if (!who_.is_healthy(machine)) return false;
    }
    return !who_.up().empty();
  };
  while (!healthy() && world_.now() < end) run_for(10ms);
  return healthy();
}

std::string ClusterStage::tell(const std::string& who, const std::string& command) {
  std::vector<std::string> words = split(command, ' ');
  std::replace(words.begin(), words.end(), std::string("\"\""), std::string());
  return tell(who, words);
}

std::string ClusterStage::tell(const std::string& who, const std::vector<std::string>& words) {
  const std::uint32_t ticket = levers().console(id(who), words);
  for (int i = 0; i < 100 && replies_.count(ticket) == 0; ++i) run_for(100us);
  return replies_.count(ticket) == 0 ? "(no answer)" : replies_[ticket];
}

event::ViewSnapshot ClusterStage::view(const std::string& who) {
  const std::size_t seen = records_.size();
  world_.probe(id(who), true);
  collect();
  for (std::size_t i = seen; i < records_.size(); ++i) {
    if (const auto* found = std::get_if<event::ViewSnapshot>(&records_[i].event)) return *found;
  }
  return {};
}

void ClusterStage::collect() {
  for (const ConsoleReply& reply : world_.take_console_replies()) {
    replies_[reply.ticket] = reply.text;
  }
  for (Record& record : world_.take_records()) {
    who_.see(record);
    records_.push_back(std::move(record));
  }
}

Duration parse_duration(const std::string& text) {
  std::size_t used = 0;
  const double number = std::stod(text, &used);
  const std::string unit = text.substr(used);
  const double ns = unit == "ms"  ? 1e6
                    : unit == "s" ? 1e9
                    : unit == "m" ? 60e9
                    : unit == "h" ? 3600e9
                                  : 0;
  CHECK(ns != 0);
  return Duration{static_cast<std::int64_t>(number * ns)};
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, by);) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

}  // namespace sim::stage
