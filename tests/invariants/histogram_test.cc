#include "sim/invariants/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/base/choices.h"

namespace sim {
namespace {

TEST(Histogram, IsExactWhereValuesAreSmall) {
  Histogram histogram;
  for (std::int64_t value = 1; value <= 100; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(50), 50);
  EXPECT_EQ(histogram.percentile(99), 99);
  EXPECT_EQ(histogram.percentile(100), 100);
  EXPECT_EQ(histogram.count(), 100u);
}

TEST(Histogram, OfNothingIsZero) {
  EXPECT_EQ(Histogram{}.percentile(99), 0);
}

TEST(Histogram, OfOneValueIsThatValue) {
  Histogram histogram;
  histogram.add(1'234'567'891);
  EXPECT_EQ(histogram.percentile(50), 1'234'567'891);
}

// Against the slow and obvious way: never too small, and too great by less than a sixty-fourth.
TEST(Histogram, AnswersAtMostASixtyFourthTooMuch) {
  ChoiceStream stream(7, "histogram");
  Choices choices(stream);
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 5000; ++i) {
    const auto scale = std::uint64_t{1} << choices.choose(Site::kKey, 40);
    values.push_back(static_cast<std::int64_t>(choices.choose(Site::kKey, scale + 1)));
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (std::uint32_t percent = 1; percent <= 100; ++percent) {
    const std::int64_t exact = values[(values.size() * percent + 99) / 100 - 1];
    EXPECT_GE(histogram.percentile(percent), exact) << percent;
    EXPECT_LE(histogram.percentile(percent), exact + exact / 64) << percent;
  }
  EXPECT_EQ(histogram.max(), values.back());
}

}  // namespace
}  // namespace sim
