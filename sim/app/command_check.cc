// slotsim check: judging histories of clients, our own or anybody's.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/files.h"
#include "sim/app/result.h"
#include "sim/history/check.h"
#include "sim/history/read_history.h"
#include "sim/hosts/clock.h"
#include "sim/hosts/process_pool.h"
#include "sim/scenario/options.h"
#include "sim/scenario/problems.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;
using history::Finding;
using history::History;
using history::Report;
using history::Verdict;

struct CheckArguments {
  std::vector<std::string> files;
  std::string model, format, workload, time_limit;
  std::uint64_t steps = history::Limits{}.steps, memory_mib = history::Limits{}.bytes >> 20;
  bool json = false, quiet = false;
};

constexpr const char* kAboutCheck =
    "Judges histories: what clients asked for and were answered. docs/histories.md tells the "
    "formats.\n\nExamples:\n"
    "  slotsim check history.jsonl --model register\n"
    "  slotsim check history.edn --model list-append --json\n"
    "  slotsim run scenarios/failover.json --history h.jsonl; slotsim check h.jsonl --model "
    "register";

void describe_options(CommandLine& line, CheckArguments& arguments) {
  line.add_option("files", arguments.files, "histories (- for standard input)")
      .type_name("FILE")
      .required();
  line.add_option("--model", arguments.model,
                  "register, cas-register, kv, list-append, counter or cache")
      .type_name("MODEL")
      .required();
  line.add_option("--format", arguments.format,
                  "jsonl, edn or jepsen-log; default: by the look of the first line")
      .type_name("FORMAT");
  line.add_option("--workload", arguments.workload,
                  "only operations of this one, of a run that had several")
      .type_name("NAME");
  line.add_option("--steps", arguments.steps, "searches give up after so many: exit 5")
      .type_name("N");
  line.add_option("--memory", arguments.memory_mib, "a search gives up above so much: exit 5")
      .range(1, 1 << 20)
      .type_name("MIB");
  line.add_option("--time-limit", arguments.time_limit,
                  "searches give up after so much CPU time, e.g. 60s: exit 5")
      .type_name("TIME");
  line.add_flag("--json", arguments.json, "print what came of it as one JSON document");
  line.add_flag("--quiet,-q", arguments.quiet, "a line for each file");
}

struct Checked {
  History history;
  Report report;
  std::int64_t read_ns = 0, check_ns = 0;
};

class Checking {
 public:
  explicit Checking(const CheckArguments& arguments) {
    const auto model = history::model_of(arguments.model);
    if (!model) throw unknown("--model", arguments.model, history::model_names());
    options_.model = *model;
    if (!arguments.format.empty()) {
      options_.format = history::format_of(arguments.format);
      if (!options_.format) throw unknown("--format", arguments.format, history::format_names());
    }
    options_.workload = arguments.workload;
    limits_.steps = arguments.steps;
    limits_.bytes = arguments.memory_mib << 20;
    std::optional<Duration> limit;
    if (!arguments.time_limit.empty()) {
      limit = parse_duration(arguments.time_limit);
      if (!limit || *limit <= Duration{0}) {
        throw UsageError{"--time-limit expects a time such as 60s, got '" + arguments.time_limit +
                         "'"};
      }
    }
    limits_.stop = [limit] {
      return interrupted() || (limit && process_cpu_ns() > limit->count());
    };
  }

  // Prints what is wrong with the file and says so by nullopt.
  std::optional<Checked> check(const std::string& file) {
    try {
      Checked checked;
      const std::int64_t begin = process_cpu_ns();
      checked.history = read(file);
      const std::int64_t middle = process_cpu_ns();
      checked.report = history::check(checked.history, limits_);
      checked.read_ns = middle - begin;
      checked.check_ns = process_cpu_ns() - middle;
      return checked;
    } catch (const history::HistoryError& error) {
      if (error.line == 0) {
        fmt::print(stderr, "{}: error: {}\n", file, error.what);
      } else {
        fmt::print(stderr, "{}:{}:{}: error: {}\n", file, error.line, error.column, error.what);
      }
      return std::nullopt;
    }
  }

 private:
  static UsageError unknown(std::string_view option, const std::string& name,
                            const std::vector<std::string_view>& names) {
    const std::string meant = did_you_mean(name, names);
    return {fmt::format("{} expects one of {}, got '{}'{}{}", option, list_of_names(names), name,
                        meant.empty() ? "" : "; ", meant)};
  }

  History read(const std::string& file) {
    const File opened = open_for_reading(file);
    options_.file = file;
    const auto source = [&](char* into, std::size_t room) {
      const std::size_t got = std::fread(into, 1, room, opened.get());
      if (std::ferror(opened.get()) != 0) throw UsageError{"cannot read " + file};
      return got;
    };
    return history::read_history(source, options_);
  }

  history::ReadOptions options_;
  history::Limits limits_;
};

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kUnknown:
      return "unknown";
  }
  return {};
}

int code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return exit_code::kOk;
    case Verdict::kFail:
      return exit_code::kViolation;
    case Verdict::kUnknown:
      return exit_code::kUnknown;
  }
  return exit_code::kInternal;
}

std::string count(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

Json to_json(const CheckArguments& arguments, const Checked& checked) {
  const History& history = checked.history;
  const Report& report = checked.report;
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"anomaly", finding.anomaly},
                        {"key", finding.key},
                        {"lines", finding.lines},
                        {"text", finding.text}});
  }
  return {{"file", history.file},
          {"model", arguments.model},
          {"verdict", name_of(report.verdict)},
          {"claim", report.claim},
          {"finding_count", report.finding_count},
          {"findings", findings},
          {"unknown_because", report.unknown_because},
          {"operations", history.invoked},
          {"answered", history.answered},
          {"refused", history.refused},
          {"unknown", history.unknown},
          {"never_ended", history.never_ended},
          {"processes", history.processes.size()},
          {"keys", history.keys.size()},
          {"lines", history.lines},
          {"parts", report.parts},
          {"parts_by_zones", report.parts_by_zones},
          {"steps", report.steps},
          {"read_cpu_ns", checked.read_ns},
          {"check_cpu_ns", checked.check_ns},
          {"peak_memory_bytes", peak_memory_bytes()}};
}

void tell(const Checked& checked, const Paint& paint) {
  const History& history = checked.history;
  const Report& report = checked.report;
  fmt::print("{}: {} of {} on {}; {} answered, {} refused, {} of unknown outcome\n", history.file,
             count(history.invoked, "operation", "operations"),
             count(history.processes.size(), "process", "processes"),
             count(history.keys.size(), "key", "keys"), history.answered, history.refused,
             history.unknown);
  if (history.never_ended > 0) {
    fmt::print(
        "  of {} the history does not tell the end: it may have happened at any time, or "
        "never\n",
        count(history.never_ended, "operation", "operations"));
  }
  for (const Finding& finding : report.findings) {
    fmt::print("\n{}{}: {}", paint.bad(finding.anomaly),
               finding.key.empty() ? "" : fmt::format(" of key \"{}\"", finding.key), finding.text);
  }
  if (report.finding_count > report.findings.size()) {
    fmt::print("\nand {} more\n", report.finding_count - report.findings.size());
  }
  if (report.verdict == Verdict::kFail && !report.unknown_because.empty())
    fmt::print("\n{}\n", report.unknown_because);
  if (!report.findings.empty()) fmt::print("\n");
}

void tell_verdict(const Checked& checked, const Paint& paint) {
  const Report& report = checked.report;
  const std::string& file = checked.history.file;
  switch (report.verdict) {
    case Verdict::kPass:
      fmt::print("{} {}: {}\n", paint.good("PASS"), file, report.claim);
      break;
    case Verdict::kFail:
      fmt::print("{} {}: {} of \"{}\"\n", paint.bad("FAIL"), file,
                 count(report.finding_count, "violation", "violations"), report.claim);
      break;
    case Verdict::kUnknown:
      fmt::print("{} {}: {} (--steps, --memory, --time-limit)\n", paint.warn("UNKNOWN"), file,
                 report.unknown_because);
      break;
  }
}

}  // namespace

int command_check(const Arguments& words) {
  CommandLine line{"check", kAboutCheck};
  CheckArguments arguments;
  describe_options(line, arguments);
  if (const auto code = line.parse(words)) return *code;
  if (arguments.json && arguments.quiet) throw UsageError{"--json and --quiet exclude each other"};
  catch_interrupts();
  Checking checking(arguments);
  const Paint paint;
  int code = exit_code::kOk;
  Json all = {{"slotsim_check", 1}, {"histories", Json::array()}};
  std::array<std::uint64_t, 3> verdicts{};
  for (const std::string& file : arguments.files) {
    const std::optional<Checked> checked = checking.check(file);
    if (!checked) {
      code = exit_code::worse(code, exit_code::kUsage);
      continue;
    }
    ++verdicts[static_cast<std::size_t>(checked->report.verdict)];
    code = exit_code::worse(code, code_of(checked->report.verdict));
    if (arguments.json) {
      all["histories"].push_back(to_json(arguments, *checked));
    } else {
      if (!arguments.quiet) tell(*checked, paint);
      tell_verdict(*checked, paint);
    }
    if (interrupted()) break;
  }
  if (arguments.json) {
    std::puts(all.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else if (arguments.files.size() > 1) {
    fmt::print("{} passed, {} failed, {} unknown\n", verdicts[0], verdicts[1], verdicts[2]);
  }
  return interrupted() ? exit_code::kInterrupted : code;
}

}  // namespace sim
