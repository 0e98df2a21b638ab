// slotsim exec as its user meets it: any command, and all that it starts, in virtual time.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;

struct Outcome {
  int code = 0;
  std::string out, err;
};

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The last digest that slotsim told; empty if it told none.
std::string digest(const Outcome& outcome) {
  const std::size_t at = outcome.err.rfind("digest ");
  return at == std::string::npos ? "" : outcome.err.substr(at + 7, 16);
}

bool is_installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

const std::string kTestdata = SLOTSIM_SOURCE_DIR "/tests/hosts/testdata/";
const std::string kTclSuite = "tclsh '" + kTestdata + "failover.tcl'";
const std::string kPythonSuite = "/usr/bin/python3 '" + kTestdata + "suite.py'";

class Exec : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "slotsim exec XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    scratch_ = pattern;
    const Outcome probe = exec("true");
    if (probe.err.find("the kernel refuses") != std::string::npos) GTEST_SKIP() << probe.err;
  }
  void TearDown() override { fs::remove_all(scratch_); }

  void need(const std::string& program, const std::string& package) {
    if (!is_installed(program)) GTEST_SKIP() << "no " << program << ": Debian package " << package;
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(scratch_ / name) << text;
    fs::permissions(scratch_ / name, fs::perms::owner_all);
  }
  // `before` are words of a shell that come before slotsim: variables, other commands.
  Outcome exec(const std::string& words, const std::string& options = "",
               const std::string& before = "") {
    const std::string command = "exec </dev/null; cd '" + scratch_.string() + "' && " + before +
                                " '" SLOTSIM_BINARY "' exec " + options +
                                (words.empty() ? "" : " -- " + words) + " >.out 2>.err";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), contents(scratch_ / ".out"), contents(scratch_ / ".err")};
  }

  fs::path scratch_;
};

// ---- The command is its own ----

TEST_F(Exec, ExitCodeAndOutputAreTheCommands) {
  const Outcome outcome = exec("sh -c 'echo out; exit 3'");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_THAT(outcome.err, ContainsRegex("^slotsim: seed 1: exit 3, [^\n]*digest [0-9a-f]*\n$"));
}

TEST_F(Exec, AProgramKilledBySignalIsToldAsAShellWould) {
  EXPECT_EQ(exec("sh -c 'kill -TERM $$'").code, 128 + SIGTERM);
}

TEST_F(Exec, SleepingTakesNoTime) {
  const Outcome outcome = exec("sleep 100000", "--limit 200000s", "timeout 60");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(" 100000.00"));
}

TEST_F(Exec, TheLimitIsOfVirtualTime) {
  const Outcome outcome = exec("sleep 10", "--limit 5s");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("did not end within the virtual time of --limit"));
}

TEST_F(Exec, TheSeedDecidesWhatIsRandom) {
  const Outcome outcome = exec("head -c 8 /dev/urandom", "--seeds 1..3");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.size(), 24u);
  EXPECT_NE(outcome.out.substr(0, 8), outcome.out.substr(8, 8));
  EXPECT_EQ(outcome.out.substr(8, 8), exec("head -c 8 /dev/urandom", "--seed 2").out);
}

TEST_F(Exec, SeedsEndWithTheFirstThatFails) {
  const Outcome outcome = exec("sh -c 'echo once; exit 5'", "--seeds 1..9");
  EXPECT_EQ(outcome.code, 5);
  EXPECT_EQ(outcome.out, "once\n");
}

// ---- Equal runs ----

TEST_F(Exec, VerifyTellsThatTwoRunsAreTheSame) {
  const Outcome outcome = exec("sh -c 'sleep 3; echo $$ | cat'", "--seed 3 --verify");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("slotsim: SAME twice, digest "));
}

TEST_F(Exec, VerifyNoticesWhatIsLeftOverFromTheRunBefore) {
  const Outcome outcome =
      exec("sh -c 'test -e left || { touch left; sleep 1; }; echo $$'", "--verify");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("NONDETERMINISM\n"));
  EXPECT_THAT(outcome.err, HasSubstr("first event that"));
}

TEST_F(Exec, TheTclSuitePassesAlikeWithOneTrace) {
  need("redis-server", "redis-server");
  need("tclsh", "tcl");
  if (IsSkipped()) return;
  const Outcome one = exec(kTclSuite, "--seed 3 --trace one.jsonl");
  EXPECT_EQ(one.code, 0) << one.out << one.err;
  EXPECT_THAT(one.out, EndsWith("all is well\n"));
  const Outcome other = exec(kTclSuite, "--seed 3 --trace other.jsonl",
                             "MORE=" + std::string(300, 'x') + " setarch -R taskset -c 0");
  EXPECT_EQ(digest(one), digest(other)) << one.err << other.err;
  EXPECT_EQ(contents(scratch_ / "one.jsonl"), contents(scratch_ / "other.jsonl"));
  EXPECT_THAT(contents(scratch_ / "one.jsonl"), HasSubstr("\"label\":\"cmd:PING\""));
}

// Beside busy loops, because what goes by real time shows only when there is little of it.
TEST_F(Exec, ThePythonSuitePassesAlikeUnderLoad) {
  need("redis-server", "redis-server");
  need("/usr/bin/python3", "python3");
  if (IsSkipped()) return;
  const Outcome one = exec(kPythonSuite);
  EXPECT_EQ(one.code, 0) << one.out << one.err;
  const std::string loop = "(timeout 30 sh -c 'while :; do :; done' & echo $! >>loops); ";
  const Outcome other = exec(kPythonSuite, "", loop + loop + "MORE=x");
  std::system(("kill $(cat '" + (scratch_ / "loops").string() + "')").c_str());
  EXPECT_EQ(digest(one), digest(other)) << one.err << other.err;
}

TEST_F(Exec, HandlersRunOnlyInTurn) {
  need("bash", "bash");
  if (IsSkipped()) return;
  // bash hears of each child by a signal; the kernel's own would come when it likes.
  const std::string script =
      "bash -c 'trap \"echo child\" CHLD; for i in 1 2 3 4; do sleep .1 & "
      "wait; done; kill -CONT $$; echo $(date +%s%N)'";
  const Outcome one = exec(script);
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("child\n"));
  for (int i = 0; i < 5; ++i) {
    const Outcome other = exec(script);
    EXPECT_EQ(other.out, one.out);
    EXPECT_EQ(digest(other), digest(one));
  }
}

TEST_F(Exec, OneWhoStopsHimselfGoesOnWhenTold) {
  const Outcome outcome =
      exec("sh -c '(sleep 2; kill -CONT $$) & kill -STOP $$; echo went on'", "", "timeout 30");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "went on\n");
}

// ---- What it does not do, it names ----

TEST_F(Exec, SaysThatThereIsNoSuchCommand) {
  for (const char* command : {"no-such-command-here", "./missing"}) {
    const Outcome outcome = exec(command);
    EXPECT_EQ(outcome.code, 127) << command;
    EXPECT_THAT(outcome.err,
                HasSubstr("cannot start " + std::string(command) + ": No such file or directory"));
  }
}

TEST_F(Exec, RefusesProgramsThatNothingGetsInto) {
  write("x.c", "int main(void) { return 5; }\n");
  const std::string build = "cd '" + scratch_.string() + "' && cc -static x.c -o alone 2>.log";
  if (std::system(build.c_str()) != 0) GTEST_SKIP() << "no cc that links statically";
  const Outcome first = exec("./alone");
  EXPECT_EQ(first.code, 127);
  EXPECT_THAT(first.err, HasSubstr("cannot start ./alone: it is statically linked"));
  // A script's first line names its reader by a path without spaces.
  const fs::path reader =
      fs::temp_directory_path() / ("slotsim-reader-" + std::to_string(getpid()));
  fs::copy_file(scratch_ / "alone", reader);
  write("script", "#! " + reader.string() + " -x\n");
  EXPECT_THAT(exec("./script").err, HasSubstr("cannot start ./script: it is statically linked"));
  for (const std::string program : {"./alone", "./script"}) {
    const Outcome later = exec("sh -c '" + program + "; echo survived'");
    EXPECT_EQ(later.code, 126);
    EXPECT_EQ(later.out, "") << "who started it ends with it";
    EXPECT_THAT(later.err, HasSubstr("statically linked, and so cannot be held: " + program));
  }
  fs::remove(reader);
}

TEST_F(Exec, NamesTheCallsThatItDoesNotDo) {
  need("/usr/bin/python3", "python3");
  if (IsSkipped()) return;
  write("call.py",
        "import ctypes, sys\n"
        "zero = [ctypes.c_long(0)] * 4\n"
        "print(ctypes.CDLL(None, use_errno=True).syscall(int(sys.argv[1]), *zero),\n"
        "      ctypes.get_errno())\n");
  for (const auto& [number, name] :
       {std::pair{222, "timer_create"}, {289, "signalfd"}, {240, "mq_open"}, {65, "semop"}}) {
    const Outcome outcome = exec("/usr/bin/python3 call.py " + std::to_string(number));
    EXPECT_EQ(outcome.code, 126) << name;
    EXPECT_THAT(outcome.err, ContainsRegex("slotsim: python3[^\n]*\\(" + std::string(name)));
  }
  write("half.py",
        "import socket\n"
        "port = socket.socket(); port.bind(('127.0.0.1', 0)); port.listen()\n"
        "socket.create_connection(port.getsockname()).shutdown(socket.SHUT_WR)\n");
  EXPECT_THAT(exec("/usr/bin/python3 half.py").err, HasSubstr("(shutdown SHUT_WR)"));
  // io_uring is not there, as in many kernels: programs that can use it do without.
  EXPECT_EQ(exec("/usr/bin/python3 call.py 425").out, "-1 38\n");
}

TEST_F(Exec, RefusesWhatMakesNoSense) {
  for (const char* options : {"--limit soon", "--limit 0s", "--seed 1 --seeds 1..2", "--seed x",
                              "--seeds 2..1", "--seeds 1..2 --trace t", "--trace /nowhere/t"}) {
    const Outcome outcome = exec("echo ran", options);
    EXPECT_EQ(outcome.code, 2) << options << outcome.err;
    EXPECT_EQ(outcome.out, "") << options;
  }
  EXPECT_EQ(exec("").code, 2);
}

// ---- Nothing is left behind ----

// Starts a world that would go on for ever, and answers the process id of its slotsim.
class LeftBehind : public Exec {
 protected:
  pid_t start() {
    const std::string loop = "echo " + mark_ + "; while :; do sleep .01; done";
    const pid_t pid = fork();
    if (pid == 0) {
      const int out = open((scratch_ / "log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(out, 1);
      dup2(out, 2);
      execl(SLOTSIM_BINARY, "slotsim", "exec", "--limit", "100000000s", "--", "sh", "-c",
            loop.c_str(), nullptr);
      _exit(127);
    }
    for (int i = 0; i < 500 && contents(scratch_ / "log").empty(); ++i) usleep(20'000);
    return pid;
  }
  // How many of that world's processes there are; slotsim's have the mark in their arguments, too.
  int count() {
    const std::string find = "pgrep -c -f '" + mark_ + "' >'" + (scratch_ / "count").string() + "'";
    std::system(find.c_str());
    return std::atoi(contents(scratch_ / "count").c_str()) - 1;  // the shell that runs pgrep
  }
  // Gives them a little time to go.
  bool anybody_left() {
    for (int i = 0; i < 250; ++i) {
      if (count() == 0) return false;
      usleep(20'000);
    }
    return true;
  }

  const std::string mark_ = "left-" + std::to_string(getpid()) + "-behind";
};

TEST_F(LeftBehind, NothingIsAfterKill9OfTheDriver) {
  const pid_t pid = start();
  EXPECT_GE(count(), 3);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_FALSE(anybody_left());
  EXPECT_FALSE(fs::exists("/dev/shm/slotsim"));
}

TEST_F(LeftBehind, NothingIsAfterAnInterrupt) {
  const pid_t pid = start();
  EXPECT_GE(count(), 3);
  // As a terminal does it: to all of its foreground.
  std::system(("pkill -INT -f '[l]" + mark_.substr(1) + "'").c_str());
  EXPECT_FALSE(anybody_left());
  kill(pid, SIGKILL);  // so that a failure is no endless wait
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

// ---- Without privileges ----

TEST_F(Exec, WorksAsAnOrdinaryUserWhereTheKernelAllows) {
  if (geteuid() == 0 && !is_installed("setpriv")) GTEST_SKIP() << "no setpriv";
  const std::string become =
      geteuid() == 0 ? "setpriv --reuid 65534 --regid 65534 --clear-groups" : "";
  fs::permissions(scratch_, fs::perms::all);
  fs::copy_file(SLOTSIM_BINARY, scratch_ / "slotsim");
  fs::permissions(scratch_ / "slotsim", fs::perms::all);
  const int status = std::system(("exec </dev/null; cd '" + scratch_.string() + "' && " + become +
                                  " ./slotsim exec -- sh -c 'sleep 100; echo $$' >.out 2>.err")
                                     .c_str());
  const std::string err = contents(scratch_ / ".err");
  if (err.find("the kernel refuses") != std::string::npos) GTEST_SKIP() << err;
  EXPECT_EQ(WEXITSTATUS(status), 0) << err;
  EXPECT_EQ(contents(scratch_ / ".out"), "1001\n");
}

}  // namespace
