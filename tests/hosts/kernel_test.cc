// The small kernel over a machine's region: what blocks, wakes, and is told to the driver. Each
// test has a region of its own, which is large and costs only what is touched.
#include "sim/hosts/process/kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <string>
#include <vector>

namespace sim::process {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kAlarm = 14, kTerminate = 15, kChild = 17;
constexpr std::uint64_t bit(int signal) {
  return std::uint64_t{1} << (signal - 1);
}

std::string pattern(std::size_t size, unsigned from = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((from + i) * 31 % 251);
  return text;
}

class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    void* memory = mmap(nullptr, sizeof(Region), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    region_ = static_cast<Region*>(memory);
  }
  void TearDown() override { munmap(region_, sizeof(Region)); }

  Region& region() { return *region_; }
  Object& object(ObjectIndex index) { return region_->objects[index]; }
  Task& task(TaskIndex index) { return region_->tasks[index]; }
  Process& process(ProcessIndex index) { return region_->processes[index]; }

  ProcessIndex program(std::int32_t pid) { return new_process(*region_, pid); }
  TaskIndex thread(ProcessIndex of) { return new_task(*region_, of, process(of).pid); }
  // As the preload library leaves a task that gives the turn away.
  void block(TaskIndex index, std::int64_t deadline = kNoDeadline, std::int64_t busy_until = 0) {
    task(index).state = TaskState::kBlocked;
    task(index).deadline = deadline;
    task(index).not_before = busy_until;
    task(index).woken = false;
  }
  TaskIndex blocked_thread(ProcessIndex of, std::int64_t deadline = kNoDeadline) {
    const TaskIndex index = thread(of);
    block(index, deadline);
    return index;
  }
  void pass_to(std::int64_t now) {
    region_->monotonic_ns = now;
    run_deadlines(*region_);
  }
  // Everybody who may run, in turn; they run no more.
  std::vector<TaskIndex> turns() {
    std::vector<TaskIndex> all;
    for (TaskIndex next = take_ready(*region_); next != 0; next = take_ready(*region_)) {
      task(next).state = TaskState::kRunning;
      all.push_back(next);
    }
    return all;
  }

  struct Pipe {
    ObjectIndex reader, writer;
  };
  Pipe pipe(std::uint32_t capacity = 65'536) {
    const Pipe made{new_object(*region_, ObjectKind::kLocal),
                    new_object(*region_, ObjectKind::kLocal)};
    object(made.reader).reads = object(made.writer).writes = true;
    object(made.reader).peer = made.writer;
    object(made.writer).peer = made.reader;
    object(made.reader).capacity = object(made.writer).capacity = capacity;
    return made;
  }
  ObjectIndex open_socket(std::uint64_t conn) {
    const ObjectIndex index = new_object(*region_, ObjectKind::kSocket);
    object(index).link = Link::kOpen;
    object(index).conn = conn;
    return index;
  }
  ObjectIndex listener(std::uint32_t ip, std::uint16_t port) {
    const ObjectIndex index = new_object(*region_, ObjectKind::kListener);
    object(index).local_ip = ip;
    object(index).local_port = port;
    return index;
  }
  WatchIndex member(ObjectIndex epoll, std::int32_t fd, ObjectIndex of, std::uint32_t events) {
    const WatchIndex index = add_member(*region_, epoll, fd, of);
    region_->watches[index].events = events;
    return index;
  }
  std::vector<std::int32_t> ready_list(ObjectIndex epoll) {
    std::vector<std::int32_t> all;
    for (WatchIndex at = object(epoll).ready_head; at != 0; at = region_->watches[at].ready_next)
      all.push_back(region_->watches[at].fd);
    return all;
  }

  void write(ObjectIndex into, const std::string& bytes) {
    append(*region_, object(into).rx, bytes.data(), bytes.size());
    changed(*region_, into);
  }
  std::string take_from(Buffer& buffer, std::size_t size, bool peek = false) {
    std::string bytes(size, '\0');
    bytes.resize(take(*region_, buffer, bytes.data(), size, peek));
    return bytes;
  }

  struct Told {
    OutRecord record;
    std::string name, bytes;
  };
  std::vector<Told> told() {
    std::vector<Told> all;
    for (std::uint32_t at = 0; at < region_->out_used;) {
      Told one;
      std::memcpy(&one.record, region_->out + at, sizeof one.record);
      const char* text = region_->out + at + sizeof one.record;
      one.name.assign(text, one.record.name_size);
      one.bytes.assign(text + one.record.name_size, one.record.size - one.record.name_size);
      all.push_back(one);
      at += static_cast<std::uint32_t>((sizeof one.record + one.record.size + 7) / 8 * 8);
    }
    region_->out_used = 0;
    return all;
  }

  Region* region_ = nullptr;
};

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

// ---- Epoll ----

TEST_F(KernelTest, AMemberIsOnTheReadyListOnce) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe made = pipe();
  member(epoll, 7, made.reader, ready::kIn);
  EXPECT_EQ(readiness(region(), epoll), 0u);
  write(made.reader, "a");
  write(made.reader, "b");
  EXPECT_THAT(ready_list(epoll), ElementsAre(7));
  EXPECT_EQ(readiness(region(), epoll), ready::kIn);
}

TEST_F(KernelTest, TheReadyListIsInTheOrderOfNews) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe a = pipe(), b = pipe(), c = pipe();
  member(epoll, 1, a.reader, ready::kIn);
  member(epoll, 2, b.reader, ready::kIn);
  const WatchIndex last = member(epoll, 3, c.reader, ready::kIn);
  for (const ObjectIndex each : {b.reader, c.reader, a.reader}) write(each, "x");
  EXPECT_THAT(ready_list(epoll), ElementsAre(2, 3, 1));
  unqueue_member(region(), last);
  EXPECT_THAT(ready_list(epoll), ElementsAre(2, 1));
  queue_member(region(), last);
  EXPECT_THAT(ready_list(epoll), ElementsAre(2, 1, 3));
}

TEST_F(KernelTest, OnlyWhatIsWantedCounts) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe made = pipe();
  member(epoll, 7, made.writer, ready::kIn);
  changed(region(), made.writer);
  EXPECT_THAT(ready_list(epoll), IsEmpty()) << "writable, but nobody asked for that";
  release(region(), made.reader);
  EXPECT_THAT(ready_list(epoll), ElementsAre(7)) << "errors are always told";
}

// What is level-triggered wakes when it becomes ready; what is edge-triggered with all that is new.
TEST_F(KernelTest, EdgeTriggeredMembersWakeAtEachChange) {
  const ProcessIndex one = program(100);
  for (const bool edge : {false, true}) {
    const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
    const Pipe made = pipe();
    member(epoll, 7, made.reader, ready::kIn | (edge ? ready::kEdge : 0));
    write(made.reader, "a");
    const TaskIndex waiter = blocked_thread(one);
    watch(region(), epoll, waiter);
    write(made.reader, "b");
    EXPECT_EQ(turns().size(), edge ? 1u : 0u);
  }
}

TEST_F(KernelTest, AMemberThatFiredOnceKeepsSilent) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe made = pipe();
  const WatchIndex once = member(epoll, 7, made.reader, ready::kIn | ready::kOneShot);
  region().watches[once].off = true;
  write(made.reader, "a");
  EXPECT_THAT(ready_list(epoll), IsEmpty());
}

TEST_F(KernelTest, AnEpollSetMayWatchAnother) {
  const TaskIndex a = blocked_thread(program(100));
  const ObjectIndex inner = new_object(region(), ObjectKind::kEpoll);
  const ObjectIndex outer = new_object(region(), ObjectKind::kEpoll);
  const Pipe made = pipe();
  member(inner, 7, made.reader, ready::kIn);
  member(outer, 8, inner, ready::kIn);
  watch(region(), outer, a);
  write(made.reader, "a");
  EXPECT_THAT(ready_list(outer), ElementsAre(8));
  EXPECT_THAT(turns(), ElementsAre(a));
}

TEST_F(KernelTest, MembershipsEndWithTheirObject) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe a = pipe(), b = pipe();
  member(epoll, 1, a.reader, ready::kIn);
  const WatchIndex other = member(epoll, 2, b.reader, ready::kIn);
  write(a.reader, "x");
  write(b.reader, "x");
  release(region(), a.reader);
  EXPECT_THAT(ready_list(epoll), ElementsAre(2));
  EXPECT_EQ(find_member(region(), epoll, 2, b.reader), other);
  EXPECT_EQ(find_member(region(), epoll, 1, b.reader), 0u);
  drop_watch(region(), other);
  EXPECT_EQ(object(epoll).members, 0u);
  EXPECT_EQ(object(b.reader).watchers, 0u);
}

TEST_F(KernelTest, AnEpollSetLeavesItsMembersAlone) {
  const ObjectIndex epoll = new_object(region(), ObjectKind::kEpoll);
  const Pipe made = pipe();
  member(epoll, 1, made.reader, ready::kIn);
  release(region(), epoll);
  EXPECT_EQ(object(made.reader).watchers, 0u);
  write(made.reader, "x");  // would mark a set that is gone
  EXPECT_EQ(object(epoll).kind, ObjectKind::kFree);
}

// ---- Sockets ----

TEST_F(KernelTest, AConnectionIsMadeOrRefused) {
  const ObjectIndex one = new_object(region(), ObjectKind::kSocket);
  const ObjectIndex other = new_object(region(), ObjectKind::kSocket);
  for (const ObjectIndex each : {one, other}) {
    object(each).link = Link::kConnecting;
    object(each).conn = each;
    EXPECT_EQ(readiness(region(), each), 0u);
  }
  connect_done(region(), one, 0x0a000001, 40'000, 0);
  EXPECT_EQ(readiness(region(), one), ready::kOut);
  EXPECT_EQ(object(one).local_port, 40'000);
  connect_done(region(), other, 0, 0, 111);
  EXPECT_EQ(object(other).error, 111);
  EXPECT_NE(readiness(region(), other) & ready::kError, 0u);
  connect_done(region(), one, 0, 0, 111);
  EXPECT_EQ(object(one).link, Link::kOpen) << "it was decided before";
}

TEST_F(KernelTest, TheListenerOfTheVeryAddressComesFirst) {
  const ObjectIndex anywhere = listener(0, 6379), here = listener(0x0a000001, 6379);
  EXPECT_EQ(find_listener(region(), 0x0a000001, 6379), here);
  EXPECT_EQ(find_listener(region(), 0x7f000001, 6379), anywhere);
  EXPECT_EQ(find_listener(region(), 0x0a000001, 6380), 0u);
}

TEST_F(KernelTest, WhatIsOfferedWaitsInOrder) {
  const ObjectIndex port = listener(0, 6379);
  const ObjectIndex first = offer(region(), port, 2, 1, 6379, 9, 1'000);
  const ObjectIndex second = offer(region(), port, 4, 1, 6379, 9, 1'001);
  EXPECT_EQ(readiness(region(), port), ready::kIn);
  EXPECT_EQ(object(port).accept_head, first);
  EXPECT_EQ(object(first).next_accept, second);
  EXPECT_EQ(object(second).remote_port, 1'001);
}

TEST_F(KernelTest, TheEndOfAStreamComesAfterItsBytes) {
  const ObjectIndex socket = open_socket(2);
  receive(region(), socket, {"abc", 3});
  end_of_stream(region(), socket, false, 0);
  EXPECT_EQ(readiness(region(), socket), ready::kIn | ready::kReadHangUp | ready::kOut);
  EXPECT_EQ(take_from(object(socket).rx, 10), "abc");
}

TEST_F(KernelTest, AResetLosesWhatWasNotRead) {
  const ObjectIndex socket = open_socket(2);
  receive(region(), socket, {"abc", 3});
  end_of_stream(region(), socket, true, 104);
  EXPECT_EQ(object(socket).rx.size, 0u);
  EXPECT_EQ(object(socket).error, 104);
  EXPECT_NE(readiness(region(), socket) & (ready::kHangUp | ready::kError), 0u);
  release(region(), socket);
  EXPECT_THAT(told(), IsEmpty()) << "there is nothing left to close";
}

TEST_F(KernelTest, ASenderWaitsForItsNetwork) {
  const ObjectIndex socket = open_socket(2);
  object(socket).unsent = 1;
  EXPECT_EQ(readiness(region(), socket), 0u);
  object(socket).unsent = 0;
  object(socket).sent_this_step = kSentAtOnce;
  EXPECT_EQ(readiness(region(), socket), 0u);
  object(socket).sent_this_step = kSentAtOnce - 1;
  EXPECT_EQ(readiness(region(), socket), ready::kOut);
}

// ---- The end of a program ----

TEST_F(KernelTest, ItsConnectionsCloseAndUnreadBytesMeanReset) {
  const ProcessIndex one = program(100);
  const ObjectIndex read = open_socket(2), unread = open_socket(4);
  receive(region(), unread, {"x", 1});
  process(one).object_of[5] = static_cast<std::uint16_t>(read);
  process(one).object_of[6] = static_cast<std::uint16_t>(unread);
  end_process(region(), one, 3, false);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].record.kind, RecordKind::kClose);
  EXPECT_EQ(all[0].record.conn, 2u);
  EXPECT_EQ(all[0].record.offset, 0u) << "an orderly end";
  EXPECT_EQ(all[1].record.conn, 4u);
  EXPECT_EQ(all[1].record.offset, 1u) << "RST";
  EXPECT_EQ(process(one).state, ProcessState::kZombie);
  EXPECT_EQ(process(one).exit_code, 3);
}

TEST_F(KernelTest, WhatAChildInheritedStaysOpen) {
  const ProcessIndex one = program(100), child = program(101);
  const ObjectIndex socket = open_socket(2);
  process(one).object_of[5] = static_cast<std::uint16_t>(socket);
  inherit(region(), one, child);
  end_process(region(), one, 0, false);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(process(child).object_of[5], socket);
  EXPECT_EQ(process(child).parent, 0u);
  EXPECT_EQ(process(child).parent_pid, 1);
  end_process(region(), child, 0, false);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(KernelTest, AListenerEndsWithThoseWhoWaitedThere) {
  const ProcessIndex one = program(100);
  const ObjectIndex port = listener(0, 6379);
  process(one).object_of[3] = static_cast<std::uint16_t>(port);
  offer(region(), port, 2, 1, 6379, 9, 1'000);
  end_process(region(), one, 0, true);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].record.kind, RecordKind::kClose);
  EXPECT_EQ(all[0].record.conn, 2u);
  EXPECT_EQ(all[1].record.kind, RecordKind::kUnlisten);
  EXPECT_EQ(all[1].record.port, 6379u);
  EXPECT_EQ(find_listener(region(), 0, 6379), 0u);
}

TEST_F(KernelTest, TheParentHears) {
  const ProcessIndex parent = program(100), child = program(101);
  inherit(region(), parent, child);
  const TaskIndex waiter = blocked_thread(parent);
  task(waiter).waits_for_child = true;
  thread(child);
  process(parent).handled = bit(kChild);
  end_process(region(), child, 9, true);
  EXPECT_THAT(turns(), ElementsAre(waiter));
  EXPECT_EQ(task(waiter).wake, Wake::kEvent);
  EXPECT_EQ(process(parent).pending, bit(kChild));
  EXPECT_TRUE(process(child).by_signal);
}

TEST_F(KernelTest, WhoIgnoresItsChildrenHasNoneToWaitFor) {
  const ProcessIndex parent = program(100), child = program(101);
  inherit(region(), parent, child);
  process(parent).ignored = bit(kChild);
  const TaskIndex waiter = blocked_thread(parent);
  task(waiter).waits_for_child = true;
  end_process(region(), child, 0, false);
  EXPECT_EQ(process(child).parent, 0u);
  EXPECT_THAT(turns(), ElementsAre(waiter)) << "to learn that there is none";
}

TEST_F(KernelTest, ADeadProgramHasNoTurnsTimersOrSignals) {
  const ProcessIndex one = program(100);
  wake(region(), blocked_thread(one), Wake::kEvent);
  process(one).timer_at = 100;
  process(one).handled = bit(kTerminate);
  end_process(region(), one, 0, true);
  raise_signal(region(), one, kTerminate);
  EXPECT_THAT(turns(), IsEmpty());
  EXPECT_EQ(next_deadline(region()), kNoDeadline);
  EXPECT_EQ(process(one).pending, 0u);
  EXPECT_EQ(find_process(region(), 100), one) << "until somebody waits for it";
  free_process(region(), one);
  EXPECT_EQ(find_process(region(), 100), 0u);
}

// ---- The rest ----

TEST_F(KernelTest, ChildrenHaveChanceOfTheirOwn) {
  const ProcessIndex parent = program(100), one = program(101), other = program(102);
  process(parent).random = 42;
  inherit(region(), parent, one);
  inherit(region(), parent, other);
  EXPECT_NE(process(one).random, process(other).random);
  EXPECT_NE(process(one).random, process(parent).random);
}

TEST_F(KernelTest, RecordsAreReadAsTheyWereTold) {
  region().running = 9;
  OutRecord record{};
  record.kind = RecordKind::kWriteFile;
  record.offset = 77;
  tell(region(), record, {"nodes.conf", 10}, {"abc", 3});
  record.kind = RecordKind::kSyncFile;
  tell(region(), record, {"x", 1});
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "nodes.conf");
  EXPECT_EQ(all[0].bytes, "abc");
  EXPECT_EQ(all[0].record.offset, 77u);
  EXPECT_EQ(all[0].record.task, 9u);
  EXPECT_EQ(all[1].name, "x");
  EXPECT_EQ(all[1].bytes, "");
}

TEST_F(KernelTest, SmallRecordsAlwaysFindRoom) {
  EXPECT_TRUE(has_room(region(), kOutBytes - kRecordReserve - sizeof(OutRecord)));
  EXPECT_FALSE(has_room(region(), kOutBytes - kRecordReserve - sizeof(OutRecord) + 1));
}

TEST_F(KernelTest, TheFingerprintKnowsTheOrder) {
  fold(region(), 1);
  fold(region(), 2);
  const std::uint64_t one_way = region().fingerprint;
  region().fingerprint = 0;
  fold(region(), 2);
  fold(region(), 1);
  EXPECT_NE(region().fingerprint, one_way);
}

}  // namespace
}  // namespace sim::process
