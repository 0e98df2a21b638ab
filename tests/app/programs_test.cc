// Programs of the operating system in a run, from the plan to the verdict; what hosts them is made
// up here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sim/app/process_directives.h"
#include "sim/app/run.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// Logs that it is up and by which program. Obeys words: "end CODE TEXT", "log TEXT", "stay"; as the
// words of its machine likewise, after a second.
class FakeProcess final : public Node {
 public:
  explicit FakeProcess(ProcessMachine machine) : machine_(std::move(machine)) {}

  void step(const Clocks& now, std::span<const Input> inputs, Choices&, Effects& effects) override {
    for (const Input& input : inputs) {
      if (const auto* booted = std::get_if<Booted>(&input)) {
        effects.push_back(Note{event::NodeStarted{}});
        log("up with " + (booted->program.empty() ? machine_.program : booted->program), effects);
        wake_ = now.monotonic + 1s;
      } else if (std::holds_alternative<Terminated>(input)) {
        effects.push_back(Exit{0, ""});
      } else if (const auto* run = std::get_if<RunProgram>(&input)) {
        obey(run->ticket, run->words, effects);
      } else if (std::holds_alternative<DeadlinePassed>(input) && wake_ <= now.monotonic) {
        wake_ = MonotonicTime::max();
        if (!machine_.words.empty()) obey(0, machine_.words, effects);
      }
    }
  }
  std::optional<MonotonicTime> deadline() const override { return wake_; }
  std::unique_ptr<Node> clone() const override { return std::make_unique<FakeProcess>(*this); }

 private:
  static void log(const std::string& text, Effects& effects) {
    effects.push_back(Note{event::LogLine{event::LogLevel::kNotice, text}, Source::kLog});
  }
  static void obey(std::uint32_t ticket, const std::vector<std::string>& words, Effects& effects) {
    if (words.at(0) == "log") log(words.at(1), effects);
    if (words.at(0) == "end")
      effects.push_back(ProgramEnded{ticket, std::stoi(words.at(1)), words.at(2)});
  }

  ProcessMachine machine_;
  MonotonicTime wake_ = MonotonicTime::max();
};

class FakeFactory final : public NodeFactory {
 public:
  explicit FakeFactory(ProcessMachine machine) : machine_(std::move(machine)) {}
  std::unique_ptr<Node> make() const override { return std::make_unique<FakeProcess>(machine_); }

 private:
  ProcessMachine machine_;
};

Scenario scenario_of(const std::string& more) {
  const Loaded loaded = load_scenario(
      "programs.json", R"({"version": 1, "name": "programs", "duration": "20s", )" + more + "}",
      vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return loaded.variants.empty() ? Scenario{} : loaded.variants.front();
}

struct Played {
  RunResult result;
  std::map<std::string, ProcessMachine> hosted;
  std::vector<Record> records;

  std::string missed() const {
    std::string text;
    for (const Expectation& expectation : result.expectations) {
      if (!expectation.met) text += expectation.text + ": " + expectation.detail + '\n';
    }
    return text;
  }
};
Played play(const std::string& more) {
  Played played;
  PlanOptions options;
  options.process_host = [&](const ProcessMachine& machine) {
    played.hosted[machine.name] = machine;
    return std::make_shared<const FakeFactory>(machine);
  };
  Run run(make_plan(scenario_of(more), options));
  run.set_sink([&](const Record& record) { played.records.push_back(record); });
  while (run.advance()) {}
  played.result = run.result();
  return played;
}

// One server that is a process, and one that is simulated; neither in a cluster.
const std::string kServers =
    R"("cluster": {"shards": 0, "spares": 2, "process": {"fork_time": "5ms"},
                   "nodes": {"m1": {"program": "old", "config": {"odd": 1}}}}, )";

// ---- The plan ----

TEST(Processes, AreHandedToTheirHostWithAllTheyNeed) {
  const Played played = play(R"("cluster": {"shards": 1, "replicas": 0, "standalone": 1,
      "config": {"odd": 1}, "nodes": {"program": "srv", "m2": {"config": {"even": 2}}}}, "heal": false,
      "machines": [{"exec": "end 0 {m1}-{exec-1.ip}", "process": {"fork_time": "9ms"}}])");
  const ProcessMachine& m1 = played.hosted.at("m1");
  EXPECT_EQ(m1.program, "srv");
  EXPECT_TRUE(m1.cluster_enabled);
  EXPECT_EQ(format_endpoint(m1.endpoint), "10.0.0.1:6379");
  EXPECT_EQ(m1.bus_port, 16379);
  EXPECT_THAT(m1.config, ElementsAre(Pair("odd", "1")));
  EXPECT_THAT(m1.words, IsEmpty());
  const ProcessMachine& m2 = played.hosted.at("m2");
  EXPECT_FALSE(m2.cluster_enabled);
  EXPECT_THAT(m2.config, ElementsAre(Pair("odd", "1"), Pair("even", "2")));
  const ProcessMachine& exec = played.hosted.at("exec-1");
  EXPECT_EQ(exec.program, "");
  EXPECT_THAT(exec.words, ElementsAre("end", "0", "10.0.0.1:6379-10.254.0.1"));
  EXPECT_EQ(exec.model.fork_time, 9ms);
}

TEST(Processes, WithoutAHostAreAMistakeOfTheUser) {
  const Scenario scenario = scenario_of(kServers + R"("seed": 1)");
  try {
    make_plan(scenario, {});
    FAIL() << "nobody runs them";
  } catch (const ScenarioError& error) {
    EXPECT_THAT(error.what(), HasSubstr("m1 runs a program, and there is no host for programs"));
  }
}

// ---- Steps ----

TEST(Programs, OfStepsAreJudgedByHowTheyEnd) {
  const Played good = play(kServers + R"("timeline": [
      {"at": "1s", "do": "command", "run": "end 0 'all {{well}'", "expect": {"contains": "{well}"}},
      {"at": "2s", "do": "command", "run": "end 3 no", "on": "m1", "expect": {"exit": 3}},
      {"at": "3s", "do": "command", "run": "stay", "within": "1s", "expect": {"exit": "never"}},
      {"at": "4s", "do": "command", "run": "end 9 ''", "expect": {"exit": "any"}}])");
  EXPECT_EQ(good.result.headline, "PASS");
  ASSERT_EQ(good.result.expectations.size(), 4u);
  EXPECT_EQ(good.result.expectations[0].text,
            "tool-1 runs \"end 0 'all {well}'\" to exit code 0 and output containing \"{well}\"");
  EXPECT_EQ(good.hosted.at("tool-1").model.fork_time, 5ms) << "as of the cluster's processes";
  EXPECT_EQ(good.hosted.count("m2"), 0u);

  const Played bad = play(kServers + R"("timeline": [
      {"at": "1s", "do": "command", "run": "end 1 oh"},
      {"at": "2s", "do": "command", "run": "end 0 oh", "expect": {"contains": "ah"}},
      {"at": "3s", "do": "command", "run": "stay", "within": "1s"},
      {"at": "4s", "do": "command", "run": "end 0 ''", "expect": {"exit": "never"}}])");
  EXPECT_EQ(bad.result.code, exit_code::kViolation);
  EXPECT_EQ(bad.missed(),
            "tool-1 runs \"end 1 oh\" to exit code 0: exit code 1, having said \"oh\"\n"
            "tool-2 runs \"end 0 oh\" to exit code 0 and output containing \"ah\": exit code 0, "
            "having said \"oh\"\n"
            "tool-3 runs \"stay\" to exit code 0: no end\n"
            "tool-4 runs \"end 0 ''\" to no end: exit code 0\n");
}

TEST(Programs, OfStepsAreToldWhenTheyEndAndWhenTheyShouldHave) {
  const Played played = play(kServers + R"("timeline": [
      {"at": "1s", "do": "command", "run": "end 0 x"},
      {"at": "2s", "do": "command", "run": "stay", "within": "3s"},
      {"when": "program-failed", "delay": "1s", "do": "command", "run": "end 0 y"}])");
  std::string told;
  for (const Record& record : played.records) {
    if (const auto* ran = std::get_if<event::ProgramRan>(&record.event))
      told += std::to_string(ran->id) + " at " + std::to_string(to_ms(record.at)) + "; ";
  }
  EXPECT_EQ(told, "1 at 1000; 2 at 5000; 3 at 6000; ");
}

TEST(Programs, ThatGoDownWithTheirMachineHaveNoEnd) {
  const Played played = play(kServers + R"("timeline": [
      {"at": "1s", "do": "command", "run": "stay"},
      {"at": "2s", "do": "crash", "node": "tool-1", "for": "1s"},
      {"at": "5s", "do": "command", "run": "end 0 x", "on": "tool-1"}])");
  EXPECT_EQ(played.missed(), "tool-1 runs \"stay\" to exit code 0: no end\n");
}

// ---- Machines ----

TEST(Programs, OfMachinesNeedNoCluster) {
  EXPECT_EQ(
      play(R"("machines": [{"exec": "end 0 fine", "expect": {"contains": "fine"}}])").missed(), "");
  const Played bad = play(R"("machines": [{"exec": "end 1 'not fine'"}, {"exec": "stay"},
      {"name": "daemon", "exec": "stay", "expect": {"exit": "never"}}])");
  EXPECT_EQ(
      bad.missed(),
      "exec-1 runs \"end 1 'not fine'\" to exit code 0: exit code 1, having said \"not fine\"\n"
      "exec-2 runs \"stay\" to exit code 0: no end\n");
  EXPECT_EQ(bad.result.code, exit_code::kViolation);
}

TEST(Programs, OfMachinesThatAreStartedAgainCountOnce) {
  const Played played = play(R"("machines": [{"name": "suite", "exec": "end 0 x"}],
      "timeline": [{"at": "5s", "do": "restart", "node": "suite", "how": "kill"}])");
  EXPECT_EQ(played.missed(), "");
  EXPECT_EQ(played.result.expectations.size(), 1u);
  // Killed before its second comes to an end.
  const Played cut = play(R"("machines": [{"name": "suite", "exec": "end 0 x"}], "heal": false,
      "timeline": [{"at": "19900ms", "do": "restart", "node": "suite", "how": "kill", "down": "1ms"}])");
  EXPECT_EQ(cut.missed(), "suite runs \"end 0 x\" to exit code 0: no end\n");
}

// ---- Logs ----

TEST(Logs, AreExpectedAndWaitedFor) {
  const Played good = play(kServers + R"("timeline": [
      {"at": "2s", "do": "command", "run": "log 'it is time'", "on": "m1", "expect": {"exit": "any"},
       "within": "1s"},
      {"when": {"log": "is time", "node": "m1"}, "do": "restart", "node": "m1", "program": "new"}],
      "expect": {"reached": [{"log": "up with old", "before": "1s"}, {"log": "up with new"},
                             {"log": "up with", "node": "m1", "count": 2}],
                 "not_reached": [{"log": "up with other"}, {"log": "up with old", "after": "0s"}]})");
  EXPECT_EQ(good.missed(), "");
  EXPECT_THAT(good.result.expectations,
              Contains(testing::Field(&Expectation::text, "logs \"up with\" 2 times of m1")));

  const Played bad = play(kServers + R"("expect": {
      "reached": [{"log": "up with", "count": 2}, {"log": "up with old", "after": "0s"}],
      "not_reached": [{"log": "old"}]})");
  EXPECT_EQ(bad.missed(),
            "logs \"up with\" 2 times: happened once\n"
            "logs \"up with old\" after 0s: never happened\n"
            "does not log \"old\": happened once\n");
}

// Whom "spare:1" means nobody knows when the file is read.
TEST(Logs, OfSimulatedServersAreNeverAsExpected) {
  const Played played = play(kServers + R"("expect": {
      "reached": [{"log": "up", "node": "spare:1"}], "not_reached": [{"log": "x", "node": "spare:1"}]})");
  EXPECT_EQ(played.missed(),
            "logs \"up\" of spare:1: not checked: nobody meant keeps a log\n"
            "does not log \"x\" of spare:1: not checked: nobody meant keeps a log\n");
}

TEST(Logs, AreRecordedAsWhatTheyAre) {
  const Played played = play(kServers + R"("seed": 1)");
  const auto line = std::find_if(played.records.begin(), played.records.end(), [](const Record& r) {
    return std::holds_alternative<event::LogLine>(r.event);
  });
  ASSERT_NE(line, played.records.end());
  EXPECT_EQ(line->source, Source::kLog);
}

// ---- Directives ----

TEST(ProcessDirectives, OfTheHostAreRefusedWithTheReason) {
  for (const char* name : {"port", "bind", "dir", "logfile", "pidfile", "cluster-config-file",
                           "unixsocket", "Cluster-Enabled"}) {
    EXPECT_THAT(refuse_for_process(name, "x").value_or(""), HasSubstr("the host of processes sets"))
        << name;
  }
}

TEST(ProcessDirectives, AreRefusedByTheirValues) {
  const auto refused = [](const char* name, const char* value) {
    return refuse_for_process(name, value).has_value();
  };
  EXPECT_TRUE(refused("daemonize", "yes"));
  EXPECT_FALSE(refused("daemonize", "no"));
  EXPECT_FALSE(refused("DAEMONIZE", "No"));
  EXPECT_TRUE(refused("io-threads", "4"));
  EXPECT_FALSE(refused("io-threads", "1"));
  EXPECT_TRUE(refused("supervised", "systemd"));
  EXPECT_TRUE(refused("watchdog-period", "200"));
  EXPECT_FALSE(refused("watchdog-period", "0"));
  EXPECT_TRUE(refused("tls-port", "6380"));
  EXPECT_FALSE(refused("tls-port", "0"));
  EXPECT_FALSE(refused("made-up", "yes"));
}

}  // namespace
}  // namespace sim
