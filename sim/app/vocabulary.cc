#include "sim/app/vocabulary.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include "sim/app/cli.h"
#include "sim/app/files.h"
#include "sim/app/process_directives.h"
#include "sim/core/config.h"
#include "sim/core/deviation.h"
#include "sim/faults/fault.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/known_defects.h"
#include "sim/invariants/metrics.h"
#include "sim/invariants/milestones.h"
#include "sim/workloads/workload.h"

namespace sim {
namespace {

Vocabulary::Unit unit_of(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kNanoseconds:
      return Vocabulary::Unit::kTime;
    case MetricUnit::kPpm:
      return Vocabulary::Unit::kRatio;
    case MetricUnit::kMilliPerSecond:
      return Vocabulary::Unit::kRate;
    case MetricUnit::kCount:
      break;
  }
  return Vocabulary::Unit::kCount;
}

std::optional<std::string> check_directive(std::string_view name, std::string_view value) {
  Config config;
  return set_directive(config, name, value, false);
}

Vocabulary make_vocabulary() {
  Vocabulary words;
  for (const FaultKind& kind : faults()) {
    words.faults.push_back({std::string(kind.name), kind.lasts, kind.make_random != nullptr,
                            [make = kind.make](Options& options) { make(options); }});
  }
  for (const WorkloadKind& kind : workloads()) {
    words.workloads.push_back(
        {std::string(kind.name), [make = kind.make](Options& options) { make(options); }});
  }
  for (const InvariantKind& kind : invariants()) words.invariants.emplace_back(kind.name);
  for (const MilestoneKind& kind : milestone_kinds()) words.milestones.emplace_back(kind.name);
  for (const MetricKind& kind : metric_kinds())
    words.metrics.push_back({std::string(kind.name), unit_of(kind.unit), kind.per_workload});
  for (const std::string_view name : directive_names()) words.directives.emplace_back(name);
  for (const DeviationInfo& info : deviations()) words.deviations.emplace_back(info.name);
  for (const KnownDefect& defect : known_defects())
    words.defects.push_back(static_cast<std::uint32_t>(defect.row));
  words.check_directive = check_directive;
  words.refuse_for_process = refuse_for_process;
  return words;
}

// Null, and errno, if it cannot be read.
std::optional<std::string> text_of(const std::string& path) {
  std::string text;
  const File file = try_to_open(path);
  if (file == nullptr || !read_text(file.get(), kJsonBytesMax, text)) return std::nullopt;
  return text;
}

// It can be read once only, and diff loads its scenario with the servers of either side.
const std::optional<std::string>& standard_input() {
  static const std::optional<std::string> text = text_of("-");
  return text;
}

}  // namespace

const Vocabulary& vocabulary() {
  static const Vocabulary words = make_vocabulary();
  return words;
}

Loaded load_scenario_file(const std::string& path, const std::string& program) {
  std::optional<std::string> text = path == "-" ? standard_input() : text_of(path);
  if (!text) {
    const int error = errno;
    Loaded loaded{{}, Problems(path, "")};
    loaded.problems.add({{}, "", std::string("cannot be read: ") + std::strerror(error), ""});
    return loaded;
  }
  return load_scenario(path == "-" ? "(standard input)" : path, std::move(*text), vocabulary(),
                       program);
}

const Scenario& choose_variant(const Loaded& loaded, const std::string& only_case) {
  for (const Scenario& variant : loaded.variants) {
    if (only_case.empty() || variant.variant == only_case) return variant;
  }
  throw UsageError{"no case is called " + only_case};
}

}  // namespace sim
