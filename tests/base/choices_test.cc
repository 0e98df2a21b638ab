#include "sim/base/choices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace sim {
namespace {

std::vector<std::uint64_t> draws(ChoiceStream stream, Site site, std::uint64_t n, int count,
                                 const ChoicePolicy* policy = nullptr) {
  Choices choices(stream, policy);
  std::vector<std::uint64_t> outcomes;
  for (int i = 0; i < count; ++i) outcomes.push_back(choices.choose(site, n));
  return outcomes;
}

// Every recorded seed, scenario and digest stands on these numbers. They never change.
TEST(Choices, AreWhatTheyAlwaysWere) {
  EXPECT_EQ(draws(ChoiceStream(1, "node:m1#0"), Site::kNodeId, 16, 12),
            (std::vector<std::uint64_t>{7, 15, 6, 9, 6, 10, 2, 11, 8, 10, 5, 2}));
  EXPECT_EQ(draws(ChoiceStream(1, "link:a>b"), Site::kLoss, 100, 8),
            (std::vector<std::uint64_t>{14, 15, 63, 4, 79, 8, 77, 47}));
  EXPECT_EQ(draws(ChoiceStream(0xffffffffffffffff, ""), Site::kBackoff, 1u << 31, 3),
            (std::vector<std::uint64_t>{1844615344, 1341718215, 1591923469}));
  ChoiceStream stream(7, "x");
  Choices choices(stream);
  for (int i = 0; i < 100; ++i) choices.choose(Site::kKey, 1000);
  EXPECT_EQ(stream.fingerprint(), 649410499248720311u);
}

TEST(Choices, OfOneSiteAreNotDisturbedByThoseOfAnother) {
  ChoiceStream alone(1, "node:a"), busy(1, "node:a");
  Choices quiet(alone), noisy(busy);
  for (int i = 0; i < 50; ++i) {
    noisy.choose(Site::kGossipPick, 3);
    EXPECT_EQ(noisy.choose(Site::kRandomPing, 1000), quiet.choose(Site::kRandomPing, 1000));
  }
}

TEST(Choices, DifferBySeedScopeAndSite) {
  std::set<std::vector<std::uint64_t>> streams;
  for (const std::uint64_t seed : {0u, 1u, 2u}) {
    for (const char* scope : {"node:a#0", "node:a#1", "node:b#0", ""}) {
      for (std::size_t site = 0; site < kSiteCount; ++site) {
        streams.insert(draws(ChoiceStream(seed, scope), static_cast<Site>(site), 1u << 30, 4));
      }
    }
  }
  EXPECT_EQ(streams.size(), 3 * 4 * kSiteCount);
}

TEST(Choices, AreUniform) {
  for (const std::uint64_t n : {2u, 3u, 10u, 97u}) {
    std::vector<std::uint64_t> counts(n);
    const int total = 20000;
    for (const std::uint64_t outcome : draws(ChoiceStream(5, "u"), Site::kKey, n, total)) {
      ASSERT_LT(outcome, n);
      ++counts[outcome];
    }
    // Chi-square over n - 1 degrees of freedom stays below n + 5 * sqrt(2n) but once in a million
    // seeds.
    double chi = 0;
    const double expected = static_cast<double>(total) / static_cast<double>(n);
    for (const std::uint64_t count : counts) {
      const double off = static_cast<double>(count) - expected;
      chi += off * off / expected;
    }
    EXPECT_LT(chi, static_cast<double>(n) + 5 * std::sqrt(2.0 * static_cast<double>(n)));
  }
}

TEST(Choices, AmongTheLargestNumberStayInRangeAndDiffer) {
  std::set<std::uint64_t> seen;
  for (const auto outcome : draws(ChoiceStream(5, "u"), Site::kKey, ~std::uint64_t{0}, 100)) {
    seen.insert(outcome);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Choices, OfOneOutcomeCountToo) {
  ChoiceStream stream(1, "a");
  Choices choices(stream);
  const auto before = stream.fingerprint();
  EXPECT_EQ(choices.choose(Site::kKey, 1), 0u);
  EXPECT_NE(stream.fingerprint(), before);
  EXPECT_EQ(choices.choose(Site::kKey, 1000), draws(ChoiceStream(1, "a"), Site::kKey, 1000, 2)[1]);
}

TEST(ChoicesDeathTest, NeedAnOutcome) {
  ChoiceStream stream(1, "a");
  Choices choices(stream);
  EXPECT_DEATH(choices.choose(Site::kKey, 0), "n > 0");
}

TEST(Choices, AreRecordedAsTheyWereMade) {
  std::vector<Choice> recording;
  const ChoicePolicy policy{&recording, nullptr};
  const ChoiceStream stream(3, "link:a>b");
  const auto outcomes = draws(stream, Site::kLoss, 100, 5, &policy);
  ASSERT_EQ(recording.size(), 5u);
  for (std::uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(recording[i].scope, stream.scope());
    EXPECT_EQ(recording[i].site, Site::kLoss);
    EXPECT_EQ(recording[i].index, i);
    EXPECT_EQ(recording[i].outcomes, 100u);
    EXPECT_EQ(recording[i].outcome, outcomes[i]);
  }
  EXPECT_EQ(outcomes, draws(stream, Site::kLoss, 100, 5));
}

TEST(Choices, CanBeOverriddenOneByOne) {
  const ChoiceStream stream(3, "link:a>b");
  auto expected = draws(stream, Site::kLoss, 100, 5);
  const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides = {
      {{stream.scope(), Site::kLoss, 2}, 77},
      {{stream.scope(), Site::kLoss, 3}, 100},  // no such outcome: the seed decides
      {{stream.scope(), Site::kKey, 4}, 1},
      {{stream.scope() + 1, Site::kLoss, 4}, 1}};
  const ChoicePolicy policy{nullptr, &overrides};
  expected[2] = 77;
  EXPECT_EQ(draws(stream, Site::kLoss, 100, 5, &policy), expected);
}

TEST(Choices, RecordWhatTheOverrideMadeOfThem) {
  std::vector<Choice> recording;
  const ChoiceStream stream(3, "a");
  const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides = {
      {{stream.scope(), Site::kLoss, 0}, 0}};
  const ChoicePolicy policy{&recording, &overrides};
  draws(stream, Site::kLoss, 100, 1, &policy);
  EXPECT_EQ(recording.at(0).outcome, 0u);
}

TEST(Choices, ReplayFromTheirRecordingUnderAnotherSeed) {
  std::vector<Choice> recording;
  const ChoicePolicy record{&recording, nullptr};
  const auto outcomes = draws(ChoiceStream(3, "a"), Site::kLoss, 100, 20, &record);
  std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides;
  for (const Choice& choice : recording) {
    overrides[{choice.scope, choice.site, choice.index}] = choice.outcome;
  }
  const ChoicePolicy replay{nullptr, &overrides};
  EXPECT_EQ(draws(ChoiceStream(4, "a"), Site::kLoss, 100, 20, &replay), outcomes);
}

TEST(Choices, ShowInTheFingerprint) {
  const auto fingerprint = [](Site site, std::uint64_t n, std::uint64_t outcome) {
    ChoiceStream stream(3, "a");
    const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides = {
        {{stream.scope(), site, 0}, outcome}};
    const ChoicePolicy policy{nullptr, &overrides};
    Choices(stream, &policy).choose(site, n);
    return stream.fingerprint();
  };
  const std::set<std::uint64_t> fingerprints = {
      fingerprint(Site::kLoss, 100, 0), fingerprint(Site::kLoss, 100, 1),
      fingerprint(Site::kLoss, 101, 0), fingerprint(Site::kKey, 100, 0)};
  EXPECT_EQ(fingerprints.size(), 4u);
}

TEST(Chance, IsBenignAtOutcomeZeroUnlessCertain) {
  const auto chance = [](std::uint64_t outcome, std::uint64_t numerator) {
    ChoiceStream stream(3, "a");
    const std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> overrides = {
        {{stream.scope(), Site::kLoss, 0}, outcome}};
    const ChoicePolicy policy{nullptr, &overrides};
    return Choices(stream, &policy).chance(Site::kLoss, numerator, 100);
  };
  EXPECT_FALSE(chance(0, 3));
  EXPECT_FALSE(chance(96, 3));
  EXPECT_TRUE(chance(97, 3));
  EXPECT_FALSE(chance(0, 99));
  EXPECT_FALSE(chance(99, 0));
  EXPECT_TRUE(chance(0, 100));
}

TEST(Chance, IsAsOftenAsItSays) {
  ChoiceStream stream(3, "a");
  Choices choices(stream);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) hits += choices.chance(Site::kLoss, 3, 100) ? 1 : 0;
  EXPECT_NEAR(hits, 300, 75);
}

TEST(Sites, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (std::size_t site = 0; site < kSiteCount; ++site) {
    EXPECT_FALSE(site_name(static_cast<Site>(site)).empty());
    names.insert(site_name(static_cast<Site>(site)));
  }
  EXPECT_EQ(names.size(), kSiteCount);
  EXPECT_EQ(site_name(Site::kNodeId), "node_id");
  EXPECT_EQ(site_name(Site::kBackoff), "backoff");
}

}  // namespace
}  // namespace sim
