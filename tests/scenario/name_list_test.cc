#include "sim/scenario/name_list.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(NameList, KeepsNamesInOrderAndEachOnce) {
  NameList names{"m2", "m1"};
  names.add("m3");
  names.add("m1");
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.end()),
            (std::vector<std::string>{"m2", "m1", "m3"}));
  EXPECT_TRUE(names.has("m1"));
  EXPECT_FALSE(names.has("m"));
}

std::size_t comparisons = 0;
struct CountingLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    ++comparisons;
    return a < b;
  }
};

// Thousands of wrong names in a file about thousands of machines are an error at once.
TEST(NameList, DoesNotLookThroughAllNames) {
  OrderedNames<CountingLess> names;
  for (int i = 0; i < 10'000; ++i) names.add("m" + std::to_string(i));
  comparisons = 0;
  EXPECT_FALSE(names.has("x"));
  EXPECT_FALSE(names.has("a"));
  EXPECT_TRUE(names.has("m77"));
  EXPECT_LT(comparisons, 100u);
}

}  // namespace
}  // namespace sim
