#include "viz/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/viz/stage_testing.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ScreenFold fold_of(const Stage& stage) {
  ScreenFold fold({.scenario = "made", .seed = 7, .cast = stage.cast});
  for (const Record& record : stage.records) fold.see(record);
  return fold;
}
std::string text_of(const std::vector<ScreenLine>& lines) {
  std::string text;
  for (const ScreenLine& line : lines) text += line.text + '\n';
  return text;
}
std::string screen_of(const Stage& stage, Duration now, ScreenSize size = {}) {
  return text_of(fold_of(stage).screen(now, 60s, "10x", size));
}

TEST(Screen, ShowsTheClusterAndWhatHappened) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.fail_over(5s);
  const std::string screen = screen_of(stage, 8s);
  EXPECT_THAT(screen, HasSubstr("made  seed 7  8.000s of 60.000s  faults  10x\n"));
  EXPECT_THAT(screen, HasSubstr("5 of 6 servers up, 3 of 3 shards served, 16384 slots"));
  EXPECT_THAT(screen, HasSubstr("network  whole\n"));
  EXPECT_THAT(screen, HasSubstr(" 5461 slots  m5\n"));
  EXPECT_THAT(screen, HasSubstr("  apart: m1 (down, FAIL"));
  EXPECT_THAT(screen, HasSubstr("becomes primary in m1's place"));
}

TEST(Screen, SaysInWordsWhatIsWrong) {
  Stage stage(3, 1, 3);
  stage.form();
  stage.add(5s, -1, event::FaultBegan{1, "crash", "crash m1", {MachineId{0}}});
  stage.add(5s, 0, event::MachineCrashed{});
  stage.add(6s, -1, event::Reachability{"all", {{"m1", "m2"}, {"m3", "m4", "m5", "m6"}}, {}});
  const std::string screen = screen_of(stage, 6s);
  EXPECT_THAT(screen, HasSubstr("5 of 6 servers up, 2 of 3 shards served"));
  EXPECT_THAT(screen, HasSubstr("network  cut: m1 m2 | m3 m4 m5 m6\n"));
  EXPECT_THAT(screen, HasSubstr("faults   crash m1\n"));
  EXPECT_THAT(screen, HasSubstr("  m1 (down)"));
}

TEST(Screen, FitsWhereItIsShown) {
  Stage stage(20, 2, 3);
  stage.form();
  stage.add(5s, 17, event::MachineCrashed{});
  for (const ScreenSize size : {ScreenSize{80, 24}, ScreenSize{40, 10}, ScreenSize{20, 3}}) {
    const std::vector<ScreenLine> lines = fold_of(stage).screen(6s, 60s, "10x", size);
    EXPECT_LE(lines.size(), size.lines);
    for (const ScreenLine& line : lines) EXPECT_LE(line.text.size(), size.columns) << line.text;
  }
  const std::string screen = screen_of(stage, 6s);
  EXPECT_THAT(screen, HasSubstr("  m18 (down)")) << "what is not well is shown before what is";
  EXPECT_THAT(screen, HasSubstr("more shards, all of them well\n"));
}

TEST(Screen, CountsWhatClientsWereAnsweredInTheLastSecond) {
  Stage stage(3, 1, 3);
  MachineInfo client;
  client.name = "client-1";
  client.kind = MachineKind::kClient;
  stage.cast.push_back(client);
  stage.form();
  const auto done = [&](Duration at, event::OpOutcome outcome) {
    stage.add(at + 1s, 6, event::OpCompleted{.operation = 1, .outcome = outcome});
  };
  done(1s, event::OpOutcome::kOk);
  done(2500ms, event::OpOutcome::kOk);
  done(2600ms, event::OpOutcome::kOk);
  done(2700ms, event::OpOutcome::kFailed);
  EXPECT_THAT(screen_of(stage, 3s), HasSubstr("clients  2 answers/s, 1 failures/s\n"));
  EXPECT_THAT(screen_of(stage, 4s), HasSubstr("clients  0 answers/s\n"));
  EXPECT_THAT(fold_of(stage).summary(3s), HasSubstr("2 answers/s, 1 failures/s; 6 of 6"));
  EXPECT_THAT(fold_of(stage).state(), Not(HasSubstr("answers")));
}

}  // namespace
}  // namespace sim
