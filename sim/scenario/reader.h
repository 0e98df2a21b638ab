// The parts of reading a scenario; nobody outside this directory includes this.
#pragma once

#include "sim/scenario/options.h"
#include "sim/scenario/scenario.h"

namespace sim::reader {

ClusterOptions read_cluster(Options options, const Vocabulary& vocabulary);
NetworkOptions read_network(Options options);
std::vector<WorkloadOptions> read_workloads(Options& root, const ClusterOptions& cluster,
                                            const Vocabulary& vocabulary);
std::vector<Step> read_timeline(Options& root, const Vocabulary& vocabulary, Duration length);
NemesisOptions read_nemesis(Options options, const Vocabulary& vocabulary, Duration length);
// `workloads`: metrics can be bounded for one of them.
Expectations read_expectations(Options options, const Vocabulary& vocabulary,
                               const std::vector<WorkloadOptions>& workloads);

// A milestone as a bare name or as an object. Expectations may bound its time, triggers may not.
// `where` gives problems and known names.
std::optional<EventPattern> read_pattern(const JsonRef& node, const std::string& pointer,
                                         Options& where, const Vocabulary& vocabulary,
                                         bool expectation);
// "node", "command", "expect" and "within" of a command step; the caller finishes the options.
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
// Every combination of the axes' values, the last axis turning fastest, each with its name.
struct Variant {
  std::string name;
  JsonRef document;
};
std::vector<Variant> expand(const JsonRef& document, const std::vector<Axis>& axes,
                            Problems& problems);

}  // namespace sim::reader
