// Determinism, proven, and proof that the proof can fail: equal runs have equal digests, and
// whatever makes a difference shows in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "sim/invariants/jury.h"
#include "sim/trace/trace_json.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Everything that holds state has some: clients, a failover, a cut, a held message, a nemesis.
constexpr std::string_view kBusy = R"({
  "version": 1, "name": "busy", "duration": "12s",
  "cluster": {"zones": 3, "persistence": "aof", "config": {"cluster-node-timeout": 1000}},
  "network": {"delay": "500us", "jitter": "300us", "loss": "0.1%"},
  "workload": [{"type": "register", "clients": 2, "keys": 40, "rate": 40},
               {"type": "list-append", "clients": 1, "rate": 40}],
  "timeline": [
    {"at": "1s", "do": "crash", "node": "primary:shard-0", "for": "5s"},
    {"at": "2s", "do": "message", "label": "bus:PONG", "act": "hold", "from": "m2", "to": "m3",
     "count": 1, "for": "2s"},
    {"when": {"event": "promoted"}, "delay": "500ms", "do": "partition", "groups": [["m3"]],
     "for": "3s"}],
  "nemesis": {"kinds": ["pause", "delay"], "every": "2s", "for": "1s"},
  "settle": {"within": "20s"}})";

constexpr std::string_view kQuiet = R"({
  "version": 1, "name": "quiet", "duration": "3s",
  "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}]})";

// The source of a MIGRATE waits from 1.5 s until 2.5 s for a target that is stopped; the next one,
// after that, for one that lives.
constexpr std::string_view kMigrating = R"({
  "version": 1, "name": "migrating", "duration": "5s",
  "workload": [{"type": "register", "clients": 2, "keys": 40, "rate": 40}],
  "timeline": [
    {"at": "1s", "do": "command", "node": "m3", "command": "MSET {foo}1 one {foo}2 two"},
    {"at": "1s", "do": "command", "node": "m1", "command": "CLUSTER SETSLOT 12182 IMPORTING id-of:m3"},
    {"at": "1s", "do": "command", "node": "m3", "command": "CLUSTER SETSLOT 12182 MIGRATING id-of:m1"},
    {"at": "1400ms", "do": "pause", "node": "m1", "for": "1300ms"},
    {"at": "1500ms", "do": "command", "node": "m3", "command": "MIGRATE 10.0.0.1 6379 {foo}1 0 1000",
     "expect": {"error": "IOERR"}},
    {"at": "3s", "do": "command", "node": "m3", "command": "MIGRATE 10.0.0.1 6379 {foo}2 0 1000",
     "expect": "OK"}]})";

Scenario load(std::string_view text) {
  Loaded loaded = load_scenario("inline.json", std::string(text), vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return std::move(loaded.variants.at(0));
}

std::shared_ptr<const Plan> plan_of(std::string_view text, std::uint64_t seed) {
  PlanOptions options;
  options.seed = seed;
  return make_plan(load(text), options);
}

// All of the result; `Run` leaves the CPU time at 0.
std::string finish(Run& run) {
  while (run.advance()) {}
  return to_json(run.result());
}

RunResult run(const Scenario& scenario, std::uint64_t seed, bool through_wire = false,
              std::shared_ptr<const ChoicePolicy> policy = nullptr) {
  RunSettings settings;
  settings.plan.seed = seed;
  settings.plan.through_wire = through_wire;
  settings.plan.choice_policy = std::move(policy);
  return run_once(scenario, settings);
}

// ---- Equal runs ----

TEST(Determinism, ARunTwiceComesToTheSame) {
  const auto plan = plan_of(kBusy, 7);
  sim::Run one(plan), other(plan);
  const std::string result = finish(one);
  EXPECT_EQ(result, finish(other));
  EXPECT_THAT(result, HasSubstr("\"complete\": true"));
}

TEST(Determinism, ARunCopiedAtAnyEventFinishesEqual) {
  const auto plan = plan_of(kBusy, 3);
  sim::Run original(plan);
  ChoiceStream stream(42, "test:copy");
  Choices choices(stream);
  std::vector<std::unique_ptr<sim::Run>> copies;
  std::uint64_t until_copy = choices.choose(Site::kFaultTime, 2500);
  while (original.advance()) {
    if (until_copy-- > 0 || copies.size() == 12) continue;
    copies.push_back(std::make_unique<sim::Run>(original));
    until_copy = choices.choose(Site::kFaultTime, 2500);
  }
  const std::string expected = to_json(original.result());
  ASSERT_GT(copies.size(), 5u);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    const SimTime copied_at = copies[i]->now();
    EXPECT_EQ(finish(*copies[i]), expected)
        << "copy " << i << ", made at " << to_ns(copied_at) << " ns";
  }
}

TEST(Determinism, ARunCopiedWhileAMigrateWaitsFinishesEqual) {
  const auto plan = plan_of(kMigrating, 3);
  sim::Run original(plan);
  std::vector<std::unique_ptr<sim::Run>> copies;
  const auto copy_at = [&](Duration when) {
    while ((!original.formed() || original.now() < sim_time(when)) && original.advance()) continue;
    copies.push_back(std::make_unique<sim::Run>(original));
  };
  for (const Duration when : {Duration{1600ms}, Duration{2s}, Duration{2400ms}}) copy_at(when);
  const std::string expected = finish(original);
  EXPECT_THAT(expected, HasSubstr("IOERR"));
  for (const auto& copy : copies) EXPECT_EQ(finish(*copy), expected);
}

TEST(Determinism, ACopyDoesNotDisturbItsOriginal) {
  const auto plan = plan_of(kBusy, 5);
  sim::Run undisturbed(plan), original(plan);
  for (int i = 0; i < 5000; ++i) original.advance();
  sim::Run copy(original);
  for (int i = 0; i < 3000; ++i) copy.advance();
  EXPECT_EQ(finish(original), finish(undisturbed));
}

TEST(Determinism, EncodingEveryMessageChangesNothing) {
  for (const std::string_view text : {kBusy, kMigrating}) {
    const Scenario scenario = load(text);
    const RunResult direct = run(scenario, 2);
    const RunResult encoded = run(scenario, 2, true);
    EXPECT_EQ(direct.digest, encoded.digest);
    EXPECT_EQ(direct.deliveries, encoded.deliveries);
    EXPECT_EQ(direct.encoded, 0u);
    EXPECT_EQ(encoded.encoded, encoded.decoded);
    EXPECT_EQ(encoded.decoded, encoded.deliveries);
  }
}

// ---- What makes a difference shows ----

TEST(Determinism, FiftySeedsGiveFiftyDigests) {
  const Scenario scenario = load(kQuiet);
  std::set<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    EXPECT_TRUE(digests.insert(run(scenario, seed).digest).second) << "seed " << seed;
  }
}

TEST(Determinism, EveryChoiceCountsInTheDigest) {
  const Scenario scenario = load(kBusy);
  std::vector<Choice> made;
  auto recording = std::make_shared<ChoicePolicy>();
  recording->recording = &made;
  const std::uint64_t digest = run(scenario, 4, false, recording).digest;
  EXPECT_EQ(digest, run(scenario, 4).digest) << "recording disturbs nothing";
  std::map<Site, Choice> one_of_each;
  for (std::size_t i = 0; i < made.size(); i += 7) {
    if (made[i].outcomes > 1) one_of_each.emplace(made[i].site, made[i]);
  }
  EXPECT_GT(one_of_each.size(), 8u);
  for (const auto& of_site : one_of_each) {
    const Choice& choice = of_site.second;
    const auto with_outcome = [&](std::uint64_t outcome) {
      std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides{
          {{choice.scope, choice.site, choice.index}, outcome}};
      auto policy = std::make_shared<ChoicePolicy>();
      policy->overrides = &overrides;
      return run(scenario, 4, false, policy).digest;
    };
    EXPECT_EQ(with_outcome(choice.outcome), digest) << site_name(choice.site);
    // Far enough away: a fault that ends a millisecond later may meet nobody new.
    const std::uint64_t step = std::max<std::uint64_t>(1, choice.outcomes / 2);
    EXPECT_NE(with_outcome((choice.outcome + step) % choice.outcomes), digest)
        << site_name(choice.site);
  }
}

// ---- The trace is the only witness ----

TEST(Determinism, ASavedTraceIsJudgedAsTheRunWas) {
  const auto plan = plan_of(kBusy, 6);
  sim::Run run(plan);
  std::string saved;
  append_json(TraceHeader{plan->scenario.name, plan->seed, plan->facts.cast}, saved);
  run.set_sink([&](const Record& record) { append_json(record, plan->facts.cast, saved); });
  while (run.advance()) {}
  const RunResult result = run.result();

  std::istringstream in(saved);
  TraceReader reader(in);
  Jury afterwards(plan->facts, invariants());
  while (const std::optional<Record> record = reader.next()) afterwards.see(*record);
  EXPECT_EQ(reader.skipped(), 0u);
  afterwards.finish(result.end);
  ASSERT_EQ(afterwards.invariants().size(), result.invariants.size());
  for (std::size_t i = 0; i < result.invariants.size(); ++i) {
    const Invariant& late = *afterwards.invariants()[i];
    const InvariantResult& live = result.invariants[i];
    EXPECT_EQ(late.judgement(), live.judgement) << live.name;
    EXPECT_EQ(late.summary(), live.summary) << live.name;
    EXPECT_EQ(late.finding_count(), live.finding_count) << live.name;
  }
}

// ---- --verify ----

struct Outcome {
  int code = 0;
  std::string out;
};

Outcome verify(const std::string& environment) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("slotsim-verify-" + std::to_string(getpid()) +
                                      environment.substr(0, environment.find('=')) + ".json");
  std::ofstream(file) << kQuiet;
  const std::string command =
      environment + " '" SLOTSIM_BINARY "' run '" + file.string() + "' --verify 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  Outcome outcome;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) {
    outcome.out.append(buffer, n);
  }
  outcome.code = WEXITSTATUS(pclose(pipe));
  std::filesystem::remove(file);
  return outcome;
}

TEST(Verify, FindsTwoProcessesEqual) {
  const Outcome outcome = verify("");
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("SAME quiet seed=1"));
}

TEST(Verify, NamesTheFirstEventOfAPlantedNondeterminism) {
  const Outcome outcome = verify("SLOTSIM_PLANT_NONDETERMINISM=1");
  EXPECT_EQ(outcome.code, 3) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("NONDETERMINISM quiet seed=1"));
  EXPECT_THAT(outcome.out, HasSubstr("first event that differs:"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("SAME")));
}

}  // namespace
}  // namespace sim
