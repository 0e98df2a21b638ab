#include "sim/app/run_once.h"

#include <cstdio>
#include <memory>

#include "sim/app/cli.h"
#include "sim/app/exports/export.h"
#include "sim/app/files.h"
#include "sim/app/history_file.h"
#include "sim/app/html_report.h"
#include "sim/app/process_host.h"
#include "sim/base/check.h"
#include "sim/hosts/clock.h"
#include "sim/trace/describe.h"
#include "sim/trace/trace_json.h"

namespace sim {
namespace {

File open_trace(const std::string& path, const Plan& plan) {
  File file = open_for_writing(path, "trace");
  std::string header;
  append_json(TraceHeader{plan.scenario.name, plan.seed, plan.facts.cast}, header);
  std::fwrite(header.data(), 1, header.size(), file.get());
  return file;
}

// Whether anybody interrupts, or wants to see progress.
constexpr std::uint64_t kEventsBetweenLooks = 1 << 14;

// While a run is under way, a failed CHECK tells which one, on a terminal that is as it was.
class CheckContext {
 public:
  CheckContext(const Run& run, std::optional<Watcher>& watcher) {
    set_check_context([&run, &watcher] {
      watcher.reset();
      return run.whereabouts();
    });
  }
  ~CheckContext() { set_check_context(nullptr); }
  CheckContext(const CheckContext&) = delete;
  CheckContext& operator=(const CheckContext&) = delete;
};

// A message that is another one in every process.
void plant(Run& run) {
  for (const PlannedNode& node : run.plan().nodes) {
    if (!run.world().levers().is_up(node.machine)) continue;
    run.world().levers().console(node.machine, {"ECHO", std::to_string(process_number())});
    return;
  }
}

}  // namespace

RunResult run_once(const Scenario& scenario, const RunSettings& settings) {
  PlanOptions options = settings.plan;
  if (!settings.report_file.empty()) options.sight_bus = true;
  ask_for(settings.exports, options);
  provide_processes(scenario, options);  // perhaps in another process from here on
  const std::int64_t cpu_before = process_cpu_ns(), real_before = real_ns();
  const std::shared_ptr<const Plan> plan = make_plan(scenario, options);
  Run run(plan);
  std::optional<Watcher> watcher;
  const CheckContext context(run, watcher);
  File trace;
  if (!settings.trace_file.empty()) trace = open_trace(settings.trace_file, *plan);
  File report;
  std::optional<RunRecorder> recorder;
  if (!settings.report_file.empty()) {
    report = open_for_writing(settings.report_file, "report");
    recorder.emplace(*plan);
  }
  std::string line;
  std::optional<HistoryFile> history;
  if (!settings.history_file.empty()) history.emplace(settings.history_file, *plan);
  Exports exports(settings.exports, *plan);
  // What the world has seen comes before the records of the same moment.
  const auto hand_out_sightings = [&] {
    if (!recorder && !exports.any()) return;  // the world was not asked to keep any
    const std::vector<Sighting> sightings = run.world().take_sightings();
    if (recorder) recorder->see(sightings);
    exports.see(run, sightings, run.world().take_frames());
  };
  if (settings.watch) watcher.emplace(*plan, *settings.watch);
  if (trace || history || recorder || watcher || exports.any()) {
    run.set_sink([&](const Record& record) {
      if (watcher) watcher->see(record);
      if (exports.any()) {
        hand_out_sightings();
        exports.see(record);
      }
      if (history) history->write(record);
      if (recorder) recorder->see(record);
      if (!trace) return;
      line.clear();
      append_json(record, plan->facts.cast, line);
      std::fwrite(line.data(), 1, line.size(), trace.get());
    });
  }
  if (settings.watch_count > 0)
    run.world().watch_events(settings.watch_first, settings.watch_count);
  const SimTime end = sim_time(plan->scenario.duration);
  const SimTime until = settings.until.value_or(SimTime::max());
  SimTime plant_at =
      settings.plant_nondeterminism ? sim_time(plan->scenario.duration / 2) : SimTime::max();
  const auto limit = [&] {
    return std::min({until, plant_at, watcher ? watcher->next() : SimTime::max()});
  };
  for (std::uint64_t next_look = 0; run.advance(limit());) {
    hand_out_sightings();
    if (recorder) recorder->look(run);
    while (watcher && run.formed() && run.now() >= watcher->next()) {
      watcher->look();
      if (settings.interrupted && settings.interrupted()) {
        run.cut_short("interrupted");
        break;
      }
    }
    if (run.formed() && run.now() >= until) {
      run.cut_short("stopped at " + format_time(until) + " (--until)");
    }
    if (run.formed() && run.now() >= plant_at) {
      plant(run);
      plant_at = SimTime::max();
    }
    if (run.world().events() < next_look) continue;
    next_look = run.world().events() + kEventsBetweenLooks;
    if (settings.interrupted && settings.interrupted()) run.cut_short("interrupted");
    if (settings.progress) settings.progress(run.now(), end);
  }
  watcher.reset();
  hand_out_sightings();
  if (recorder) recorder->look(run);
  RunResult result = run.result();
  if (!settings.program.empty()) result.replay_options += " --program " + settings.program;
  if (settings.plan.through_wire) result.replay_options += " --wire";
  if (settings.plan.as_in_diff) result.replay_options += " --as-in-diff";
  for (const MutationInfo& info : mutations()) {
    if (info.mutation == settings.plan.mutation)
      result.replay_options += " --mutate " + std::string(info.name);
  }
  if (recorder) {
    const std::string page = html_report(result, report_document(run, result, *recorder));
    if (std::fwrite(page.data(), 1, page.size(), report.get()) != page.size() ||
        std::fflush(report.get()) != 0)
      throw UsageError{"cannot write the report to " + settings.report_file};
  }
  exports.end(result);
  result.cpu_ns = process_cpu_ns() - cpu_before;
  result.wall_ns = real_ns() - real_before;
  return result;
}

}  // namespace sim
