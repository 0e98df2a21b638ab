#include "sim/app/last_records.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

Record numbered(std::uint64_t sequence, Event event) {
  return {sequence, SimTime{}, MachineId{0}, Source::kInternal, std::move(event)};
}

TEST(LastRecords, AreTheLastTwentyInOrder) {
  LastRecords last;
  for (std::uint64_t i = 0; i < 50; ++i) last.keep(numbered(i, event::Remark{"tick"}));
  ASSERT_EQ(last.all().size(), LastRecords::kKept);
  EXPECT_EQ(last.all().front().sequence, 30u);
  EXPECT_EQ(last.all().back().sequence, 49u);
}

TEST(LastRecords, HoldNoPeersOfAView) {
  LastRecords last;
  event::ViewSnapshot view;
  view.keys = 3;
  view.peers.resize(1000);
  last.keep(numbered(0, view));
  const auto& kept = std::get<event::ViewSnapshot>(last.all().front().event);
  EXPECT_EQ(kept.peers.capacity(), 0u);
  EXPECT_EQ(kept.keys, 3u);
}

}  // namespace
}  // namespace sim
