// slotsim demo: a run that passes, a run that is caught, and where their reports are.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/demo_scenarios.h"
#include "sim/app/report.h"
#include "sim/app/run_once.h"
#include "sim/app/side.h"
#include "sim/app/vocabulary.h"
#include "sim/base/check.h"
#include "sim/trace/describe.h"
#include "viz/timeline.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

// Those around the first fault, and no more than fit a screen beside the rest.
void print_timeline(const RunResult& result) {
  constexpr std::size_t kShown = 14;
  std::size_t shown = 0;
  for (const TimelineEntry& entry : result.timeline) {
    if (entry.at < SimTime{} || shown == kShown) continue;
    fmt::print("{}\n", format_entry(entry.at - SimTime{}, entry.text, entry.fault));
    ++shown;
  }
  if (shown == kShown) fmt::print("              ... and so on, in the report\n");
}

RunResult show(const DemoScenario& demo, std::size_t number, const fs::path& report,
               const Paint& paint) {
  const Loaded loaded = load_scenario(std::string(demo.file), std::string(demo.text), vocabulary());
  CHECK(loaded.problems.empty());
  const Scenario& scenario = loaded.variants.front();
  RunSettings settings;
  settings.plan.seed = scenario.seed;
  if (!demo.mutation.empty())
    settings.plan.mutation = mutation_named("mutation", std::string(demo.mutation));
  settings.report_file = report.string();
  fmt::print("{}\n", paint.strong(fmt::format("{}. {}: {}", number, scenario.name, demo.story)));
  const RunResult result = run_once(scenario, settings);
  print_timeline(result);
  const bool good = result.code == exit_code::kOk;
  fmt::print("  {}\n", good ? paint.good(result.headline) : paint.bad(result.headline));
  fmt::print("  report  {}\n  look    {}\n  again   sim/run {} --seed {}{}\n\n", report.string(),
             demo.look, demo.file, scenario.seed, result.replay_options);
  return result;
}

}  // namespace

int command_demo(const Arguments& words) {
  CommandLine line{
      "demo",
      "Shows, without any file, a run that passes and one that is caught, and writes their "
      "reports.\n\nExamples:\n"
      "  slotsim demo\n"
      "  slotsim demo --out /tmp/demo"};
  std::string out = "slotsim-demo";
  line.add_option("--out", out, "where the reports go (default ./slotsim-demo)").type_name("DIR");
  if (const auto code = line.parse(words)) return *code;
  std::error_code error;
  fs::create_directories(out, error);
  if (error) throw UsageError{"cannot create " + out + ": " + error.message()};
  const Paint paint;
  bool as_promised = true;
  std::size_t number = 0;
  for (const DemoScenario& demo : demo_scenarios()) {
    const fs::path report = fs::path(out) / (fs::path(demo.file).stem().string() + ".html");
    const RunResult result = show(demo, ++number, report, paint);
    const int promised = demo.mutation.empty() ? exit_code::kOk : exit_code::kViolation;
    as_promised = as_promised && result.code == promised;
  }
  // The programs of both runs are in this binary: nothing of a user's can make them otherwise.
  CHECK(as_promised);
  fmt::print(
      "Open the reports with a double click. Then: your own cluster, with slotsim import.\n");
  return exit_code::kOk;
}

}  // namespace sim
