// slotsim run: one run with everything told, or many with a summary.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/find_scenarios.h"
#include "sim/app/report.h"
#include "sim/app/run_once.h"
#include "sim/app/side.h"
#include "sim/app/verify.h"
#include "sim/app/vocabulary.h"
#include "sim/hosts/process_pool.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  std::vector<std::string> paths;
  std::string seed, seeds, only_case, until, trace, history, report, junit, out, mutation;
  std::vector<std::string> exports;
  std::vector<std::uint64_t> watch_events;
  unsigned jobs = 1;
  std::string program;
  std::string speed;
  bool watch = false;
  bool verify = false, json = false, wire = false, as_in_diff = false, raw = false, quiet = false;
};

constexpr const char* kAboutRun =
    "Runs scenarios and judges them.\n\nExamples:\n"
    "  slotsim run scenarios/failover.json\n"
    "  slotsim run scenarios/failover.json --seed 7 --verify\n"
    "  slotsim run scenarios --seeds 1..50 --jobs 2 --junit out.xml\n"
    "  slotsim run scenarios/failover.json --watch --speed 5x\n"
    "  slotsim run my.json --seed 12 --until 30s --trace t.jsonl\n"
    "  slotsim run my.json --export pcap=bus.pcapng --export perfetto=run.json";

void describe_options(CommandLine& line, RunArguments& arguments) {
  line.add_option("paths", arguments.paths,
                  "scenario files, or directories of them (- for standard input)")
      .type_name("PATH")
      .required();
  line.add_option("--seed", arguments.seed,
                  "the seed (decimal, 0x hex, or a commit hash); default: the scenario's")
      .type_name("SEED");
  line.add_option("--seeds", arguments.seeds, "a range of seeds, e.g. 1..200")
      .type_name("FIRST..LAST");
  line.add_option("--jobs", arguments.jobs, "runs at the same time, each in a process of its own")
      .range(1, 1024)
      .type_name("N");
  line.add_option("--case", arguments.only_case,
                  "of a scenario with cases or a matrix: only this one")
      .type_name("NAME");
  line.add_flag("--verify", arguments.verify,
                "run twice in unlike processes and compare; exit 3 and name the first difference");
  line.add_flag("--wire", arguments.wire, "encode and decode every message on its way");
  line.add_option("--until", arguments.until, "stop at this time of the run, e.g. 30s")
      .type_name("TIME");
  line.add_option("--trace", arguments.trace, "write the trace as JSON lines (one run)")
      .type_name("FILE");
  line.add_option("--history", arguments.history,
                  "write what clients did and saw as JSON lines, for slotsim check (one run)")
      .type_name("FILE");
  line.add_option("--report", arguments.report, "write one HTML file to look at the run (one run)")
      .type_name("FILE");
  std::string kinds;
  for (const ExportKind& kind : export_kinds())
    kinds += fmt::format("\n{} ({})", kind.name, kind.description);
  line.add_option("--export", arguments.exports,
                  "write the run for another tool (one run); may be repeated. Kinds:" + kinds)
      .one_value_each()
      .type_name("KIND=FILE");
  line.add_flag(
      "--watch", arguments.watch,
      "show the cluster while the run goes on; a line for each change, if not on a terminal");
  line.add_option("--speed", arguments.speed,
                  "with --watch: so much faster than real time (default 10x)")
      .type_name("FACTOR");
  line.add_flag("--json", arguments.json, "print results as one JSON document");
  line.add_option("--junit", arguments.junit, "write JUnit XML").type_name("FILE");
  line.add_option(
          "--out", arguments.out,
          "write report and result of each failing run here; of a single run also its trace")
      .type_name("DIR");
  line.add_option("--mutate", arguments.mutation,
                  "break the core on purpose (see: slotsim list mutations)")
      .type_name("NAME");
  line.add_option("--program", arguments.program,
                  "run this server binary instead of our own node, under virtual time")
      .type_name("PATH");
  line.add_flag(
      "--as-in-diff", arguments.as_in_diff,
      "the seed as slotsim diff runs it: faults begin anywhere between two ticks, and real "
      "servers log whom they suspect");
  line.add_flag("--quiet,-q", arguments.quiet, "verdicts only");
  line.add_flag("--raw", arguments.raw, "").hidden();
  line.add_option("--watch-events", arguments.watch_events, "").values(2).hidden();
}

RunSettings settings_of(const RunArguments& arguments, std::uint64_t seed) {
  RunSettings settings;
  settings.plan.seed = seed;
  settings.plan.through_wire = arguments.wire;
  settings.plan.as_in_diff = arguments.as_in_diff;
  settings.program = arguments.program;
  if (!arguments.mutation.empty())
    settings.plan.mutation = mutation_named("--mutate", arguments.mutation);
  if (!arguments.until.empty()) {
    const auto until = parse_duration(arguments.until);
    if (!until || *until < Duration{0})
      throw UsageError{"--until expects a time such as 30s, got '" + arguments.until + "'"};
    settings.until = sim_time(*until);
  }
  if (arguments.watch_events.size() == 2) {
    settings.watch_first = arguments.watch_events[0];
    settings.watch_count = arguments.watch_events[1];
  }
  settings.plant_nondeterminism = std::getenv("SLOTSIM_PLANT_NONDETERMINISM") != nullptr;
  settings.interrupted = interrupted;
  return settings;
}

WatchSpeed watch_speed(const RunArguments& arguments) {
  return parse_watch_speed(arguments.speed.empty() ? "10x" : arguments.speed);
}

fs::path directory_for(const RunArguments& arguments, const Scenario& scenario,
                       std::uint64_t seed) {
  std::string name = scenario.name + (scenario.variant.empty() ? "" : "-" + scenario.variant);
  for (char& c : name) {
    if (c == '/' || c == ' ') c = '_';
  }
  const fs::path directory = fs::path(arguments.out) / name / ("seed-" + std::to_string(seed));
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw UsageError{"cannot create " + directory.string() + ": " + error.message()};
  return directory;
}

int run_one(const Scenario& scenario, std::uint64_t seed, const RunArguments& arguments) {
  RunSettings settings = settings_of(arguments, seed);
  settings.trace_file = arguments.trace;
  settings.history_file = arguments.history;
  settings.report_file = arguments.report;
  settings.exports = parse_exports(arguments.exports);
  fs::path directory;
  if (!arguments.out.empty()) {
    directory = directory_for(arguments, scenario, seed);
    if (settings.trace_file.empty()) settings.trace_file = (directory / "trace.jsonl").string();
  }
  if (arguments.watch) settings.watch = watch_speed(arguments);
  const bool show_progress =
      isatty(STDERR_FILENO) != 0 && !arguments.raw && !arguments.json && !arguments.watch;
  if (show_progress) {
    settings.progress = [](SimTime now, SimTime end) {
      fmt::print(stderr, "\r{} of {}   ", format_time(now), format_time(end));
    };
  }
  const RunResult result = run_once(scenario, settings);
  if (show_progress) std::fputs("\r\x1b[K", stderr);
  if (arguments.json || arguments.raw) {
    std::puts(to_json(result).c_str());
  } else if (arguments.quiet) {
    fmt::print("{}\n", result.code == 0 ? fmt::format("PASS {} seed={} digest={:016x}",
                                                      result.scenario, seed, result.digest)
                                        : failure_line(result));
  } else {
    std::fputs(report_run(scenario, result, Paint()).c_str(), stdout);
  }
  if (!directory.empty()) {
    write_file(directory / "result.json", to_json(result));
    write_file(directory / "report.txt", report_run(scenario, result, Paint::plain()));
  }
  if (!arguments.junit.empty()) {
    SeedsSummary summary;
    summary.scenario = &scenario;
    summary.code = result.code;
    if (result.code == exit_code::kOk) {
      summary.passes(result);
    } else {
      summary.failed = 1;
      summary.failures.push_back(result);
    }
    write_file(arguments.junit, junit_xml({summary}, {}));
  }
  return interrupted() ? exit_code::kInterrupted : result.code;
}

// ---- Many runs ----

struct Task {
  std::size_t scenario = 0;
  std::uint64_t seed = 0;
};

std::vector<Metric> metrics_of(const RunResult& result) {
  std::vector<Metric> metrics;
  for (const MetricResult& metric : result.metrics) {
    const MetricKind* kind = find_metric(metric.name);
    metrics.push_back(
        {metric.name, kind == nullptr ? MetricUnit::kCount : kind->unit, metric.value});
  }
  return metrics;
}

// A run that ended without a result: a CHECK, a crash, or a seed whose draws make no sense.
RunResult result_of_dead_child(const Scenario& scenario, const Task& task,
                               const ChildResult& child) {
  RunResult result;
  result.scenario = scenario.name;
  result.file = scenario.file;
  result.case_name = scenario.variant;
  result.seed = task.seed;
  result.code = exit_code::kInternal;
  result.headline =
      "FAIL internal error (exit code " + std::to_string(child.exit_code) + "): " + child.complaint;
  return result;
}

class Campaign {
 public:
  // `left_out`: those that cannot run here at all.
  Campaign(const std::vector<Scenario>& scenarios, const RunArguments& arguments,
           std::vector<LeftOut> left_out)
      : scenarios_(scenarios),
        arguments_(arguments),
        left_out_(std::move(left_out)),
        summaries_(scenarios.size()),
        as_declared_(scenarios.size()) {
    for (std::size_t i = 0; i < scenarios.size(); ++i) {
      summaries_[i].scenario = &scenarios[i];
      summaries_[i].bites = Bites(scenarios[i]);
      const SeedRange range = seeds_of(scenarios[i]);
      for (std::uint64_t seed = range.first;; ++seed) {
        tasks_.push_back({i, seed});
        if (seed == range.last) break;
      }
    }
  }

  int run() {
    const auto work = [this](std::size_t index) {
      const Task& task = tasks_[index];
      return to_json(run_once(scenarios_[task.scenario], settings_of(arguments_, task.seed)));
    };
    run_in_children(
        tasks_.size(), arguments_.jobs, work, [this](const ChildResult& child) { done(child); },
        interrupted);
    for (std::size_t i = told_; i < scenarios_.size(); ++i) {
      if (summaries_[i].passed + summaries_[i].failed > 0) tell(i);
    }
    return close();
  }

 private:
  SeedRange seeds_of(const Scenario& scenario) const {
    if (!arguments_.seeds.empty()) return parse_seeds(arguments_.seeds);
    const std::uint64_t seed =
        arguments_.seed.empty() ? scenario.seed : parse_seed(arguments_.seed);
    return {seed, seed};
  }

  void done(const ChildResult& child) {
    const Task& task = tasks_[child.task];
    const Scenario& scenario = scenarios_[task.scenario];
    while (told_ < task.scenario) tell(told_);
    const RunResult result = child.finished ? result_from_json(child.result)
                                            : result_of_dead_child(scenario, task, child);
    SeedsSummary& summary = summaries_[task.scenario];
    summary.metrics.add(task.seed, metrics_of(result));
    if (child.finished) summary.bites.see(result);
    summary.add(result);
    as_declared_[task.scenario] = as_declared_[task.scenario] || result.as_declared;
    if (arguments_.json) json_ += (json_.empty() ? "" : ",\n") + to_json(result);
    if (result.code == exit_code::kOk) {
      return summary.passes(result);
    }
    ++summary.failed;
    summary.code = exit_code::worse(summary.code, result.code);
    constexpr std::size_t kKept = 10;
    if (summary.failures.size() < kKept) summary.failures.push_back(result);
    if (!arguments_.out.empty()) keep(scenario, task.seed, result);
  }

  void keep(const Scenario& scenario, std::uint64_t seed, const RunResult& result) const {
    const fs::path directory = directory_for(arguments_, scenario, seed);
    write_file(directory / "result.json", to_json(result));
    write_file(directory / "report.txt", report_run(scenario, result, Paint::plain()));
  }

  void tell(std::size_t index) {
    SeedsSummary& summary = summaries_[index];
    const Scenario& scenario = *summary.scenario;
    summary.bounds = judge_bounds_over_seeds(scenario, summary.metrics);
    if (scenario.expect.in == Expectations::Seeds::kSome) {
      summary.bounds.push_back({"some seed fails as the scenario says", as_declared_[index],
                                as_declared_[index] ? "seen" : "never seen",
                                exit_code::kUnexpectedPass});
    }
    for (const Expectation& bound : summary.bounds) {
      if (!bound.met) summary.code = exit_code::worse(summary.code, bound.code);
    }
    if (!arguments_.json) {
      std::fputs(report_seeds(summary, paint_, !arguments_.quiet).c_str(), stdout);
      std::fflush(stdout);
    }
    told_ = index + 1;
  }

  int close() {
    std::uint64_t passed = 0, failed = 0;
    int code = exit_code::kOk;
    for (const SeedsSummary& summary : summaries_) {
      passed += summary.passed;
      failed += summary.failed;
      for (const Expectation& bound : summary.bounds) failed += bound.met ? 0 : 1;
      code = exit_code::worse(code, summary.code);
    }
    const std::uint64_t skipped =
        left_out_.size() + tasks_.size() - std::min<std::uint64_t>(tasks_.size(), passed + failed);
    if (!arguments_.junit.empty()) write_file(arguments_.junit, junit_xml(summaries_, left_out_));
    if (arguments_.json) {
      std::string bites;
      for (const SeedsSummary& summary : summaries_)
        bites += (bites.empty() ? "" : ",\n") + summary.bites.json();
      fmt::print(
          "{{\"slotsim_results\": 1, \"passed\": {}, \"failed\": {}, \"skipped\": {}, "
          "\"known_defects\": {{{}}}, \"runs\": [\n{}\n], \"bites\": [\n{}\n]}}\n",
          passed, failed, skipped, defects_json(), json_, bites);
    } else {
      fmt::print("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
    }
    return interrupted() ? exit_code::kInterrupted : code;
  }

  // How many runs show which row.
  std::string defects_json() const {
    std::map<int, std::uint64_t> rows;
    for (const SeedsSummary& summary : summaries_) {
      for (const auto& [row, seen] : summary.known_defects) rows[row] += seen;
    }
    std::string text;
    for (const auto& [row, seen] : rows)
      text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", row, seen);
    return text;
  }

  const std::vector<Scenario>& scenarios_;
  const RunArguments& arguments_;
  std::vector<LeftOut> left_out_;
  std::vector<SeedsSummary> summaries_;
  std::vector<bool> as_declared_;
  std::vector<Task> tasks_;
  std::size_t told_ = 0;
  std::string json_;
  Paint paint_;
};

// The options that change what a run does, for those who start it again.
std::vector<std::string> passed_on(const RunArguments& arguments) {
  std::vector<std::string> options;
  if (arguments.wire) options.emplace_back("--wire");
  if (!arguments.program.empty()) options.insert(options.end(), {"--program", arguments.program});
  if (!arguments.mutation.empty()) options.insert(options.end(), {"--mutate", arguments.mutation});
  if (!arguments.until.empty()) options.insert(options.end(), {"--until", arguments.until});
  if (arguments.as_in_diff) options.emplace_back("--as-in-diff");
  return options;
}

// What does not go together is refused: an option that is passed over in silence is a lie.
void check_combinations(const RunArguments& arguments) {
  if (!arguments.seed.empty() && !arguments.seeds.empty())
    throw UsageError{"--seed and --seeds exclude each other"};
  if (!arguments.watch && !arguments.speed.empty())
    throw UsageError{"--speed is how fast --watch shows the run"};
  watch_speed(arguments);  // a mistake in it is told before anything runs
  if (arguments.watch && arguments.json)
    throw UsageError{"--watch and --json exclude each other: both want standard output"};
  if (arguments.json && arguments.quiet) throw UsageError{"--json and --quiet exclude each other"};
  for (const ExportRequest& request : parse_exports(arguments.exports)) {
    for (const std::string& other :
         {arguments.trace, arguments.history, arguments.report, arguments.junit}) {
      if (request.file == other) throw UsageError{"two outputs cannot go to one file, " + other};
    }
  }
  if (!arguments.verify) return;
  const bool from_stdin =
      std::find(arguments.paths.begin(), arguments.paths.end(), "-") != arguments.paths.end();
  if (from_stdin) {
    throw UsageError{
        "--verify reads the scenario in two processes: give a file, not standard input"};
  }
  for (const auto& [name, given] :
       {std::pair{"--json", arguments.json}, std::pair{"--junit", !arguments.junit.empty()},
        std::pair{"--out", !arguments.out.empty()}, std::pair{"--trace", !arguments.trace.empty()},
        std::pair{"--history", !arguments.history.empty()},
        std::pair{"--report", !arguments.report.empty()},
        std::pair{"--export", !arguments.exports.empty()}, std::pair{"--watch", arguments.watch},
        std::pair{"--jobs", arguments.jobs > 1}}) {
    if (given) {
      throw UsageError{fmt::format(
          "--verify compares two runs, one after the other, and reports only that: it takes no {}",
          name)};
    }
  }
}

}  // namespace

int command_run(const Arguments& words) {
  CommandLine line{"run", kAboutRun};
  RunArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  check_combinations(arguments);
  auto [scenarios, left_out, good] =
      find_scenarios(arguments.paths, arguments.program, arguments.only_case);
  tell_left_out(left_out);
  if (!good) return exit_code::kUsage;
  settings_of(arguments, 1);  // a mistake in the options is told before anything runs
  const bool single = scenarios.size() == 1 && arguments.seeds.empty() && left_out.empty();
  for (const auto& [name, file] :
       {std::pair{"--trace", arguments.trace}, std::pair{"--history", arguments.history},
        std::pair{"--report", arguments.report},
        std::pair{"--export", arguments.exports.empty() ? "" : arguments.exports.front()},
        std::pair{"--watch", std::string(arguments.watch ? "yes" : "")}}) {
    if (single || file.empty()) continue;
    throw UsageError{
        fmt::format("{} is for one run: give one scenario, one case and one seed", name)};
  }
  catch_interrupts();
  const auto seed_for = [&](const Scenario& scenario) {
    return arguments.seed.empty() ? scenario.seed : parse_seed(arguments.seed);
  };
  try {
    if (arguments.verify) {
      int code = exit_code::kOk;
      for (const Scenario& scenario : scenarios) {
        const SeedRange range = arguments.seeds.empty()
                                    ? SeedRange{seed_for(scenario), seed_for(scenario)}
                                    : parse_seeds(arguments.seeds);
        for (std::uint64_t seed = range.first; seed <= range.last && !interrupted(); ++seed) {
          code = exit_code::worse(code, verify_run(scenario, seed, passed_on(arguments)));
        }
      }
      return interrupted() ? exit_code::kInterrupted : code;
    }
    if (single) return run_one(scenarios.front(), seed_for(scenarios.front()), arguments);
    return Campaign(scenarios, arguments, std::move(left_out)).run();
  } catch (const ScenarioError& error) {
    std::fputs(error.problems().text().c_str(), stderr);
    return exit_code::kUsage;
  }
}

}  // namespace sim
