#include "sim/base/check.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(Check, LetsWhatIsTruePass) {
  CHECK(1 + 1 == 2);
}

TEST(CheckDeathTest, NamesTheExpressionAndPlaceAndExitsWith70) {
  EXPECT_EXIT(CHECK(1 + 1 == 3), testing::ExitedWithCode(70),
              "CHECK\\(1 \\+ 1 == 3\\) failed at .*check_test.cc");
}

TEST(CheckDeathTest, TellsWhereTheRunWas) {
  EXPECT_EXIT(
      {
        set_check_context([] { return std::string("seed 7 at 12.5 s"); });
        CHECK(false);
      },
      testing::ExitedWithCode(70), "seed 7 at 12.5 s");
}

TEST(CheckDeathTest, SurvivesAContextThatFailsItself) {
  EXPECT_EXIT(
      {
        set_check_context([] {
          CHECK(2 + 2 == 5);
          return std::string();
        });
        CHECK(false);
      },
      testing::ExitedWithCode(70), "2 \\+ 2 == 5");
}

}  // namespace
}  // namespace sim
