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

// The real kernel sends SIGCHLD and SIGCONT by itself, at moments of real time, and would run their
// handlers in a program that has not the turn. So it is told of no handlers for them; these stand
// on signals that nobody else sends, and are run when the world's own SIGCHLD or SIGCONT is taken.
constexpr long kForChild = 64, kForContinue = 63;

struct Deputy {
  bool given;  // this program has said what it wants
  KernelAction action;
};
Deputy deputies[2];

bool has_deputy(long signal) {
  return signal == SIGCHLD || signal == SIGCONT;
}
Deputy& deputy_of(long signal) {
  return deputies[signal == SIGCHLD ? 0 : 1];
}

void on_deputy(int number, siginfo_t* info, void* context) {
  const int signal = number == kForChild ? SIGCHLD : SIGCONT;
  info->si_signo = signal;
  reinterpret_cast<void (*)(int, siginfo_t*, void*)>(deputy_of(signal).action.handler)(signal, info,
                                                                                       context);
}

// What the real kernel is told of such a signal: to do nothing, and where the handler is.
long give_deputy(long signal, const KernelAction& wanted) {
  KernelAction nothing = wanted, handled = wanted;
  const bool has_handler = wanted.handler > 1;
  if (has_handler) nothing.handler = 0;
  handled.handler = has_handler ? reinterpret_cast<long>(on_deputy) : 0;
  handled.flags |= SA_SIGINFO;
  deputy_of(signal) = {true, wanted};
  const long result = raw(SYS_rt_sigaction, signal, address(&nothing), 0, 8);
  return result != 0 ? result
                     : raw(SYS_rt_sigaction, real_signal(static_cast<int>(signal)),
                           address(&handled), 0, 8);
}

long change_action(long signal, const KernelAction* wanted, long before) {
  if (!has_deputy(signal))
    return raw(SYS_rt_sigaction, signal, wanted == nullptr ? 0 : address(wanted), before, 8);
  const Deputy& deputy = deputy_of(signal);
  if (before != 0 && !deputy.given) raw(SYS_rt_sigaction, signal, 0, before, 8);
  if (before != 0 && deputy.given) *pointer<KernelAction>(before) = deputy.action;
  return wanted == nullptr ? 0 : give_deputy(signal, *wanted);
}

long action_call(long signal, const KernelAction* wanted, long before) {
  if (signal == SIGSYS) return 0;  // ours
  if ((signal == kForChild || signal == kForContinue) && wanted != nullptr && wanted->handler > 1)
    unsupported("handles the real-time signal 63 or 64");
  KernelAction changed{};
  if (wanted != nullptr) {
    changed = *wanted;
    changed.mask &= ~kTrapSignalBit;
  }
  const long result = change_action(signal, wanted == nullptr ? nullptr : &changed, before);
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
    if (call.context != nullptr) std::memcpy(&call.context->uc_sigmask, &mask, sizeof mask);
    raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&mask), 0, 8);
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
    // The driver does it for real: one who stopped himself here would keep the turn, and of another
    // it must be over before anybody looks.
    if (index == own_process_index()) return yield();
    region->to_stop = process.pid;
    return hand_over(Reason::kStopOther);
  }
  if (signal == SIGCONT && process.stopped) {
    process.stopped = false;
    raw(SYS_kill, process.pid, SIGCONT);
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

// Of this process; 0: there is none of that number.
TaskIndex other_thread(long tid) {
  for (TaskIndex index = 1; index <= region->tasks_high; ++index) {
    const Task& task = region->tasks[index];
    const bool lives = task.state != TaskState::kFree && task.state != TaskState::kGone;
    if (lives && task.process == own_process_index() && task.tid == tid) return index;
  }
  return 0;
}

long suspend_call(std::uint64_t mask) {
  Task& task = own_task();
  const std::uint64_t before = task.blocked_signals;
  task.blocked_signals = mask & ~kTrapSignalBit;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&task.blocked_signals), 0, 8);
  while (due_signals() == 0) block(kNoDeadline);
  take_signals();
  task.blocked_signals = before;
  raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&task.blocked_signals), 0, 8);
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

long real_signal(int signal) {
  if (!has_deputy(signal)) return signal;
  return signal == SIGCHLD ? kForChild : kForContinue;
}

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
      const bool by_kernel = signal != SIGSTOP && signal != SIGKILL && !has_deputy(signal);
      if (own && by_kernel) return false;  // raise() and abort()
      const TaskIndex other = own ? 0 : other_thread(target);
      const bool for_all = signal == SIGSTOP || signal == SIGCONT || signal == SIGKILL;
      if (other != 0 && !for_all) {
        if (signal != 0) raise_signal_at(*region, other, static_cast<int>(signal));
        result = 0;
        return true;
      }
      const long process = call.number == SYS_tkill ? own_process().pid : call.a;
      result = kill_call(process, signal);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace sim::process
