// The parts of reading a scenario; nobody outside this directory includes this.
#pragma once

#include "sim/scenario/options.h"
#include "sim/scenario/scenario.h"

namespace sim::reader {

// `may_be_empty`: there are other machines.
ClusterOptions read_cluster(Options options, const Vocabulary& vocabulary, bool may_be_empty);
// "kind" and "program"; nullopt: neither is given. `of_all` is what it is otherwise, `usual` what a
// process runs that names no program.
std::optional<ServerProgram> read_server(Options& options, const ServerProgram& of_all,
                                         std::string_view usual);
// The object "process"; what it leaves out is as in `of_all`.
ProcessModel read_model(Options& options, const ProcessModel& of_all);
// The object "costs"; what it leaves out is as in `otherwise`.
ServerCosts read_costs(Options& of, const ServerCosts& otherwise);
// The same of one server, of which more can be wrong; nullopt: it has none of its own.
std::optional<ServerCosts> read_own_costs(Options& node, const std::string& name, bool process,
                                          const ClusterOptions& cluster);
// What kinds of servers there are.
struct ServerKinds {
  bool simulated = false, processes = false;
};
// Costs are of simulated servers.
void check_costs(Options& cluster, ServerKinds kinds);
// Names of the machines of "machines", before anything else is known of them.
std::vector<std::string> exec_names(Options& root);
std::vector<ExecMachine> read_machines(Options& root, const ClusterOptions& cluster);
// "run", "on", "expect" and "within" of a step that runs a program; `tools` counts those that have
// a machine of their own.
ProgramStep read_program(Options& options, std::uint32_t& tools);
std::string tool_name(std::uint32_t number);  // from 1
// The options of a step that is an operation; the caller finishes them.
OperationStep read_operation(Options& options, OperationKind kind);
// Somebody must keep a log for a line to be waited for. `options` has the keys "log" and "node".
void read_log(Options& options, EventPattern& pattern);
NetworkOptions read_network(Options options);
std::vector<WorkloadOptions> read_workloads(Options& root, const ClusterOptions& cluster,
                                            const Vocabulary& vocabulary);
std::vector<Step> read_timeline(Options& root, const Vocabulary& vocabulary, Duration length);
// Steps that name each other: no step twice, none missing, none waiting for itself. `pointers`: of
// each step.
void check_timeline(const std::vector<Step>& steps, const std::vector<std::string>& pointers,
                    Problems& problems);
NemesisOptions read_nemesis(Options options, const Vocabulary& vocabulary, Duration length);
// `workloads`: metrics can be bounded for one of them.
Expectations read_expectations(Options options, const Vocabulary& vocabulary,
                               const std::vector<WorkloadOptions>& workloads);

// A milestone as a bare name or, as a line of a log always is, as an object. Expectations may bound
// its time, triggers may not. `where` gives problems and known names.
std::optional<EventPattern> read_pattern(const JsonRef& node, const std::string& pointer,
                                         Options& where, const Vocabulary& vocabulary,
                                         bool expectation);
// "node", "command", "expect", "within", "every" and "remember" of a command step; the caller
// finishes the options.
CommandStep read_command(Options& options);

// A document with the value at a path replaced or added. Paths are dotted ("cluster.replicas",
// "timeline.0.for") or JSON pointers. Null if there is no such place; `why` then says what is in
// the way.
JsonRef with_value(const JsonRef& document, const std::string& path, const JsonRef& value,
                   std::string& why);

struct Axis {
  std::string path;
  std::vector<JsonRef> values;
  Place place;
};
// "matrix" and "swarm": an object of paths and the lists of their values.
std::vector<Axis> read_axes(Options& root, std::string_view key);
struct Variant {
  std::string name;
  JsonRef document;
};
// "cases": the document as each of them changes it; the document itself, without a name, if there
// are none.
std::vector<Variant> read_cases(Options& root, std::string_view key);
// Every combination of the axes' values, the last axis turning fastest, each with its name behind
// that of the case it is of.
std::vector<Variant> expand(const Variant& of, const std::vector<Axis>& axes, Problems& problems);

}  // namespace sim::reader
