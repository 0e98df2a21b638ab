// Programs of the operating system: what servers are, tools that steps run, machines with a command
// of their own.
#include <algorithm>
#include <array>
#include <set>

#include "sim/scenario/reader.h"

namespace sim::reader {
namespace {

constexpr std::string_view kBraceHint = "a brace that means itself is written \"{{\"";

// A word of a program speaks of machines that exist, and of ports that they have.
void check_reference(Options& options, std::string_view key, const AddressReference& reference) {
  const KnownNames* known = options.known();
  if (known == nullptr || known->servers.has(reference.machine)) return;
  if (known->boxes.has(reference.machine)) {
    if (reference.part == AddressReference::Part::kIp) return;
    options.problem(key, quote(reference.machine) + " is no server and has no port of its own",
                    "\"{" + reference.machine + ".ip}\" is its address");
    return;
  }
  std::vector<std::string_view> names(known->servers.begin(), known->servers.end());
  names.insert(names.end(), known->boxes.begin(), known->boxes.end());
  const std::string meant = options.problems().guess(reference.machine, names);
  options.problem(key, "there is no server " + quote(reference.machine) + " to give the address of",
                  meant.empty() ? std::string(kBraceHint) : meant);
}

std::vector<std::string> read_words(Options& options, std::string_view key) {
  const JsonRef node = options.raw(key);
  std::vector<std::string> words;
  if (node && node->kind == JsonNode::Kind::kText) {
    const auto split = split_as_shell(node->text);
    if (!split) options.problem(key, "a quotation without an end: " + quote(node->text));
    words = split.value_or(std::vector<std::string>{""});
  } else {
    words = options.texts(key);
  }
  if (node && words.empty()) {
    options.problem(key, "expected a program and its words, such as \"redis-cli -h {m1.ip} PING\"");
  }
  for (const std::string& word : words) {
    const auto whole = with_addresses(word, [&](const AddressReference& reference) {
      check_reference(options, key, reference);
      return std::string();
    });
    if (!whole)
      options.problem(key, "a brace without an end in " + quote(word), std::string(kBraceHint));
  }
  return words;
}

void read_end(Options& options, ProgramExpectation& expect) {
  using End = ProgramExpectation::End;
  const JsonRef node = options.raw("exit");
  if (!node) return;
  if (node->kind == JsonNode::Kind::kText) {
    expect.end =
        options.one_of<End>("exit", {{"any", End::kAny}, {"never", End::kNever}}, End::kAny);
  } else {
    expect.exit = static_cast<int>(options.integer("exit", 0, {0, 255}));
  }
}

ProgramExpectation read_program_expectation(Options options) {
  ProgramExpectation expect;
  read_end(options, expect);
  if (options.has("contains")) expect.contains = options.text("contains", "");
  if (expect.end == ProgramExpectation::End::kNever && expect.contains) {
    options.problem("contains",
                    "what a program prints is known when it ends, and this one shall not");
  }
  options.finish();
  return expect;
}

// Where a step's program may run: programs run beside programs.
void check_place(Options& options, const std::string& machine) {
  const KnownNames* known = options.known();
  if (known == nullptr || known->processes.has(machine) || known->boxes.has(machine)) return;
  if (known->machines.has(machine)) {
    options.problem("on", quote(machine) + " is simulated and runs no programs",
                    "without \"on\" the program has a machine of its own");
    return;
  }
  const std::vector<std::string_view> names(known->machines.begin(), known->machines.end());
  options.problem("on", "there is no machine " + quote(machine),
                  options.problems().guess(machine, names));
}

std::map<std::string, std::string> read_files(Options options) {
  std::map<std::string, std::string> files;
  for (const std::string& name : options.keys()) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
      options.problem(name, quote(name) + " is no name of a file");
    files.emplace(name, options.text(name));
  }
  options.finish();
  return files;
}

std::string exec_name(Options& entry, std::size_t number) {
  return entry.text("name", "exec-" + std::to_string(number));
}

}  // namespace

std::optional<ServerProgram> read_server(Options& options, const ServerProgram& of_all,
                                         std::string_view usual) {
  enum class Kind : std::uint8_t { kSimulated, kProcess };
  const bool named = options.has("program");
  if (!options.has("kind") && !named) return std::nullopt;
  const Kind kind = options.one_of<Kind>(
      "kind", {{"simulated", Kind::kSimulated}, {"process", Kind::kProcess}}, Kind::kProcess);
  const std::string program = options.text("program", "");
  if (kind == Kind::kSimulated) {
    if (named) options.problem("program", "a simulated server runs no program");
    return ServerProgram{};
  }
  if (named && program.empty())
    options.problem("program", "expected a program such as \"redis-server\"");
  if (named) return ServerProgram{true, program};
  return ServerProgram{true, of_all.process ? of_all.program : std::string(usual)};
}

ProcessModel read_model(Options& options, const ProcessModel& of_all) {
  Options process = options.object("process");
  ProcessModel model;
  model.fork_time = process.duration("fork_time", of_all.fork_time);
  model.cpu_per_wakeup = process.duration("cpu_per_wakeup", of_all.cpu_per_wakeup);
  model.disk_bytes = process.bytes("disk", of_all.disk_bytes);
  process.finish();
  return model;
}

std::vector<std::string> exec_names(Options& root) {
  std::vector<std::string> names;
  for (Options& entry : root.objects("machines"))
    names.push_back(exec_name(entry, names.size() + 1));
  return names;
}

std::vector<ExecMachine> read_machines(Options& root, const ClusterOptions& cluster) {
  std::vector<ExecMachine> machines;
  const std::vector<std::string_view> zones(cluster.zones.begin(), cluster.zones.end());
  std::set<std::string> taken;
  for (Options& entry : root.objects("machines")) {
    ExecMachine machine;
    machine.name = exec_name(entry, machines.size() + 1);
    if (!is_name(machine.name)) {
      entry.problem("name",
                    quote(machine.name) + " is no name: up to 32 letters, digits, '-' and '_'");
    }
    if (!taken.insert(machine.name).second)
      entry.problem("name", "a second machine " + quote(machine.name));
    entry.text("note", "");
    machine.words = read_words(entry, "exec");
    machine.files = read_files(entry.object("files"));
    machine.zone = entry.text("zone", cluster.zones.front());
    if (std::find(zones.begin(), zones.end(), machine.zone) == zones.end()) {
      entry.problem("zone", "there is no zone " + quote(machine.zone),
                    root.problems().guess(machine.zone, zones));
    }
    machine.model = read_model(entry, cluster.model);
    machine.expect = read_program_expectation(entry.object("expect"));
    entry.finish();
    machines.push_back(std::move(machine));
  }
  return machines;
}

std::string tool_name(std::uint32_t number) {
  return "tool-" + std::to_string(number);
}

ProgramStep read_program(Options& options, std::uint32_t& tools) {
  ProgramStep program;
  if (options.has("on")) {
    program.machine = options.text("on");
    check_place(options, program.machine);
  } else {
    program.machine = tool_name(++tools);
  }
  for (const std::string_view key : {"node", "command"}) {
    if (options.has(key))
      options.problem(
          key, quote(key) + " is of a command for servers; a program has \"run\" and \"on\"");
  }
  program.words = read_words(options, "run");
  program.expect = read_program_expectation(options.object("expect"));
  program.within = options.duration("within", Duration{std::chrono::seconds{60}}, kSomeTime);
  return program;
}

void read_log(Options& options, EventPattern& pattern) {
  pattern.log = options.text("log");
  if (pattern.log.empty()) {
    options.problem("log",
                    "expected a part of a line of the log, such as \"Failover election won\"");
    pattern.log = "?";  // whatever else the pattern has is read as of a log
  }
  if (options.has("event")) options.problem("event", "\"event\" or \"log\", not both");
  const KnownNames* known = options.known();
  if (known == nullptr) return;
  const auto keeps_log = [&](std::string_view name) {
    return known->processes.has(name) || known->boxes.has(name) || name == kOperatorMachine;
  };
  if (known->processes.empty() && known->boxes.empty() && !known->machines.has(kOperatorMachine)) {
    options.problem("log", "nobody keeps a log: no server is a process",
                    "\"cluster\": {\"nodes\": {\"kind\": \"process\"}}");
    return;
  }
  const JsonRef node = options.raw("node");
  if (!node || node->kind != JsonNode::Kind::kText) return;
  if (known->machines.has(node->text) && !keeps_log(node->text))
    options.problem("node", quote(node->text) + " is no process and keeps no log");
}

}  // namespace sim::reader
