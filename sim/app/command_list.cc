// slotsim list: the tables, as the code uses them.
#include <fmt/format.h>

#include <array>
#include <cstdio>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/result.h"
#include "sim/core/deviation.h"
#include "sim/core/mutation.h"
#include "sim/faults/fault.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/known_defects.h"
#include "sim/invariants/metrics.h"
#include "sim/invariants/milestones.h"
#include "sim/scenario/selector.h"
#include "sim/workloads/workload.h"

namespace sim {
namespace {

void row(std::string_view name, std::string_view description) {
  fmt::print("  {:<26} {}\n", name, description);
}

void list_faults() {
  for (const FaultKind& kind : faults()) {
    row(kind.name, kind.description);
    fmt::print("  {:<26}   {}\n", "", kind.example);
  }
}
void list_invariants() {
  for (const InvariantKind& kind : invariants()) {
    row(kind.name, kind.claim);
    fmt::print("  {:<26}   {}; {}; kills {}\n", "", kind.scope, kind.source, kind.kills);
    fmt::print("  {:<26}   needs {}\n", "", kind.needs);
  }
}
void list_workloads() {
  for (const WorkloadKind& kind : workloads()) {
    row(kind.name, kind.description);
    fmt::print("  {:<26}   {}\n", "", kind.example);
  }
}
void list_selectors() {
  for (const SelectorForm& form : selector_forms()) row(form.form, form.description);
}
void list_mutations() {
  for (const MutationInfo& info : mutations()) {
    row(info.name, fmt::format("{} (killed by {})", info.description, info.killed_by));
  }
}
void list_deviations() {
  for (const DeviationInfo& info : deviations()) {
    row(info.name, fmt::format("{} ({}; {})", info.description, info.versions, info.source));
  }
}
void list_known_defects() {
  for (const KnownDefect& defect : known_defects()) {
    row(fmt::format("row {}", defect.row),
        fmt::format("{} ({}; {})", defect.symptom, defect.versions, defect.reference));
    if (!defect.deviation.empty()) {
      fmt::print("  {:<26}   {} \"{}\"\n", "", defect.current ? "mended by" : "brought back by",
                 defect.deviation);
    }
  }
}
void list_milestones() {
  for (const MilestoneKind& kind : milestone_kinds()) row(kind.name, kind.description);
}
std::string_view bound_example(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kNanoseconds:
      return "\"<20s\"";
    case MetricUnit::kPpm:
      return "\">=95%\"";
    case MetricUnit::kMilliPerSecond:
      return "\"<5.2/s\"";
    case MetricUnit::kCount:
      break;
  }
  return "\"==0\"";
}
void list_metrics() {
  fmt::print(
      "Bounds: {{\"promotion_p99\": \"<20s\", \"hit_rate of sessions\": \">90%\"}}; a statistic "
      "(_min _p50 _p90 _p99\n_max) is over all seeds, without one each run is bound; \"of NAME\" "
      "goes with those marked *.\n\n");
  for (const MetricKind& kind : metric_kinds()) {
    row(std::string(kind.name) + (kind.per_workload ? " *" : ""),
        fmt::format("{} ({})", kind.description, bound_example(kind.unit)));
  }
}

struct Table {
  std::string_view name, description;
  void (*print)();
};
constexpr std::array kTables = {
    Table{"faults", "what can go wrong, for a timeline or the nemesis", list_faults},
    Table{"invariants", "what is checked in every run", list_invariants},
    Table{"workloads", "what clients do", list_workloads},
    Table{"selectors", "how a step says whom it means", list_selectors},
    Table{"mutations", "deliberate breakages of the core, for --mutate", list_mutations},
    Table{"deviations", "rules of other versions that simulated servers can follow",
          list_deviations},
    Table{"known-defects", "what is known to go wrong, by row", list_known_defects},
    Table{"milestones", "moments to wait for (when) or demand (reached)", list_milestones},
    Table{"metrics", "numbers of a run, for bounds", list_metrics},
};

}  // namespace

int command_list(const Arguments& words) {
  CommandLine line{
      "list",
      "Lists what scenarios can name.\n\nExamples:\n  slotsim list faults\n  slotsim list "
      "invariants"};
  std::string what;
  line.add_option("what", what,
                  "faults, invariants, workloads, selectors, mutations, deviations, "
                  "known-defects, milestones, metrics")
      .type_name("TABLE");
  if (const auto code = line.parse(words)) return *code;
  if (what.empty()) {
    for (const Table& table : kTables) row(table.name, table.description);
    return exit_code::kOk;
  }
  std::vector<std::string_view> names;
  for (const Table& table : kTables) {
    if (table.name == what) {
      table.print();
      return exit_code::kOk;
    }
    names.push_back(table.name);
  }
  throw UsageError{"there is no list of '" + what + "'; " + did_you_mean(what, names)};
}

}  // namespace sim
