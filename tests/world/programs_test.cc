// Programs beside what a machine runs, and another program for it.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/world/stage.h"

namespace sim::stage {
namespace {

TEST(Programs, AreChangedFromTheNextStartOn) {
  Stage stage;
  stage.levers().change_program(stage.id("m1"), "/opt/new");
  stage.run_for(1s);
  EXPECT_FALSE(stage.heard("m1", "booted program /opt/new")) << "it runs still";
  for (int i = 0; i < 2; ++i) {
    stage.levers().crash(stage.id("m1"), false);
    stage.levers().start(stage.id("m1"), {});
    stage.run_for(1s);
  }
  EXPECT_EQ(stage.count("m1", "booted program /opt/new"), 2) << "and stays so";
  EXPECT_EQ(
      std::get<event::MachineStarted>(stage.records().at(stage.records().size() - 2).event).program,
      "/opt/new");
}

TEST(Programs, ChangedAreAnotherRun) {
  const auto digest = [](const std::string& program) {
    Stage stage;
    stage.levers().change_program(stage.id("m1"), program);
    stage.levers().crash(stage.id("m1"), false);
    stage.levers().start(stage.id("m1"), {});
    stage.run_for(1s);
    return stage.world().digest();
  };
  EXPECT_EQ(digest(""), digest(""));
  EXPECT_NE(digest(""), digest("a"));
  EXPECT_NE(digest("a"), digest("b"));
}

TEST(Programs, RunBesideTheNodeAndAreAnsweredByTicket) {
  Stage stage;
  const auto run = [&](const char* who, std::vector<std::string> words) {
    return stage.levers().run_program(stage.id(who), std::move(words));
  };
  const std::uint32_t stays = run("m1", {"stay"});
  const std::uint32_t ends = run("m1", {"end", "3", "bye"});
  const std::uint32_t elsewhere = run("m2", {"end", "0", ""});
  stage.run_for(1s);
  const std::map<std::uint32_t, std::string> ended{{ends, "3 bye"}, {elsewhere, "0 "}};
  EXPECT_EQ(stage.programs(), ended);
  Stage copy = stage;
  copy.levers().crash(copy.id("m1"), false);
  const std::uint32_t too_late = copy.levers().run_program(copy.id("m1"), {"end", "0", ""});
  copy.run_for(1s);
  EXPECT_EQ(copy.programs().at(stays), "lost");
  EXPECT_EQ(copy.programs().at(too_late), "lost");
  stage.run_for(1s);
  EXPECT_EQ(stage.programs(), ended) << "the original goes its own way";
}

TEST(Programs, ThatRunAreAnotherRun) {
  const auto digest = [](std::vector<std::string> words) {
    Stage stage;
    stage.levers().run_program(stage.id("m1"), std::move(words));
    stage.run_for(1s);
    return stage.world().digest();
  };
  EXPECT_EQ(digest({"a", "b"}), digest({"a", "b"}));
  EXPECT_NE(digest({"a", "b"}), digest({"a", "c"}));
}

}  // namespace
}  // namespace sim::stage
