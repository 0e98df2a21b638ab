// What a scenario says of programs: servers that are processes, tools, suites, and lines of logs.
#include "sim/scenario/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenario/vocabulary_testing.h"

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;
using ::testing::Pair;
using Words = std::vector<std::string>;

// ---- Words ----

TEST(SplitAsShell, SplitsAsAShellWould) {
  EXPECT_THAT(split_as_shell("redis-cli  -h\t10.0.0.1 PING"),
              Optional(Words{"redis-cli", "-h", "10.0.0.1", "PING"}));
  EXPECT_THAT(split_as_shell(R"(a "b c"d 'e "f' '' g\ h "\"" '\n')"),
              Optional(Words{"a", "b cd", "e \"f", "", "g h", "\"", "\\n"}));
  EXPECT_THAT(split_as_shell("  "), Optional(Words{}));
  EXPECT_EQ(split_as_shell("a 'b"), std::nullopt);
  EXPECT_EQ(split_as_shell("a \\"), std::nullopt);
}

TEST(SplitAsShell, ExpandsNothing) {
  EXPECT_THAT(split_as_shell("echo $HOME * ~ `x` a;b"),
              Optional(Words{"echo", "$HOME", "*", "~", "`x`", "a;b"}));
}

TEST(SplitAsShell, IsUndoneForReaders) {
  EXPECT_EQ(command_text({"SET", "a key", "", "x"}), "SET 'a key' '' x");
}

TEST(Addresses, StandForMachinesAndTheirHalves) {
  const auto name = [](const AddressReference& reference) {
    return '<' + reference.machine + ' ' + std::to_string(static_cast<int>(reference.part)) + '>';
  };
  EXPECT_THAT(with_addresses("{m1}", name), Optional(std::string("<m1 0>")));
  EXPECT_THAT(with_addresses("-h{m1.ip}:{m2.port}!", name),
              Optional(std::string("-h<m1 1>:<m2 2>!")));
  EXPECT_THAT(with_addresses("{{user1}:{m1}", name), Optional(std::string("{user1}:<m1 0>")));
  EXPECT_THAT(with_addresses("plain}", name), Optional(std::string("plain}")));
  EXPECT_EQ(with_addresses("{m1", name), std::nullopt);
}

TEST(ProgramExpectation, AllPartsMustHold) {
  ProgramExpectation expect;
  EXPECT_TRUE(expect.met_by(0, ""));
  EXPECT_FALSE(expect.met_by(1, ""));
  EXPECT_FALSE(expect.met_by(std::nullopt, "")) << "it did not end";
  expect.contains = "OK";
  EXPECT_FALSE(expect.met_by(0, "no"));
  EXPECT_TRUE(expect.met_by(0, "it is OK"));
  EXPECT_EQ(expect.text(), "exit code 0 and output containing \"OK\"");
  expect = {ProgramExpectation::End::kAny, 0, {}};
  EXPECT_TRUE(expect.met_by(7, ""));
  EXPECT_TRUE(expect.met_by(std::nullopt, ""));
  expect.end = ProgramExpectation::End::kNever;
  EXPECT_TRUE(expect.met_by(std::nullopt, ""));
  EXPECT_FALSE(expect.met_by(0, ""));
}

// ---- Servers ----

std::string servers_of(const Scenario& scenario) {
  std::string text;
  for (const PlannedServer& server : planned_servers(scenario.cluster)) {
    const ServerProgram what = program_of(scenario.cluster, server.name);
    text += (text.empty() ? "" : " ") + (what.process ? what.program : std::string("-"));
  }
  return text;
}
std::string servers(const std::string& cluster) {
  return servers_of(loaded(R"(, "cluster": {"shards": 3, "replicas": 0, )" + cluster + "}"));
}

TEST(Servers, AreSimulatedUnlessTheyAreProcesses) {
  EXPECT_EQ(servers(R"("nodes": {})"), "- - -");
  EXPECT_EQ(servers(R"("nodes": {"kind": "process"})"), "redis-server redis-server redis-server");
  EXPECT_EQ(servers(R"("nodes": {"program": "keydb", "m2": {"kind": "simulated"}})"),
            "keydb - keydb");
  EXPECT_EQ(
      servers(R"("nodes": {"program": "a", "m1": {"kind": "process"}, "m3": {"program": "b"}})"),
      "a a b");
  EXPECT_EQ(servers(R"("nodes": {"m2": {"program": "/opt/b"}, "m3": {"kind": "process"}})"),
            "- /opt/b redis-server");
  EXPECT_EQ(servers(R"("profile": "valkey-8", "nodes": {"kind": "process"})"),
            "valkey-server valkey-server valkey-server");
}

TEST(Servers, MayBeRunByAProgramThatTheFileDoesNotName) {
  const auto with = [](const std::string& more) {
    Loaded result = load_scenario("test.json", R"({"version": 1, "name": "test")" + more + "}",
                                  small_vocabulary(), "/opt/fork");
    EXPECT_EQ(result.problems.text(), "");
    return servers_of(result.variants.at(0));
  };
  EXPECT_EQ(with(R"(, "cluster": {"shards": 2, "replicas": 0})"), "/opt/fork /opt/fork");
  EXPECT_EQ(with(R"(, "cluster": {"shards": 2, "replicas": 0,
                                  "nodes": {"kind": "simulated", "m2": {"program": "b"}}})"),
            "/opt/fork b");
  EXPECT_EQ(with(R"(, "machines": [{"exec": "true"}])"), "");
  const Loaded refused = load_scenario(
      "t.json", R"({"version": 1, "name": "t", "cluster": {"config": {"port": 7000}}})",
      small_vocabulary(), "/opt/fork");
  EXPECT_THAT(messages(refused), HasSubstr("a process cannot have \"port\" set to \"7000\""));
}

TEST(Servers, HaveTheCostsOfTheirOwnOrOfAll) {
  const Scenario scenario = loaded(R"(, "cluster": {"process": {"fork_time": "20ms"},
      "nodes": {"kind": "process", "m2": {"process": {"cpu_per_wakeup": "2ms"}}}})");
  EXPECT_EQ(model_of(scenario.cluster, "m1"), (ProcessModel{20ms, 0ms}));
  EXPECT_EQ(model_of(scenario.cluster, "m2"), (ProcessModel{20ms, 2ms}));
  EXPECT_EQ(loaded("").cluster.model, (ProcessModel{1ms, 0ms}));
}

TEST(Servers, ThatAreProcessesMayHaveDirectivesNobodyHereKnows) {
  const Scenario scenario = loaded(R"(, "cluster": {"config": {"hz": 20, "made-up": 1},
      "nodes": {"kind": "process", "m2": {"config": {"made-up": 2}}}})");
  EXPECT_THAT(directives_of(scenario.cluster, "m2"),
              ElementsAre(Pair("hz", "20"), Pair("made-up", "1"), Pair("made-up", "2")));
  EXPECT_EQ(messages(load(R"(, "cluster": {"config": {"made-up": 1},
                              "nodes": {"program": "a", "m2": {"kind": "simulated"}}})")),
            "unknown directive \"made-up\" at /cluster/config\n")
      << "one of the servers is simulated";
}

// ---- Deviations ----

using Names = std::vector<std::string>;

TEST(Deviating, AreAllServersOrSingleOnesInstead) {
  const Scenario scenario = loaded(R"(, "cluster": {"deviations": "no-owner-not-claiming",
      "nodes": {"m2": {"deviations": ["distinct-ranks"]}, "m3": {"deviations": []}}})");
  EXPECT_EQ(deviations_of(scenario.cluster, "m1"), (Names{"no-owner-not-claiming"}));
  EXPECT_EQ(deviations_of(scenario.cluster, "m2"), (Names{"distinct-ranks"}));
  EXPECT_EQ(deviations_of(scenario.cluster, "m3"), Names{});
  EXPECT_EQ(loaded("").cluster.deviations, Names{});
}

TEST(Deviating, IsWhatAProfileDoes) {
  const Scenario scenario = loaded(R"(, "cluster": {"profile": "valkey-8",
      "deviations": ["distinct-ranks", "no-owner-not-claiming"]})");
  const auto& of_profile = find_profile("valkey-8")->deviations;
  Names expected(of_profile.begin(), of_profile.end());
  EXPECT_THAT(expected, testing::Contains("distinct-ranks")) << "named twice, it is one";
  expected.push_back("no-owner-not-claiming");
  EXPECT_EQ(scenario.cluster.deviations, expected);
}

// ---- Lines of logs ----

const std::string kProcesses = R"(, "cluster": {"nodes": {"kind": "process"}})";

TEST(Logs, AreWaitedForAndExpected) {
  const Scenario scenario = loaded(kProcesses + R"(, "timeline": [
      {"when": {"log": "election won", "node": "m4", "count": 2}, "do": "reset", "node": "m1"}],
      "expect": {"reached": [{"log": "a"}], "not_reached": [{"log": "b", "before": "3s"}]})");
  const EventPattern& when = scenario.timeline.at(0).trigger.when;
  EXPECT_EQ(when.text(), "\"election won\" 2 times of m4");
  EXPECT_TRUE(when.is_in_log("Failover election won: ..."));
  EXPECT_FALSE(when.is_in_log("election"));
  EXPECT_EQ(scenario.expect.not_reached.at(0).text(), "\"b\" before 3s");
  EXPECT_FALSE(EventPattern{.event = "promoted"}.is_in_log("promoted")) << "a milestone's";
}

// ---- Programs of steps and machines ----

TEST(Programs, AreStepsWithAMachineOfTheirOwn) {
  const Scenario scenario = loaded(kProcesses + R"(, "timeline": [
      {"at": "1s", "do": "command", "run": "redis-cli -h {m1.ip} SET '{{a}' 1", "on": "m2"},
      {"at": "2s", "do": "command", "run": ["x", "{tool-2.ip}"], "within": "3s",
       "expect": {"exit": 1, "contains": "no"}},
      {"at": "3s", "do": "command", "run": "y", "expect": {"exit": "any"}},
      {"at": "4s", "do": "command", "run": "z", "on": "tool-1"},
      {"at": "5s", "do": "reset", "node": "tool-2"}])");
  ASSERT_EQ(scenario.timeline.size(), 5u);
  const ProgramStep& first = scenario.timeline[0].program;
  EXPECT_EQ(scenario.timeline[0].what, Step::What::kProgram);
  EXPECT_EQ(first.machine, "m2");
  EXPECT_EQ(first.words, (Words{"redis-cli", "-h", "{m1.ip}", "SET", "{{a}", "1"}));
  EXPECT_EQ(first.within, 60s);
  const ProgramStep& second = scenario.timeline[1].program;
  EXPECT_EQ(second.machine, "tool-1");
  EXPECT_EQ(second.within, 3s);
  EXPECT_EQ(second.expect.text(), "exit code 1 and output containing \"no\"");
  EXPECT_EQ(scenario.timeline[2].program.machine, "tool-2");
  EXPECT_EQ(scenario.timeline[2].program.expect.end, ProgramExpectation::End::kAny);
  EXPECT_EQ(scenario.timeline[3].program.machine, "tool-1");
}

TEST(Programs, AreMachinesWithoutACluster) {
  const Scenario scenario = loaded(R"(, "machines": [
      {"exec": "tclsh suite.tcl", "files": {"suite.tcl": "puts hi"}},
      {"name": "sentinel", "exec": ["redis-server", "--sentinel"], "expect": {"exit": "never"},
       "process": {"fork_time": "3ms"}}],
      "timeline": [{"at": "1s", "do": "reset", "node": ["exec-1", "sentinel"]}])");
  EXPECT_TRUE(planned_servers(scenario.cluster).empty());
  ASSERT_EQ(scenario.machines.size(), 2u);
  EXPECT_EQ(scenario.machines[0].name, "exec-1");
  EXPECT_EQ(scenario.machines[0].files.at("suite.tcl"), "puts hi");
  EXPECT_EQ(scenario.machines[0].expect.text(), "exit code 0");
  EXPECT_EQ(scenario.machines[1].model.fork_time, 3ms);
  EXPECT_EQ(scenario.machines[1].zone, "a");
}

TEST(Programs, AreMachinesBesideACluster) {
  const Scenario scenario = loaded(R"(, "cluster": {"zones": 2},
      "machines": [{"exec": "x {m6} {exec-1.ip}", "zone": "b"}])");
  EXPECT_EQ(planned_servers(scenario.cluster).size(), 6u);
  EXPECT_EQ(scenario.machines.at(0).zone, "b");
}

}  // namespace
}  // namespace sim
