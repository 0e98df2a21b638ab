// sim/run, tests/run and .ci/run against a make-believe machine: a scratch copy of the scripts
// under a path with spaces, and a folder of stand-ins for dpkg-query, apt-get, cmake and ctest that
// write down how they were called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Outcome {
  int code = 0;
  std::string out, err;
};

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Bootstrap : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "slotsim test XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    scratch_ = pattern;
    tree_ = scratch_ / "a clone";
    for (const char* script : {"sim/run", "sim/bootstrap.sh", "tests/run", ".ci/run"}) {
      fs::create_directories((tree_ / script).parent_path());
      fs::copy_file(fs::path(SLOTSIM_SOURCE_DIR) / script, tree_ / script);
    }
    for (const char* source : {"CMakeLists.txt", "CMakePresets.json", "sim/main.cc",
                               "sim/base/word.h", "viz/graph.cc"}) {
      write(tree_ / source, "");
    }
    fs::create_directories(scratch_ / "bin");
    // Everything is installed, unless named in $MISSING.
    stand_in("dpkg-query",
             "for p in \"$@\"; do case $p in -*|*'$'*) ;; *) [ \"$p\" = \"$MISSING\" ] || echo "
             "\"installed $p\";; esac; done");
    stand_in("apt-get", "echo \"apt-get $*\" >>\"$LOG\"; exit ${APT_CODE:-0}");
    stand_in("env", "while case $1 in *=*) true;; *) false;; esac; do shift; done; exec \"$@\"");
    // Configures by touching build.ninja, builds a slotsim that says how it was called.
    stand_in("cmake",
             "echo \"cmake $*\" >>\"$LOG\"\n"
             "if [ \"$1\" = --preset ]; then\n"
             "  folder=build; [ \"$2\" = release ] || folder=build-$2\n"
             "  printf 'CMAKE_HOME_DIRECTORY:INTERNAL=%s\\n' \"$PWD\" >$folder/CMakeCache.txt\n"
             "  echo \"$3\" | sed 's/^-D//; s/=/:BOOL=/' >>$folder/CMakeCache.txt; : "
             ">$folder/build.ninja; exit ${CONFIGURE_CODE:-0}\n"
             "fi\n"
             "echo '[1/2] Building x'; [ -z \"$BUILD_FAILS\" ] || { echo 'x.cc:1: error: no such "
             "luck'; exit 1; }\n"
             "printf '#!/bin/sh\\nfor a in \"$@\"; do printf \"<%%s>\" \"$a\"; done; echo; pwd\\n' "
             ">\"$2/slotsim\"; chmod +x \"$2/slotsim\"");
    stand_in("ctest",
             "while [ $# -gt 0 ]; do [ \"$1\" = --output-junit ] && junit=$2; shift; done\n"
             "printf '<testcase name=\"a\" status=\"run\">\\n<testcase name=\"b\" "
             "status=\"run\">\\n' >\"$junit\"\n"
             "[ -z \"$ONE_SKIPS\" ] || printf '<testcase name=\"c\" status=\"notrun\">\\n<skipped "
             "message=\"SKIP_REGULAR_EXPRESSION_MATCHED\"/>\\n' >>\"$junit\"\n"
             "[ -z \"$ONE_FAILS\" ] || { printf '<testcase name=\"d\" status=\"fail\">\\n' "
             ">>\"$junit\"; exit 8; }\n"
             "[ -z \"$ONE_MISSING\" ] || { printf '<testcase name=\"e\" "
             "status=\"notrun\">\\n<skipped message=\"\"/>\\n' >>\"$junit\"; exit 8; }");
  }
  void TearDown() override { fs::remove_all(scratch_); }

  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void stand_in(const std::string& name, const std::string& script) {
    write(scratch_ / "bin" / name, "#!/bin/sh\n" + script + "\n");
    fs::permissions(scratch_ / "bin" / name, fs::perms::owner_all);
  }
  // Runs a script of the clone with the stand-ins first in PATH, from `cwd`.
  Outcome run(const std::string& script, const std::string& arguments = "",
              const std::string& variables = "") {
    const std::string command =
        "cd '" + cwd().string() + "' && unset SLOTSIM_NO_INSTALL && LOG='" + log().string() + "' " +
        variables + " PATH='" + (scratch_ / "bin").string() + "':\"$PATH\" && export LOG PATH " +
        "MISSING BUILD_FAILS CONFIGURE_CODE APT_CODE ONE_SKIPS ONE_FAILS ONE_MISSING "
        "SLOTSIM_NO_INSTALL && '" +
        (tree_ / script).string() + "' " + arguments + " >'" + (scratch_ / "out").string() +
        "' 2>'" + (scratch_ / "err").string() + "'";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), contents(scratch_ / "out"), contents(scratch_ / "err")};
  }
  fs::path cwd() const {
    fs::create_directories(scratch_ / "some where");
    return scratch_ / "some where";
  }
  fs::path log() const { return scratch_ / "log"; }
  // What the stand-ins were asked since the last time.
  std::string calls() {
    const std::string text = contents(log());
    fs::remove(log());
    return text;
  }

  fs::path scratch_, tree_;
};

TEST_F(Bootstrap, BuildsOnceThenRunsAtOnceInTheCallersFolder) {
  const Outcome first = run("sim/run", "run x.json --seed 7");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, "<run><x.json><--seed><7>\n" + cwd().string() + "\n");
  EXPECT_THAT(calls(), HasSubstr("cmake --preset release -DSLOTSIM_TESTS=OFF"));
  const Outcome second = run("sim/run", "run x.json");
  EXPECT_EQ(second.out, "<run><x.json>\n" + cwd().string() + "\n");
  EXPECT_EQ(calls(), "") << "nothing to build, so nothing is asked";
  EXPECT_EQ(second.err, "");
}

TEST_F(Bootstrap, NoticesEveryChangeOfTheSources) {
  run("sim/run");
  calls();
  write(tree_ / "sim/core/new.cc", "");
  run("sim/run");
  EXPECT_THAT(calls(), HasSubstr("cmake --build")) << "a file was added";
  fs::remove(tree_ / "sim/core/new.cc");
  run("sim/run");
  EXPECT_THAT(calls(), HasSubstr("cmake --build")) << "a file was deleted";
  fs::last_write_time(tree_ / "sim/main.cc",
                      fs::last_write_time(tree_ / "sim/main.cc") - std::chrono::hours(24));
  run("sim/run");
  EXPECT_THAT(calls(), HasSubstr("cmake --build")) << "a file became older";
  fs::remove(tree_ / "build/slotsim");
  run("sim/run");
  EXPECT_THAT(calls(), HasSubstr("cmake --build")) << "the binary is gone";
  fs::rename(tree_, scratch_ / "moved");
  tree_ = scratch_ / "moved";
  EXPECT_EQ(run("sim/run").code, 0);
  EXPECT_THAT(calls(), HasSubstr("cmake --preset")) << "the tree was moved with its build folder";
  run("sim/run");
  EXPECT_EQ(calls(), "");
}

TEST_F(Bootstrap, APathAloneMeansRun) {
  write(cwd() / "my scenarios" / "a.json", "");
  EXPECT_THAT(run("sim/run", "'my scenarios/a.json'").out,
              StartsWith("<run><my scenarios/a.json>\n"));
  EXPECT_THAT(run("sim/run", "'my scenarios' --seeds 1..3").out,
              StartsWith("<run><my scenarios><--seeds><1..3>\n"));
  EXPECT_THAT(run("sim/run", "missing.json").out, StartsWith("<run><missing.json>\n"));
  EXPECT_THAT(run("sim/run", "--version").out, StartsWith("<--version>\n"));
  EXPECT_THAT(run("sim/run", "nonsense").out, StartsWith("<nonsense>\n"));
  EXPECT_THAT(run("sim/run").out, StartsWith("<--help>\n"));
}

TEST_F(Bootstrap, ASubCommandStaysOneEvenBesideAFileOfItsName) {
  for (const char* command : {"run", "graph", "analyse", "list", "validate", "schema", "bench"}) {
    write(cwd() / command, "");
    EXPECT_THAT(run("sim/run", std::string(command) + " x").out,
                StartsWith("<" + std::string(command) + "><x>\n"));
  }
}

TEST_F(Bootstrap, InstallsWhatIsMissingAndSaysSo) {
  if (geteuid() != 0) GTEST_SKIP() << "asks for sudo unless root";
  const Outcome outcome = run("sim/run", "", "MISSING=ninja-build");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("    ninja-build         runs the build\n"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("libfmt-dev")));
  const std::string asked = calls();
  EXPECT_THAT(asked, HasSubstr(" update\n"));
  EXPECT_THAT(asked, HasSubstr("install -y --no-install-recommends ninja-build\n"));
}

TEST_F(Bootstrap, NoInstallListsWhatIsMissingAndEndsWithTwo) {
  const Outcome outcome = run("sim/run", "", "MISSING=libfmt-dev SLOTSIM_NO_INSTALL=1");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("apt-get install -y --no-install-recommends libfmt-dev\n"));
  EXPECT_EQ(calls(), "");
  EXPECT_EQ(run("sim/run", "", "MISSING=libfmt-dev SLOTSIM_NO_INSTALL=0 APT_CODE=100").code, 2)
      << "apt-get failed";
}

TEST_F(Bootstrap, GraphvizIsNoReasonToStop) {
  EXPECT_EQ(run("sim/run", "", "MISSING=graphviz SLOTSIM_NO_INSTALL=1").code, 0);
}

TEST_F(Bootstrap, TestPackagesAreForTestsOnly) {
  EXPECT_EQ(run("sim/run", "", "MISSING=libgtest-dev SLOTSIM_NO_INSTALL=1").code, 0);
  EXPECT_EQ(run("tests/run", "", "MISSING=libgtest-dev SLOTSIM_NO_INSTALL=1").code, 2);
  EXPECT_EQ(run("tests/run", "", "MISSING=clang SLOTSIM_NO_INSTALL=1").code, 0);
  EXPECT_EQ(run("tests/run", "--preset sanitize", "MISSING=clang SLOTSIM_NO_INSTALL=1").code, 2);
}

TEST_F(Bootstrap, ShowsWhyABuildFailedAndIsQuietOtherwise) {
  const Outcome failed = run("sim/run", "", "BUILD_FAILS=1");
  EXPECT_EQ(failed.code, 70);
  EXPECT_THAT(failed.err, HasSubstr("x.cc:1: error: no such luck"));
  EXPECT_THAT(failed.err, Not(HasSubstr("[1/2]")));
  EXPECT_EQ(failed.out, "");
  EXPECT_EQ(run("sim/run").err, "") << "a later success says nothing";
  EXPECT_EQ(run("tests/run", "--preset debug", "CONFIGURE_CODE=1").code, 70);
}

TEST_F(Bootstrap, ClosingLineCountsPassedFailedAndSkipped) {
  EXPECT_THAT(run("tests/run").out, HasSubstr("2 passed, 0 failed, 0 skipped\n"));
  EXPECT_THAT(calls(), HasSubstr("-DSLOTSIM_TESTS=ON"));
  Outcome outcome = run("tests/run", "", "ONE_SKIPS=1");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "2 passed, 0 failed, 1 skipped\n");
  outcome = run("tests/run", "", "ONE_SKIPS=1 ONE_FAILS=1");
  EXPECT_NE(outcome.code, 0);
  EXPECT_EQ(outcome.out, "2 passed, 1 failed, 1 skipped\n");
  outcome = run("tests/run", "", "ONE_MISSING=1");
  EXPECT_NE(outcome.code, 0);
  EXPECT_EQ(outcome.out, "2 passed, 1 failed, 0 skipped\n")
      << "a test that could not start has failed";
}

TEST_F(Bootstrap, ContinuousIntegrationAddsTheTwoRunsUp) {
  EXPECT_THAT(run(".ci/run").out, HasSubstr("\n6 passed, 0 failed, 0 skipped\n"));
  const Outcome outcome = run(".ci/run", "", "ONE_FAILS=1");
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.out, ::testing::EndsWith("\n6 passed, 3 failed, 0 skipped\n"));
  EXPECT_NE(run(".ci/run", "", "BUILD_FAILS=1").code, 0);
}

}  // namespace
