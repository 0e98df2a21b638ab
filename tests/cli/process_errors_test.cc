// What goes wrong with real programs, said once and clearly: those that cannot run, those that end
// at once, and those that never answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/cli/process_testing.h"

namespace processes {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Answers PONG to whatever it is sent.
constexpr const char* kPongServer = R"(
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_in any = {0};
  any.sin_family = AF_INET;
  any.sin_port = htons(7000);
  int port = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(port, (void*)&any, sizeof any) || listen(port, 4)) return 1;
  for (;;) {
    int client = accept(port, 0, 0);
    char* heard = malloc(64);
    while (read(client, heard, 64) > 0) write(client, "+PONG\r\n", 7);
#ifdef OVERRUN
    heard[64] = 1;
#endif
    free(heard);
    close(client);
  }
}
)";

class ProcessErrors : public ProcessRun {
 protected:
  Outcome run_server(const std::string& program, const std::string& cluster = kAlone) {
    return run(scenario(cluster + R"(, "nodes": {"program": ")" + program + "\"}", ""));
  }
  // A machine that is there to run `program`, and a client of it.
  Outcome run_pong(const std::string& program, const std::string& options = "") {
    return run(R"({"version": 1, "name": "pong", "duration": "10s", "cluster": {"shards": 0},
        "machines": [{"name": "pong", "exec": [")" +
                   (scratch_ / program).string() + R"("], "expect": {"exit": "never"}}],
        "timeline": [{"at": "1s", "do": "command", "run": "redis-cli -h {pong.ip} -p 7000 PING",
                      "expect": {"contains": "PONG"}}]})",
               options);
  }
  bool compiles(const std::string& options, const std::string& into) {
    write("pong.c", kPongServer);
    return shell("cc pong.c -o " + into + " " + options).code == 0;
  }
};

TEST_F(ProcessErrors, AProgramThatIsNotThereIsNamedWithWhatMayBeMeant) {
  EXPECT_THAT(run_server("redis-servr").err,
              HasSubstr("there is no program redis-servr to run on m1; did you mean "
                        "\"redis-server\"?"));
  EXPECT_EQ(run_server("redis-servr").code, 2);
  write("my-server", "");
  shell("chmod +x my-server");
  EXPECT_THAT(run_server("./my-servr").err, HasSubstr("did you mean \"./my-server\"?"));
  EXPECT_THAT(run_server("valkey-sentinel-of-nobody").err, Not(HasSubstr("did you mean")));
}

TEST_F(ProcessErrors, AFileThatCannotRunIsRefusedBeforeAnythingStarts) {
  write("text", "hello\n");
  write("plain", "#!/bin/sh\n");
  write("orphan", "#!/nowhere/sh\n");
  shell("chmod +x text orphan; mkdir folder");
  const auto complaint = [&](const std::string& program) {
    const Outcome outcome = run_server(program);
    EXPECT_EQ(outcome.code, 2) << outcome.all();
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_THAT(complaint("./folder"), HasSubstr("folder, which is to run on m1, is a directory"));
  EXPECT_THAT(complaint("./plain"), HasSubstr("is not executable (chmod +x)"));
  EXPECT_THAT(complaint("./text"), HasSubstr("neither an ELF file nor a script"));
  EXPECT_THAT(complaint("./orphan"),
              HasSubstr("is a script for /nowhere/sh, which does not exist"));
}

TEST_F(ProcessErrors, ProgramsOfStepsAndFaultsAreLookedForBeforeTheRun) {
  const Outcome step =
      run(scenario(kAlone, R"({"at": "1s", "do": "command", "run": "redis-clu PING"})"));
  EXPECT_EQ(step.code, 2);
  EXPECT_THAT(step.err,
              HasSubstr("no program redis-clu to run in step 1; did you mean \"redis-cli\"?"));
  const Outcome fault = run(scenario(
      kAlone, R"({"at": "1s", "do": "restart", "node": "m1", "program": "/no/such/server"})"));
  EXPECT_EQ(fault.code, 2);
  EXPECT_THAT(fault.err, HasSubstr("no program /no/such/server to run in step 1"));
}

TEST_F(ProcessErrors, ProgramsThatTheLibraryCannotEnterAreRefused) {
  if (!compiles("-static", "static")) GTEST_SKIP() << "no compiler, or no static library";
  const Outcome linked = run_pong("static");
  EXPECT_EQ(linked.code, 2);
  EXPECT_THAT(linked.err,
              HasSubstr("is linked statically, so the host's library cannot be loaded"));
  if (!compiles("-fsanitize=thread", "tsan")) GTEST_SKIP() << "no ThreadSanitizer";
  EXPECT_THAT(run_pong("tsan").err, HasSubstr("is built with ThreadSanitizer"));
}

TEST_F(ProcessErrors, AnAddressSanitizerBuildRunsAndReports) {
  if (!compiles("-fsanitize=address", "asan")) GTEST_SKIP() << "no compiler with AddressSanitizer";
  const Outcome outcome = run_pong("asan");
  EXPECT_EQ(outcome.code, 0) << outcome.all();
  ASSERT_TRUE(compiles("-fsanitize=address -DOVERRUN", "asan-overrun"));
  EXPECT_EQ(run_pong("asan-overrun", "--trace trace").code, 1);
  EXPECT_EQ(shell("grep heap-buffer-overflow trace").code, 0) << "its report is its last words";
}

TEST_F(ProcessErrors, AServerThatEndsAtOnceIsQuoted) {
  const Outcome outcome =
      run(scenario(kThree.substr(0, kThree.find("2000")) + R"(2000, "maxclients": "many"})", ""));
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.out, HasSubstr("FAIL the cluster did not form: m"));
  EXPECT_THAT(outcome.out, HasSubstr("'s program exited with code 1: "));
  EXPECT_THAT(outcome.out, HasSubstr(">>> 'maxclients many' argument couldn't be parsed into an "
                                     "integer"));
}

TEST_F(ProcessErrors, AServerThatNeverAnswersIsNamed) {
  write("mute", "#!/bin/sh\nexec sleep 1000\n");
  shell("chmod +x mute");
  const Outcome outcome = run_server("./mute");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.out, HasSubstr("FAIL the cluster did not form within 120 s: m1 has not said "
                                     "that it runs"));
}

TEST_F(ProcessErrors, AServerThatCrashesInARunSaysWhy) {
  const Outcome outcome =
      run(scenario(kAlone + R"(, "config": {"enable-debug-command": "yes"})",
                   R"({"at": "1s", "do": "command", "run": "redis-cli -h {m1.ip} DEBUG SEGFAULT",
                       "expect": {"exit": "any"}})",
                   R"("heal": false, "expect": {"reached": ["exit"]})"));
  EXPECT_EQ(outcome.code, 0) << outcome.all();
  EXPECT_THAT(outcome.out,
              HasSubstr("m1: program exits with code 139: Redis 7.0.15 crashed by signal: 11"));
}

}  // namespace
}  // namespace processes
