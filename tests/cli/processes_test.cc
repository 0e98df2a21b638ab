// Scenarios whose servers are unmodified programs, run as a user runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code = 0;
  std::string out, err;
};

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string last_line(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// Two loops that want a processor each, for as long as this lives.
class BusyLoops {
 public:
  BusyLoops() {
    for (pid_t& loop : loops_) {
      loop = fork();
      if (loop == 0) {
        alarm(120);  // whatever becomes of us
        for (;;) asm volatile("");
      }
    }
  }
  ~BusyLoops() {
    for (const pid_t loop : loops_) {
      kill(loop, SIGKILL);
      waitpid(loop, nullptr, 0);
    }
  }
  BusyLoops(const BusyLoops&) = delete;
  BusyLoops& operator=(const BusyLoops&) = delete;

 private:
  pid_t loops_[2];
};

class Processes : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "slotsim processes XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    scratch_ = pattern;
    if (std::system("command -v redis-server >/dev/null") != 0)
      GTEST_SKIP() << "no redis-server: Debian package redis-server";
    const Outcome probe = slotsim("exec -- true");
    if (probe.err.find("the kernel refuses") != std::string::npos) GTEST_SKIP() << probe.err;
  }
  void TearDown() override { fs::remove_all(scratch_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(scratch_ / name) << text;
    fs::permissions(scratch_ / name, fs::perms::owner_all);
    return "'" + (scratch_ / name).string() + "'";
  }
  Outcome slotsim(const std::string& arguments, const std::string& before = "") {
    const std::string command = "exec </dev/null; cd '" SLOTSIM_SOURCE_DIR "' && " + before +
                                " timeout 300 '" SLOTSIM_BINARY "' " + arguments + " >'" +
                                (scratch_ / ".out").string() + "' 2>'" +
                                (scratch_ / ".err").string() + "'";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), contents(scratch_ / ".out"), contents(scratch_ / ".err")};
  }

  fs::path scratch_;
};

TEST_F(Processes, AFailoverOfRealServersIsTheSameTwice) {
  const Outcome outcome =
      slotsim("run scenarios/failover.json --program redis-server --seed 7 --verify");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("SAME failover seed=7 digest=[0-9a-f]+ twice"));
}

// What goes by real time shows only when there is little of it.
TEST_F(Processes, ChaosIsTheSameUnderLoadAndAllConverge) {
  const std::string run = "run tests/hosts/testdata/chaos.json --seeds 1..4 --json";
  const Outcome idle = slotsim(run);
  EXPECT_EQ(idle.code, 0) << idle.out << idle.err;
  EXPECT_THAT(idle.out, HasSubstr("converges_after_heal"));
  const BusyLoops loops;
  const Outcome busy = slotsim(run, "MORE=" + std::string(200, 'x') + " setarch -R taskset -c 0");
  EXPECT_EQ(busy.code, 0) << busy.out << busy.err;
  const auto digests = [](const std::string& text) {
    std::string all;
    for (std::size_t at = text.find("\"digest\""); at != std::string::npos;
         at = text.find("\"digest\"", at + 1)) {
      all += text.substr(at, text.find_first_of(",}\n", at) - at) + " ";
    }
    return all;
  };
  EXPECT_THAT(digests(idle.out), ContainsRegex("digest.*digest.*digest.*digest"));
  EXPECT_EQ(digests(idle.out), digests(busy.out));
}

// ---- Programs that are no servers ----

TEST_F(Processes, SaysThatThereIsNoSuchProgram) {
  const Outcome outcome = slotsim("run scenarios/smoke.json --program /no/such/server");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, StartsWith("slotsim: there is no program /no/such/server"));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(Processes, ShowsTheLastWordsOfACrashingServer) {
  const std::string server =
      write("server", "#!/bin/sh\necho 'cannot open the pod bay doors' >&2\nexit 3\n");
  const Outcome outcome = slotsim("run scenarios/smoke.json --program " + server);
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.out,
              HasSubstr("m1: program exits with code 3: cannot open the pod bay doors"));
  EXPECT_THAT(last_line(outcome.out), StartsWith("FAIL the cluster did not form: m"));
  EXPECT_THAT(last_line(outcome.out),
              HasSubstr("'s program exited with code 3: cannot open the pod bay doors"));
}

TEST_F(Processes, AServerThatNeverAnswersEndsTheRun) {
  const std::string server = write("server", "#!/bin/sh\nexec sleep 1000000\n");
  const Outcome outcome = slotsim("run scenarios/smoke.json --program " + server);
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(last_line(outcome.out),
              StartsWith("FAIL the cluster did not form within 120 s: m1 has not said that it runs"));
}

TEST_F(Processes, RefusesDirectivesThatItCannotHold) {
  const std::string file = write("x.json",
                                 R"({"version": 1, "name": "x", "duration": "3s",
        "cluster": {"nodes": {"kind": "process", "program": "redis-server"},
                    "config": {"io-threads": 4, "daemonize": "yes", "port": 7000}}})");
  const Outcome outcome = slotsim("run " + file);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("a process cannot have \"io-threads\" set to \"4\""));
  EXPECT_THAT(outcome.err, HasSubstr("a process cannot have \"daemonize\" set to \"yes\""));
  EXPECT_THAT(outcome.err, HasSubstr(" at /cluster/config/port\n"));
}

}  // namespace
