#include "sim/hosts/process/preload/turn.h"

#include <linux/futex.h>

#include <cstring>

#include "sim/hosts/process/preload/raw.h"

namespace sim::process {

Region* region = nullptr;

namespace {

thread_local TaskIndex own_index __attribute__((tls_model("initial-exec"))) = 0;

// A slice may do so many calls for nothing; then each takes time, so that who waits in a loop for
// time to pass sees it pass. Far more than a server does at once: when a hundred were free, each of
// a hundred servers that log everything was late for every tick by 0.14 to 0.27 ms, and what had
// begun on one tick fell apart sooner than without debug logs.
constexpr std::uint32_t kFreeCalls = 50'000;
constexpr std::int64_t kCallCost = 1'000;
constexpr std::int64_t kReadingCost = 2'000;
constexpr std::int64_t kLongSlice = 1'000'000;

void copy_text(char* into, std::size_t size, const char* text) {
  std::size_t i = std::strlen(into);
  while (*text != '\0' && i + 1 < size) into[i++] = *text++;
  into[i] = '\0';
}

}  // namespace

TaskIndex self() {
  return own_index;
}
void become(TaskIndex task) {
  own_index = task;
}

std::int64_t monotonic_now() {
  return region->monotonic_ns + region->ahead_ns;
}
std::int64_t wall_now() {
  return region->wall_ns + region->ahead_ns;
}
void spend(std::int64_t ns) {
  region->ahead_ns += ns;
}
void count_call() {
  if (++region->calls_this_slice > kFreeCalls) spend(kCallCost);
}
void count_reading() {
  if (++region->calls_this_slice > kFreeCalls) spend(kReadingCost);
}

void wait_for_turn() {
  std::atomic<std::uint32_t>& turn = own_task().turn;
  while (turn.load(std::memory_order_acquire) == 0)
    raw(SYS_futex, address(&turn), FUTEX_WAIT, 0, 0);
  turn.store(0);
}

void give_up_turn(Reason reason) {
  region->reason = reason;
  region->driver_turn.store(1, std::memory_order_release);
  raw(SYS_futex, address(&region->driver_turn), FUTEX_WAKE, 1);
}

void hand_over(Reason reason) {
  give_up_turn(reason);
  wait_for_turn();
}

Wake block(std::int64_t deadline) {
  Task& task = own_task();
  task.deadline = deadline;
  task.woken = false;
  task.not_before = monotonic_now() + region->wakeup_cost_ns;
  task.state = TaskState::kBlocked;
  hand_over(Reason::kBlocked);
  return task.wake;
}

void yield() {
  spend(kCallCost);
  block(monotonic_now());
}

void yield_if_long() {
  if (region->ahead_ns > kLongSlice) yield();
}

bool take_signals() {
  Process& process = own_process();
  bool restarts = true;
  for (;;) {
    const std::uint64_t due = due_signals();
    if (due == 0) return restarts;
    const int signal = __builtin_ctzll(due) + 1;
    const std::uint64_t mask = std::uint64_t{1} << (signal - 1);
    std::uint64_t& pending =
        (own_task().pending & mask) != 0 ? own_task().pending : process.pending;
    pending &= ~mask;
    if ((process.restarting & mask) == 0) restarts = false;
    // The real kernel runs the handler right here, or ends the program.
    raw(SYS_tgkill, process.pid, own_task().tid, real_signal(signal));
  }
}

void unsupported(const char* what) {
  region->complaint[0] = '\0';
  copy_text(region->complaint, sizeof region->complaint, own_process().name);
  copy_text(region->complaint, sizeof region->complaint, " ");
  copy_text(region->complaint, sizeof region->complaint, what);
  give_up_turn(Reason::kUnsupported);
  for (;;) raw(SYS_exit_group, 126);
}

}  // namespace sim::process
