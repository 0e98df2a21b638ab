#include "sim/hosts/process/kernel.h"

#include <cstring>

namespace sim::process {
namespace {

constexpr int kSigKill = 9, kSigAlarm = 14, kSigChild = 17;

// Signals that do nothing unless a program asks for them: SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
constexpr std::uint64_t bit(int signal) {
  return std::uint64_t{1} << (signal - 1);
}
constexpr std::uint64_t kHarmless = bit(17) | bit(18) | bit(23) | bit(28);

template <class T>
void set_zero(T& value) {
  std::memset(static_cast<void*>(&value), 0, sizeof value);
}

ChunkIndex new_chunk(Region& region) {
  ChunkIndex chunk = region.free_chunk;
  if (chunk != 0) {
    region.free_chunk = region.chunks[chunk].next;
  } else {
    chunk = ++region.chunks_high;
    if (chunk >= kChunkCount) __builtin_trap();
  }
  region.chunks[chunk].next = 0;
  return chunk;
}

void free_chunk(Region& region, ChunkIndex chunk) {
  region.chunks[chunk].next = region.free_chunk;
  region.free_chunk = chunk;
}

}  // namespace

// ---- Timers ----

namespace {

ObjectIndex last_object_with_timer(const Region& region) {
  return region.timer_descriptors > 0 ? region.objects_high : 0;
}

std::int64_t next_timer(const Region& region) {
  std::int64_t first = kNoDeadline;
  for (ProcessIndex index = 1; index <= region.processes_high; ++index) {
    const Process& process = region.processes[index];
    if (process.state == ProcessState::kLive && process.timer_at < first) first = process.timer_at;
  }
  for (ObjectIndex index = 1; index <= last_object_with_timer(region); ++index) {
    const Object& object = region.objects[index];
    if (object.kind == ObjectKind::kTimerFd && object.timer_at < first) first = object.timer_at;
  }
  return first;
}

void run_timers(Region& region) {
  const std::int64_t now = region.monotonic_ns;
  for (ProcessIndex index = 1; index <= region.processes_high; ++index) {
    Process& process = region.processes[index];
    if (process.state != ProcessState::kLive || process.timer_at > now) continue;
    process.timer_at =
        process.timer_every > 0 ? process.timer_at + process.timer_every : kNoDeadline;
    raise_signal(region, index, kSigAlarm);
  }
  for (ObjectIndex index = 1; index <= last_object_with_timer(region); ++index) {
    Object& object = region.objects[index];
    if (object.kind != ObjectKind::kTimerFd || object.timer_at > now) continue;
    ++object.count;
    object.timer_at = object.timer_every > 0 ? object.timer_at + object.timer_every : kNoDeadline;
    changed(region, index);
  }
}

}  // namespace

// ---- Tasks and processes ----

TaskIndex new_task(Region& region, ProcessIndex process, std::int32_t tid) {
  TaskIndex index = 1;
  while (index < kTaskCount && region.tasks[index].state != TaskState::kFree) ++index;
  if (index == kTaskCount) return 0;
  if (index > region.tasks_high) region.tasks_high = index;
  Task& task = region.tasks[index];
  task.turn.store(0);
  task.state = TaskState::kRunning;
  task.wake = Wake::kEvent;
  task.process = process;
  task.tid = tid;
  task.next_ready = 0;
  task.not_before = region.monotonic_ns;
  task.deadline = kNoDeadline;
  task.blocked_signals = task.pending = 0;
  task.futex_address = 0;
  task.watches = 0;
  task.clear_word = 0;
  task.waits_for_child = false;
  task.woken = false;
  return index;
}

ProcessIndex new_process(Region& region, std::int32_t pid) {
  ProcessIndex index = 1;
  while (index < kProcessCount && region.processes[index].state != ProcessState::kFree) ++index;
  if (index == kProcessCount) return 0;
  if (index > region.processes_high) region.processes_high = index;
  Process& process = region.processes[index];
  set_zero(process);
  process.state = ProcessState::kLive;
  process.pid = pid;
  process.timer_at = kNoDeadline;
  return index;
}

void inherit(Region& region, ProcessIndex parent, ProcessIndex child) {
  Process& from = region.processes[parent];
  Process& to = region.processes[child];
  to.parent = parent;
  to.parent_pid = from.pid;
  to.root_pid = from.root_pid;
  to.handled = from.handled;
  to.ignored = from.ignored;
  to.restarting = from.restarting;
  std::uint64_t seed = from.random ^ (0xbf58476d1ce4e5b9u * ++from.forks);
  to.random = next_random(seed);
  std::memcpy(to.name, from.name, sizeof to.name);
  std::memcpy(to.object_of, from.object_of, sizeof to.object_of);
  for (const std::uint16_t object : to.object_of) {
    if (object != 0) retain(region, object);
  }
}

void enqueue(Region& region, TaskIndex index) {
  Task& task = region.tasks[index];
  task.state = TaskState::kReady;
  task.next_ready = 0;
  if (region.ready_tail != 0) {
    region.tasks[region.ready_tail].next_ready = index;
  } else {
    region.ready_head = index;
  }
  region.ready_tail = index;
}

void wake(Region& region, TaskIndex index, Wake why) {
  Task& task = region.tasks[index];
  if (task.state != TaskState::kBlocked || task.woken) return;
  task.wake = why;
  task.futex_address = 0;
  task.waits_for_child = false;
  unwatch_all(region, index);
  if (task.not_before > region.monotonic_ns) {
    task.woken = true;
    task.deadline = task.not_before;
    return;
  }
  enqueue(region, index);
}

bool waits_on_futex(const Task& task, ProcessIndex process, std::uint64_t word) {
  return task.state == TaskState::kBlocked && task.process == process && task.futex_address == word;
}

long wake_futex(Region& region, ProcessIndex process, std::uint64_t word, long most,
                std::uint32_t bits) {
  long woken = 0;
  for (TaskIndex index = 1; index <= region.tasks_high && woken < most; ++index) {
    const Task& task = region.tasks[index];
    if (!waits_on_futex(task, process, word) || (task.futex_bits & bits) == 0) continue;
    wake(region, index, Wake::kEvent);
    ++woken;
  }
  return woken;
}

std::int64_t next_deadline(const Region& region) {
  std::int64_t first = next_timer(region);
  for (TaskIndex index = 1; index <= region.tasks_high; ++index) {
    const Task& task = region.tasks[index];
    const bool waits = task.state == TaskState::kBlocked && task.deadline < first;
    if (waits && !region.processes[task.process].stopped) first = task.deadline;
  }
  return first;
}

void run_deadlines(Region& region) {
  run_timers(region);
  for (TaskIndex index = 1; index <= region.tasks_high; ++index) {
    Task& task = region.tasks[index];
    if (task.state != TaskState::kBlocked || task.deadline > region.monotonic_ns) continue;
    if (region.processes[task.process].stopped) continue;
    if (!task.woken) {
      wake(region, index, Wake::kTimeout);
      continue;
    }
    task.woken = false;
    enqueue(region, index);
  }
}

TaskIndex take_ready(Region& region) {
  TaskIndex before = 0;
  for (TaskIndex index = region.ready_head; index != 0; index = region.tasks[index].next_ready) {
    Task& task = region.tasks[index];
    if (region.processes[task.process].stopped) {
      before = index;
      continue;
    }
    (before == 0 ? region.ready_head : region.tasks[before].next_ready) = task.next_ready;
    if (region.ready_tail == index) region.ready_tail = before;
    return index;
  }
  return 0;
}

void free_task(Region& region, TaskIndex index) {
  unwatch_all(region, index);
  TaskIndex before = 0;
  for (TaskIndex at = region.ready_head; at != 0; before = at, at = region.tasks[at].next_ready) {
    if (at != index) continue;
    (before == 0 ? region.ready_head : region.tasks[before].next_ready) =
        region.tasks[at].next_ready;
    if (region.ready_tail == at) region.ready_tail = before;
    break;
  }
  region.tasks[index].state = TaskState::kFree;
}

void end_process(Region& region, ProcessIndex index, std::int32_t code, bool by_signal) {
  Process& process = region.processes[index];
  if (process.state != ProcessState::kLive) return;
  process.state = ProcessState::kZombie;
  process.exit_code = code;
  process.by_signal = by_signal;
  process.timer_at = kNoDeadline;
  process.stopped = false;
  for (TaskIndex task = 1; task <= region.tasks_high; ++task) {
    if (region.tasks[task].state != TaskState::kFree && region.tasks[task].process == index)
      free_task(region, task);
  }
  for (std::uint16_t& object : process.object_of) {
    if (object == 0) continue;
    const ObjectIndex held = object;
    object = 0;
    release(region, held);
  }
  for (ProcessIndex other = 1; other <= region.processes_high; ++other) {
    if (region.processes[other].parent == index) {
      region.processes[other].parent = 0;
      region.processes[other].parent_pid = 1;
    }
  }
  if (process.parent == 0) return;
  const ProcessIndex parent = process.parent;
  process.vfork_parent_waits = false;
  // Who ignores SIGCHLD leaves no dead children to wait for.
  if ((region.processes[parent].ignored & bit(kSigChild)) != 0) process.parent = 0;
  for (TaskIndex task = 1; task <= region.tasks_high; ++task) {
    Task& waiter = region.tasks[task];
    if (waiter.state == TaskState::kBlocked && waiter.process == parent && waiter.waits_for_child) {
      wake(region, task, Wake::kEvent);
    }
  }
  raise_signal(region, parent, kSigChild);
}

void free_process(Region& region, ProcessIndex index) {
  region.processes[index].state = ProcessState::kFree;
}

ProcessIndex find_process(const Region& region, std::int32_t pid) {
  for (ProcessIndex index = 1; index <= region.processes_high; ++index) {
    const Process& process = region.processes[index];
    if (process.state != ProcessState::kFree && process.pid == pid) return index;
  }
  return 0;
}

void raise_signal(Region& region, ProcessIndex index, int signal) {
  Process& process = region.processes[index];
  if (process.state != ProcessState::kLive || signal == kSigKill) return;
  const std::uint64_t mask = bit(signal);
  if ((process.ignored & mask) != 0) return;
  if ((process.handled & mask) == 0 && (kHarmless & mask) != 0) return;
  process.pending |= mask;
  for (TaskIndex task = 1; task <= region.tasks_high; ++task) {
    Task& one = region.tasks[task];
    if (one.process != index || one.state != TaskState::kBlocked) continue;
    if ((one.blocked_signals & mask) != 0) continue;
    wake(region, task, Wake::kSignal);
    return;
  }
}

void raise_signal_at(Region& region, TaskIndex index, int signal) {
  Task& task = region.tasks[index];
  const Process& process = region.processes[task.process];
  const std::uint64_t mask = bit(signal);
  if ((process.ignored & mask) != 0) return;
  if ((process.handled & mask) == 0 && (kHarmless & mask) != 0) return;
  task.pending |= mask;
  if ((task.blocked_signals & mask) == 0) wake(region, index, Wake::kSignal);
}

std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void fill_random(std::uint64_t& state, void* into, std::size_t size) {
  char* to = static_cast<char*>(into);
  for (std::size_t done = 0; done < size; done += 8) {
    const std::uint64_t word = next_random(state);
    std::memcpy(to + done, &word, size - done < 8 ? size - done : 8);
  }
}

// ---- Bytes ----

void append(Region& region, Buffer& buffer, const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    if (buffer.tail == 0 || buffer.tail_end == kChunkBytes) {
      const ChunkIndex chunk = new_chunk(region);
      (buffer.tail == 0 ? buffer.head : region.chunks[buffer.tail].next) = chunk;
      if (buffer.tail == 0) buffer.head_at = 0;
      buffer.tail = chunk;
      buffer.tail_end = 0;
    }
    const std::size_t space = kChunkBytes - buffer.tail_end;
    const std::size_t part = size < space ? size : space;
    std::memcpy(region.chunks[buffer.tail].bytes + buffer.tail_end, from, part);
    buffer.tail_end += static_cast<std::uint32_t>(part);
    buffer.size += part;
    from += part;
    size -= part;
  }
}

std::size_t take(Region& region, Buffer& buffer, void* into, std::size_t size, bool peek) {
  char* to = static_cast<char*>(into);
  ChunkIndex chunk = buffer.head;
  std::uint32_t at = buffer.head_at;
  std::size_t done = 0;
  while (done < size && chunk != 0) {
    const std::uint32_t end = chunk == buffer.tail ? buffer.tail_end : kChunkBytes;
    const std::size_t left = size - done;
    const std::size_t part = left < end - at ? left : end - at;
    std::memcpy(to + done, region.chunks[chunk].bytes + at, part);
    done += part;
    at += static_cast<std::uint32_t>(part);
    if (at < end) break;
    const ChunkIndex next = chunk == buffer.tail ? 0 : region.chunks[chunk].next;
    if (!peek) free_chunk(region, chunk);
    chunk = next;
    at = 0;
    if (!peek) {
      buffer.head = chunk;
      if (chunk == 0) buffer.tail = buffer.tail_end = 0;
    }
  }
  if (!peek) {
    buffer.head_at = at;
    buffer.size -= done;
  }
  return done;
}

void clear(Region& region, Buffer& buffer) {
  while (buffer.head != 0) {
    const ChunkIndex chunk = buffer.head;
    buffer.head = chunk == buffer.tail ? 0 : region.chunks[chunk].next;
    free_chunk(region, chunk);
  }
  set_zero(buffer);
}

// ---- Telling the driver ----

bool has_room(const Region& region, std::size_t bytes) {
  return region.out_used + bytes + sizeof(OutRecord) + kRecordReserve <= kOutBytes;
}

void tell(Region& region, OutRecord record, Bytes name, Bytes bytes) {
  const std::size_t size = name.size + bytes.size;
  const std::size_t whole = (sizeof record + size + 7) / 8 * 8;
  if (region.out_used + whole > kOutBytes) __builtin_trap();
  record.size = static_cast<std::uint32_t>(size);
  record.name_size = static_cast<std::uint32_t>(name.size);
  record.task = region.running;
  char* to = region.out + region.out_used;
  std::memcpy(to, &record, sizeof record);
  if (name.size > 0) std::memcpy(to + sizeof record, name.data, name.size);
  if (bytes.size > 0) std::memcpy(to + sizeof record + name.size, bytes.data, bytes.size);
  region.out_used += static_cast<std::uint32_t>(whole);
}

void fold(Region& region, std::uint64_t word) {
  std::uint64_t state = region.fingerprint ^ word;
  region.fingerprint = next_random(state);
}

}  // namespace sim::process
