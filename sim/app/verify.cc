#include "sim/app/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "sim/app/cli.h"
#include "sim/app/report.h"
#include "sim/app/result.h"
#include "sim/hosts/subprocess.h"

namespace sim {
namespace {

// Two processes as unlike as we can make them: heap filled with other bytes, other arena
// thresholds, an environment of another size (which moves the stack), another time zone and locale.
// The address space is laid out anew by itself.
const std::array<std::vector<std::string>, 2> kPerturbations = {{
    {"MALLOC_PERTURB_=85", "MALLOC_ARENA_MAX=1", "TZ=UTC", "SLOTSIM_PADDING=x"},
    {"MALLOC_PERTURB_=170", "MALLOC_MMAP_THRESHOLD_=4096", "TZ=Asia/Kathmandu", "LC_ALL=C.UTF-8",
     "SLOTSIM_PADDING=" + std::string(4000, 'y')},
}};

std::optional<RunResult> run_in_process(const Scenario& scenario,
                                        const std::vector<std::string>& options, std::size_t side) {
  std::vector<std::string> arguments{"run", scenario.file, "--raw"};
  if (!scenario.variant.empty()) arguments.insert(arguments.end(), {"--case", scenario.variant});
  arguments.insert(arguments.end(), options.begin(), options.end());
  const auto output = run_program(own_path(), arguments, "", kPerturbations[side]);
  if (!output || output->out.empty()) return std::nullopt;
  return result_from_json(output->out);
}

// The stretch of events in which two runs parted: after the last checkpoint both have in common.
std::pair<std::uint64_t, std::uint64_t> diverging_stretch(const RunResult& a, const RunResult& b) {
  std::uint64_t agreed = 0;
  std::uint64_t differ = std::max(a.events, b.events);
  for (const auto& [event, digest] : a.checkpoints) {
    const auto other =
        std::find_if(b.checkpoints.begin(), b.checkpoints.end(),
                     [event = event](const auto& checkpoint) { return checkpoint.first == event; });
    if (other == b.checkpoints.end()) continue;
    if (other->second == digest) {
      agreed = std::max(agreed, event);
    } else {
      differ = std::min(differ, event);
    }
  }
  return {agreed, differ};
}

void name_first_difference(const Scenario& scenario, const std::vector<std::string>& options,
                           const RunResult& a, const RunResult& b) {
  const auto [first, last] = diverging_stretch(a, b);
  std::vector<std::string> watching = options;
  watching.insert(watching.end(),
                  {"--watch-events", std::to_string(first), std::to_string(last - first + 1)});
  const auto again_a = run_in_process(scenario, watching, 0);
  const auto again_b = run_in_process(scenario, watching, 1);
  if (!again_a || !again_b) return;
  const std::size_t common = std::min(again_a->watched.size(), again_b->watched.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (again_a->watched[i] == again_b->watched[i]) continue;
    fmt::print("first event that differs:\n  one:   {}\n  other: {}\n", again_a->watched[i],
               again_b->watched[i]);
    return;
  }
  fmt::print(
      "the runs part between events {} and {}, but running again they agreed there: the cause "
      "comes and goes\n",
      first, last);
}

}  // namespace

int verify_run(const Scenario& scenario, std::uint64_t seed,
               const std::vector<std::string>& given) {
  std::vector<std::string> options{"--seed", std::to_string(seed)};
  options.insert(options.end(), given.begin(), given.end());
  const auto a = run_in_process(scenario, options, 0);
  const auto b = run_in_process(scenario, options, 1);
  if (!a || !b) {
    fmt::print(stderr, "slotsim: a run of {} with seed {} ended without a result\n", scenario.file,
               seed);
    return exit_code::kInternal;
  }
  const Paint paint;
  if (a->digest == b->digest && a->events == b->events) {
    fmt::print("{} {} seed={} digest={:016x} twice, {} events\n", paint.good("SAME"), scenario.name,
               seed, a->digest, a->events);
    if (a->code != exit_code::kOk) fmt::print("{}\n", failure_line(*a));
    return a->code;
  }
  fmt::print("{} {} seed={}: digest {:016x} in one process, {:016x} in another\n",
             paint.bad("NONDETERMINISM"), scenario.name, seed, a->digest, b->digest);
  name_first_difference(scenario, options, *a, *b);
  return exit_code::kNondeterminism;
}

}  // namespace sim
