// slotsim bench: speed and memory. Each benchmark runs in a process of its own, so that its peak
// memory is its own.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/app/bench.h"
#include "sim/app/cli.h"
#include "sim/app/command_line.h"
#include "sim/app/result.h"
#include "sim/hosts/clock.h"
#include "sim/hosts/process_pool.h"

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

struct Benchmark {
  std::string_view name;
  std::string_view description;
  Measurement (*measure)();
};
constexpr std::array kBenchmarks = {
    Benchmark{"engine/10", "W1: the world alone, 10 nodes",
              [] { return measure_engine(10, 20'000); }},
    Benchmark{"engine/100", "W1, 100 nodes", [] { return measure_engine(100, 2'000); }},
    Benchmark{"engine/1000", "W1, 1,000 nodes", [] { return measure_engine(1'000, 200); }},
    Benchmark{"gossip/6", "W2: steady gossip, full product, 6 nodes",
              [] { return measure_gossip(6, 60'000); }},
    Benchmark{"gossip/100", "W2, 100 nodes", [] { return measure_gossip(100, 1'500); }},
    Benchmark{"gossip/1000", "W2, 1,000 nodes", [] { return measure_gossip(1'000, 30); }},
    Benchmark{"failover", "3 + 3 nodes lose a primary, scenario to verdict",
              [] { return measure_failover(); }},
    Benchmark{"requests", "client requests, history recorded and judged",
              [] { return measure_requests(10); }},
    Benchmark{"invariants/100", "what judging costs, 100 nodes with clients, one of which dies",
              [] { return measure_invariants(100, 60); }},
    Benchmark{"process/6", "W3: idle redis-servers in virtual time, 6 of them",
              [] { return measure_processes(6, 1'000); }},
    Benchmark{"process/30", "W3, 30 redis-servers", [] { return measure_processes(30, 60); }},
    Benchmark{"process/100", "W3, 100 redis-servers", [] { return measure_processes(100, 15); }},
    Benchmark{"history/unique", "checking 1,000,000 operations on registers, unique values",
              [] { return measure_history(HistoryKind::kUnique, 1'000'000); }},
    Benchmark{"history/repeated", "the same with values that repeat",
              [] { return measure_history(HistoryKind::kRepeated, 1'000'000); }},
    Benchmark{"history/list-append", "1,000,000 operations on lists",
              [] { return measure_history(HistoryKind::kListAppend, 1'000'000); }},
    Benchmark{"history10m/unique", "10,000,000 operations on registers",
              [] { return measure_history(HistoryKind::kUnique, 10'000'000); }},
    Benchmark{"history10m/list-append", "10,000,000 operations on lists",
              [] { return measure_history(HistoryKind::kListAppend, 10'000'000); }},
};

constexpr std::string_view kSkipped = "skipped: ";

// One benchmark, as Google Benchmark's JSON.
std::string run_benchmark(const Benchmark& bench, unsigned repetitions) {
  auto* registered = benchmark::RegisterBenchmark(
      std::string(bench.name).c_str(), [&bench](benchmark::State& state) {
        for (auto iteration : state) {
          (void)iteration;
          const Measurement measured = bench.measure();
          if (!measured.skipped.empty()) {
            state.SkipWithError((std::string(kSkipped) + measured.skipped).c_str());
            return;
          }
          if (!measured.wrong.empty()) {
            state.SkipWithError(("void: " + measured.wrong).c_str());
            return;
          }
          const double cpu_seconds = static_cast<double>(measured.cpu_ns) / 1e9;
          state.SetIterationTime(cpu_seconds);
          const std::string second = measured.by_wall ? "wall_s" : "cpu_s";
          state.counters["virtual_s_per_" + second] = measured.virtual_seconds / cpu_seconds;
          state.counters["events_per_" + second] =
              static_cast<double>(measured.events) / cpu_seconds;
          state.counters["peak_memory_mib"] = static_cast<double>(peak_memory_bytes()) / (1 << 20);
          for (const auto& [name, value] : measured.more) state.counters[name] = value;
        }
      });
  registered->Iterations(1)
      ->Repetitions(static_cast<int>(repetitions))
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
  std::ostringstream out, noise;
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&out);
  reporter.SetErrorStream(&noise);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  return out.str();
}

void print_result(const Benchmark& bench, const Json& entry) {
  if (entry.contains("error_occurred") && entry["error_occurred"].get<bool>()) {
    fmt::print("{:<18} {}\n", bench.name, entry["error_message"].get<std::string>());
    return;
  }
  // Of several repetitions the median is worth a line; the other aggregates are in the JSON.
  std::string name{bench.name};
  if (entry.value("run_type", "") == "aggregate") {
    if (entry.value("aggregate_name", "") != "median") return;
    name += " median";
  }
  if (entry.contains("hand_over_us")) {
    const auto number = [&entry](const char* key) { return entry[key].get<double>(); };
    fmt::print(
        "{:<18} {:>12.1f} virtual s per wall s {:>11.0f} wake-ups per wall s  {:>7.2f} us a "
        "hand-over  {:.2f} times the floor of {:.1f}\n",
        name, number("virtual_s_per_wall_s"), number("wakeups_per_wall_s"), number("hand_over_us"),
        number("times_floor"), number("floor_virtual_s_per_wall_s"));
    return;
  }
  if (entry.contains("operations")) {
    fmt::print(
        "{:<24} {:>11.0f} operations per CPU s  (read {:.2f} s, check {:.2f} s)  {:>7.1f} MiB\n",
        name, entry["events_per_cpu_s"].get<double>(), entry["read_cpu_s"].get<double>(),
        entry["check_cpu_s"].get<double>(), entry["peak_memory_mib"].get<double>());
    return;
  }
  const double speed = entry["virtual_s_per_cpu_s"].get<double>();
  fmt::print("{:<18} {:>12.{}f} virtual s per CPU s  {:>11.0f} events per CPU s  {:>7.1f} MiB",
             name, speed, speed < 100 ? 1 : 0, entry["events_per_cpu_s"].get<double>(),
             entry["peak_memory_mib"].get<double>());
  for (const char* extra : {"pings_per_node_second", "requests_per_cpu_second", "cost_percent",
                            "cost_percent_least", "cost_percent_most"}) {
    if (entry.contains(extra)) fmt::print("  {} {:.6g}", extra, entry[extra].get<double>());
  }
  fmt::print("\n");
}

}  // namespace

int command_bench(const Arguments& words) {
  CommandLine line{
      "bench",
      "Measures speed and memory; each figure is void unless the work was right.\n\nExamples:\n  "
      "slotsim bench\n"
      "  slotsim bench --only gossip/100 --repeat 5 --json"};
  std::string only;
  unsigned repetitions = 1;
  bool json = false;
  line.add_option("--only", only, "benchmarks whose name begins so").type_name("NAME");
  line.add_option("--repeat", repetitions, "how often each runs").range(1, 1000).type_name("N");
  line.add_flag("--json", json, "Google Benchmark's JSON");
  if (const auto code = line.parse(words)) return *code;
  std::vector<const Benchmark*> chosen;
  for (const Benchmark& bench : kBenchmarks) {
    if (bench.name.starts_with(only)) chosen.push_back(&bench);
  }
  if (chosen.empty()) throw UsageError{"no benchmark begins with '" + only + "'"};
  catch_interrupts();
  int code = exit_code::kOk;
  Json all = {{"benchmarks", Json::array()}};
  const auto done = [&](const ChildResult& child) {
    const Benchmark& bench = *chosen[child.task];
    if (!child.finished) {
      fmt::print(stderr, "{}: ended without a result\n{}", bench.name, child.complaint);
      code = exit_code::kInternal;
      return;
    }
    const Json document = Json::parse(child.result);
    if (document.contains("context")) all["context"] = document["context"];
    for (const Json& entry : document["benchmarks"]) {
      all["benchmarks"].push_back(entry);
      const bool failed = entry.contains("error_occurred") && entry["error_occurred"].get<bool>();
      if (failed && !entry["error_message"].get<std::string>().starts_with(kSkipped))
        code = exit_code::worse(code, exit_code::kGate);
      if (!json) print_result(bench, entry);
    }
    std::fflush(stdout);
  };
  run_in_children(
      chosen.size(), 1, [&](std::size_t task) { return run_benchmark(*chosen[task], repetitions); },
      done, interrupted);
  if (json) std::puts(all.dump(2).c_str());
  return interrupted() ? exit_code::kInterrupted : code;
}

}  // namespace sim
