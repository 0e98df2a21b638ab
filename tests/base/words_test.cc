#include "sim/base/words.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(Words, NounsInThePlural) {
  EXPECT_EQ(plural("vote"), "votes");
  EXPECT_EQ(plural("primary"), "primaries");
  EXPECT_EQ(plural("key"), "keys");
  EXPECT_EQ(plural("switch"), "switches");
}

TEST(Words, ACountWithItsNoun) {
  EXPECT_EQ(counted(0, "vote"), "0 votes");
  EXPECT_EQ(counted(1, "primary"), "1 primary");
  EXPECT_EQ(counted(16384, "slot"), "16384 slots");
  EXPECT_EQ(counted(1, "switch"), "1 switch");
  EXPECT_EQ(counted(2, "switch"), "2 switches");
  EXPECT_EQ(counted(4, "primary"), "4 primaries");
}

TEST(Words, LongNumbersInGroupsOfThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(16384), "16,384");
  EXPECT_EQ(grouped(1000000), "1,000,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace sim
