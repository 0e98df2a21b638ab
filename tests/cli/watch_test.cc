// slotsim run --watch, on a terminal of its own and into a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/scratch_testing.h"
#include "tests/read_file.h"

namespace {

namespace fs = std::filesystem;
using sim::read;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kEnter = "\x1b[?1049h\x1b[?25l", kLeave = "\x1b[?25h\x1b[?1049l";

struct Shown {
  std::string text;
  int code = -1;
};

class Watch : public sim::ScratchTest {
 protected:
  void SetUp() override {
    ScratchTest::SetUp();
    std::ofstream(scratch_ / "x.json") << R"({"version": 1, "name": "made", "duration": "20s",
        "cluster": {"config": {"cluster-node-timeout": 2000}},
        "workload": [{"type": "register", "clients": 2, "rate": 20}],
        "timeline": [{"at": "5s", "do": "crash", "node": "m1", "power": true, "for": "10s"}]})";
  }

  // Into a file; the exit code.
  int slotsim(const std::string& arguments) { return ScratchTest::slotsim(arguments).code; }
  std::string out() const { return file(".out"); }
  std::string err() const { return file(".err"); }

  // On a terminal of that size. With `interrupt`, Ctrl-C is pressed once the screen is there.
  Shown on_a_terminal(const char* speed, unsigned short columns, unsigned short lines,
                      bool interrupt = false, bool colour = true) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = lines;
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
    if (child == 0) {
      if (chdir(scratch_.c_str()) != 0) _exit(99);
      colour ? unsetenv("NO_COLOR") : setenv("NO_COLOR", "1", 1);
      execl(SLOTSIM_BINARY, "slotsim", "run", "x.json", "--watch", "--speed", speed, nullptr);
      _exit(99);
    }
    Shown shown;
    char piece[4096];
    for (ssize_t count = 0; (count = ::read(terminal, piece, sizeof(piece))) > 0;) {
      shown.text.append(piece, static_cast<std::size_t>(count));
      if (interrupt && shown.text.find(kEnter) != std::string::npos) {
        interrupt = false;
        EXPECT_EQ(::write(terminal, "\x03", 1), 1);
      }
    }
    int status = 0;
    waitpid(child, &status, 0);
    close(terminal);
    shown.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return shown;
  }
};

// What was on the screen, its control sequences removed; one picture after the other.
std::string plain(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\x1b') {
      if (text[at] != '\r') out += text[at];
      continue;
    }
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) == 0) ++at;
    if (text.substr(at, 1) == "H") out += "\f";
  }
  return out;
}

TEST_F(Watch, IntoAFileItIsALineForEachChange) {
  ASSERT_EQ(slotsim("run x.json"), 0) << out();
  const std::string unwatched = out();
  ASSERT_EQ(slotsim("run x.json --watch"), 0) << out();
  const std::string watched = out();
  EXPECT_THAT(watched, StartsWith("    0.000s  0 answers/s; 6 of 6 servers up, 3 of 3 shards "
                                  "served, 16384 slots\n"));
  EXPECT_THAT(watched,
              AllOf(HasSubstr("5 of 6 servers up, 2 of 3 shards served, 10923 slots; "
                              "fault: cut the power of m1\n"),
                    HasSubstr("3 of 3 shards served, 16384 slots, 1 held as FAIL; fault")));
  EXPECT_THAT(watched, Not(HasSubstr("\x1b")));
  const auto digest = [](const std::string& text) {
    return text.substr(text.find("  digest "), 25);
  };
  EXPECT_EQ(digest(watched), digest(unwatched)) << "looking changes nothing";
  ASSERT_EQ(slotsim("run x.json --watch"), 0);
  EXPECT_EQ(out().substr(0, out().find("made  ")), watched.substr(0, watched.find("made  ")));
}

TEST_F(Watch, OnATerminalItIsAScreenThatGoesAwayAtTheEnd) {
  const Shown shown = on_a_terminal("100x", 80, 24);
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.text, StartsWith(kEnter));
  const std::size_t left = shown.text.find(kLeave);
  ASSERT_NE(left, std::string::npos);
  EXPECT_THAT(shown.text.substr(left), EndsWith("PASS\x1b[0m\r\n"));
  const std::string screens = plain(shown.text.substr(0, left));
  EXPECT_THAT(screens,
              AllOf(HasSubstr("made  seed 1  0.000s of 20.000s  faults  100x"),
                    HasSubstr("apart: m1 (down"), HasSubstr("becomes primary in m1's place")));
  std::size_t lines = 0, column = 0;
  for (const char c : screens) {
    if (c == '\f') lines = column = 0;
    if (c == '\n') ++lines, column = 0;
    if (c != '\f' && c != '\n') ++column;
    ASSERT_LE(column, 80u);
    ASSERT_LT(lines, 24u);
  }
}

TEST_F(Watch, WithoutColourWhereThatIsAskedFor) {
  EXPECT_THAT(on_a_terminal("100x", 80, 24).text, HasSubstr("\x1b[1;31m"));
  const Shown plainly = on_a_terminal("100x", 80, 24, false, false);
  EXPECT_THAT(plainly.text, AllOf(HasSubstr(kLeave), Not(HasSubstr("m\x1b[K")),
                                  Not(HasSubstr("\x1b[1;31m")), Not(HasSubstr("\x1b[32m"))));
}

TEST_F(Watch, CtrlCLeavesTheTerminalAsItWas) {
  const Shown shown = on_a_terminal("0.001x", 60, 12, true);
  EXPECT_EQ(shown.code, 130);
  const std::size_t left = shown.text.find(kLeave);
  ASSERT_NE(left, std::string::npos);
  EXPECT_THAT(shown.text.substr(left), HasSubstr("interrupted"));
}

TEST_F(Watch, WhatDoesNotGoTogetherIsRefused) {
  for (const auto& [options, told] :
       {std::pair{"--speed 5x", "--speed is how fast --watch shows the run"},
        {"--watch --speed fast", "--speed expects a factor such as 10x or 0.5x, got 'fast'"},
        {"--watch --speed 0x", "--speed expects a factor"},
        {"--watch --json", "--watch and --json exclude each other"},
        {"--watch --verify", "it takes no --watch"},
        {"--watch --seeds 1..2", "--watch is for one run"}}) {
    EXPECT_EQ(slotsim("run x.json " + std::string(options)), 2) << options;
    EXPECT_THAT(err(), HasSubstr(told)) << options;
  }
}

}  // namespace
