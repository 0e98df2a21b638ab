#include "sim/base/slot_set.h"

#include <gtest/gtest.h>

#include <set>

namespace sim {
namespace {

SlotSet range(std::size_t first, std::size_t last) {
  SlotSet slots;
  for (std::size_t slot = first; slot <= last; ++slot) slots.set(slot);
  return slots;
}

TEST(SlotSet, IsPrintedAsInNodesConf) {
  EXPECT_EQ(format_slots({}), "");
  EXPECT_EQ(format_slots(range(7, 7)), "7");
  EXPECT_EQ(format_slots(range(0, 5460) | range(10922, 10922) | range(16382, 16383)),
            "0-5460 10922 16382-16383");
  EXPECT_EQ(format_slots(range(0, 16383)), "0-16383");
}

TEST(SlotSet, FallsIntoMaximalRanges) {
  const std::vector<SlotRange> expected = {{SlotId{3}, SlotId{5}}, {SlotId{7}, SlotId{7}}};
  EXPECT_EQ(slot_ranges(range(3, 5) | range(7, 7)), expected);
  EXPECT_TRUE(slot_ranges({}).empty());
}

TEST(SlotSet, FallsIntoTheRangesASlowTwinFinds) {
  SlotSet slots;
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) slots.set(slot, slot * slot % 7 < 3);
  SlotSet covered;
  std::size_t after_last = 0;
  for (const SlotRange& found : slot_ranges(slots)) {
    EXPECT_TRUE(after_last == 0 || found.first.value > after_last);
    after_last = found.last.value + 1u;
    covered |= range(found.first.value, found.last.value);
  }
  EXPECT_EQ(covered, slots);
}

TEST(SharedSlots, KnowTheirCountAndMembers) {
  const SlotsRef slots = share_slots(range(10, 19));
  EXPECT_EQ(slots->count(), 10u);
  EXPECT_TRUE(slots->test(SlotId{19}));
  EXPECT_FALSE(slots->test(SlotId{20}));
}

TEST(SharedSlots, HashByContent) {
  EXPECT_EQ(share_slots(range(1, 9))->hash(), share_slots(range(1, 5) | range(6, 9))->hash());
  const std::set<std::uint64_t> hashes = {no_slots()->hash(),
                                          share_slots(range(0, 0))->hash(),
                                          share_slots(range(1, 1))->hash(),
                                          share_slots(range(0, 1))->hash(),
                                          share_slots(range(0, 0) | range(2, 2))->hash(),
                                          share_slots(range(0, 16383))->hash()};
  EXPECT_EQ(hashes.size(), 6u);
  // Part of every digest.
  EXPECT_EQ(share_slots(range(0, 5460))->hash(), 7036163102713416004u);
}

TEST(SharedSlots, AreOneObjectWhenEmpty) {
  EXPECT_EQ(share_slots({}), no_slots());
}

TEST(SharedSlots, AreTheSameByContentNotByObject) {
  EXPECT_TRUE(same_slots(share_slots(range(1, 9)), share_slots(range(1, 9))));
  EXPECT_FALSE(same_slots(share_slots(range(1, 9)), share_slots(range(1, 8))));
  EXPECT_TRUE(same_slots(no_slots(), share_slots({})));
}

}  // namespace
}  // namespace sim
