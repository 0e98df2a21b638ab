#include "sim/app/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/invariants/known_defects.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/describe.h"
#include "viz/timeline.h"

namespace sim {
namespace {

std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return end == std::string::npos ? text : text.substr(0, end + 1);
}

// What of the servers is real; "" if nothing is.
std::string processes_of(const Scenario& scenario) {
  const std::size_t processes = scenario.known.processes.size();
  if (processes == 0) return {};
  if (processes < scenario.known.servers.size())
    return fmt::format(", {} of them processes", processes);
  return ", all of them processes";
}

// Rules of other versions that simulated servers follow: all of them, and single ones instead.
std::string deviations_in(const ClusterOptions& cluster) {
  const auto listed = [](const std::vector<std::string>& names) {
    if (names.empty()) return std::string("none");
    if (names.size() > 3) return counted(names.size(), "deviation");
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
    return all;
  };
  std::string text;
  if (!cluster.deviations.empty()) text = ", deviating: " + listed(cluster.deviations);
  for (const auto& [name, node] : cluster.nodes) {
    if (node.deviations) text += fmt::format(", {} deviating: {}", name, listed(*node.deviations));
  }
  return text;
}

std::string shards_of(std::uint32_t shards, std::uint64_t replicas) {
  return fmt::format("{} {} + {}", shards, shards == 1 ? "primary" : "primaries",
                     counted(replicas, "replica"));
}

std::string shape_of(const Scenario& scenario) {
  const ClusterOptions& cluster = scenario.cluster;
  std::string shape;
  if (cluster.shards > 0) shape = shards_of(cluster.shards, cluster.replica_count());
  if (cluster.standalone > 0) {
    shape += fmt::format("{}{}", shape.empty() ? "" : ", ",
                         counted(cluster.standalone, "standalone server"));
  }
  if (cluster.spares > 0) shape += (shape.empty() ? "" : " + ") + counted(cluster.spares, "spare");
  for (const OtherCluster& other : cluster.others) {
    shape += fmt::format(", beside cluster {} of {}", other.name,
                         shards_of(other.shards, other.shards * other.replicas));
  }
  if (cluster.zones.size() > 1) shape += fmt::format(" in {} zones", cluster.zones.size());
  shape += processes_of(scenario) + deviations_in(cluster);
  if (!scenario.machines.empty()) {
    shape += (shape.empty() ? "" : ", ") + counted(scenario.machines.size(), "exec machine");
  }
  return shape;
}

std::string verdict_word(const InvariantResult& invariant, const Paint& paint) {
  const auto padded = [](std::string_view word) { return fmt::format("{:<12}", word); };
  switch (invariant.judgement) {
    case Judgement::kPass:
      return paint.good(padded("pass"));
    case Judgement::kFail:
      return invariant.excused ? paint.warn(padded("broken")) : paint.bad(padded("FAIL"));
    case Judgement::kKnownDefect:
      return paint.warn(padded(verdict_text(invariant)));
    case Judgement::kUnknown:
      return paint.warn(padded("undecided"));
    case Judgement::kNotChecked:
      break;
  }
  return {};
}

void append_timeline(const RunResult& result, const Paint& paint, std::string& out) {
  constexpr std::size_t kShown = 80;
  out += "\n";
  for (std::size_t i = 0; i < result.timeline.size(); ++i) {
    if (result.timeline.size() > kShown && i == kShown / 2) {
      const std::size_t hidden = result.timeline.size() - kShown;
      out += paint.faint(fmt::format(
          "             ... {} more moments; --trace FILE has all of them ...\n", hidden));
      i += hidden;
    }
    const TimelineEntry& entry = result.timeline[i];
    const std::string line = format_entry(entry.at.time_since_epoch(), entry.text, entry.fault);
    out += (entry.fault ? paint.strong(line) : line) + "\n";
  }
}

std::string row_text(const Finding& finding) {
  const KnownDefect* defect = find_known_defect(finding.row);
  return defect == nullptr
             ? ""
             : fmt::format(" [row {}: {}; {}]", defect->row, defect->symptom, defect->reference);
}

// Most runs have nothing to show of many invariants: their names, in one paragraph.
void append_not_checked(const RunResult& result, const Paint& paint, std::string& out) {
  constexpr std::size_t kColumns = 100;
  std::string line, names;
  for (const InvariantResult& invariant : result.invariants) {
    if (invariant.judgement != Judgement::kNotChecked) continue;
    if (!line.empty() && line.size() + invariant.name.size() + 2 > kColumns) {
      names += line + ",\n               ";
      line.clear();
    }
    line += (line.empty() ? "" : ", ") + invariant.name;
  }
  if (line.empty()) return;
  out += fmt::format("  {} {}\n", paint.faint(fmt::format("{:<12}", "not checked")),
                     paint.faint(names + line + " (--json says why)"));
}

void append_invariants(const RunResult& result, const Paint& paint, std::string& out) {
  std::size_t width = 0;
  for (const InvariantResult& invariant : result.invariants) {
    if (invariant.judgement != Judgement::kNotChecked)
      width = std::max(width, invariant.name.size());
  }
  for (const InvariantResult& invariant : result.invariants) {
    if (invariant.judgement == Judgement::kNotChecked) continue;
    out += fmt::format("  {} {:<{}} {}\n", verdict_word(invariant, paint), invariant.name, width,
                       invariant.summary);
    if (invariant.judgement == Judgement::kPass) continue;
    for (const Finding& finding : invariant.findings) {
      out += fmt::format("               {}  {}{}\n", format_time(finding.at), finding.what,
                         row_text(finding));
    }
    if (invariant.finding_count > invariant.findings.size()) {
      out += fmt::format("               and {} more\n",
                         invariant.finding_count - invariant.findings.size());
    }
  }
  append_not_checked(result, paint, out);
}

void append_verdicts(const RunResult& result, const Paint& paint, std::string& out) {
  out += "\n";
  append_invariants(result, paint, out);
  for (const Expectation& expectation : result.expectations) {
    const std::string word = expectation.met       ? paint.good(fmt::format("{:<12}", "met"))
                             : expectation.excused ? paint.warn(fmt::format("{:<12}", "missed"))
                                                   : paint.bad(fmt::format("{:<12}", "NOT MET"));
    out += fmt::format("  {} {}{}\n", word, expectation.text,
                       expectation.detail.empty() ? "" : ": " + expectation.detail);
  }
  for (const std::string& warning : result.warnings)
    out += "  " + paint.warn(fmt::format("{:<12}", "warning")) + " " + warning + "\n";
}

void append_faults(const RunResult& result, std::string& out) {
  if (result.faults.empty()) return;
  out += "\n";
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < result.faults.size() && i < kShown; ++i) {
    const FaultResult& fault = result.faults[i];
    out += fmt::format("  fault {:<6} {}: {}\n", fault.id, fault.text,
                       effects_text(fault.effects, fault.unit));
  }
  if (result.faults.size() > kShown)
    out += fmt::format("  ... and {} more faults\n", result.faults.size() - kShown);
}

// What was lost of what clients had been told is safe; one loss of each class in full.
void append_losses(const RunResult& result, const Paint& paint, std::string& out) {
  if (!result.losses || result.losses->lost + result.losses->removed == 0) return;
  const LossTable& table = *result.losses;
  const auto share = [](std::int64_t ppm) { return format_metric(ppm, MetricUnit::kPpm); };
  const auto acked = static_cast<std::int64_t>(std::max<std::uint64_t>(1, table.acked));
  out += fmt::format("\n  lost {} of {} acknowledged writes ({})", table.lost, table.acked,
                     share(ratio(static_cast<std::int64_t>(table.lost), kPerMillion, acked)));
  if (table.warned > 0)
    out += fmt::format(", {} of them after a WAIT that fell short", table.warned);
  if (table.removed > 0) out += fmt::format(", {} removed by clients (class G)", table.removed);
  out += table.rows.empty() ? "\n"
                            : fmt::format("\n  {:<20} {:>7} {:>9} {:>10}  {:<15} {}\n", "class",
                                          "writes", "share", "window", "standing", "who");
  for (const LossRow& row : table.rows) {
    const std::string line = fmt::format(
        "  {:<20} {:>7} {:>9} {:>10}  {:<15} {}\n", row.letter + " " + row.name, row.count,
        share(row.share_ppm),
        row.window_ns == 0 ? "-" : format_metric(row.window_ns, MetricUnit::kNanoseconds),
        row.standing, row.who);
    out += row.standing == "VIOLATION" ? paint.bad(line) : line;
  }
  for (const LossRow& row : table.rows) {
    out += fmt::format("  {}: {}\n", row.letter, row.example.what);
    std::string evidence;
    for (const auto& [name, value] : row.example.evidence) {
      evidence += (evidence.empty() ? "" : ", ") + name + " " + value;
    }
    out += paint.faint("     " + evidence + "\n");
  }
}

const MetricResult* find_metric(const RunResult& result, std::string_view name) {
  for (const MetricResult& metric : result.metrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

// The numbers worth a glance; all of them are in --json.
void append_numbers(const RunResult& result, std::string& out) {
  constexpr std::array kShown = {"time_to_pfail",      "time_to_fail", "promotion",   "recovery",
                                 "unavailability_max", "acked_writes", "lost_writes", "failed_ops",
                                 "unknown_ops",        "availability", "redirects",   "hit_rate",
                                 "keys_moved"};
  std::string line;
  out += "\n";
  for (const std::string_view name : kShown) {
    const MetricResult* metric = find_metric(result, name);
    if (metric == nullptr) continue;
    const std::string item = fmt::format("{} {}", metric->name, metric->text);
    if (!line.empty() && line.size() + item.size() > 96) {
      out += "  " + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " | ") + item;
  }
  if (!line.empty()) out += "  " + line + "\n";
}

// Side by side, so that workloads can be compared; what none of them has is no column.
void append_workloads(const Scenario& scenario, const RunResult& result, std::string& out) {
  constexpr std::array kColumns = {
      "ops",          "acked_writes", "lost_writes", "failed_ops",       "unknown_ops",
      "availability", "redirects",    "hit_rate",    "keys_unreachable", "keys_moved"};
  if (scenario.workloads.size() < 2) return;
  std::vector<std::string> rows{fmt::format("  {:<14}", "workload")};
  for (const WorkloadOptions& workload : scenario.workloads)
    rows.push_back(fmt::format("  {:<14}", workload.name));
  for (const std::string_view column : kColumns) {
    std::vector<std::string> cells{std::string(column)};
    bool any = false;
    for (const WorkloadOptions& workload : scenario.workloads) {
      const MetricResult* metric = find_metric(result, metric_of(column, workload.name));
      cells.push_back(metric == nullptr ? "-" : metric->text);
      any = any || metric != nullptr;
    }
    if (!any) continue;
    std::size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, cell.size());
    for (std::size_t i = 0; i < cells.size(); ++i)
      rows[i] += fmt::format("  {:>{}}", cells[i], width);
  }
  out += "\n";
  for (const std::string& row : rows) out += row + "\n";
}

}  // namespace

std::string title(const Scenario& scenario) {
  return scenario.variant.empty() ? scenario.name : scenario.name + " [" + scenario.variant + "]";
}

std::string replay_command(const RunResult& result) {
  return fmt::format("sim/run {}{} --seed {}{}", result.file,
                     result.case_name.empty() ? "" : fmt::format(" --case '{}'", result.case_name),
                     result.seed, result.replay_options);
}

std::string report_run(const Scenario& scenario, const RunResult& result, const Paint& paint) {
  std::string out =
      paint.strong(title(scenario)) + "  " + first_sentence(scenario.description) + "\n";
  out += paint.faint(fmt::format("{}, seed {}: {}, {} of faults", result.file, result.seed,
                                 shape_of(scenario), format_duration(scenario.duration))) +
         "\n";
  append_timeline(result, paint, out);
  append_verdicts(result, paint, out);
  append_faults(result, out);
  append_losses(result, paint, out);
  append_numbers(result, out);
  append_workloads(scenario, result, out);
  const double cpu_seconds = static_cast<double>(result.cpu_ns) / 1e9;
  const double virtual_seconds =
      static_cast<double>(to_ns(result.end) + result.forming.count()) / 1e9;
  out += fmt::format(
      "\n  digest {:016x}   {} events, {:.1f} virtual seconds in {:.3f} CPU seconds\n  replay "
      "{}\n\n",
      result.digest, result.events, virtual_seconds, cpu_seconds, replay_command(result));
  out += (result.code == 0 ? paint.good(result.headline) : paint.bad(result.headline)) + "\n";
  return out;
}

std::string failure_line(const RunResult& result) {
  std::string invariant = "-";
  SimTime at = result.end;
  for (const InvariantResult& judged : result.invariants) {
    if (judged.judgement != Judgement::kFail && judged.judgement != Judgement::kKnownDefect)
      continue;
    if (judged.excused) continue;
    invariant = judged.name;
    if (!judged.findings.empty()) at = judged.findings.front().at;
    break;
  }
  return fmt::format("FAIL {}{} seed={} invariant={} t={} events={} digest={:016x} replay=\"{}\"",
                     result.scenario, result.case_name.empty() ? "" : "[" + result.case_name + "]",
                     result.seed, invariant, format_time(at), result.events, result.digest,
                     replay_command(result));
}

std::string report_seeds(const SeedsSummary& summary, const Paint& paint, bool with_numbers) {
  const bool good = summary.code == exit_code::kOk;
  const std::uint64_t runs = summary.passed + summary.failed;
  std::string out = fmt::format("{} {:<34} {} of {} seeds as expected\n",
                                good ? paint.good("PASS") : paint.bad("FAIL"),
                                title(*summary.scenario), summary.passed, runs);
  for (const RunResult& failure : summary.failures)
    out += "     " + failure_line(failure) + "\n       " + failure.headline + "\n";
  for (const Expectation& bound : summary.bounds) {
    out += fmt::format("     {} {}: {}\n", bound.met ? paint.good("met") : paint.bad("NOT MET"),
                       bound.text, bound.detail);
  }
  if (with_numbers && runs > 1) out += paint.faint(summary.bites.table());
  for (const auto& [row, seen] : summary.known_defects) {
    out += fmt::format("     known-defect(row {}) in {} of {} seeds: {}\n", row, seen, runs,
                       find_known_defect(row)->symptom);
  }
  constexpr std::array kShown = {"time_to_fail",       "promotion",   "recovery",
                                 "unavailability_max", "lost_writes", "hit_rate"};
  for (const std::string_view name : kShown) {
    const std::optional<Distribution> d = summary.metrics.distribution(name);
    if (!with_numbers || !d || runs < 2) continue;
    out +=
        paint.faint(fmt::format("     {:<16} p50 {}  p90 {}  p99 {}  max {} in seed {}  ({} runs)",
                                name, format_metric(d->p50, d->unit),
                                format_metric(d->p90, d->unit), format_metric(d->p99, d->unit),
                                format_metric(d->max, d->unit), d->max_seed, d->runs)) +
        "\n";
  }
  return out;
}

void SeedsSummary::add(const RunResult& result) {
  for (const int row : rows_of(result)) ++known_defects[row];
}

void SeedsSummary::passes(const RunResult& result) {
  ++passed;
  virtual_time += result.forming + result.end.time_since_epoch();
  wall_ns += result.wall_ns;
}

}  // namespace sim
