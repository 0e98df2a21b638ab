// Signals between the programs of a machine. Handlers run by the real kernel, but only when their
// program has the turn.
#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "sim/hosts/process/preload/attach.h"
#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

namespace sim::process {
namespace {

constexpr std::uint64_t bit(long signal) {
  return std::uint64_t{1} << (signal - 1);
}

// What rt_sigaction hands to the kernel.
struct KernelAction {
  long handler;
  std::uint64_t flags;
  long restorer;
  std::uint64_t mask;
};

long action_call(long signal, const KernelAction* wanted, long before) {
  if (signal == SIGSYS) return 0;  // ours
  KernelAction changed{};
  if (wanted != nullptr) {
    changed = *wanted;
    changed.mask = real_mask(changed.mask);
  }
  const long result =
      raw(SYS_rt_sigaction, signal, wanted == nullptr ? 0 : address(&changed), before, 8);
  if (result != 0 || wanted == nullptr) return result;
  Process& process = own_process();
  const std::uint64_t mask = bit(signal);
  const bool is_default = wanted->handler == 0, is_ignored = wanted->handler == 1;
  process.handled = is_default || is_ignored ? process.handled & ~mask : process.handled | mask;
  process.ignored = is_ignored ? process.ignored | mask : process.ignored & ~mask;
  const bool restarts = (wanted->flags & SA_RESTART) != 0;
  process.restarting = restarts ? process.restarting | mask : process.restarting & ~mask;
  return 0;
}

// The mask takes effect when the trap is left.
long mask_call(const Call& call) {
  std::uint64_t& mask = own_task().blocked_signals;
  const std::uint64_t before = mask;
  const auto* wanted = pointer<const std::uint64_t>(call.b);
  if (wanted != nullptr) {
    const std::uint64_t set = *wanted & ~kTrapSignalBit;
    if (call.a == SIG_BLOCK) mask |= set;
    if (call.a == SIG_UNBLOCK) mask &= ~set;
    if (call.a == SIG_SETMASK) mask = set;
    const std::uint64_t real = real_mask(mask);
    if (call.context != nullptr) std::memcpy(&call.context->uc_sigmask, &real, sizeof real);
    raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&real), 0, 8);
  }
  if (call.c != 0) *pointer<std::uint64_t>(call.c) = before;
  return 0;
}

// Until the real process is dead: others may ask for it in /proc at once.
void wait_for_death(long pid) {
  const long fd = raw(SYS_pidfd_open, pid, 0);
  if (fd < 0) return;
  pollfd one{static_cast<int>(fd), POLLIN, 0};
  while (raw(SYS_poll, address(&one), 1, -1) == -EINTR) {}
  raw(SYS_close, fd);
}

// 'T' while it is stopped; 0: there is none such.
char state_of(long pid) {
  char path[32] = "/proc/", text[256];
  std::size_t end = std::strlen(path);
  char digits[12];
  int count = 0;
  for (long rest = pid; rest > 0; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  while (count > 0) path[end++] = digits[--count];
  std::memcpy(path + end, "/stat", sizeof "/stat");
  const long fd = raw(SYS_open, address(path), 0);
  if (fd < 0) return 0;
  const long size = raw(SYS_read, fd, address(text), sizeof text - 1);
  raw(SYS_close, fd);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* name_end = std::strrchr(text, ')');
  return name_end == nullptr ? '\0' : name_end[2];
}

// The real process stops, and goes on, when it next runs: who looks at it in /proc must see that.
void wait_until_stopped(long pid, bool stopped) {
  constexpr int kPatience = 100'000;
  for (int i = 0; i < kPatience; ++i) {
    const char state = state_of(pid);
    if (state == 0 || (state == 'T') == stopped) return;
    raw(SYS_sched_yield);
  }
}

void kill_process(ProcessIndex index) {
  const std::int32_t pid = region->processes[index].pid;
  if (index == own_process_index()) {
    region->reason = Reason::kProcessGone;
    for (;;) raw(SYS_kill, pid, SIGKILL);
  }
  if (!has_room(*region, 0)) hand_over(Reason::kRecordsFull);
  end_process(*region, index, SIGKILL, true);
  raw(SYS_kill, pid, SIGKILL);
  wait_for_death(pid);
}

void send_signal(ProcessIndex index, long signal) {
  Process& process = region->processes[index];
  if (process.state != ProcessState::kLive || signal == 0) return;
  if (signal == SIGKILL) return kill_process(index);
  if (signal == SIGSTOP || signal == SIGTSTP) {
    process.stopped = true;
    // One who stops himself gives the turn away and goes on when he is told to.
    if (index == own_process_index()) return yield();
    raw(SYS_kill, process.pid, SIGSTOP);
    return wait_until_stopped(process.pid, true);
  }
  if (signal == SIGCONT && process.stopped) {
    process.stopped = false;
    raw(SYS_kill, process.pid, SIGCONT);
    wait_until_stopped(process.pid, false);
  }
  raise_signal(*region, index, static_cast<int>(signal));
}

long kill_call(long pid, long signal) {
  if (pid == 0 || pid < -1) {  // a group: who shares the caller's, or that one
    const long group = pid == 0 ? raw(SYS_getpgid, 0) : -pid;
    bool any = false;
    for (ProcessIndex index = 1; index <= region->processes_high; ++index) {
      if (region->processes[index].state != ProcessState::kLive) continue;
      if (raw(SYS_getpgid, region->processes[index].pid) != group) continue;
      any = true;
      if (index != own_process_index()) send_signal(index, signal);
    }
    if (any && raw(SYS_getpgid, 0) == group) send_signal(own_process_index(), signal);
    return any ? 0 : -ESRCH;
  }
  const ProcessIndex index = find_process(*region, static_cast<std::int32_t>(pid));
  if (index == 0) return -ESRCH;
  send_signal(index, signal);
  return 0;
}

void block_signals(std::uint64_t mask) {
  own_task().blocked_signals = mask & ~kTrapSignalBit;
  const std::uint64_t real = real_mask(mask);
  raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&real), 0, 8);
}

long suspend_call(std::uint64_t mask) {
  Task& task = own_task();
  const std::uint64_t before = task.blocked_signals;
  block_signals(mask);
  while ((own_process().pending & ~task.blocked_signals) == 0) block(kNoDeadline);
  take_signals();
  block_signals(before);
  return -EINTR;
}

long wait_for_signal(std::uint64_t set, siginfo_t* info, const timespec* timeout) {
  const std::int64_t deadline =
      timeout == nullptr ? kNoDeadline
                         : monotonic_now() + timeout->tv_sec * 1'000'000'000 + timeout->tv_nsec;
  Task& task = own_task();
  for (;;) {
    const std::uint64_t due = own_process().pending & set;
    if (due != 0) {
      const int signal = __builtin_ctzll(due) + 1;
      own_process().pending &= ~bit(signal);
      if (info != nullptr) {
        std::memset(info, 0, sizeof *info);
        info->si_signo = signal;
      }
      return signal;
    }
    const std::uint64_t before = task.blocked_signals;
    task.blocked_signals &= ~set;  // so that one of the set wakes it
    const Wake why = block(deadline);
    task.blocked_signals = before;
    if (why == Wake::kTimeout) return -EAGAIN;
    if ((own_process().pending & set) == 0 && !take_signals()) return -EINTR;
  }
}

}  // namespace

bool signal_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_rt_sigaction:
      result = action_call(call.a, pointer<KernelAction>(call.b), call.c);
      return true;
    case SYS_rt_sigprocmask:
      result = mask_call(call);
      return true;
    case SYS_rt_sigpending:
      *pointer<std::uint64_t>(call.a) = own_process().pending & own_task().blocked_signals;
      result = 0;
      return true;
    case SYS_rt_sigsuspend:
      result = suspend_call(*pointer<std::uint64_t>(call.a));
      return true;
    case SYS_pause:
      result = suspend_call(own_task().blocked_signals);
      return true;
    case SYS_rt_sigtimedwait:
      result = wait_for_signal(*pointer<std::uint64_t>(call.a), pointer<siginfo_t>(call.b),
                               pointer<timespec>(call.c));
      return true;
    case SYS_kill:
      result = kill_call(static_cast<int>(call.a), static_cast<int>(call.b));
      return true;
    case SYS_tkill:
    case SYS_tgkill: {
      const long signal = call.number == SYS_tkill ? call.b : call.c;
      const long target = call.number == SYS_tkill ? call.a : call.b;
      const bool own = target == own_task().tid;
      if (own && signal != SIGSTOP && signal != SIGKILL) return false;  // raise() and abort()
      const long process = call.number == SYS_tkill ? own_process().pid : call.a;
      result = kill_call(process, signal);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace sim::process
