#include "sim/app/drill.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/app/cluster_map_of.h"
#include "sim/app/run_once.h"
#include "sim/base/check.h"
#include "sim/core/config.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

JsonRef json_ref(const Json& json) {
  Problems problems;
  JsonRef read = parse_json(json.dump(), problems);
  CHECK(read != nullptr && problems.empty());
  return read;
}

Step failing_step(const std::string& fault, const Json& options, std::size_t number) {
  Step step;
  step.id = "failure-" + std::to_string(number);
  step.trigger.at = kDrillFailsAt;
  step.fault = fault;
  step.lifetime.kind = Lifetime::Kind::kUntilHeal;
  step.options.object = json_ref(options);
  return step;
}

std::vector<Step> steps_of(const ClusterMap& map, const Failure& failure) {
  Json dark = Json::array();
  std::vector<std::uint32_t> cut;
  for (const Failing& thing : failure) {
    if (thing.what == Failing::What::kLink) {
      cut.push_back(thing.index);
      continue;
    }
    for (const MapServer& server : map.servers) {
      if (stands_in(map, server.host, thing.index)) dark.push_back(server.name);
    }
    // Without its links a switch is of no use.
    if (map.places[thing.index].kind != PlaceKind::kSwitch) continue;
    for (std::uint32_t i = 0; i < map.links.size(); ++i) {
      if (map.links[i].a == thing.index || map.links[i].b == thing.index) cut.push_back(i);
    }
  }
  std::sort(cut.begin(), cut.end());
  cut.erase(std::unique(cut.begin(), cut.end()), cut.end());
  std::vector<Step> steps;
  if (!dark.empty()) steps.push_back(failing_step("crash", {{"node", dark}, {"power", true}}, 1));
  for (const std::uint32_t link : cut) {
    const MapLink& ends = map.links[link];
    const Json between = {vertex_name(map.places[ends.a]), vertex_name(map.places[ends.b])};
    steps.push_back(failing_step("cut-link", {{"between", between}}, steps.size() + 1));
  }
  return steps;
}

Duration node_timeout_of(const Scenario& scenario) {
  Duration longest{};
  for (const PlannedServer& server : planned_servers(scenario.cluster)) {
    Config config;
    for (const auto& [name, value] : directives_of(scenario.cluster, server.name))
      set_directive(config, name, value, false);
    longest =
        std::max<Duration>(longest, std::chrono::milliseconds(config.cluster_node_timeout_ms));
  }
  return longest;
}

std::int64_t metric_of(const RunResult& result, std::string_view name) {
  for (const MetricResult& metric : result.metrics) {
    if (metric.name == name) return metric.value;
  }
  return 0;
}

}  // namespace

Duration drill_lasts(const Scenario& scenario) {
  return std::max<Duration>(30s, 4 * node_timeout_of(scenario) + 10s);
}

Scenario drill_of(const Scenario& scenario, const ClusterMap& map, const Failure& failure) {
  Scenario drill = scenario;
  drill.timeline = steps_of(map, failure);
  drill.nemesis.reset();
  drill.swarm.clear();
  drill.machines.clear();
  drill.expect = {};
  drill.duration = kDrillFailsAt + drill_lasts(scenario);
  drill.heal = true;
  drill.heal_core_only = false;
  drill.settle_within = std::max<Duration>(scenario.settle_within, 60s);
  if (drill.workloads.empty()) {
    WorkloadOptions writers;
    writers.type = writers.name = "register";
    writers.clients = kClientsDefault;
    writers.options.object = json_ref({{"clients", kClientsDefault}, {"keys", 100}, {"rate", 50}});
    drill.workloads.push_back(std::move(writers));
  }
  return drill;
}

void add_run(const RunResult& result, Duration lasts, DrillResult& drill) {
  const std::int64_t unavailable = metric_of(result, "unavailability_max");
  drill.unavailable_ns.push_back(unavailable);
  drill.until_mended += Duration{unavailable} >= lasts ? 1 : 0;
  drill.failovers.push_back(metric_of(result, "promotions"));
  if (result.losses) drill.lost_writes.push_back(static_cast<std::int64_t>(result.losses->lost));
  drill.violations +=
      std::any_of(result.invariants.begin(), result.invariants.end(),
                  [](const InvariantResult& one) { return one.judgement == Judgement::kFail; });
}

std::vector<DrillResult> run_drills(const Scenario& scenario, const ClusterMap& map,
                                    const std::vector<Risk>& risks, SeedRange seeds,
                                    unsigned jobs) {
  const Duration lasts = drill_lasts(scenario);
  const auto risk_of = [&](std::size_t task) {
    return static_cast<std::size_t>(task / seeds.count());
  };
  const auto work = [&](std::size_t task) {
    RunSettings settings;
    settings.plan.seed = seeds.first + task % seeds.count();
    settings.interrupted = interrupted;
    return to_json(
        run_once(drill_of(scenario, map, risks[risk_of(task)].failures.front()), settings));
  };
  std::vector<DrillResult> drills(risks.size());
  std::size_t ended = 0;
  const auto done = [&](const ChildResult& child) {
    ++ended;
    DrillResult& drill = drills[risk_of(child.task)];
    if (child.finished) return add_run(result_from_json(child.result), lasts, drill);
    if (drill.died++ > 0) return;
    drill.death = "exit code " + std::to_string(child.exit_code) + ": " + child.complaint;
    while (drill.death.ends_with('\n')) drill.death.pop_back();
  };
  run_in_children(risks.size() * seeds.count(), jobs, work, done, interrupted);
  drills.resize(ended / seeds.count());
  return drills;
}

}  // namespace sim
