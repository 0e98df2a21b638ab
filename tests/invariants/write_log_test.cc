// What is packed must come back as it was, in its order, whatever is in it.
#include "sim/invariants/write_log.h"

#include <gtest/gtest.h>

#include "sim/base/choices.h"

namespace sim {
namespace {

LoggedWrite a_write(Choices& choices) {
  const auto number = [&](std::uint64_t below) { return choices.choose(Site::kKey, below); };
  const auto time = [&] {
    return SimTime{Duration{static_cast<std::int64_t>(number(1ull << 40)) - (1ll << 39)}};
  };
  LoggedWrite write;
  write.operation = number(2) == 0 ? number(1ull << 60) : number(1000);
  write.kind = static_cast<event::OpKind>(number(4));
  write.outcome = static_cast<event::OpOutcome>(number(3));
  write.invoked = time();
  if (number(3) > 0) write.completed = time();
  write.repeats = static_cast<std::uint32_t>(number(3));
  write.value = std::string(number(300), static_cast<char>(number(256)));
  write.client = MachineId{static_cast<std::uint32_t>(number(2000))};
  write.replicas_wanted = static_cast<std::uint32_t>(number(3));
  write.replicas = static_cast<std::uint32_t>(number(3));
  if (number(4) == 0) return write;
  WriteEffect& effect = write.effect;
  effect.machine = MachineId{static_cast<std::uint32_t>(number(1000))};
  effect.at = time();
  effect.slot = SlotId{static_cast<std::uint16_t>(number(16384))};
  effect.offset = static_cast<std::int64_t>(number(1ull << 50)) - 1;
  effect.history = static_cast<HistoryNumber>(number(5));
  effect.epoch = number(300);
  if (number(2) == 0) effect.isolated_for = Duration{static_cast<std::int64_t>(number(1 << 30))};
  effect.sides = static_cast<std::uint32_t>(number(300));
  effect.deposed = number(2) == 0;
  effect.by_answer = number(2) == 0;
  return write;
}

std::vector<LoggedWrite> all_of(const WriteLog& log) {
  std::vector<LoggedWrite> writes;
  log.each([&](const LoggedWrite& write) { writes.push_back(write); });
  return writes;
}

TEST(WriteLog, GivesBackWhatWasPacked) {
  ChoiceStream stream(7, "write-log");
  Choices choices(stream);
  WriteLog log;
  std::vector<LoggedWrite> added;
  for (int i = 0; i < 2000; ++i) {
    added.push_back(a_write(choices));
    log.add(added.back());
    if (choices.choose(Site::kKey, 20) == 0) log.pack();
  }
  EXPECT_EQ(log.size(), added.size());
  EXPECT_TRUE(all_of(log) == added);
  log.pack();
  EXPECT_TRUE(log.latest().empty());
  EXPECT_TRUE(all_of(log) == added);
}

TEST(WriteLog, DropsWhatIsNotPackedYet) {
  WriteLog log;
  const auto add = [&](std::uint64_t operation) {
    LoggedWrite write;
    write.operation = operation;
    log.add(write);
  };
  for (std::uint64_t i = 1; i <= 4; ++i) add(i);
  log.pack();
  for (std::uint64_t i = 5; i <= 8; ++i) add(i);
  const auto even = [](const LoggedWrite& write) { return write.operation % 2 == 0; };
  EXPECT_EQ(log.drop_latest_if(even), 2u);
  std::vector<std::uint64_t> left;
  log.each([&](const LoggedWrite& write) { left.push_back(write.operation); });
  EXPECT_EQ(left, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(log.size(), 6u);
}

}  // namespace
}  // namespace sim
