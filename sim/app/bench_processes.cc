// Unmodified servers under virtual time, idle but for their gossip, against what a hand-over costs
// on this machine in the same minute.
#include <fmt/format.h>

#include "sim/app/bench.h"
#include "sim/app/process_host.h"
#include "sim/app/program_lookup.h"
#include "sim/app/run.h"
#include "sim/app/vocabulary.h"
#include "sim/hosts/clock.h"
#include "sim/hosts/hand_over.h"

namespace sim {
namespace {

// What speeds are asked for, on a machine on which a hand-over there and back takes 3 us.
constexpr double kReferenceUs = 3;
double speed_at_reference(std::uint32_t nodes) {
  return nodes <= 6 ? 1'000 : nodes <= 30 ? 60 : 5;
}

Scenario idle_cluster(std::uint32_t nodes, std::int64_t seconds) {
  Loaded loaded = load_scenario(
      "(bench)",
      fmt::format(
          R"({{"version": 1, "name": "processes", "description": "Idle.", "duration": "{}s",
      "cluster": {{"shards": {}, "replicas": 1,
                  "nodes": {{"kind": "process", "program": "redis-server"}}}}}})",
          seconds, nodes / 2),
      vocabulary());
  if (!loaded.problems.empty()) throw ScenarioError(loaded.problems);
  return loaded.variants.front();
}

std::uint32_t count_well(Run& run) {
  std::uint32_t well = 0;
  run.set_sink([&well](const Record& record) {
    const auto* view = std::get_if<event::ViewSnapshot>(&record.event);
    if (view != nullptr && view->healthy && view->suspected == 0) ++well;
  });
  run.probe_everybody(false);
  run.set_sink(nullptr);
  return well;
}

}  // namespace

Measurement measure_processes(std::uint32_t nodes, std::int64_t virtual_seconds) {
  constexpr std::int64_t kWarmUp = 5;
  Measurement measured;
  if (find_program("redis-server").empty()) {
    measured.skipped = "no redis-server (Debian package redis-server)";
    return measured;
  }
  const std::int64_t hand_over_before = hand_over_round_trip_ns();
  const Scenario scenario = idle_cluster(nodes, kWarmUp + virtual_seconds + 1);
  PlanOptions options;
  provide_processes(scenario, options);
  Run run(make_plan(scenario, options));
  run_until(run, sim_time(std::chrono::seconds(kWarmUp)));
  const std::uint64_t sleeps_before = voluntary_switches();
  const std::uint64_t events_before = run.world().events();
  const std::int64_t began = real_ns();
  run_until(run, sim_time(std::chrono::seconds(kWarmUp + virtual_seconds)));
  measured.by_wall = true;
  measured.cpu_ns = real_ns() - began;
  measured.virtual_seconds = static_cast<double>(virtual_seconds);
  measured.events = run.world().events() - events_before;
  const double wall_seconds = static_cast<double>(measured.cpu_ns) / 1e9;
  // The driver sleeps once for each turn that it gives away.
  measured.more["wakeups_per_wall_s"] =
      static_cast<double>(voluntary_switches() - sleeps_before) / wall_seconds;
  const std::uint32_t well = count_well(run);
  if (well != nodes) measured.wrong = fmt::format("only {} of {} servers are well", well, nodes);
  const double hand_over_us =
      static_cast<double>(hand_over_before + hand_over_round_trip_ns()) / 2e3;
  const double floor = speed_at_reference(nodes) * kReferenceUs / hand_over_us;
  measured.more["hand_over_us"] = hand_over_us;
  measured.more["floor_virtual_s_per_wall_s"] = floor;
  measured.more["times_floor"] = measured.virtual_seconds / wall_seconds / floor;
  return measured;
}

}  // namespace sim
