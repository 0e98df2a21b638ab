// slotsim graph: the cluster at a moment of a run, as a picture.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "sim/app/cli.h"
#include "sim/app/cluster_map_of.h"
#include "sim/app/command_line.h"
#include "sim/app/frames.h"
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

namespace fs = std::filesystem;

constexpr std::size_t kCaptionLines = 4;

struct GraphArguments {
  std::string file, at = "0s", view, show = "both", format = "dot", output, frames, seed, only_case;
  bool belief = false;
};

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

// A run under way, and what is folded from it.
class Filming {
 public:
  Filming(const Scenario& scenario, const GraphArguments& arguments, std::uint64_t seed,
          std::optional<Duration> at)
      : arguments_(arguments), plan_(plan_of(scenario, seed)), run_(plan_) {
    check_view();
    fold_.emplace(Scene{scenario.name, seed, plan_->facts.cast, at, arguments.view,
                        single_points(plan_->world.topology)});
    run_.set_sink([this](const Record& record) { fold_->see(record); });
  }
  Filming(const Filming&) = delete;
  Filming& operator=(const Filming&) = delete;

  // The picture as DOT, when all of that moment has happened.
  std::string picture_at(Duration at, const std::vector<std::string>& caption) {
    while ((!run_.formed() || run_.now() < sim_time(at)) && run_.advance()) {}
    if (!run_.formed()) throw UsageError{"the cluster never formed"};
    if (run_.over() && run_.now() < sim_time(at)) {
      fmt::print(stderr, "slotsim graph: the run ends at {}; this is how it ended\n",
                 format_time(run_.now()));
    }
    if (!run_.over()) run_.probe_everybody();
    ClusterPicture picture = fold_->picture();
    picture.caption = caption;
    if (picture.caption.size() > kCaptionLines) {
      const std::size_t more = picture.caption.size() - kCaptionLines;
      picture.caption.resize(kCaptionLines);
      picture.caption.push_back(fmt::format("and {} more", more));
    }
    if (arguments_.belief) return beliefs_dot(picture);
    if (arguments_.show == "logical") return logical_dot(picture);
    if (arguments_.show == "both") return to_dot(picture);
    return physical_dot(picture,
                        cluster_map_of(plan_->scenario, &run_.world().levers().topology()));
  }

 private:
  static std::shared_ptr<const Plan> plan_of(const Scenario& scenario, std::uint64_t seed) {
    PlanOptions options;
    options.seed = seed;
    provide_processes(scenario, options);
    return make_plan(scenario, options);
  }

  void check_view() const {
    if (arguments_.view.empty()) return;
    std::vector<std::string_view> names;
    for (const PlannedNode& node : plan_->nodes)
      names.push_back(plan_->facts.cast[node.machine.value].name);
    if (std::find(names.begin(), names.end(), arguments_.view) == names.end()) {
      throw UsageError{"--view: no server is called '" + arguments_.view + "'; " +
                       did_you_mean(arguments_.view, names)};
    }
  }

  const GraphArguments& arguments_;
  std::shared_ptr<const Plan> plan_;
  Run run_;
  std::optional<PictureFold> fold_;
};

// The same run once before, to know which moments there are.
std::vector<FilmFrame> frames_in(const Scenario& scenario, std::uint64_t seed) {
  PlanOptions options;
  options.seed = seed;
  const auto plan = make_plan(scenario, options);
  Run run(plan);
  TimelineFold fold(plan->facts.cast);
  run.set_sink([&fold](const Record& record) { fold.see(record); });
  while (run.advance(SimTime::max())) {}
  return frames_of(fold.entries());
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

// One picture for each moment, and an index of what happened at each.
void write_frames(const Scenario& scenario, std::uint64_t seed, const GraphArguments& arguments) {
  if (has_processes(scenario))
    throw UsageError{"--frames runs the scenario twice, which its processes do not bear"};
  std::error_code error;
  fs::create_directories(arguments.frames, error);
  if (error) throw UsageError{"cannot create " + arguments.frames + ": " + error.message()};
  const std::vector<FilmFrame> frames = frames_in(scenario, seed);
  Filming filming(scenario, arguments, seed, std::nullopt);
  std::string index;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::string name = frame_name(i, frames[i], arguments.format);
    write_file(fs::path(arguments.frames) / name,
               render(filming.picture_at(frames[i].at, frames[i].lines), arguments.format));
    index += name + "\n";
    for (const std::string& line : frames[i].lines) index += "  " + line + "\n";
  }
  write_file(fs::path(arguments.frames) / "index.txt", index);
  fmt::print("{} pictures and index.txt in {}\n", frames.size(), arguments.frames);
}

void describe_options(CommandLine& line, GraphArguments& arguments) {
  line.add_option("file", arguments.file, "a scenario file").type_name("FILE").required();
  line.add_option("--at", arguments.at, "when, since the cluster formed (default 0s)")
      .type_name("TIME");
  line.add_option("--show", arguments.show,
                  "physical (places, links and their states, single points of failure), logical "
                  "(shards, slots, replication), or both in one (default)")
      .one_of({"physical", "logical", "both"})
      .type_name("WHAT");
  line.add_flag("--belief", arguments.belief, "instead: who holds whom for PFAIL or FAIL");
  line.add_option("--view", arguments.view,
                  "as this node believes it; default: what a majority holds")
      .type_name("NODE");
  line.add_option("--frames", arguments.frames,
                  "write one picture for each moment of the run at which something happens")
      .type_name("DIR");
  line.add_option("--format", arguments.format, "dot (default), svg or png")
      .one_of({"dot", "svg", "png"})
      .type_name("FORMAT");
  line.add_option("-o,--output", arguments.output, "file to write; default: standard output")
      .type_name("FILE");
  line.add_option("--seed", arguments.seed, "the seed; default: the scenario's").type_name("SEED");
  line.add_option("--case", arguments.only_case, "of a scenario with a matrix: this case")
      .type_name("NAME");
}

void check_combinations(const CommandLine& line, const GraphArguments& arguments) {
  if (arguments.belief && line.given("--show"))
    throw UsageError{"--belief is a picture of its own: it takes no --show"};
  if (arguments.belief && !arguments.view.empty())
    throw UsageError{"--belief shows what everybody believes: it takes no --view"};
  for (const char* option : {"--at", "--output"}) {
    if (!arguments.frames.empty() && line.given(option))
      throw UsageError{std::string("--frames draws every moment into a folder: it takes no ") +
                       option};
  }
}

}  // namespace

int command_graph(const Arguments& words) {
  CommandLine line{
      "graph",
      "Draws the cluster at a moment of a run.\n\nExamples:\n"
      "  slotsim graph scenarios/split-by-zones.json --at 20s --format svg -o t.svg\n"
      "  slotsim graph scenarios/failover.json --at 12s --view m3 | dot -Tpng > m3.png\n"
      "  slotsim graph my.json --show physical --format svg -o places.svg\n"
      "  slotsim graph my.json --at 12s --belief | dot -Tpng > beliefs.png\n"
      "  slotsim graph scenarios/failover.json --frames frames --format svg"};
  GraphArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  check_combinations(line, arguments);
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
  if (!arguments.frames.empty()) {
    write_frames(scenario, seed, arguments);
    return exit_code::kOk;
  }
  const std::string image =
      render(Filming(scenario, arguments, seed, *at).picture_at(*at, {}), arguments.format);
  if (arguments.output.empty()) {
    std::fwrite(image.data(), 1, image.size(), stdout);
    return exit_code::kOk;
  }
  write_file(arguments.output, image);
  return exit_code::kOk;
}

}  // namespace sim
