// The small kernel over a machine's region: epoll sets, sockets, and the end of a program.
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

TEST_F(KernelTest, WhatIsFreedIsUsedAgain) {
  const ObjectIndex one = new_object(region(), ObjectKind::kEventFd);
  object(one).count = 7;
  release(region(), one);
  EXPECT_EQ(new_object(region(), ObjectKind::kEventFd), one);
  EXPECT_EQ(object(one).count, 0u);
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
