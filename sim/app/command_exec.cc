// slotsim exec: any command, and all it starts, in virtual time on a machine of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/exec_world.h"
#include "sim/app/result.h"
#include "sim/hosts/process_pool.h"
#include "sim/scenario/options.h"

namespace sim {
namespace {

struct ExecArguments {
  std::string seed = "1", seeds, limit = "600s", trace;
  bool verify = false;
  std::vector<std::string> command;
};

constexpr const char* kAboutExec =
    "Runs a command and all it starts in virtual time, on one machine with nothing but "
    "loopback.\n"
    "Sleeping costs nothing, and the same seed gives the same run. Exit code and output are the\n"
    "command's; what slotsim says itself goes to stderr.\n\nExamples:\n"
    "  slotsim exec -- sleep 3600\n"
    "  slotsim exec --seed 3 --verify -- tclsh tests/failover.tcl\n"
    "  slotsim exec --seeds 1..20 -- ./runtest-cluster --single 02-failover";

void describe_options(CommandLine& line, ExecArguments& arguments) {
  const auto seed =
      line.add_option("--seed", arguments.seed, "the seed of all that is random (default 1)")
          .type_name("SEED");
  const auto seeds =
      line.add_option("--seeds", arguments.seeds, "one run for each, until one fails")
          .type_name("FIRST..LAST")
          .excludes(seed);
  line.add_option("--limit", arguments.limit, "virtual time the command may take (default 600s)")
      .type_name("TIME");
  line.add_flag("--verify", arguments.verify,
                "run it twice and compare; exit 3 and name the first difference");
  line.add_option("--trace", arguments.trace, "write what was delivered when, as JSON lines")
      .type_name("FILE")
      .excludes(seeds);
  line.add_option("command", arguments.command, "the command and its arguments, after --")
      .required()
      .type_name("COMMAND...");
}

ExecSettings settings_of(const ExecArguments& arguments, std::uint64_t seed) {
  ExecSettings settings;
  settings.command = arguments.command;
  settings.seed = seed;
  settings.trace_file = arguments.trace;
  settings.interrupted = interrupted;
  const auto limit = parse_duration(arguments.limit);
  if (!limit || *limit <= Duration{0})
    throw UsageError{"--limit expects a time such as 600s, got '" + arguments.limit + "'"};
  settings.limit = *limit;
  return settings;
}

// In a child, because a sandbox is entered once and left by ending.
ExecResult run_apart(const ExecSettings& settings) {
  const auto text = run_in_child([&] { return to_json(exec_once(settings)); });
  if (text) return exec_result_from_json(*text);
  ExecResult result;
  result.complaint = "the run ended without a result";
  result.code = exit_code::kInternal;
  return result;
}

void tell(const ExecResult& result, std::uint64_t seed) {
  if (!result.complaint.empty()) fmt::print(stderr, "slotsim: {}\n", result.complaint);
  fmt::print(stderr,
             "slotsim: seed {}: exit {}, {:.3f} virtual seconds in {:.3f} s, {} programs, digest "
             "{:016x}\n",
             seed, result.code, static_cast<double>(result.virtual_ns) / 1e9,
             static_cast<double>(result.wall_ns) / 1e9, result.programs, result.digest);
}

void tell_difference(const ExecResult& one, const ExecResult& other) {
  const std::size_t common = std::min(one.watched.size(), other.watched.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (one.watched[i] == other.watched[i]) continue;
    fmt::print(stderr, "first event that differs:\n  one:   {}\n  other: {}\n", one.watched[i],
               other.watched[i]);
    return;
  }
  if (one.watched.size() != other.watched.size()) {
    const bool longer = one.watched.size() > common;
    fmt::print(stderr, "first event that only {} has:\n  {}\n", longer ? "one" : "the other",
               (longer ? one : other).watched[common]);
  } else {
    fmt::print(stderr, "the events agree; what the programs wrote or who they started differs\n");
  }
}

int run_seed(const ExecArguments& arguments, std::uint64_t seed) {
  const ExecSettings settings = settings_of(arguments, seed);
  const ExecResult first = run_apart(settings);
  tell(first, seed);
  if (!arguments.verify || interrupted()) return first.code;
  const ExecResult second = run_apart(settings);
  tell(second, seed);
  if (first.digest == second.digest && first.code == second.code) {
    fmt::print(stderr, "slotsim: SAME twice, digest {:016x}\n", first.digest);
    return first.code;
  }
  fmt::print(stderr, "slotsim: NONDETERMINISM\n");
  tell_difference(first, second);
  return exit_code::kNondeterminism;
}

}  // namespace

int command_exec(const Arguments& given) {
  CommandLine line{"exec", kAboutExec};
  ExecArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(given)) return *code;
  catch_interrupts();
  if (arguments.seeds.empty()) return run_seed(arguments, parse_seed(arguments.seed));
  const SeedRange range = parse_seeds(arguments.seeds);
  for (std::uint64_t seed = range.first;; ++seed) {
    const int code = run_seed(arguments, seed);
    if (code != exit_code::kOk || seed == range.last || interrupted()) return code;
  }
}

}  // namespace sim
