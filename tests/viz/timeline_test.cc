#include "viz/timeline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/viz/stage_testing.h"
#include "viz/renderer.h"

namespace sim {
namespace {

std::string rendered(const char* name, const Stage& stage, Scene scene = {}) {
  scene.cast = stage.cast;
  const auto renderer = find_renderer(name)->make(scene);
  for (const Record& record : stage.records) renderer->see(record);
  return renderer->render();
}

TEST(Timeline, TellsAFailoverAsAStory) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.fail_over(5s);
  EXPECT_EQ(
      rendered("timeline", stage),
      "    -0.100s    m1, m2, m3 and 3 others: cluster state is ok\n"
      "     0.000s  * the cluster is up; faults may begin\n"
      "     4.000s  * fault 1: crash m1 (primary of shard-0)\n"
      "     4.000s    m1: crashes\n"
      "     5.000s    m2, m3, m4, m5 and m6: hold m1 as FAIL (2 primaries agree, 2 needed)\n"
      "     6.000s    m4: stands for election in epoch 99 in m1's place (rank 0, needs 2 votes)\n"
      "     6.010s    m4: becomes primary in m1's place, epoch 99 (2 votes, needed 2)\n");
}

TEST(Timeline, DoesNotFoldWhatLiesFarApart) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.suspect(5s, 1, 0, event::Suspicion::kFail);
  stage.suspect(6s, 2, 0, event::Suspicion::kFail);
  stage.suspect(9s, 3, 0, event::Suspicion::kFail);
  TimelineFold fold(stage.cast);
  for (const Record& record : stage.records) fold.see(record);
  const auto entries = fold.entries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[2].text,
            "m2 and m3 (within 1.000s): hold m1 as FAIL (2 primaries agree, 2 needed)");
  EXPECT_EQ(entries[3].at, 8s);
  EXPECT_FALSE(entries[3].of_plan);
}

std::vector<std::string> told_after_zero(const Stage& stage) {
  TimelineFold fold(stage.cast);
  for (const Record& record : stage.records) fold.see(record);
  std::vector<std::string> texts;
  for (const TimelineFold::Entry& entry : fold.entries()) {
    if (entry.at > 0s) texts.push_back(entry.text);
  }
  return texts;
}

TEST(Timeline, TellsEveryChangeOfMindOfAFlappingLink) {
  Stage stage(3, 1, 0);
  stage.form();
  const auto change = [&](Duration at, event::Suspicion from, event::Suspicion to) {
    stage.add(at, 1, event::SuspicionChanged{Stage::id(0), from, to, 0, 0});
  };
  change(5000ms, event::Suspicion::kNone, event::Suspicion::kPfail);
  change(5100ms, event::Suspicion::kPfail, event::Suspicion::kNone);
  change(5200ms, event::Suspicion::kNone, event::Suspicion::kPfail);
  EXPECT_EQ(told_after_zero(stage),
            (std::vector<std::string>{"m2: suspects m1 (PFAIL: no answer in time)",
                                      "m2: no longer suspects m1 (PFAIL is over)",
                                      "m2: suspects m1 (PFAIL: no answer in time)"}));
}

TEST(Timeline, SaysOnceWhatManySayOfMany) {
  Stage stage(10, 1, 0);
  stage.form();
  for (int peer = 0; peer < 3; ++peer) {
    for (int observer = 3; observer < 20; ++observer) {
      if (peer == 1 && observer == 4) continue;  // it was told before it noticed
      stage.suspect(5s + observer * 10ms, observer, peer, event::Suspicion::kPfail);
    }
  }
  EXPECT_EQ(told_after_zero(stage),
            (std::vector<std::string>{"m4, m5, m6 and 14 others (within 0.160s): suspect some of "
                                      "m1, m2 and m3 (PFAIL: no answer in time)"}));
}

TEST(Timeline, KeepsThePartsOfASplitApart) {
  Stage stage(6, 1, 0);
  stage.form();
  for (int observer = 0; observer < 12; ++observer) {
    for (int peer = 0; peer < 12; ++peer) {
      if (observer / 6 == peer / 6) continue;
      stage.suspect(5s, observer, peer, event::Suspicion::kPfail);
    }
  }
  EXPECT_EQ(
      told_after_zero(stage),
      (std::vector<std::string>{
          "m1, m2, m3 and 3 others: suspect m7, m8, m9 and 3 others (PFAIL: no answer in time)",
          "m7, m8, m9 and 3 others: suspect m1, m2, m3 and 3 others (PFAIL: no answer in "
          "time)"}));
}

TEST(Timeline, TellsTheCauseBeforeItsEffect) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.add(4s, 0, event::MachineCrashed{});
  stage.add(4s, -1, event::FaultBegan{1, "crash", "crash m1", {MachineId{0}}});
  EXPECT_EQ(told_after_zero(stage), (std::vector<std::string>{"fault 1: crash m1", "m1: crashes"}));
}

TEST(Timeline, LeavesOutWhatComesAfterTheMomentAskedFor) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.fail_over(5s);
  const std::string text = rendered("timeline", stage, {.at = 4500ms});
  EXPECT_NE(text.find("crashes"), std::string::npos);
  EXPECT_EQ(text.find("FAIL"), std::string::npos);
}

TEST(Availability, ShowsTheGapOfAFailover) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.fail_over(5s);
  stage.add(7s, 3, event::HealthChanged{true, ""});
  stage.add(13s, -1, event::Converged{});
  // 12 s in 60 columns: a column is 200 ms. m1 dies at 4 s (column 20), m4 takes over at 6.01 s (in
  // column 30).
  EXPECT_EQ(rendered("availability", stage),
            "shard-0   ####################..........x#############################  83.3 %\n"
            "shard-1   ############################################################  100.0 %\n"
            "shard-2   ############################################################  100.0 %\n"
            "          0s                                                   12.000s   # served  x "
            "partly  . not served  "
            "2 two primaries\n");
}

TEST(Availability, ShowsTwoPrimariesAtOnce) {
  Stage stage(3, 1, 0);
  stage.form();
  stage.claim_primary(4s, 3, 0, 99);
  stage.claim_replica(5s, 0, 3);
  stage.add(13s, -1, event::Converged{});
  EXPECT_EQ(rendered("availability", stage).substr(0, 40),
            "shard-0   ###############22222##########");
}

}  // namespace
}  // namespace sim
