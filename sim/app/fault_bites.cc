#include "sim/app/fault_bites.h"

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "sim/base/check.h"

namespace sim {
namespace {

RunResult run_example(const FaultKind& kind, bool idle) {
  const std::string text = R"({"version": 1, "name": "bite", "duration": "25s",
      "cluster": {"zones": 3, "persistence": "aof", "config": {"cluster-node-timeout": 3000}},
      "workload": [{"type": "register", "clients": 2, "keys": 50, "rate": 50}],
      "timeline": [)" + std::string(kind.example) +
                           "]}";
  const Loaded loaded = load_scenario("bite.json", text, vocabulary());
  CHECK(loaded.problems.empty());
  RunSettings settings;
  settings.plan.idle_faults = idle;
  return run_once(loaded.variants.front(), settings);
}

}  // namespace

FaultBite bite_of(const FaultKind& kind) {
  FaultBite bite;
  const RunResult bites = run_example(kind, false);
  CHECK(bites.faults.size() == 1 && bites.faults[0].kind == kind.name);
  bite.effects = bites.faults[0].effects;
  bite.text = bites.faults[0].text;
  bite.unit = bites.faults[0].unit;
  for (const std::string& warning : run_example(kind, true).warnings) {
    if (warning.starts_with("fault 1 changed nothing")) bite.noticed = warning;
  }
  return bite;
}

}  // namespace sim
