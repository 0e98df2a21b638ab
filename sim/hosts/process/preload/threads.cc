// Threads of one program run in turns, too: what they wait for is a futex, and that is answered
// here.
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "sim/hosts/process/preload/attach.h"
#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

namespace sim::process {
namespace {

// ---- Futexes ----

std::int64_t futex_deadline(const Call& call, bool absolute) {
  const auto* time = pointer<const timespec>(call.d);
  if (time == nullptr) return kNoDeadline;
  const std::int64_t ns = time->tv_sec * 1'000'000'000 + time->tv_nsec;
  if (!absolute) return monotonic_now() + ns;
  const bool wall = (call.b & FUTEX_CLOCK_REALTIME) != 0;
  return wall ? monotonic_now() + (ns - wall_now()) : ns;
}

long futex_wait(const Call& call, std::uint32_t bits, bool absolute) {
  const auto* word = pointer<const std::atomic<std::uint32_t>>(call.a);
  const std::int64_t deadline = futex_deadline(call, absolute);
  if (word->load() != static_cast<std::uint32_t>(call.c)) return -EAGAIN;
  Task& task = own_task();
  task.futex_address = static_cast<std::uint64_t>(call.a);
  task.futex_bits = bits;
  const Wake why = block(deadline);
  task.futex_address = 0;
  if (why == Wake::kTimeout) return -ETIMEDOUT;
  if (why == Wake::kSignal && !take_signals()) return -EINTR;
  return 0;  // a spurious wake-up is allowed, and the word is looked at again
}

long futex_requeue(const Call& call) {
  const auto word = static_cast<std::uint64_t>(call.a);
  long moved = wake_futex(*region, own_process_index(), word, call.c, ~0u);
  long left = call.d;
  for (TaskIndex index = 1; index <= region->tasks_high && left > 0; ++index) {
    Task& task = region->tasks[index];
    if (!waits_on_futex(task, own_process_index(), word)) continue;
    task.futex_address = static_cast<std::uint64_t>(call.e);
    ++moved;
    --left;
  }
  return moved;
}

long futex_call(const Call& call) {
  switch (call.b & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      return futex_wait(call, ~0u, false);
    case FUTEX_WAIT_BITSET:
      return futex_wait(call, static_cast<std::uint32_t>(call.f), true);
    case FUTEX_WAKE:
      return wake_futex(*region, own_process_index(), static_cast<std::uint64_t>(call.a), call.c,
                        ~0u);
    case FUTEX_WAKE_BITSET:
      return wake_futex(*region, own_process_index(), static_cast<std::uint64_t>(call.a), call.c,
                        static_cast<std::uint32_t>(call.f));
    case FUTEX_REQUEUE:
      return futex_requeue(call);
    case FUTEX_CMP_REQUEUE:
      if (pointer<const std::atomic<std::uint32_t>>(call.a)->load() !=
          static_cast<std::uint32_t>(call.f)) {
        return -EAGAIN;
      }
      return futex_requeue(call);
    default:
      unsupported("uses a kind of futex that the process host does not do");
  }
}

// ---- Starting threads ----

// What a new thread needs to go on where its creator made the call.
struct Birth {
  greg_t registers[NGREG];
  TaskIndex task;
  std::uint64_t mask;
};
Birth birth;  // of the one that is just being started: whoever has the turn

}  // namespace

extern "C" {

// Called by the new thread on its own stack; answers where its registers are.
__attribute__((visibility("hidden"), used)) greg_t* slotsim_thread_begins() {
  greg_t registers[NGREG];
  std::memcpy(registers, birth.registers, sizeof registers);
  const std::uint64_t mask = birth.mask;
  const TaskIndex task = birth.task;
  become(task);
  // The creator goes on only when this is over.
  std::atomic<std::uint32_t>& started = region->tasks[task].turn;
  started.store(2);
  raw(SYS_futex, address(&started), FUTEX_WAKE, 1);
  while (started.load() != 1) raw(SYS_futex, address(&started), FUTEX_WAIT, 2, 0);
  started.store(0);
  std::memcpy(birth.registers, registers, sizeof registers);
  trap_own_calls();
  const std::uint64_t usable = mask & ~kTrapSignalBit;
  own_task().blocked_signals = usable;
  raw(SYS_rt_sigprocmask, 2, address(&usable), 0, 8);
  return birth.registers;
}

long slotsim_clone_thread(long flags, long stack, long parent_tid, long child_tid, long tls);
}

// The new thread comes back from the system call on another stack: it must not return into this
// function's frame, but goes to `slotsim_thread_begins` and from there to the creator's caller.
asm(R"(
  .text
  .hidden slotsim_clone_thread
  .type slotsim_clone_thread, @function
slotsim_clone_thread:
  mov %rcx, %r10
  mov $56, %eax
  syscall
  test %rax, %rax
  jz 1f
  ret
1:
  mov %rsp, %rbx
  and $-16, %rsp
  sub $128, %rsp
  call slotsim_thread_begins
  mov %rbx, %rsp
  mov 0(%rax), %r8
  mov 8(%rax), %r9
  mov 16(%rax), %r10
  mov 32(%rax), %r12
  mov 40(%rax), %r13
  mov 48(%rax), %r14
  mov 56(%rax), %r15
  mov 64(%rax), %rdi
  mov 72(%rax), %rsi
  mov 80(%rax), %rbp
  mov 88(%rax), %rbx
  mov 96(%rax), %rdx
  mov 128(%rax), %rcx
  xor %eax, %eax
  jmp *%rcx
  .size slotsim_clone_thread, . - slotsim_clone_thread
)");

namespace {

long start_thread(const Call& call, long flags, long stack, long parent_tid, long child_tid,
                  long tls) {
  if (call.context == nullptr) unsupported("starts a thread in a way the process host cannot");
  const TaskIndex task = new_task(*region, own_process_index(), 0);
  if (task == 0) return -EAGAIN;
  region->tasks[task].clear_word =
      (flags & CLONE_CHILD_CLEARTID) != 0 ? static_cast<std::uint64_t>(child_tid) : 0;
  std::memcpy(birth.registers, call.context->uc_mcontext.gregs, sizeof birth.registers);
  birth.task = task;
  std::memcpy(&birth.mask, &call.context->uc_sigmask, sizeof birth.mask);
  hand_over(Reason::kPrepareClone);
  const long tid = slotsim_clone_thread(flags & ~0xffL, stack, parent_tid, child_tid, tls);
  if (tid < 0) {
    free_task(*region, task);
    return tid;
  }
  Task& started = region->tasks[task];
  started.tid = static_cast<std::int32_t>(tid);
  while (started.turn.load() != 2) raw(SYS_futex, address(&started.turn), FUTEX_WAIT, 0, 0);
  started.not_before = monotonic_now();
  enqueue(*region, task);
  return tid;
}

[[noreturn]] void end_thread() {
  own_task().state = TaskState::kGone;
  give_up_turn(Reason::kThreadGone);
  for (;;) raw(SYS_exit, 0);
}

}  // namespace

bool thread_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_futex:
      result = futex_call(call);
      return true;
    case SYS_clone:
      if ((call.a & CLONE_THREAD) == 0) return false;
      result = start_thread(call, call.a, call.b, call.c, call.d, call.e);
      return true;
    case SYS_clone3: {
      const auto* wanted = pointer<const CloneArguments>(call.a);
      if ((wanted->flags & CLONE_THREAD) == 0) return false;
      result = start_thread(call, static_cast<long>(wanted->flags),
                            static_cast<long>(wanted->stack + wanted->stack_size),
                            static_cast<long>(wanted->parent_tid),
                            static_cast<long>(wanted->child_tid), static_cast<long>(wanted->tls));
      return true;
    }
    case SYS_set_tid_address:
      own_task().clear_word = static_cast<std::uint64_t>(call.a);
      result = raw(SYS_set_tid_address, call.a);
      return true;
    case SYS_exit:
      end_thread();
    case SYS_sched_yield:
      yield();
      result = 0;
      return true;
    default:
      return false;
  }
}

}  // namespace sim::process
