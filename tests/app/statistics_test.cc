// The statistics of diff against values worked out by hand, or known from tables.
#include "sim/app/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace sim {
namespace {

Sample shifted(std::size_t count, double by) {
  Sample sample;
  for (std::size_t i = 0; i < count; ++i) sample.push_back(static_cast<double>(i) + by);
  return sample;
}

TEST(Statistics, MedianAndQuantiles) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(quantile({5, 4, 3, 2, 1}, 90), 5);
  EXPECT_EQ(quantile({5, 4, 3, 2, 1}, 20), 1);
  EXPECT_EQ(quantile({5, 4, 3, 2, 1}, 21), 2);
  EXPECT_EQ(mean({1, 2, 6}), 3);
}

// F_a is 2/3 at 2, where F_b is still 0.
TEST(Statistics, DistanceIsTheWidestGapOfTheDistributions) {
  EXPECT_DOUBLE_EQ(distance({1, 2, 3}, {2.5, 3, 4}), 2.0 / 3);
  EXPECT_DOUBLE_EQ(distance({1, 2, 3}, {7, 8}), 1);
  EXPECT_DOUBLE_EQ(distance({1, 1, 2}, {1, 2, 1}), 0) << "ties step together";
  EXPECT_DOUBLE_EQ(distance({1, 2, 3, 4}, {1, 1, 3, 4}), 0.25);
  EXPECT_DOUBLE_EQ(distance(shifted(500, 0), shifted(500, 100)), 0.2);
}

TEST(Statistics, DistanceForgivesWhatNobodyResolves) {
  EXPECT_DOUBLE_EQ(distance({1.0, 1.0, 1.0}, {1.1, 1.1}), 1);
  EXPECT_DOUBLE_EQ(distance({1.0, 1.0, 1.0}, {1.1, 1.1}, 0.2), 0);
  EXPECT_DOUBLE_EQ(distance({1.1, 1.1}, {1.0, 1.0, 1.0}, 0.2), 0) << "either way round";
  EXPECT_DOUBLE_EQ(distance({1.0, 2.0}, {1.0, 2.5}, 0.2), 0.5);
  EXPECT_DOUBLE_EQ(distance(shifted(500, 0), shifted(500, 100), 10), 0.18);
}

// K(1.36) = 0.0495, K(1.63) = 0.00985: the constants of the textbooks for large samples.
TEST(Statistics, ChanceOfADistanceIsKolmogorovs) {
  EXPECT_NEAR(chance_of_distance(1.358 / std::sqrt(5000), 10000, 10000), 0.05, 0.001);
  EXPECT_NEAR(chance_of_distance(1.628 / std::sqrt(5000), 10000, 10000), 0.01, 0.0003);
  EXPECT_EQ(chance_of_distance(0, 10, 10), 1);
  EXPECT_NEAR(chance_of_distance(0.15, 200, 200), 0.0197, 0.0005);
}

// Of the 20 ways to mix three and three, two keep them apart.
TEST(Statistics, SmallSamplesProveLittle) {
  EXPECT_NEAR(chance_of_distance(1, 3, 3), 0.1, 1e-9);
  EXPECT_EQ(critical_distance(0.05, 3, 3), 1);
  EXPECT_NEAR(critical_distance(0.05, 200, 200), 0.134, 0.003);
  EXPECT_LT(critical_distance(0.05, 200, 200), critical_distance(0.05, 50, 50));
  EXPECT_LT(critical_distance(0.05, 50, 50), critical_distance(0.001, 50, 50));
}

// Ranks of a: 1 to 5, sum 15, expected 27.5, variance 25 * 11 / 12: z = 12 / 4.787 = 2.507.
TEST(Statistics, RanksTellAShift) {
  EXPECT_NEAR(chance_of_ranks(shifted(5, 0), shifted(5, 100)), std::erfc(2.507 / std::sqrt(2.0)),
              1e-4);
  EXPECT_EQ(chance_of_ranks(shifted(5, 0), shifted(5, 0)), 1);
  EXPECT_EQ(chance_of_ranks({7, 7, 7}, {7, 7}), 1) << "all equal, no variance";
  EXPECT_NEAR(chance_of_ranks({1, 1}, {2, 2}), 1.0 / 3, 1e-9) << "2 of 6 ways";
  EXPECT_LT(chance_of_ranks(shifted(60, 0), shifted(60, 20)), 0.001);
}

// Margins 4 and 4, 4 hits: 1, 16, 36, 16, 1 of 70.
TEST(Statistics, SharesByFisher) {
  EXPECT_NEAR(chance_of_shares(4, 4, 0, 4), 2.0 / 70, 1e-9);
  EXPECT_NEAR(chance_of_shares(3, 4, 1, 4), 34.0 / 70, 1e-9);
  EXPECT_NEAR(chance_of_shares(2, 4, 2, 4), 1, 1e-9);
  EXPECT_NEAR(chance_of_shares(0, 9, 0, 5), 1, 1e-9);
}

TEST(Statistics, HolmMultipliesStepByStep) {
  const std::vector<double> chances{0.04, 0.01, 0.03};
  const std::vector<double> adjusted = holm(chances);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.03);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[0], 0.06) << "never less than one more telling";
  EXPECT_DOUBLE_EQ(holm(std::vector<double>{0.9, 0.8})[0], 1);
  EXPECT_TRUE(holm({}).empty());
}

}  // namespace
}  // namespace sim
