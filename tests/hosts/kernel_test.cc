// The small kernel over a machine's region: bytes, turns, time, and signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/hosts/kernel_stage.h"

namespace sim::process {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- Bytes ----

TEST_F(KernelTest, BytesComeOutAsTheyWentInAcrossChunks) {
  Buffer buffer{};
  std::string expected, got;
  for (const std::size_t size : {1u, 4079u, 4080u, 4081u, 12'345u}) {
    const std::string piece = pattern(size, static_cast<unsigned>(expected.size()));
    append(region(), buffer, piece.data(), piece.size());
    expected += piece;
  }
  EXPECT_EQ(buffer.size, expected.size());
  for (std::size_t size = 1; buffer.size > 0; size = size * 3 + 1) got += take_from(buffer, size);
  EXPECT_EQ(got, expected);
  EXPECT_EQ(take_from(buffer, 10), "");
}

TEST_F(KernelTest, PeekingLeavesBytesThere) {
  Buffer buffer{};
  const std::string text = pattern(10'000);
  append(region(), buffer, text.data(), text.size());
  EXPECT_EQ(take_from(buffer, 4'000), text.substr(0, 4'000));
  EXPECT_EQ(take_from(buffer, 5'000, true), text.substr(4'000, 5'000));
  EXPECT_EQ(buffer.size, 6'000u);
  EXPECT_EQ(take_from(buffer, 9'999), text.substr(4'000));
}

TEST_F(KernelTest, GoesOnAfterItWasEmptiedAtTheBorderOfAChunk) {
  Buffer buffer{};
  const std::string whole = pattern(kChunkBytes);
  for (int round = 0; round < 3; ++round) {
    append(region(), buffer, whole.data(), whole.size());
    EXPECT_EQ(take_from(buffer, kChunkBytes - 1), whole.substr(0, kChunkBytes - 1));
    EXPECT_EQ(take_from(buffer, 5), whole.substr(kChunkBytes - 1));
    EXPECT_EQ(buffer.size, 0u);
  }
  EXPECT_EQ(region().chunks_high, 1u) << "what was read is used again";
}

TEST_F(KernelTest, ClearedChunksAreUsedAgain) {
  Buffer one{}, other{};
  const std::string text = pattern(3 * kChunkBytes);
  append(region(), one, text.data(), text.size());
  clear(region(), one);
  EXPECT_EQ(one.size, 0u);
  append(region(), other, text.data(), text.size());
  EXPECT_EQ(region().chunks_high, 3u);
  EXPECT_EQ(take_from(other, text.size()), text);
}

// ---- Turns ----

TEST_F(KernelTest, WhoIsReadyFirstRunsFirst) {
  const ProcessIndex one = program(100);
  const TaskIndex a = blocked_thread(one), b = blocked_thread(one), c = blocked_thread(one);
  wake(region(), b, Wake::kEvent);
  wake(region(), c, Wake::kEvent);
  wake(region(), a, Wake::kEvent);
  EXPECT_THAT(turns(), ElementsAre(b, c, a));
}

TEST_F(KernelTest, StoppedProgramsKeepTheirPlaceButHaveNoTurn) {
  const ProcessIndex one = program(100), other = program(101);
  const TaskIndex a = blocked_thread(one), b = blocked_thread(other), c = blocked_thread(other);
  process(one).stopped = true;
  for (const TaskIndex each : {a, b}) wake(region(), each, Wake::kEvent);
  EXPECT_THAT(turns(), ElementsAre(b));
  wake(region(), c, Wake::kEvent);
  process(one).stopped = false;
  EXPECT_THAT(turns(), ElementsAre(a, c));
}

TEST_F(KernelTest, AFreedTaskIsNoLongerReady) {
  const ProcessIndex one = program(100);
  const TaskIndex a = blocked_thread(one), b = blocked_thread(one), c = blocked_thread(one);
  for (const TaskIndex each : {a, b, c}) wake(region(), each, Wake::kEvent);
  free_task(region(), b);
  free_task(region(), c);
  const TaskIndex d = blocked_thread(one);
  wake(region(), d, Wake::kEvent);
  EXPECT_THAT(turns(), ElementsAre(a, d));
}

TEST_F(KernelTest, WhoIsBusyWakesWhenItsWorkIsDone) {
  const TaskIndex a = thread(program(100));
  block(a, kNoDeadline, 500);
  wake(region(), a, Wake::kEvent);
  EXPECT_THAT(turns(), IsEmpty());
  EXPECT_EQ(next_deadline(region()), 500);
  pass_to(499);
  EXPECT_THAT(turns(), IsEmpty());
  pass_to(500);
  EXPECT_THAT(turns(), ElementsAre(a));
  EXPECT_EQ(task(a).wake, Wake::kEvent) << "an event woke it, not the time";
}

TEST_F(KernelTest, TheFirstReasonToWakeStands) {
  const TaskIndex a = thread(program(100));
  block(a, kNoDeadline, 500);
  wake(region(), a, Wake::kSignal);
  wake(region(), a, Wake::kEvent);
  pass_to(500);
  EXPECT_THAT(turns(), ElementsAre(a));
  EXPECT_EQ(task(a).wake, Wake::kSignal);
}

// ---- Time ----

TEST_F(KernelTest, NothingIsDueWhereNobodyWaits) {
  blocked_thread(program(100));
  EXPECT_EQ(next_deadline(region()), kNoDeadline);
}

TEST_F(KernelTest, TheFirstDeadlineIsNext) {
  const ProcessIndex one = program(100);
  const TaskIndex late = blocked_thread(one, 900), early = blocked_thread(one, 300);
  EXPECT_EQ(next_deadline(region()), 300);
  pass_to(300);
  EXPECT_THAT(turns(), ElementsAre(early));
  EXPECT_EQ(task(early).wake, Wake::kTimeout);
  EXPECT_EQ(next_deadline(region()), 900);
  EXPECT_EQ(task(late).state, TaskState::kBlocked);
}

TEST_F(KernelTest, AStoppedProgramsDeadlineWaitsUntilItGoesOn) {
  const ProcessIndex one = program(100);
  const TaskIndex a = blocked_thread(one, 300);
  process(one).stopped = true;
  EXPECT_EQ(next_deadline(region()), kNoDeadline);
  pass_to(400);
  EXPECT_THAT(turns(), IsEmpty());
  EXPECT_EQ(task(a).state, TaskState::kBlocked);
  process(one).stopped = false;
  pass_to(400);
  EXPECT_THAT(turns(), ElementsAre(a));
}

TEST_F(KernelTest, AnIntervalTimerRingsAgainAndAgain) {
  const ProcessIndex one = program(100);
  process(one).handled = bit(kAlarm);
  process(one).timer_at = 100;
  process(one).timer_every = 50;
  EXPECT_EQ(next_deadline(region()), 100);
  pass_to(100);
  EXPECT_EQ(process(one).pending, bit(kAlarm));
  EXPECT_EQ(next_deadline(region()), 150);
  process(one).timer_every = 0;
  pass_to(150);
  EXPECT_EQ(next_deadline(region()), kNoDeadline);
}

TEST_F(KernelTest, ATimerDescriptorBecomesReadableAndWakes) {
  const TaskIndex a = blocked_thread(program(100));
  const ObjectIndex timer = new_object(region(), ObjectKind::kTimerFd);
  ++region().timer_descriptors;
  object(timer).timer_at = 100;
  watch(region(), timer, a);
  EXPECT_EQ(readiness(region(), timer), 0u);
  EXPECT_EQ(next_deadline(region()), 100);
  pass_to(100);
  EXPECT_EQ(readiness(region(), timer), ready::kIn);
  EXPECT_THAT(turns(), ElementsAre(a));
  EXPECT_EQ(next_deadline(region()), kNoDeadline);
}

// ---- Signals ----

TEST_F(KernelTest, IgnoredAndHarmlessSignalsDoNothing) {
  const ProcessIndex one = program(100);
  blocked_thread(one);
  process(one).ignored = bit(kTerminate);
  raise_signal(region(), one, kTerminate);
  raise_signal(region(), one, kChild);
  EXPECT_EQ(process(one).pending, 0u);
  EXPECT_THAT(turns(), IsEmpty());
}

TEST_F(KernelTest, ASignalWakesOneThreadThatDoesNotBlockIt) {
  const ProcessIndex one = program(100);
  const TaskIndex a = blocked_thread(one), b = blocked_thread(one), c = blocked_thread(one);
  task(a).blocked_signals = bit(kChild);
  process(one).handled = bit(kChild);
  raise_signal(region(), one, kChild);
  EXPECT_EQ(process(one).pending, bit(kChild));
  EXPECT_THAT(turns(), ElementsAre(b));
  EXPECT_EQ(task(b).wake, Wake::kSignal);
  EXPECT_EQ(task(c).state, TaskState::kBlocked);
}

TEST_F(KernelTest, ASignalThatAllBlockStaysPending) {
  const ProcessIndex one = program(100);
  task(blocked_thread(one)).blocked_signals = bit(kTerminate);
  raise_signal(region(), one, kTerminate);
  EXPECT_EQ(process(one).pending, bit(kTerminate));
  EXPECT_THAT(turns(), IsEmpty());
}

// ---- What waits for objects ----

TEST_F(KernelTest, AChangeWakesAllWhoWatchAndTheyWatchNoMore) {
  const ProcessIndex one = program(100);
  const Pipe a = pipe(), b = pipe();
  const TaskIndex first = blocked_thread(one), second = blocked_thread(one);
  watch(region(), a.reader, first);
  watch(region(), b.reader, first);
  watch(region(), a.reader, second);
  changed(region(), a.reader);
  EXPECT_EQ(turns().size(), 2u);
  EXPECT_EQ(object(a.reader).watchers, 0u);
  EXPECT_EQ(object(b.reader).watchers, 0u);
}

TEST_F(KernelTest, APipeIsReadableWithBytesAndWritableWithRoom) {
  const Pipe made = pipe(10);
  EXPECT_EQ(readiness(region(), made.reader), 0u);
  EXPECT_EQ(readiness(region(), made.writer), ready::kOut);
  write(made.reader, "0123456789");
  EXPECT_EQ(readiness(region(), made.reader), ready::kIn);
  EXPECT_EQ(readiness(region(), made.writer), 0u);
}

TEST_F(KernelTest, APipesReaderLearnsThatNobodyWrites) {
  const TaskIndex a = blocked_thread(program(100));
  const Pipe made = pipe();
  retain(region(), made.writer);
  watch(region(), made.reader, a);
  release(region(), made.writer);
  EXPECT_THAT(turns(), IsEmpty()) << "another descriptor is still open";
  release(region(), made.writer);
  EXPECT_THAT(turns(), ElementsAre(a));
  EXPECT_EQ(readiness(region(), made.reader), ready::kHangUp);
}

}  // namespace
}  // namespace sim::process
