// Slabs, queues, serial tables and direction sets: small things that everything stands on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "sim/base/choices.h"
#include "sim/world/fifo.h"
#include "sim/world/lever_table.h"
#include "sim/world/serial_table.h"
#include "sim/world/slab.h"

namespace sim {
namespace {

TEST(Slab, StaysPutAndCopiesDeeply) {
  Slab<int> slab;
  int* first = &slab[slab.take()];
  *first = 7;
  for (int i = 0; i < 1000; ++i) slab[slab.take()] = i;
  EXPECT_EQ(first, &slab[0]);
  Slab<int> copy = slab;
  copy[0] = 8;
  EXPECT_EQ(slab[0], 7);
  EXPECT_EQ(copy.in_use(), 1001u);
  slab.release(5);
  EXPECT_EQ(slab.in_use(), 1000u);
  EXPECT_EQ(slab.take(), 5u);
}

TEST(Fifo, AgreesWithADeque) {
  ChoiceStream stream(1, "fifo");
  Choices choices(stream);
  Fifo<int> fifo;
  std::deque<int> twin;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t what = choices.choose(Site::kKey, 20);
    if (what == 0) {
      fifo.put_in_front({i, -i});
      twin.insert(twin.begin(), {i, -i});
    } else if (what < 10) {
      fifo.push_back(i);
      twin.push_back(i);
    } else if (!twin.empty()) {
      ASSERT_EQ(fifo.front(), twin.front());
      fifo.pop_front();
      twin.pop_front();
    }
    ASSERT_EQ(fifo.size(), twin.size());
    ASSERT_EQ(fifo.empty(), twin.empty());
    ASSERT_TRUE(std::equal(fifo.begin(), fifo.end(), twin.begin(), twin.end()));
  }
}

// Counts how often any of its kind was moved.
struct Mover {
  Mover() = default;
  Mover(Mover&&) noexcept { ++moves; }
  Mover& operator=(Mover&&) noexcept {
    ++moves;
    return *this;
  }
  static inline int moves = 0;
};

TEST(Fifo, LeavingALongQueueCostsNoMoreThanLeavingAShortOne) {
  constexpr int kLength = 10'000;
  Fifo<Mover> fifo;
  for (int i = 0; i < kLength; ++i) fifo.push_back(Mover{});
  Mover::moves = 0;
  for (int i = 0; i < kLength; ++i) fifo.pop_front();
  EXPECT_LT(Mover::moves, 3 * kLength);
}

TEST(Fifo, KeepsNothingOfWhatHasLeft) {
  Fifo<std::shared_ptr<int>> fifo;
  const auto item = std::make_shared<int>(7);
  fifo.push_back(item);
  for (int i = 0; i < 10; ++i) fifo.push_back(nullptr);
  fifo.pop_front();
  EXPECT_EQ(item.use_count(), 1);
}

TEST(SerialTable, AgreesWithAMap) {
  ChoiceStream stream(1, "serials");
  Choices choices(stream);
  SerialTable table;
  std::map<std::uint32_t, std::uint32_t> twin;
  std::uint32_t serial = 0;
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    if (choices.chance(Site::kKey, 1, 2) || twin.empty()) {
      serial += 1 + static_cast<std::uint32_t>(choices.choose(Site::kKey, 3));
      table.insert(serial, i);
      twin[serial] = i;
    } else {
      auto victim =
          twin.lower_bound(static_cast<std::uint32_t>(choices.choose(Site::kKey, serial)));
      if (victim == twin.end()) victim = twin.begin();
      table.erase(victim->first);
      twin.erase(victim);
    }
    const auto probe = static_cast<std::uint32_t>(choices.choose(Site::kKey, serial + 100));
    const auto found = twin.find(probe);
    ASSERT_EQ(table.find(probe), found == twin.end() ? kNil : found->second);
  }
  std::vector<std::uint32_t> expected;
  for (const auto& [key, slot] : twin) expected.push_back(slot);
  EXPECT_EQ(table.slots(), expected);
  EXPECT_EQ(table.live(), twin.size());
}

TEST(SerialTable, MillionsOfDeadSerialsCostLittle) {
  SerialTable table;
  table.insert(1, 11);
  for (std::uint32_t serial = 2; serial < 1'000'000; ++serial) {
    table.insert(serial, serial);
    table.erase(serial);
  }
  EXPECT_EQ(table.find(1), 11u);
  EXPECT_LT(table.bytes(), 150'000u);
  table.erase(1);
  EXPECT_EQ(table.live(), 0u);
  table.insert(1'000'000, 5);
  EXPECT_EQ(table.find(1'000'000), 5u);
  EXPECT_EQ(table.find(1), kNil);
}

TEST(DirectionSet, FewAndManyAnswerAlike) {
  std::vector<Direction> some, more;
  for (std::uint32_t i = 0; i < 10; ++i) some.push_back({MachineId{i}, MachineId{i + 1}});
  more = some;
  for (std::uint32_t i = 0; i < 10; ++i) more.push_back({MachineId{i}, MachineId{15}});
  const DirectionSet few(some, 16), many(more, 16), none;
  for (std::uint32_t a = 0; a < 16; ++a) {
    for (std::uint32_t b = 0; b < 16; ++b) {
      EXPECT_EQ(few.contains(MachineId{a}, MachineId{b}), a < 10 && b == a + 1);
      EXPECT_EQ(many.contains(MachineId{a}, MachineId{b}), a < 10 && (b == a + 1 || b == 15));
      EXPECT_FALSE(none.contains(MachineId{a}, MachineId{b}));
    }
  }
}

TEST(MessageRules, MatchByLabelMachineAndPlane) {
  MessageRule rule;
  rule.label = "bus:*";
  EXPECT_TRUE(matches(rule, "bus:PING", MachineId{1}, MachineId{2}, Plane::kBus));
  EXPECT_FALSE(matches(rule, "cmd:GET", MachineId{1}, MachineId{2}, Plane::kBus));
  rule.label = "bus:PING";
  EXPECT_FALSE(matches(rule, "bus:PINGS", MachineId{1}, MachineId{2}, Plane::kBus));
  rule.to = {MachineId{3}};
  EXPECT_FALSE(matches(rule, "bus:PING", MachineId{1}, MachineId{2}, Plane::kBus));
  EXPECT_TRUE(matches(rule, "bus:PING", MachineId{1}, MachineId{3}, Plane::kBus));
  rule.planes = plane_set(Plane::kClient);
  EXPECT_FALSE(matches(rule, "bus:PING", MachineId{1}, MachineId{3}, Plane::kBus));
}

}  // namespace
}  // namespace sim
