// Every fault that a scenario can do to a simulated server, done to an unmodified redis-server;
// what the server itself says shows that it was hit, and without the fault it does not say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/process_testing.h"

namespace processes {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using ProcessFaults = ProcessRun;

// A command at m1's console, and a part of its reply.
std::string ask(const std::string& at, const std::string& command, const std::string& part,
                const std::string& node = "m1") {
  return R"({"at": ")" + at + R"(", "do": "command", "node": ")" + node + R"(", "command": ")" +
         command + R"(", "expect": {"contains": ")" + part + R"("}})";
}

// ---- Clocks ----

TEST_F(ProcessFaults, AJumpSetsTheClockTheServerReads) {
  only_with(kAlone, ask("3s", "TIME", "1700003603"),
            R"({"at": "2s", "do": "clock-jump", "node": "m1", "by": "+1h"})");
}

TEST_F(ProcessFaults, ASkewedClockComesBack) {
  only_with(kAlone, ask("3s", "TIME", "1699998203") + ", " + ask("6s", "TIME", "1700000006"),
            R"({"at": "2s", "do": "clock-skew", "node": "m1", "by": "-30m", "for": "2s"})");
}

TEST_F(ProcessFaults, ADriftingClockGainsWhatItsRateSays) {
  only_with(kAlone, ask("15s", "TIME", "1700000020"),
            R"({"at": "2s", "do": "clock-drift", "node": "m1", "ppm": 500000, "for": "10s"})");
}

// ---- What survives ----

constexpr const char* kSavedAndNot = R"(
    {"at": "1s", "do": "command", "node": "m1", "command": "SET saved 1"},
    {"at": "2s", "do": "command", "node": "m1", "command": "SAVE", "expect": "OK"},
    {"at": "3s", "do": "command", "node": "m1", "command": "SET unsaved 1"},)";

TEST_F(ProcessFaults, AKilledServerHasWhatItSaved) {
  only_with(kAlone, kSavedAndNot + ask("8s", "EXISTS saved unsaved", "1"),
            R"({"at": "4s", "do": "crash", "node": "m1", "for": "2s"})");
}

TEST_F(ProcessFaults, AServerThatLosesItsDiskHasNothing) {
  only_with(kAlone, kSavedAndNot + ask("8s", "EXISTS saved unsaved", "0"),
            R"({"at": "4s", "do": "restart", "node": "m1", "how": "kill", "disk": "lose"})");
}

// Both are acknowledged in the same second of the wall clock, so everysec has not synced the
// second when the power goes.
std::string two_writes(const std::string& appendfsync) {
  return kAlone + R"(, "config": {"appendonly": "yes", "save": "", "appendfsync": ")" +
         appendfsync + "\"}";
}
constexpr const char* kTwoWrites = R"(
    {"at": "9.5s", "do": "command", "node": "m1", "command": "SET synced 1", "expect": "OK"},
    {"at": "9.7s", "do": "command", "node": "m1", "command": "SET written 1", "expect": "OK"},)";
constexpr const char* kPowerLoss =
    R"({"at": "9.8s", "do": "crash", "node": "m1", "power": true, "for": "2s"})";

TEST_F(ProcessFaults, PowerLossTakesTheLastSecondOfEverysec) {
  only_with(
      two_writes("everysec"),
      kTwoWrites + ask("14s", "EXISTS synced", "1") + ", " + ask("14s", "EXISTS written", "0"),
      kPowerLoss);
}

TEST_F(ProcessFaults, PowerLossTakesNothingOfAlways) {
  const Outcome outcome =
      run(scenario(two_writes("always"),
                   kTwoWrites + ask("14s", "EXISTS synced written", "2") + ", " + kPowerLoss));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
  EXPECT_THAT(outcome.out, HasSubstr("1 program killed"));
}

TEST_F(ProcessFaults, ACrashWithoutPowerLossTakesNothingThatWasWritten) {
  const Outcome outcome =
      run(scenario(two_writes("everysec"), kTwoWrites + ask("14s", "EXISTS synced written", "2") +
                                               R"(, {"at": "9.8s", "do": "crash", "node": "m1",
                                                     "for": "2s"})"));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
}

TEST_F(ProcessFaults, ATornNodesConfIsRefusedByTheServer) {
  only_with(kSix, ask("1s", "PING", "PONG"),
            R"({"at": "5s", "do": "restart", "node": "m4", "how": "power",
                "disk": "torn-nodes-conf"})",
            R"("expect": {"reached": [{"node": "m4",
                "log": "Unrecoverable error: corrupted cluster config file"}]})");
}

TEST_F(ProcessFaults, AServerThatCrashesSaysWhy) {
  const Outcome crashed = run(scenario(
      kSix, R"({"at": "1s", "do": "command", "node": "m4", "command": "CLUSTER DELSLOTS 0"},
               {"then": "0s", "do": "command", "node": "m4", "command": "CLUSTER ADDSLOTS 0"},
               {"then": "0s", "do": "command", "node": "m4", "command": "CLUSTER REPLICATE id-of:m2"})"));
  EXPECT_THAT(crashed.out, HasSubstr("m4: program exits with code 134: ==> cluster.c"));
  EXPECT_THAT(crashed.out, HasSubstr("'myself->numslots == 0' is not true"));
  EXPECT_THAT(crashed.out, Not(HasSubstr("Bio thread")));
}

TEST_F(ProcessFaults, WithoutItsNodesConfAServerIsAnother) {
  only_with(kSix, ask("1s", "PING", "PONG"),
            R"({"at": "5s", "do": "restart", "node": "m4", "how": "kill",
                "disk": "lose-nodes-conf"})",
            R"("heal": false, "expect": {"invariants": {"except": ["slot_ownership_agrees"]},
                "reached": [{"log": "No cluster configuration found", "node": "m4"}]})");
}

TEST_F(ProcessFaults, ADiskThatIsFullIsSeenByTheServer) {
  const std::string steps =
      R"({"at": "1s", "do": "command", "node": "m1", "command": "SETRANGE big 300000 end"},)" +
      ask("2s", "SAVE", "-ERR") + ", " + ask("3s", "GET big", "end");
  const std::string log = R"("expect": {"reached": [{"log": "No space left on device"}]})";
  const Outcome full =
      run(scenario(kAlone + R"(, "config": {"rdbcompression": "no"}, "process": {"disk": "64KiB"})",
                   steps, log));
  EXPECT_EQ(full.code, 0) << full.all();
  const Outcome roomy = run(scenario(
      kAlone + R"(, "config": {"rdbcompression": "no"}, "process": {"disk": "1MiB"})", steps, log));
  EXPECT_EQ(roomy.code, 1) << roomy.all();
}

// ---- Standing still, and going slowly ----

TEST_F(ProcessFaults, APausedServerAnswersNobodyAndThenGoesOn) {
  only_with(kThree,
            ask("9s", "CLUSTER NODES", "master,fail", "m2") + ", " +
                R"({"at": "6s", "do": "command", "node": "m1", "command": "PING", "within": "6s",
                    "expect": "PONG", "id": "asked-while-paused"},
                   {"when": {"event": "resume"}, "do": "command", "node": "m1", "command": "TIME",
                    "expect": {"contains": "1700000012"}})",
            R"({"at": "5s", "do": "pause", "node": "m1", "for": "5s"})");
}

constexpr const char* kTwentyWrites =
    R"({"at": "2s", "do": "command", "run": "redis-benchmark -h {m1.ip} -t set -n 20 -c 1 -q",
        "expect": {"contains": ")";

TEST_F(ProcessFaults, ASlowServerTakesItsTimeForEveryPass) {
  only_with(kAlone, std::string(kTwentyWrites) + R"(p50=100.031 msec"}})",
            R"({"at": "1s", "do": "slow", "node": "m1", "by": "50ms", "for": "10s"})");
}

TEST_F(ProcessFaults, EveryWakeUpCostsWhatTheModelSays) {
  const std::string steps = std::string(kTwentyWrites) + R"(p50=50.015 msec"}})";
  const std::string costly = kAlone + R"(, "process": {"cpu_per_wakeup": "50ms"})";
  EXPECT_EQ(run(scenario(costly, steps)).code, 0);
  EXPECT_EQ(run(scenario(kAlone, steps)).code, 1);
}

TEST_F(ProcessFaults, AForkedChildLivesAsLongAsTheModelSays) {
  const std::string steps = R"({"at": "1s", "do": "command", "node": "m1", "command": "BGSAVE"},)" +
                            ask("3.5s", "INFO persistence", "rdb_bgsave_in_progress:1") + ", " +
                            ask("5s", "INFO persistence", "rdb_last_bgsave_time_sec:3");
  const std::string slow = kAlone + R"(, "process": {"fork_time": "3s"})";
  EXPECT_EQ(run(scenario(slow, steps)).code, 0);
  EXPECT_EQ(run(scenario(kAlone, steps)).code, 1);
}

// ---- The network ----

TEST_F(ProcessFaults, APartitionOfTheBusIsSilenceToTheOthers) {
  only_with(kThree, ask("9s", "CLUSTER NODES", "master,fail", "m2"),
            R"({"at": "5s", "do": "partition", "node": "m1", "planes": ["bus"], "for": "5s"})");
}

// Messages by label: a PONG answers a PING, and a PING of one's own proves as much.
TEST_F(ProcessFaults, HeldMessagesOfTheBusAreMissed) {
  only_with(kThree,
            ask("9s", "CLUSTER NODES", "master,fail?", "m3") + ", " +
                ask("9s", "CLUSTER INFO", "cluster_slots_pfail:0", "m1"),
            R"({"at": "5s", "do": "message", "label": "bus:PONG", "act": "hold", "from": "m2",
                "to": "m3", "for": "6s"},
               {"at": "5s", "do": "message", "label": "bus:PING", "act": "hold", "from": "m2",
                "to": "m3", "for": "6s"})");
}

TEST_F(ProcessFaults, ALateNetworkIsSeenByClients) {
  only_with(kAlone, std::string(kTwentyWrites) + R"(p50=41.)" + R"("}})",
            R"({"at": "1s", "do": "delay", "node": "m1", "extra": "20ms", "for": "10s"})");
}

TEST_F(ProcessFaults, LostSegmentsAreSentAgain) {
  only_with(kAlone,
            R"({"at": "2s", "do": "command", "within": "900ms", "expect": {"exit": "never"},
                "run": "redis-benchmark -h {m1.ip} -t set -n 100 -c 1 -q"})",
            R"({"at": "1s", "do": "loss", "node": "m1", "ratio": "30%", "for": "10s"})");
}

TEST_F(ProcessFaults, AResetConnectionIsSeenByItsClient) {
  only_with(kAlone,
            R"({"at": "2s", "do": "command", "expect": {"exit": 1, "contains": "reset by peer"},
                "run": "redis-cli -h {m1.ip} BLPOP nothing 10"})",
            R"({"at": "3s", "do": "reset", "node": "m1"})");
}

// ---- Another program ----

TEST_F(ProcessFaults, ARestartMayBringAnotherProgram) {
  ASSERT_EQ(shell("cp \"$(command -v redis-server)\" ./redis-upgraded").code, 0);
  const std::string upgraded = (scratch_ / "redis-upgraded").string();
  only_with(kThree, ask("9s", "INFO server", "executable:" + upgraded),
            R"({"at": "5s", "do": "restart", "node": "m1", "program": ")" + upgraded + "\"}");
}

}  // namespace
}  // namespace processes
