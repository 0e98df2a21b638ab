#include "sim/invariants/metric.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace sim {
namespace {

using enum MetricUnit;

constexpr MetricKind kMetrics[] = {
    {"time_to_pfail", kNanoseconds,
     "a primary dies or is cut off -> the first node suspects it (the longest of the run)"},
    {"time_to_fail", kNanoseconds,
     "a primary dies or is cut off -> the first node holds it for failed"},
    {"promotion", kNanoseconds, "a primary dies or is cut off -> a replica has taken its place"},
    {"election", kNanoseconds, "FAIL -> a replica has taken its place"},
    {"recovery", kNanoseconds,
     "a primary dies or is cut off -> its successor applies the first write"},
    {"state_ok_again", kNanoseconds,
     "a primary dies or is cut off -> all live nodes that reach a majority are ok"},
    {"convergence", kNanoseconds, "everything is healed -> all views agree and are healthy"},
    {"unavailability_max", kNanoseconds,
     "longest time a shard had no primary that serves and reaches a majority"},
    {"unavailability_total", kNanoseconds, "such times added up over all shards"},
    {"slot_unavailability_ppm", kPpm,
     "slot-time without such a primary, as a share of all slot-time"},
    {"promotions", kCount, "replicas that became primary"},
    {"takeovers", kCount, "of these, without asking anybody"},
    {"elections", kCount, "elections started"},
    {"elections_expired", kCount, "elections that found no majority in time"},
    {"votes", kCount, "votes given"},
    {"epoch_collisions", kCount, "configEpoch collisions resolved"},
    {"full_syncs", kCount, "full resynchronisations"},
    {"partial_syncs", kCount, "partial resynchronisations"},
    {"resync", kNanoseconds,
     "a replica starts, loses its primary or gets another -> it is in sync (the longest of the "
     "run; until its end, if it never is)"},
    {"loading", kNanoseconds, "longest time a server loaded its data and refused commands"},
    {"fork_stall", kNanoseconds, "longest time a fork stopped a server, where forks take time"},
    {"busy_share", kPpm, "share of its time that the busiest server worked, where work takes time"},
    {"busy_longest", kNanoseconds, "longest pass of a server's event loop, likewise"},
    {"slot_refreshes", kCount,
     "replies that describe the cluster (CLUSTER SLOTS, SHARDS, NODES), likewise"},
    {"ops", kCount, "client operations completed, auditors apart", true},
    {"acked_writes", kCount, "writes acknowledged", true},
    {"lost_writes", kCount, "acknowledged writes that the final data do not show", true},
    {"lost_share", kPpm, "these, as a share of the acknowledged writes that were looked for", true},
    {"lost_async", kCount, "of these, those that were not replicated in time (class A, permitted)",
     true},
    {"lost_minority", kCount,
     "of these, those applied by a primary in a minority (class B, permitted)", true},
    {"lost_beyond_window", kCount,
     "of these, those applied by such a primary when it should have stopped (class C)", true},
    {"lost_wait", kCount,
     "of these, those that replicas had acknowledged, of which none won (class D)", true},
    {"lost_migration", kCount, "of these, those whose slot was on the move (class E)", true},
    {"lost_retaken", kCount, "of these, those whose primary gave way to its predecessor (class F)",
     true},
    {"lost_forced", kCount, "of these, those given up by FORCE or TAKEOVER (class T)", true},
    {"lost_restart", kCount, "of these, those that a restart took away (class R)", true},
    {"lost_merge", kCount, "of these, those lost when two clusters came together (class M)", true},
    {"lost_unexplained", kCount, "of these, those that nothing explains", true},
    {"lost_by_defect", kCount, "of these, those lost by a known defect", true},
    {"lost_forbidden", kCount, "of these, those that nothing permits", true},
    {"loss_window", kNanoseconds, "longest time between a permitted lost write and what lost it",
     true},
    {"loss_window_async", kNanoseconds, "the same of class A", true},
    {"loss_window_minority", kNanoseconds, "of class B: from the cut to the write", true},
    {"loss_window_wait", kNanoseconds, "the same of class D", true},
    {"loss_window_forced", kNanoseconds, "the same of class T", true},
    {"loss_window_restart", kNanoseconds, "the same of class R", true},
    {"failed_ops", kCount, "operations that certainly did not happen", true},
    {"unknown_ops", kCount, "operations whose outcome nobody told", true},
    {"availability", kPpm, "operations answered, as a share of all completed", true},
    {"redirects", kCount, "MOVED and ASK that clients were given", true},
    {"asks", kCount, "of these, ASK: the slot was just being moved", true},
    {"redirects_max", kCount, "most of them in one operation", true},
    {"clusterdowns", kCount, "CLUSTERDOWN that clients were given", true},
    {"latency_mean", kNanoseconds, "mean time of answered operations", true},
    {"latency_p50", kNanoseconds, "half of the answered operations took no longer", true},
    {"latency_p90", kNanoseconds, "nine in ten took no longer", true},
    {"latency_p99", kNanoseconds, "ninety-nine in a hundred took no longer", true},
    {"latency_max", kNanoseconds, "longest time of an answered operation", true},
    {"operations_done", kCount, "operations (reshard, add-node, ...) that came off"},
    {"operations_failed", kCount, "operations that failed or were stopped"},
    {"slots_moved", kCount, "slots that operators moved"},
    {"keys_migrated", kCount, "keys that `reshard` moved with them"},
    {"reshard_time", kNanoseconds, "how long a `reshard` took that came off (the longest)"},
    {"rebalance_time", kNanoseconds, "the same for `rebalance`"},
    {"fix_time", kNanoseconds, "the same for `fix`"},
    {"add-node_time", kNanoseconds, "the same for `add-node`, until all know the newcomer"},
    {"remove-node_time", kNanoseconds, "the same for `remove-node`"},
    {"replace-node_time", kNanoseconds, "the same for `replace-node`"},
    {"hit_rate", kPpm, "cache reads that hit", true},
    {"keys_moved", kCount, "keys that changed their server when the set of servers changed", true},
    {"keys_moved_by_slots", kCount,
     "keys that hash slots would have moved between as many shards instead", true},
    {"keys_unreachable", kCount, "keys on servers that went away, while clients shard", true},
    {"measured_*", kCount, "whatever else a workload measured, by its name", true},
    {"bus_*", kMilliPerSecond, "bus messages by type per node and second"},
};

constexpr std::string_view kOf = " of ";

std::string thousandths(std::int64_t value, std::int64_t unit, std::string_view suffix) {
  std::string fraction = std::to_string(value % unit * 1000 / unit);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(value / unit) + "." + fraction + std::string{suffix};
}

}  // namespace

std::string format_metric(std::int64_t value, MetricUnit unit) {
  if (value < 0) return "-" + format_metric(-value, unit);
  switch (unit) {
    case MetricUnit::kCount:
      return std::to_string(value);
    case MetricUnit::kMilliPerSecond:
      return thousandths(value, 1000, "/s");
    case MetricUnit::kPpm: {
      const std::string cents = std::to_string(value / 100 % 100);
      return std::to_string(value / 10'000) + "." + (cents.size() < 2 ? "0" : "") + cents + " %";
    }
    case MetricUnit::kNanoseconds:
      break;
  }
  if (value == 0) return "0 s";
  if (value < 1'000'000) return thousandths(value, 1000, " us");
  if (value < 1'000'000'000) return thousandths(value, 1'000'000, " ms");
  return thousandths(value, 1'000'000'000, " s");
}

std::span<const MetricKind> metric_kinds() {
  return kMetrics;
}

const MetricKind* find_metric(std::string_view name) {
  const std::size_t of = name.find(kOf);
  const bool of_workload = of != std::string_view::npos;
  name = name.substr(0, of);
  for (const MetricKind& kind : kMetrics) {
    if (of_workload && !kind.per_workload) continue;
    if (kind.name == name) return &kind;
    if (!kind.name.ends_with('*')) continue;
    const std::string_view family = kind.name.substr(0, kind.name.size() - 1);
    if (name.starts_with(family) && name.size() > family.size()) return &kind;
  }
  return nullptr;
}

Metric metric(std::string name, std::int64_t value) {
  const MetricKind* kind = find_metric(name);
  CHECK(kind != nullptr);
  return {std::move(name), kind->unit, value};
}

std::string metric_of(std::string_view name, std::string_view workload) {
  std::string text{name};
  if (!workload.empty()) text.append(kOf).append(workload);
  return text;
}

std::vector<std::string> workloads_apart(const Cast& cast) {
  std::vector<std::string> names;
  for (const MachineInfo& machine : cast) {
    const bool known = std::find(names.begin(), names.end(), machine.workload) != names.end();
    if (!machine.workload.empty() && !known) names.push_back(machine.workload);
  }
  return names.size() > 1 ? names : std::vector<std::string>{};
}

}  // namespace sim
