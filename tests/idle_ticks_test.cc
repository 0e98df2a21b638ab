// Ticks of the server cron that have nothing to do are counted instead of run. Here every run is
// held against the same run in a world that wakes its nodes for every tick: each record and each
// message delivered must be the same, at the same nanosecond.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/app/run.h"
#include "sim/app/vocabulary.h"
#include "sim/trace/trace_json.h"

namespace sim {
namespace {

struct Told {
  std::vector<std::string> records;
  std::uint64_t events = 0;
  RunResult result;
};

// What a fault did is counted in wake-ups too, of which there are fewer on purpose.
std::string text_of(Record record, const Cast& cast) {
  if (auto* ended = std::get_if<event::FaultEnded>(&record.event)) ended->effects = 0;
  std::string text;
  append_json(record, cast, text);
  return text;
}

Told tell(const Scenario& scenario, std::uint64_t seed, bool every_tick) {
  PlanOptions options;
  options.seed = seed;
  const auto plan = std::make_shared<Plan>(*make_plan(scenario, options));
  plan->world.every_tick = every_tick;
  plan->world.record_deliveries = true;
  Run run(plan);
  Told told;
  run.set_sink(
      [&](const Record& record) { told.records.push_back(text_of(record, plan->facts.cast)); });
  while (run.advance()) {}
  told.result = run.result();
  told.events = run.world().events();
  return told;
}

void expect_the_same(const Scenario& scenario, std::uint64_t seed) {
  const Told all = tell(scenario, seed, true);
  const Told some = tell(scenario, seed, false);
  const std::size_t both = std::min(all.records.size(), some.records.size());
  for (std::size_t i = 0; i < both; ++i) {
    ASSERT_EQ(some.records[i], all.records[i]) << scenario.name << ", seed " << seed;
  }
  EXPECT_EQ(some.records.size(), all.records.size()) << scenario.name << ", seed " << seed;
  EXPECT_EQ(some.result.deliveries, all.result.deliveries);
  EXPECT_LT(some.events, all.events) << "then nothing was saved, and nothing was tested";
}

std::vector<Scenario> load(std::string text) {
  Loaded loaded = load_scenario("a.json", std::move(text), vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return loaded.variants;
}

std::vector<Scenario> load_shipped(const std::string& name) {
  std::ifstream in(std::string(SLOTSIM_SOURCE_DIR) + "/scenarios/" + name + ".json");
  std::ostringstream text;
  text << in.rdbuf();
  return load(text.str());
}

// Whatever changes what a node believes the time is, or when it can run, comes at a time when it is
// idle.
TEST(IdleTicks, AreCountedAsIfRunWhileClocksAndProgramsMisbehave) {
  const Scenario scenario = load(R"({
    "version": 1, "name": "idle", "duration": "60s",
    "cluster": {"shards": 3, "replicas": 1, "config": {"cluster-node-timeout": 3000}},
    "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 2}],
    "timeline": [
      {"at": "3456ms", "do": "clock-jump", "node": "m1", "by": "700ms"},
      {"at": "5012ms", "do": "clock-jump", "node": "m2", "by": "-2s"},
      {"at": "7333ms", "do": "clock-skew", "node": "m5", "by": "40s", "for": "9s"},
      {"at": "8111ms", "do": "clock-drift", "node": "m3", "ppm": 90000, "for": "20s"},
      {"at": "9777ms", "do": "pause", "node": "m4", "for": "1234ms"},
      {"at": "9999ms", "do": "clock-jump", "node": "m4", "by": "3s"},
      {"at": "12345ms", "do": "pause", "node": "m6", "for": "30ms"},
      {"at": "14s", "do": "slow", "node": "m1", "by": "40ms", "for": "5s"},
      {"at": "15s", "do": "clock-jump", "node": "m1", "by": "-400ms"},
      {"at": "24s", "do": "pause", "node": "m1", "for": "9s"},
      {"at": "26s", "do": "clock-skew", "node": "m1", "by": "5s", "for": "20s"},
      {"at": "45s", "do": "crash", "node": "m2", "for": "8s"}]})")
                                .front();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_the_same(scenario, seed);
}

class IdleTicksOf : public testing::TestWithParam<const char*> {};

TEST_P(IdleTicksOf, AreCountedAsIfRun) {
  expect_the_same(load_shipped(GetParam()).back(), 1);  // of a matrix, the largest
}

INSTANTIATE_TEST_SUITE_P(Shipped, IdleTicksOf,
                         testing::Values("failover", "manual-failover", "rolling-restart",
                                         "flapping-link", "empty-restart-hazard",
                                         "client-side-sharding", "held-vote-request",
                                         "migrate-timeout"));

TEST(IdleTicks, AreCountedAsIfRunInASwarm) {
  const Scenario scenario = load_shipped("swarm").front();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) expect_the_same(scenario, seed);
}

}  // namespace
}  // namespace sim
