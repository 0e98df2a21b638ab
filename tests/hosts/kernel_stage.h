// A region for a test, and short words for what happens in it. Each is large and costs only what is
// touched.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/hosts/process/kernel.h"

namespace sim::process {

inline constexpr int kAlarm = 14, kTerminate = 15, kChild = 17;
inline constexpr std::uint64_t bit(int signal) {
  return std::uint64_t{1} << (signal - 1);
}

inline std::string pattern(std::size_t size, unsigned from = 0) {
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

}  // namespace sim::process
