// slotsim graph: the cluster at a moment of a run, as a picture.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "sim/app/cli.h"
#include "sim/app/process_host.h"
#include "sim/app/result.h"
#include "sim/app/run.h"
#include "sim/app/vocabulary.h"
#include "sim/hosts/subprocess.h"
#include "sim/trace/describe.h"
#include "viz/graph.h"
#include "viz/picture.h"

namespace sim {
namespace {

struct GraphArguments {
  std::string file, at = "0s", view, format = "dot", output, seed, only_case;
};

const Scenario& choose_variant(const Loaded& loaded, const std::string& only_case) {
  for (const Scenario& variant : loaded.variants) {
    if (only_case.empty() || variant.variant == only_case) return variant;
  }
  throw UsageError{"no case is called " + only_case};
}

// What the topology alone knows: switches and regions whose loss splits the network. Hosts, racks
// and zones are not worth a mark: each of them is all that ties what stands in it to the rest.
std::vector<std::string> single_points(const Topology& topology) {
  std::vector<std::string> names;
  for (const VertexId vertex : topology.articulation_points()) {
    const VertexInfo& info = topology.vertices()[vertex.value];
    if (info.kind == VertexKind::kSwitch || info.kind == VertexKind::kRegion)
      names.push_back(info.name);
  }
  return names;
}

ClusterPicture picture_at(const Scenario& scenario, std::uint64_t seed, Duration at,
                          const std::string& view) {
  PlanOptions options;
  options.seed = seed;
  provide_processes(scenario, options);
  const auto plan = make_plan(scenario, options);
  if (!view.empty()) {
    std::vector<std::string_view> names;
    bool known = false;
    for (const PlannedNode& node : plan->nodes) {
      names.push_back(plan->facts.cast[node.machine.value].name);
      known = known || names.back() == view;
    }
    if (!known)
      throw UsageError{"--view: no server is called '" + view + "'; " + did_you_mean(view, names)};
  }
  Run run(plan);
  PictureFold fold(
      {scenario.name, seed, plan->facts.cast, at, view, single_points(plan->world.topology)});
  run.set_sink([&fold](const Record& record) { fold.see(record); });
  while ((!run.formed() || run.now() < sim_time(at)) && run.advance()) {}
  if (!run.formed()) throw UsageError{"the cluster never formed"};
  if (run.over() && run.now() < sim_time(at)) {
    fmt::print(stderr, "slotsim graph: the run ends at {}; this is how it ended\n",
               format_time(run.now()));
  }
  if (!run.over()) run.probe_everybody();
  return fold.picture();
}

std::string render(const std::string& dot, const std::string& format) {
  if (format == "dot") return dot;
  const auto output = run_program("dot", {"-T" + format}, dot, {});
  if (!output)
    throw UsageError{
        "the program 'dot' is not installed: apt-get install graphviz, or use --format dot"};
  if (output->exit_code != 0)
    throw UsageError{"'dot' failed with exit code " + std::to_string(output->exit_code)};
  return output->out;
}

}  // namespace

int command_graph(const Arguments& words) {
  CLI::App app{
      "Draws the cluster at a moment of a run.\n\nExamples:\n"
      "  slotsim graph scenarios/split-by-zones.json --at 20s --format svg -o t.svg\n"
      "  slotsim graph scenarios/failover.json --at 12s --view m3 | dot -Tpng > m3.png",
      "graph"};
  GraphArguments arguments;
  app.add_option("file", arguments.file, "a scenario file")->type_name("FILE")->required();
  app.add_option("--at", arguments.at, "when, since the cluster formed (default 0s)")
      ->type_name("TIME");
  app.add_option("--view", arguments.view,
                 "as this node believes it; default: what a majority holds")
      ->type_name("NODE");
  app.add_option("--format", arguments.format, "dot (default), svg or png")
      ->check(CLI::IsMember({"dot", "svg", "png"}))
      ->type_name("FORMAT");
  app.add_option("-o,--output", arguments.output, "file to write; default: standard output")
      ->type_name("FILE");
  app.add_option("--seed", arguments.seed, "the seed; default: the scenario's")->type_name("SEED");
  app.add_option("--case", arguments.only_case, "of a scenario with a matrix: this case")
      ->type_name("NAME");
  if (const auto code = parse_command_line(app, words)) return *code;
  const auto at = parse_duration(arguments.at);
  if (!at || *at < Duration{0})
    throw UsageError{"--at expects a time such as 12s, got '" + arguments.at + "'"};
  const Loaded loaded = load_scenario_file(arguments.file);
  if (!loaded.problems.empty()) {
    std::fputs(loaded.problems.text().c_str(), stderr);
    return exit_code::kUsage;
  }
  const Scenario& scenario = choose_variant(loaded, arguments.only_case);
  const std::uint64_t seed = arguments.seed.empty() ? scenario.seed : parse_seed(arguments.seed);
  const std::string image =
      render(to_dot(picture_at(scenario, seed, *at, arguments.view)), arguments.format);
  if (arguments.output.empty()) {
    std::fwrite(image.data(), 1, image.size(), stdout);
    return exit_code::kOk;
  }
  write_file(arguments.output, image);
  return exit_code::kOk;
}

}  // namespace sim
