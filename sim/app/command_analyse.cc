// slotsim analyse: what a topology risks, in sentences, before anything is simulated.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/process_host.h"
#include "sim/app/program_lookup.h"
#include "sim/app/result.h"
#include "sim/app/risk_report.h"
#include "sim/app/vocabulary.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

constexpr std::size_t kRisksShown = 10;  // risks of each kind, unless all are asked for
constexpr std::size_t kDrillsMost = 24;  // of the single failures, the worst
constexpr std::uint64_t kSeedsDefault = 5;

struct AnalyseArguments {
  std::string file, only_case, fail_on, seeds;
  unsigned jobs = 1;
  bool json = false, all = false, simulate = false;
};

void describe_options(CommandLine& line, AnalyseArguments& arguments) {
  line.add_option("file", arguments.file, "a scenario file (- for standard input)")
      .type_name("FILE")
      .required();
  line.add_option("--case", arguments.only_case, "of a scenario with a matrix: this case")
      .type_name("NAME");
  line.add_option(
          "--fail-on", arguments.fail_on,
          "exit 1 if there is one: spof, a host, rack, zone, region, switch or link whose "
          "failure alone leaves slots refused, or no majority, after every failover that can "
          "happen")
      .one_of({"spof"})
      .type_name("WHAT");
  line.add_flag("--simulate", arguments.simulate,
                "also run each kind of single failure (the 24 worst) and measure");
  line.add_option("--seeds", arguments.seeds,
                  "with --simulate: how many seeds, from 1 on, or a range FIRST..LAST (default 5)")
      .type_name("N");
  line.add_option("--jobs", arguments.jobs,
                  "with --simulate: runs at the same time, each in a process of its own")
      .range(1, 1024)
      .type_name("N");
  line.add_flag("--all", arguments.all, "show every kind of failure, not the 10 worst");
  line.add_flag("--json", arguments.json, "print all of it as one JSON document");
}

// "20" is seeds 1 to 20.
SeedRange seeds_of(const AnalyseArguments& arguments) {
  if (arguments.seeds.empty()) return {1, kSeedsDefault};
  if (arguments.seeds.find("..") != std::string::npos) return parse_seeds(arguments.seeds);
  const SeedRange count = parse_seeds(arguments.seeds);
  if (count.first == 0) throw UsageError{"--seeds expects at least one seed"};
  return {1, count.first};
}

void check_combinations(const CommandLine& line, const AnalyseArguments& arguments) {
  for (const char* option : {"--seeds", "--jobs"}) {
    if (!arguments.simulate && line.given(option))
      throw UsageError{std::string(option) + " is for --simulate"};
  }
  if (arguments.json && arguments.all)
    throw UsageError{"--json prints all anyhow: it takes no --all"};
}

}  // namespace

int command_analyse(const Arguments& words) {
  CommandLine line{
      "analyse",
      "Says what the topology of a scenario risks: every single and double failure of a host, "
      "rack, "
      "zone, region,\nswitch or link, and what it comes to by the rules of Redis Cluster.\n\n"
      "Examples:\n"
      "  slotsim analyse scenarios/zone-loss.json\n"
      "  slotsim analyse my.json --fail-on spof            exit 1 if one failure alone loses "
      "slots\n"
      "  slotsim analyse my.json --simulate --seeds 20 --jobs 2"};
  AnalyseArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  check_combinations(line, arguments);
  const SeedRange seeds = seeds_of(arguments);
  const Loaded loaded = load_scenario_file(arguments.file);
  if (!loaded.problems.empty()) {
    std::fputs(loaded.problems.text().c_str(), stderr);
    return exit_code::kUsage;
  }
  const Scenario& scenario = choose_variant(loaded, arguments.only_case);
  Analysis analysis = analyse(scenario);
  if (analysis.map.servers.empty())
    throw UsageError{arguments.file + ": the scenario has no cluster to analyse"};
  if (arguments.simulate) {
    require_programs(scenario);
    catch_interrupts();
    std::vector<Risk> risks = analysis.risks.single;
    risks.resize(std::min(risks.size(), kDrillsMost));
    analysis.seeds = seeds;
    analysis.drills = run_drills(scenario, analysis.map, risks, seeds, arguments.jobs);
    if (interrupted()) return exit_code::kInterrupted;
  }
  if (arguments.json) {
    std::puts(to_json(analysis).c_str());
  } else {
    const std::size_t shown = arguments.all ? std::numeric_limits<std::size_t>::max() : kRisksShown;
    std::fputs(report_analysis(analysis, shown, Paint()).c_str(), stdout);
  }
  const bool fails = arguments.fail_on == "spof" && single_points(analysis) > 0;
  return fails ? exit_code::kViolation : exit_code::kOk;
}

}  // namespace sim
