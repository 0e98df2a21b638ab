// slotsim mutants: how many of the core's deliberate breakages the checks catch.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/fault_bites.h"
#include "sim/app/hunt.h"
#include "sim/app/side.h"
#include "sim/app/vocabulary.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct MutantsArguments {
  std::vector<std::string> names;
  std::string seeds = "1..200", scenarios = "scenarios/broken", json;
  unsigned jobs = 1;
  bool faults = false;
};

constexpr const char* kAboutMutants =
    "Breaks the core on purpose, one rule at a time, and says which check notices, and how soon."
    "\n\nA mutation is killed when an invariant that declares it fails in a run that holds "
    "without it; see: slotsim\nlist mutations. Exit code 0 if all are killed, 1 if any survives."
    "\n\nExamples:\n"
    "  slotsim mutants --jobs 2\n"
    "  slotsim mutants no-demotion late-election\n"
    "  slotsim mutants --seeds 1..20 --json mutants.json";

void describe_options(CommandLine& line, MutantsArguments& arguments) {
  line.add_option("names", arguments.names, "mutations; all of them if not given")
      .type_name("NAME");
  line.add_option("--seeds", arguments.seeds,
                  "seeds for the scenario of each; then as many runs of the others")
      .type_name("FIRST..LAST")
      .shows_default();
  line.add_option("--jobs", arguments.jobs, "runs at the same time, each in a process of its own")
      .range(1, 1024)
      .type_name("N");
  line.add_option("--scenarios", arguments.scenarios,
                  "the folder of the scenarios that show the mutations")
      .type_name("DIR")
      .shows_default();
  line.add_option("--json", arguments.json, "write the table as JSON too").type_name("FILE");
  line.add_flag("--faults", arguments.faults,
                "instead: make each fault of the registry do nothing, and see that it is noticed");
}

std::vector<const MutationInfo*> chosen(const std::vector<std::string>& names) {
  std::vector<Mutation> wanted;
  for (const std::string& name : names) wanted.push_back(mutation_named("mutants", name));
  std::vector<const MutationInfo*> chosen;
  for (const MutationInfo& info : mutations()) {
    const bool named = std::find(wanted.begin(), wanted.end(), info.mutation) != wanted.end();
    if (named || names.empty()) chosen.push_back(&info);
  }
  return chosen;
}

// nullopt: a file is wrong, which has been told.
std::optional<std::vector<Scenario>> standard_set(const std::string& folder) {
  if (!fs::is_directory(folder)) {
    throw UsageError{"there is no folder " + folder +
                     " here: the scenarios that show the mutations are in scenarios/broken of the "
                     "checkout; say where with --scenarios DIR"};
  }
  std::vector<fs::path> files(fs::directory_iterator(folder), fs::directory_iterator{});
  std::erase_if(files, [](const fs::path& file) { return file.extension() != ".json"; });
  std::sort(files.begin(), files.end());
  std::vector<Scenario> set;
  bool good = true;
  for (const fs::path& file : files) {
    Loaded loaded = load_scenario_file(file.string());
    std::fputs(loaded.problems.text().c_str(), stderr);
    good = good && loaded.problems.empty();
    std::move(loaded.variants.begin(), loaded.variants.end(), std::back_inserter(set));
  }
  if (!good) return std::nullopt;
  return set;
}

// Who of those that declare a mutation that was hunted has killed none: each gets the mutations
// that it declares to itself.
std::vector<Hunted> hunt_for_idle(const std::vector<Hunted>& hunted, const Hunt& hunt) {
  std::vector<Hunted> again;
  for (const InvariantKind& kind : invariants()) {
    std::vector<Hunted> declared;
    bool killed = false;
    for (const Hunted& one : hunted) {
      const auto killers = declared_killers(one.mutation->name);
      if (std::find(killers.begin(), killers.end(), kind.name) == killers.end()) continue;
      killed = killed || std::find(one.by.begin(), one.by.end(), kind.name) != one.by.end();
      declared.push_back({.mutation = one.mutation, .wanted = std::string(kind.name)});
    }
    if (!killed) std::move(declared.begin(), declared.end(), std::back_inserter(again));
  }
  return again.empty() ? again : hunt.hunt(std::move(again));
}

std::vector<std::string> idle_in(const std::vector<Hunted>& hunted_again) {
  std::vector<std::string> idle;
  for (const Hunted& one : hunted_again) {
    const bool killed = std::any_of(
        hunted_again.begin(), hunted_again.end(),
        [&](const Hunted& other) { return other.wanted == one.wanted && other.killed; });
    if (!killed && std::find(idle.begin(), idle.end(), one.wanted) == idle.end())
      idle.push_back(one.wanted);
  }
  return idle;
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

std::string joined(const auto& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void print_row(const Hunted& one, const Paint& paint) {
  const std::string verdict = fmt::format("{:<8}", one.killed ? "killed" : "SURVIVED");
  fmt::print("{:<30} {} {:<34} {:<24} {:>5} {:>8.2f}\n", one.mutation->name,
             one.killed ? paint.good(verdict) : paint.bad(verdict),
             one.killed ? joined(one.by) : "-", one.scenario, one.runs, seconds(one.cpu_ns));
  if (one.crashes > 0) {
    fmt::print("  {} of its runs crashed, which kills nothing; the first: {}\n", one.crashes,
               one.crash);
  }
  if (!one.killed && !one.bystanders.empty())
    fmt::print("  broken by it, but never declared it: {}\n", joined(one.bystanders));
}

Json to_json(const Hunted& one) {
  return {{"mutation", one.mutation->name}, {"killed", one.killed},   {"by", one.by},
          {"scenario", one.scenario},       {"seed", one.seed},       {"runs", one.runs},
          {"cpu_ns", one.cpu_ns},           {"crashes", one.crashes}, {"crash", one.crash},
          {"undeclared", one.bystanders}};
}

// Every fault as it is, and made to do nothing.
int hunt_idle_faults(unsigned jobs) {
  const auto kinds = faults();
  std::size_t noticed = 0;
  fmt::print("{:<18} {:<10} {:<34} {}\n", "fault", "verdict", "as it is", "made to do nothing");
  const auto work = [&](std::size_t index) {
    const FaultBite bite = bite_of(kinds[index]);
    return Json{{"effects", bite.effects}, {"unit", bite.unit}, {"noticed", bite.noticed}}.dump();
  };
  const auto done = [&](const ChildResult& child) {
    const std::string_view name = kinds[child.task].name;
    if (!child.finished) return fmt::print("{:<18} {:<10} {}", name, "CRASHED", child.complaint);
    const Json bite = Json::parse(child.result);
    const auto effects = bite["effects"].get<std::uint64_t>();
    const auto warning = bite["noticed"].get<std::string>();
    const bool good = effects > 0 && !warning.empty();
    noticed += good ? 1 : 0;
    fmt::print("{:<18} {:<10} {:<34} {}\n", name, good ? "noticed" : "MISSED",
               fmt::format("{} {}", effects, bite["unit"].get<std::string>()),
               warning.empty() ? "nobody noticed" : warning);
  };
  run_in_children(kinds.size(), jobs, work, done, interrupted);
  if (interrupted()) return exit_code::kInterrupted;
  fmt::print("{} faults, {} noticed, {} missed\n", kinds.size(), noticed, kinds.size() - noticed);
  return noticed == kinds.size() ? exit_code::kOk : exit_code::kViolation;
}

// What does not go together is refused.
void check_combinations(const MutantsArguments& arguments) {
  if (arguments.faults && (!arguments.names.empty() || !arguments.json.empty()))
    throw UsageError{"--faults is about all faults, and takes neither mutations nor --json"};
}

}  // namespace

int command_mutants(const Arguments& words) {
  CommandLine line{"mutants", kAboutMutants};
  MutantsArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  check_combinations(arguments);
  if (arguments.faults) {
    catch_interrupts();
    return hunt_idle_faults(arguments.jobs);
  }
  const SeedRange seeds = parse_seeds(arguments.seeds);
  const std::vector<const MutationInfo*> wanted = chosen(arguments.names);
  const auto set = standard_set(arguments.scenarios);
  if (!set) return exit_code::kUsage;
  catch_interrupts();
  const Hunt hunt(*set, seeds, arguments.jobs);
  std::vector<Hunted> by_invariants, hunted;
  for (const MutationInfo* info : wanted) {
    if (!hunt.shows(*info)) {
      throw UsageError{fmt::format("{} has no {}.json, which shows {}", arguments.scenarios,
                                   info->shown_by, info->name)};
    }
    if (info->killed_by != kKilledByDiff) by_invariants.push_back({.mutation = info});
  }
  by_invariants = hunt.hunt(std::move(by_invariants));
  const std::vector<Hunted> again = hunt_for_idle(by_invariants, hunt);
  for (const MutationInfo* info : wanted) {
    if (interrupted()) return exit_code::kInterrupted;
    if (info->killed_by == kKilledByDiff) {
      hunted.push_back(hunt.tell_apart(*info));
    } else {
      hunted.push_back(*std::find_if(by_invariants.begin(), by_invariants.end(),
                                     [&](const Hunted& one) { return one.mutation == info; }));
    }
  }
  if (interrupted()) return exit_code::kInterrupted;
  const Paint paint;
  const std::vector<std::string> idle = idle_in(again);
  fmt::print("{:<30} {:<8} {:<34} {:<24} {:>5} {:>8}\n", "mutation", "verdict", "by", "scenario",
             "runs", "CPU s");
  Json rows = Json::array();
  std::vector<std::string> survivors;
  std::int64_t cpu_ns = 0;
  for (const Hunted& one : hunted) {
    print_row(one, paint);
    rows.push_back(to_json(one));
    cpu_ns += one.cpu_ns;
    if (!one.killed) survivors.emplace_back(one.mutation->name);
  }
  for (const Hunted& one : again) cpu_ns += one.cpu_ns;
  const std::size_t killed = hunted.size() - survivors.size();
  fmt::print("\ninvariants that killed nothing: {}\n", idle.empty() ? "none" : joined(idle));
  fmt::print("{} mutations, {} killed, {} survived{} in {:.1f} CPU s\n", hunted.size(), killed,
             survivors.size(), survivors.empty() ? "" : " (" + joined(survivors) + ")",
             seconds(cpu_ns));
  if (!arguments.json.empty()) {
    const Json document = {{"slotsim_mutants", 1},         {"killed", killed},
                           {"survived", survivors.size()}, {"mutations", rows},
                           {"idle_invariants", idle},      {"cpu_ns", cpu_ns}};
    write_file(arguments.json, document.dump(2) + "\n");
  }
  return survivors.empty() ? exit_code::kOk : exit_code::kViolation;
}

}  // namespace sim
