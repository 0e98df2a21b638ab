// Unmodified programs beside servers, and what is said between them and us.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/process_testing.h"

namespace processes {
namespace {

using ::testing::HasSubstr;

using ProcessPrograms = ProcessRun;

TEST_F(ProcessPrograms, TheConsoleHearsAReplyThatComesInManyPieces) {
  const Outcome outcome = run(scenario(
      kAlone, R"({"at": "1s", "do": "command", "node": "m1", "command": "SETRANGE big 5000000 end"},
                 {"at": "2s", "do": "command", "node": "m1", "command": "GET big",
                  "expect": {"contains": "end"}})"));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
}

// Nothing else happens on this server that would make anybody look for its reply.
TEST_F(ProcessPrograms, AReplyIsHeardWhenItComes) {
  const std::string steps = R"({"at": "5s", "do": "command", "node": "m1", "command": "PING",
                                "within": "1s", "expect": "PONG"})";
  const Outcome outcome = run(scenario(kAlone, steps));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
  EXPECT_THAT(outcome.out, HasSubstr("     5.000s    m1: answers \"PING\""));
}

// Its threads go round on sockets that are always ready until the others' replies have come.
TEST_F(ProcessPrograms, ABenchmarkOfManyThreadsEnds) {
  const Outcome outcome =
      run(scenario(kThree, R"({"at": "1s", "do": "command", "expect": {"contains": "GET: "},
              "run": "redis-benchmark -h {m1.ip} --cluster -t set,get -n 1000 -q"})"));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
}

TEST_F(ProcessPrograms, TheLogOfAMachinesOwnProgramCanBeExpected) {
  const auto expecting = [](const std::string& line) {
    return R"({"version": 1, "name": "logs", "duration": "5s", "cluster": {"shards": 0},
        "machines": [{"name": "db", "exec": "redis-server --port 7000",
                      "expect": {"exit": "never"}}],
        "expect": {"reached": [{"node": "db", "log": ")" +
           line + R"("}]}})";
  };
  EXPECT_EQ(run(expecting("Ready to accept connections")).code, 0);
  EXPECT_EQ(run(expecting("Ready to accept defeat")).code, 1);
}

TEST_F(ProcessPrograms, AProfileSaysWhichProgramRunsAndNamesIt) {
  const Outcome outcome =
      run(scenario(kAlone + R"(, "profile": "valkey-8", "nodes": {"kind": "process"})", ""));
  if (outcome.code == 0) {
    EXPECT_THAT(outcome.out, HasSubstr("valkey-server ("));
  } else {
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("there is no program valkey-server to run on m1"));
  }
  const Outcome named = run(
      scenario(kAlone + R"(, "profile": "valkey-8", "nodes": {"program": "redis-server"})", ""));
  EXPECT_EQ(named.code, 0) << named.all();
}

class ShippedPrograms : public ProcessPrograms,
                        public ::testing::WithParamInterface<const char*> {};

TEST_P(ShippedPrograms, PassesAndIsTheSameTwice) {
  const Outcome outcome = shell("'" SLOTSIM_BINARY "' run '" SLOTSIM_SOURCE_DIR "/scenarios/" +
                                std::string(GetParam()) + ".json' --seed 3 --verify");
  EXPECT_EQ(outcome.code, 0) << outcome.all();
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ShippedPrograms,
                         ::testing::Values("mixed-cluster", "redis-cli-create", "sentinel",
                                           "slot-migration"));

}  // namespace
}  // namespace processes
