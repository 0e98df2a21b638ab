// What a scenario declares to go wrong: it must, and nothing else may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/app/cli.h"
#include "sim/app/report.h"
#include "tests/app/run_text.h"

namespace sim {
namespace {

using ::testing::HasSubstr;

// Nothing happens in it, so nobody is suspected.
RunResult quiet(const std::string& expect) {
  return run_text(R"({"version": 1, "name": "quiet", "duration": "1s", "expect": {)" + expect +
                  "}}");
}

TEST(Declared, MissesMustBeMissed) {
  const RunResult missed = quiet(R"("verdict": "fail", "misses": ["reaches pfail"],
                                    "reached": ["pfail"])");
  EXPECT_EQ(missed.code, exit_code::kOk);
  EXPECT_TRUE(missed.as_declared);
  EXPECT_EQ(missed.headline, "PASS (as declared: missed reaches pfail)");
  const RunResult met = quiet(R"("verdict": "fail", "misses": ["does not reach pfail"],
                                 "not_reached": ["pfail"])");
  EXPECT_EQ(met.code, exit_code::kUnexpectedPass);
  EXPECT_FALSE(met.as_declared);
  EXPECT_THAT(met.headline, HasSubstr("was met, though the scenario says it is missed"));
  const RunResult other = quiet(R"("verdict": "fail", "misses": ["reaches pfail"],
                                   "reached": ["pfail", "promoted"])");
  EXPECT_EQ(other.code, exit_code::kViolation) << "only what it names is excused";
  EXPECT_THAT(other.headline, HasSubstr("FAIL reaches promoted"));
}

TEST(Declared, KnownDefectsMustBeSeen) {
  const RunResult result = quiet(R"("known_defects": [7])");
  EXPECT_EQ(result.code, exit_code::kUnexpectedPass);
  EXPECT_THAT(result.headline, HasSubstr("known-defect(row 7) was not seen"));
  EXPECT_EQ(quiet(R"("known_defects": [7], "in": "some")").code, exit_code::kOk)
      << "perhaps with another seed";
}

TEST(Declared, CampaignsCountKnownDefectsByRow) {
  Scenario scenario;
  SeedsSummary summary;
  summary.scenario = &scenario;
  for (const int row : {7, 31, 31}) {
    RunResult result;
    result.invariants = {{"slot_ownership_agrees",
                          Judgement::kKnownDefect,
                          false,
                          true,
                          "",
                          {{Judgement::kKnownDefect, {}, 1, "so", row},
                           {Judgement::kKnownDefect, {}, 2, "again", row}},
                          2}};
    EXPECT_EQ(verdict_text(result.invariants.front()),
              "known-defect(row " + std::to_string(row) + ")");
    summary.add(result);
    summary.passes(result);
  }
  const std::string report = report_seeds(summary, Paint::plain(), false);
  EXPECT_THAT(report, HasSubstr("known-defect(row 7) in 1 of 3 seeds: "));
  EXPECT_THAT(report, HasSubstr("known-defect(row 31) in 2 of 3 seeds: "));
}

}  // namespace
}  // namespace sim
