// slotsim diff: one scenario with two kinds of node, held against each other over seeds.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <utility>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/comparison_report.h"
#include "sim/app/run_once.h"
#include "sim/app/side.h"
#include "sim/app/vocabulary.h"
#include "sim/app/wall_levers.h"
#include "sim/app/wall_run.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

struct DiffArguments {
  std::string file, a, b, seeds, seeds_b, only_case;
  std::vector<std::string> bounds;
  unsigned jobs = 1;
  bool json = false;
};

constexpr const char* kAboutDiff =
    "Runs one scenario with two kinds of node and says whether they are equivalent.\n\n"
    "A side is sim (our node), sim:MUTATION, a program such as redis-server (in virtual time),\n"
    "or wall:PROGRAM (that program on loopback in real time).\n\nExamples:\n"
    "  slotsim diff scenarios/failover.json --a sim --b redis-server --seeds 1..200 --jobs 2\n"
    "  slotsim diff scenarios/failover.json --a sim --b sim:late-election --seeds 1..200\n"
    "  slotsim diff scenarios/failover.json --a sim --b wall:redis-server --seeds 1..200 "
    "--seeds-b 1..5";

void describe_options(CommandLine& line, DiffArguments& arguments) {
  line.add_option("scenario", arguments.file, "the scenario file (- for standard input)")
      .type_name("FILE")
      .required();
  line.add_option("--a", arguments.a, "one side").type_name("SIDE").required();
  line.add_option("--b", arguments.b, "the other").type_name("SIDE").required();
  line.add_option("--seeds", arguments.seeds, "a range of seeds, e.g. 1..200")
      .type_name("FIRST..LAST")
      .required();
  line.add_option("--seeds-b", arguments.seeds_b, "other seeds for side b")
      .type_name("FIRST..LAST");
  line.add_option("--jobs", arguments.jobs,
                  "runs at the same time, each in a process of its own; wall: runs are alone")
      .range(1, 1024)
      .type_name("N");
  line.add_option("--case", arguments.only_case, "of a scenario with a matrix: this case")
      .type_name("NAME");
  line.add_option("--bound", arguments.bounds,
                  "another bound: median=50ms, share=1%, distance=0.1, resolution=5ms or rate=5%; "
                  "may be repeated")
      .type_name("NAME=VALUE");
  line.add_flag("--json", arguments.json, "print the comparison as one JSON document");
}

// ---- What the command line means ----

double number_of(const std::string& bound, std::string text, double unit) {
  std::size_t read = 0;
  double value = -1;
  try {
    value = std::stod(text, &read);
  } catch (const std::exception&) {
    read = std::string::npos;
  }
  if (read != text.size() || !(value >= 0) || value > std::numeric_limits<std::int32_t>::max())
    throw UsageError{"--bound expects e.g. median=50ms, distance=0.1 or rate=5%, got '" + bound +
                     "'"};
  return value * unit;
}

void set_bound(const std::string& bound, Bounds& bounds) {
  const std::size_t equals = bound.find('=');
  const std::string name = bound.substr(0, equals);
  std::string value = equals == std::string::npos ? "" : bound.substr(equals + 1);
  const auto without = [&](std::string_view unit) {
    if (value.ends_with(unit)) return value.substr(0, value.size() - unit.size());
    throw UsageError{fmt::format("--bound {} is told in {}, got '{}'", name, unit, bound)};
  };
  if (name == "median") {
    bounds.median_ms = number_of(bound, without("ms"), 1);
  } else if (name == "share") {
    bounds.median_share = number_of(bound, without("%"), 0.01);
  } else if (name == "resolution") {
    bounds.resolution_ms = number_of(bound, without("ms"), 1);
  } else if (name == "distance") {
    bounds.distance = number_of(bound, value, 1);
  } else if (name == "rate") {
    bounds.rate = number_of(bound, without("%"), 0.01);
  } else {
    const std::vector<std::string_view> names{"median", "share", "distance", "resolution", "rate"};
    throw UsageError{"--bound: there is none called '" + name + "', only " + list_of_names(names) +
                     "; " + did_you_mean(name, names)};
  }
}

// nullopt: the file is wrong, which has been told.
std::optional<Scenario> load_one(const DiffArguments& arguments, const std::string& program) {
  Loaded loaded = load_scenario_file(arguments.file, program);
  if (!loaded.problems.empty()) {
    std::fputs(loaded.problems.text().c_str(), stderr);
    return std::nullopt;
  }
  std::string cases;
  for (Scenario& variant : loaded.variants) {
    const bool meant = loaded.variants.size() == 1 || variant.variant == arguments.only_case;
    if (meant && (arguments.only_case.empty() || variant.variant == arguments.only_case))
      return std::move(variant);
    cases += "\n  --case '" + variant.variant + "'";
  }
  throw UsageError{arguments.only_case.empty()
                       ? "diff takes one case of a matrix; this has" + cases
                       : "no case is called '" + arguments.only_case + "'; there are" + cases};
}

// ---- The runs ----

class SideOfDiff {
 public:
  SideOfDiff(Scenario scenario, Side side, std::string seeds, bool beside_wall)
      : scenario_(std::move(scenario)),
        beside_wall_(beside_wall),
        side_(std::move(side)),
        seeds_(std::move(seeds)) {
    range_ = parse_seeds(seeds_);
  }

  // False: somebody interrupted.
  bool run(unsigned jobs) {
    runs_.name = side_.text;
    runs_.ours = side_.kind == Side::Kind::kSim;
    if (side_.kind == Side::Kind::kWall) return run_on_wall();
    const auto work = [&](std::size_t index) { return to_json(run_seed(range_.first + index)); };
    run_in_children(
        range_.count(), jobs, work, [&](const ChildResult& child) { done(child); }, interrupted);
    return !interrupted();
  }

  const Scenario& scenario() const { return scenario_; }
  const SideRuns& runs() const { return runs_; }
  ComparedSide compared() const { return {side_.text, seeds_, runs_.runs.size()}; }
  std::size_t broken() const { return broken_; }

 private:
  // In this process and one after the other: real time is not shared, and who is interrupted takes
  // the servers and their files with him.
  bool run_on_wall() {
    for (std::uint64_t seed = range_.first; seed <= range_.last; ++seed) {
      PlanOptions options;
      options.seed = seed;
      const RunResult result =
          run_on_the_wall(make_plan(scenario_, options), side_.program, interrupted);
      if (interrupted()) return false;
      if (result.complete) {
        runs_.runs.push_back(result.seen);
      } else {
        complain(seed, result.cut_short);
      }
    }
    return true;
  }

  void complain(std::uint64_t seed, const std::string& what) {
    ++broken_;
    fmt::print(stderr, "slotsim diff: {} with seed {}: {}\n", side_.text, seed, what);
  }

  RunResult run_seed(std::uint64_t seed) const {
    RunSettings settings;
    settings.plan.seed = seed;
    settings.plan.mutation = side_.mutation;
    settings.plan.as_in_diff = true;
    // What waits in a link that never opens, a node of ours counts as sent, and of a real one
    // nobody sees: only what arrives is counted alike.
    settings.plan.record_deliveries = !beside_wall_;
    return run_once(scenario_, settings);
  }

  void done(const ChildResult& child) {
    if (child.finished) {
      RunResult result = result_from_json(child.result);
      result.seen.seed = range_.first + child.task;
      result.seen.verdict = std::move(result.headline);
      result.seen.as_expected = result.code == exit_code::kOk;
      runs_.runs.push_back(std::move(result.seen));
      return;
    }
    complain(range_.first + child.task,
             fmt::format("exit code {}: {}", child.exit_code, child.complaint));
  }

  Scenario scenario_;
  bool beside_wall_ = false;
  Side side_;
  std::string seeds_;
  SeedRange range_;
  SideRuns runs_;
  std::size_t broken_ = 0;
};

}  // namespace

int command_diff(const Arguments& words) {
  CommandLine line{"diff", kAboutDiff};
  DiffArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  Bounds bounds;
  for (const std::string& bound : arguments.bounds) set_bound(bound, bounds);
  const Side side_a = parse_side("--a", arguments.a), side_b = parse_side("--b", arguments.b);
  std::vector<SideOfDiff> sides;
  for (const Side* side : {&side_a, &side_b}) {
    const bool hosted = side->kind == Side::Kind::kProgram;
    const bool same = !sides.empty() && !hosted && side_a.kind != Side::Kind::kProgram;
    std::optional<Scenario> scenario =
        same ? sides.front().scenario() : load_one(arguments, hosted ? side->program : "");
    if (!scenario) return exit_code::kUsage;
    const std::string why = side->kind == Side::Kind::kWall ? wall_refusal(*scenario) : "";
    if (!why.empty())
      throw UsageError{fmt::format("{} cannot be run as {}: {}", arguments.file, side->text, why)};
    const bool second = side == &side_b && !arguments.seeds_b.empty();
    sides.emplace_back(std::move(*scenario), *side, second ? arguments.seeds_b : arguments.seeds,
                       side_a.kind == Side::Kind::kWall || side_b.kind == Side::Kind::kWall);
  }
  SideOfDiff &a = sides[0], &b = sides[1];
  catch_interrupts();
  if (!a.run(arguments.jobs) || !b.run(arguments.jobs)) return exit_code::kInterrupted;
  const Comparison comparison = compare(a.runs(), b.runs(), bounds);
  const ComparedSides compared{a.scenario().name, a.compared(), b.compared()};
  if (arguments.json) {
    std::puts(comparison_json(compared, comparison, bounds).c_str());
  } else {
    std::fputs(report_comparison(compared, comparison, bounds, Paint()).c_str(), stdout);
  }
  if (a.broken() + b.broken() > 0) return exit_code::kInternal;
  return comparison.equivalent() ? exit_code::kOk : exit_code::kViolation;
}

}  // namespace sim
