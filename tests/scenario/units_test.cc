#include <gtest/gtest.h>

#include "sim/scenario/options.h"

namespace sim {
namespace {

TEST(Durations, AreANumberAndAUnit) {
  EXPECT_EQ(parse_duration("500us"), 500us);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("10 ms"), 10ms);
  EXPECT_EQ(parse_duration("+2s"), 2s);
  EXPECT_EQ(parse_duration("-500ms"), -500ms);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Durations, AreNothingElse) {
  for (const char* text : {"", "5", "s", "5 seconds", "1.s", ".5s", "1e3s", "--1s", "5s ", " 5s",
                           "1s2s", "nan", "1.5ns", "99999999999999999s", "1h30m"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Durations, ReadBackAsWritten) {
  for (const char* text :
       {"0s", "1ns", "1.5us", "500us", "1.25ms", "1.5s", "90s", "1m", "2h", "-500ms", "1000h"}) {
    const std::optional<Duration> time = parse_duration(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(parse_duration(format_duration(*time)), time) << text;
  }
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(60s), "1m");
  EXPECT_EQ(format_duration(-1500us), "-1.5ms");
}

TEST(Ratios, ArePercentInWholePartsPerMillion) {
  EXPECT_EQ(parse_ratio_ppm("1%"), 10'000u);
  EXPECT_EQ(parse_ratio_ppm("0.25%"), 2'500u);
  EXPECT_EQ(parse_ratio_ppm("100%"), 1'000'000u);
  EXPECT_EQ(parse_ratio_ppm("0.00001%"), std::nullopt) << "less than one part per million";
  EXPECT_EQ(parse_ratio_ppm("-1%"), std::nullopt);
  EXPECT_EQ(parse_ratio_ppm("1"), std::nullopt);
  EXPECT_EQ(format_ratio(2'500), "0.25%");
}

TEST(Sizes, KnowDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_bytes("64MB"), 64'000'000u);
  EXPECT_EQ(parse_bytes("1.5KiB"), 1536u);
  EXPECT_EQ(parse_bytes("12"), 12u);
  EXPECT_EQ(parse_bytes("12XB"), std::nullopt);
  EXPECT_EQ(parse_bandwidth("1Gbit"), 125'000'000u);
  EXPECT_EQ(parse_bandwidth("10MB"), 10'000'000u);
  EXPECT_EQ(parse_bandwidth("unlimited"), 0u);
  EXPECT_EQ(parse_bandwidth("1bit"), std::nullopt) << "less than a byte a second";
}

TEST(DidYouMean, FindsTheNearestWordOrSaysNothing) {
  const std::vector<std::string_view> words{"partition", "pause", "crash", "restart", "clock-jump"};
  EXPECT_EQ(nearest("partiton", words), "partition");
  EXPECT_EQ(nearest("parttiion", words), "partition");
  EXPECT_EQ(nearest("crahs", words), "crash");
  EXPECT_EQ(nearest("clock", words), "clock-jump");
  EXPECT_EQ(nearest("zebra", words), "");
  EXPECT_EQ(nearest("", words), "");
}

}  // namespace
}  // namespace sim
