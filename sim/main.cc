// slotsim: the table of sub-commands.
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "sim/app/cli.h"
#include "sim/scenario/problems.h"

namespace {

struct SubCommand {
  std::string_view name;
  std::string_view description;
  int (*run)(const sim::Arguments& arguments);
};

constexpr std::array kSubCommands = {
    SubCommand{"run", "run scenarios and judge them", sim::command_run},
    SubCommand{"validate", "check scenario files without running them", sim::command_validate},
    SubCommand{"graph", "draw the cluster at a moment of a run", sim::command_graph},
    SubCommand{"import", "make a scenario of a running cluster", sim::command_import},
    SubCommand{"analyse", "say what the topology risks, before anything runs",
               sim::command_analyse},
    SubCommand{"diff", "hold two kinds of node against each other", sim::command_diff},
    SubCommand{"mutants", "break the core on purpose and see every breakage caught",
               sim::command_mutants},
    SubCommand{"check", "judge histories of clients: linearizable? lost, stale, out of order?",
               sim::command_check},
    SubCommand{"list",
               "list faults, invariants, workloads, selectors, mutations, milestones, metrics",
               sim::command_list},
    SubCommand{"bench", "measure speed and memory, after proving the work is right",
               sim::command_bench},
    SubCommand{"exec", "run any command and all it starts in virtual time", sim::command_exec},
    SubCommand{"demo", "show a run that passes and one that is caught", sim::command_demo},
    SubCommand{"schema", "print the JSON schema of scenario files", sim::command_schema},
};

constexpr std::string_view kExamples =
    R"(slotsim: deterministic cluster simulator and test harness for Redis Cluster

Examples:
  slotsim run scenarios/failover.json                        one run, with its timeline and verdict
  slotsim run scenarios/failover.json --seed 7 --verify      twice in separate processes: same digest?
  slotsim run scenarios --seeds 1..50 --jobs 2               many seeds of every scenario, with percentiles
  slotsim graph scenarios/split-by-zones.json --at 20s --format svg -o t.svg
  slotsim import nodes.txt --zones zones.csv -o my.json      my own cluster, from what CLUSTER NODES says
  slotsim analyse my-scenario.json --fail-on spof            which host, zone or link must not fail?
  slotsim diff scenarios/failover.json --a sim --b redis-server --seeds 1..200
  slotsim check history.jsonl --model register               is what clients saw linearizable?
  slotsim validate my-scenario.json                          every mistake at once, with line and column
  slotsim list faults                                        what a scenario can do to a cluster

Sub-commands (each has --help):
)";

void print_help(std::FILE* out) {
  std::fwrite(kExamples.data(), 1, kExamples.size(), out);
  for (const SubCommand& command : kSubCommands) {
    std::fprintf(out, "  %-10s %s\n", std::string(command.name).c_str(),
                 std::string(command.description).c_str());
  }
  std::fputs(
      "\nExit codes: 0 all as expected, 1 an invariant is violated, 2 bad usage or scenario, 3 "
      "nondeterminism,\n"
      "4 did not converge, 5 undecided, 6 passed though a failure was expected, 7 a bound on a "
      "metric is broken,\n"
      "70 internal error, 130 interrupted.\n",
      out);
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help(stdout);
    return 0;
  }
  if (words[0] == "--version") {
    std::puts("slotsim " SLOTSIM_VERSION);
    return 0;
  }
  std::vector<std::string_view> names;
  for (const SubCommand& command : kSubCommands) {
    if (command.name == words[0]) return command.run({words.begin() + 1, words.end()});
    names.push_back(command.name);
  }
  const std::string meant = sim::did_you_mean(words[0], names);
  std::fprintf(stderr, "slotsim: unknown sub-command '%s'%s%s\nSee: slotsim --help\n",
               words[0].c_str(), meant.empty() ? "" : "; ", meant.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const sim::UsageError& error) {
    std::fprintf(stderr, "slotsim: %s\n", error.what.c_str());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "slotsim: internal error: %s\n", error.what());
    return 70;
  }
}
