// slotsim diff: scenarios with two kinds of node, held against each other over seeds.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/comparison_report.h"
#include "sim/app/find_scenarios.h"
#include "sim/app/run_once.h"
#include "sim/app/side.h"
#include "sim/app/vocabulary.h"
#include "sim/app/wall_levers.h"
#include "sim/app/wall_run.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

struct DiffArguments {
  std::vector<std::string> paths;
  std::string a, b, seeds, seeds_b, only_case;
  std::vector<std::string> bounds;
  unsigned jobs = 1;
  bool json = false;
};

constexpr const char* kAboutDiff =
    "Runs scenarios with two kinds of node and says whether they are equivalent.\n\n"
    "A side is sim (our node), sim:MUTATION, a program such as redis-server (in virtual time),\n"
    "or wall:PROGRAM (that program on loopback in real time).\n\nExamples:\n"
    "  slotsim diff scenarios/failover.json --a sim --b redis-server --seeds 1..200 --jobs 2\n"
    "  slotsim diff scenarios/failover.json --a sim --b sim:late-election --seeds 1..200\n"
    "  slotsim diff scenarios/failover.json --a sim --b wall:redis-server --seeds 1..200 "
    "--seeds-b 1..5\n"
    "  slotsim diff scenarios/upstream --a sim --b redis-server --seeds 1..50 --jobs 2";

void describe_options(CommandLine& line, DiffArguments& arguments) {
  line.add_option("paths", arguments.paths,
                  "a scenario file (- for standard input); of several, or of directories of them, "
                  "a line each is told")
      .type_name("PATH")
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
  line.add_option("--case", arguments.only_case,
                  "of a scenario with cases or a matrix: only this one")
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

// ---- The scenarios ----

// One scenario, as the servers of either side can be given it.
struct Pair {
  Scenario a, b;
};

struct Pairs {
  std::vector<Pair> pairs;
  std::vector<LeftOut> left_out;
  bool good = true;
};

bool same(const Scenario& one, const Scenario& other) {
  return one.file == other.file && one.variant == other.variant;
}

// What only one side can run is among what the other leaves out.
Pairs find_pairs(const DiffArguments& arguments, const Side& a, const Side& b) {
  const auto find = [&](const Side& side) {
    return find_scenarios(arguments.paths,
                          side.kind == Side::Kind::kProgram ? side.program : std::string(),
                          arguments.only_case);
  };
  Pairs found;
  FoundScenarios of_a = find(a);
  if (!of_a.good) return {{}, {}, false};
  const bool alike = a.kind != Side::Kind::kProgram && b.kind != Side::Kind::kProgram;
  FoundScenarios of_b = alike ? of_a : find(b);
  found.good = of_b.good;
  found.left_out = std::move(of_a.left_out);
  for (LeftOut& one : of_b.left_out) {
    const auto told = [&](const LeftOut& other) { return other.file == one.file; };
    if (std::none_of(found.left_out.begin(), found.left_out.end(), told))
      found.left_out.push_back(std::move(one));
  }
  for (Scenario& scenario : of_a.scenarios) {
    const auto other =
        std::find_if(of_b.scenarios.begin(), of_b.scenarios.end(),
                     [&](const Scenario& candidate) { return same(candidate, scenario); });
    if (other != of_b.scenarios.end())
      found.pairs.push_back({std::move(scenario), std::move(*other)});
  }
  return found;
}

// What the wall cannot do: alone that is a mistake, among many it is left out.
void refuse_for_wall(Pairs& found, const Side& side) {
  if (side.kind != Side::Kind::kWall) return;
  const bool alone = found.pairs.size() == 1;
  std::erase_if(found.pairs, [&](const Pair& pair) {
    const std::string why = wall_refusal(pair.a);
    if (why.empty()) return false;
    if (alone)
      throw UsageError{fmt::format("{} cannot be run as {}: {}", pair.a.file, side.text, why)};
    found.left_out.push_back({pair.a.file, why});
    return true;
  });
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

class Diff {
 public:
  Diff(const DiffArguments& arguments, Side a, Side b, const Bounds& bounds)
      : arguments_(arguments), a_(std::move(a)), b_(std::move(b)), bounds_(bounds) {}

  // nullopt: somebody interrupted.
  std::optional<ComparedScenario> compared(Pair pair) const {
    ComparedScenario compared;
    compared.title = title(pair.a);
    compared.file = pair.a.file;
    const bool wall = a_.kind == Side::Kind::kWall || b_.kind == Side::Kind::kWall;
    SideOfDiff a(std::move(pair.a), a_, arguments_.seeds, wall);
    SideOfDiff b(std::move(pair.b), b_, seeds_of_b(), wall);
    if (!a.run(arguments_.jobs) || !b.run(arguments_.jobs)) return std::nullopt;
    compared.a = a.compared();
    compared.b = b.compared();
    compared.died = a.broken() + b.broken();
    compared.comparison = compare(a.runs(), b.runs(), bounds_);
    return compared;
  }

  int one(Pair pair) const {
    const auto scenario = compared(std::move(pair));
    if (!scenario) return exit_code::kInterrupted;
    const std::string text = arguments_.json ? comparison_json(*scenario, bounds_) + "\n"
                                             : report_comparison(*scenario, bounds_, Paint());
    std::fputs(text.c_str(), stdout);
    return code_of(*scenario);
  }

  int many(Pairs found) const {
    if (!arguments_.json) {
      std::fputs(sides_line({a_.text, arguments_.seeds}, {b_.text, seeds_of_b()}).c_str(), stdout);
      std::fflush(stdout);
    }
    std::vector<ComparedScenario> scenarios;
    int code = exit_code::kOk;
    for (Pair& pair : found.pairs) {
      auto scenario = compared(std::move(pair));
      if (!scenario) return exit_code::kInterrupted;
      code = exit_code::worse(code, code_of(*scenario));
      scenarios.push_back(std::move(*scenario));
      if (arguments_.json) continue;
      std::fputs(comparison_line(scenarios.back(), Paint()).c_str(), stdout);
      std::fflush(stdout);  // the next one may take minutes
    }
    const std::string text =
        arguments_.json ? comparisons_json(scenarios, found.left_out, bounds_) + "\n"
                        : report_comparisons(scenarios, found.left_out.size(), bounds_, Paint());
    std::fputs(text.c_str(), stdout);
    return code;
  }

 private:
  const std::string& seeds_of_b() const {
    return arguments_.seeds_b.empty() ? arguments_.seeds : arguments_.seeds_b;
  }

  static int code_of(const ComparedScenario& scenario) {
    if (scenario.died > 0) return exit_code::kInternal;
    return scenario.comparison.equivalent() ? exit_code::kOk : exit_code::kViolation;
  }

  const DiffArguments& arguments_;
  Side a_, b_;
  const Bounds& bounds_;
};

}  // namespace

int command_diff(const Arguments& words) {
  CommandLine line{"diff", kAboutDiff};
  DiffArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  Bounds bounds;
  for (const std::string& bound : arguments.bounds) set_bound(bound, bounds);
  const Side a = parse_side("--a", arguments.a), b = parse_side("--b", arguments.b);
  for (const std::string& seeds : {arguments.seeds, arguments.seeds_b}) {
    if (!seeds.empty()) parse_seeds(seeds);  // a mistake is told before anything runs
  }
  Pairs found = find_pairs(arguments, a, b);
  if (!found.good) return exit_code::kUsage;
  for (const Side& side : {a, b}) refuse_for_wall(found, side);
  tell_left_out(found.left_out);
  catch_interrupts();
  const Diff diff(arguments, a, b, bounds);
  return found.pairs.size() == 1 && found.left_out.empty()
             ? diff.one(std::move(found.pairs.front()))
             : diff.many(std::move(found));
}

}  // namespace sim
