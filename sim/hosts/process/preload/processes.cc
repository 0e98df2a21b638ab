// Programs: fork, exec, exit, waiting for children.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "sim/hosts/process/image.h"
#include "sim/hosts/process/preload/attach.h"
#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/descriptors.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

namespace sim::process {
namespace {

// ---- Fork ----

// The child has a copy of everything, this handler's frame included, and returns through it.
long fork_call(const Call& call, long flags, long stack, long parent_tid, long child_tid,
               long tls) {
  if (call.context == nullptr) unsupported("forks in a way the process host cannot");
  constexpr long kNewWorlds = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET;
  if ((flags & kNewWorlds) != 0) return -EPERM;
  const bool parent_waits = (flags & CLONE_VFORK) != 0;
  const ProcessIndex parent = own_process_index();
  const ProcessIndex child = new_process(*region, 0);
  const TaskIndex task = child == 0 ? 0 : new_task(*region, child, 0);
  if (task == 0) {
    if (child != 0) free_process(*region, child);
    return -EAGAIN;
  }
  inherit(*region, parent, child);
  spend(region->fork_cost_ns);
  region->processes[child].exit_not_before = monotonic_now() + region->fork_child_ns;
  region->processes[child].vfork_parent_waits = parent_waits;
  hand_over(Reason::kPrepareClone);
  // What shares memory until exec gets a copy of it instead.
  const long kept = flags & ~(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
  const long pid = raw(SYS_clone, kept, 0, parent_tid, child_tid, tls);
  if (pid == 0) {
    become(task);
    trap_own_calls();
    if (stack != 0) call.context->uc_mcontext.gregs[REG_RSP] = stack;
    std::memcpy(&own_task().blocked_signals, &call.context->uc_sigmask, 8);
    wait_for_turn();
    return 0;
  }
  if (pid < 0) {
    end_process(*region, child, 1, false);
    free_process(*region, child);
    return pid;
  }
  region->processes[child].pid = static_cast<std::int32_t>(pid);
  region->tasks[task].tid = static_cast<std::int32_t>(pid);
  region->tasks[task].not_before = monotonic_now();
  // It starts when the fork is over, which is when its parent goes on, too.
  region->tasks[task].state = TaskState::kBlocked;
  region->tasks[task].deadline = monotonic_now();
  region->tasks[task].woken = true;
  fold(*region, static_cast<std::uint64_t>(pid));
  // A vfork parent goes on when its child has another program, or is over.
  while (region->processes[child].vfork_parent_waits) block(monotonic_now() + 1'000'000);
  return pid;
}

// ---- Exec ----

// Whether it, or what reads it if it is a script, is a program that this library cannot get into.
bool is_static(const char* path) {
  char file[kPathBytes];
  if (std::strlen(path) >= sizeof file) return false;
  std::strcpy(file, path);
  for (int depth = 0; depth < kScriptsDeep; ++depth) {
    const long fd = raw(SYS_openat, AT_FDCWD, address(file), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    char head[kImageHead];
    const long size = raw(SYS_read, fd, address(head), sizeof head);
    raw(SYS_close, fd);
    if (size <= 0) return false;
    const Image image = image_of(head, static_cast<std::size_t>(size));
    if (image != Image::kScript) return image == Image::kStatic;
    if (!interpreter_of(head, static_cast<std::size_t>(size), file, sizeof file)) return false;
  }
  return false;
}

bool begins_with(const char* text, const char* begin) {
  return std::strncmp(text, begin, std::strlen(begin)) == 0;
}

// The new program's environment: the one given, and what brings this library into it.
class Environment {
 public:
  explicit Environment(char* const* given) {
    put(task_, kTaskVariable, nullptr);
    number(task_, self());
    const char* other = nullptr;
    for (char* const* one = given; one != nullptr && *one != nullptr && count_ + 3 < kMost; ++one) {
      if (begins_with(*one, "LD_PRELOAD=")) {
        other = *one + std::strlen("LD_PRELOAD=");
        if (std::strstr(other, region->preload) != nullptr) other = nullptr;
      } else if (!begins_with(*one, kTaskVariable) && !begins_with(*one, kRegionVariable)) {
        all_[count_++] = *one;
      }
    }
    put(preload_, "LD_PRELOAD", region->preload);
    if (other != nullptr && std::strlen(preload_) + std::strlen(other) + 2 < sizeof preload_) {
      std::strcat(preload_, ":");
      std::strcat(preload_, other);
    }
    put(file_, kRegionVariable, region->file);
    for (char* mine : {preload_, task_, file_}) all_[count_++] = mine;
    all_[count_] = nullptr;
  }
  char* const* all() const { return all_; }

 private:
  static constexpr std::size_t kMost = 1024;
  static void put(char* into, const char* name, const char* value) {
    std::strcpy(into, name);
    std::strcat(into, "=");
    if (value != nullptr) std::strcat(into, value);
  }
  static void number(char* into, std::uint32_t value) {
    char digits[12];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    std::size_t end = std::strlen(into);
    while (count > 0) into[end++] = digits[--count];
    into[end] = '\0';
  }
  char preload_[1024], task_[64], file_[kPathBytes + 32];
  char* all_[kMost];
  std::size_t count_ = 0;
};

long exec_call(const char* path, long arguments, char* const* environment) {
  if (path == nullptr) return -EFAULT;
  const long reachable = raw(SYS_access, address(path), X_OK);
  if (reachable < 0) return reachable;
  if (is_static(path)) {
    char text[200] = "starts a program that is statically linked, and so cannot be held: ";
    std::strncat(text, path, sizeof text - std::strlen(text) - 1);
    unsupported(text);
  }
  const Environment all(environment);
  const long result = raw(SYS_execve, address(path), arguments, address(all.all()));
  return result;
}

// ---- Exit ----

// The last word of a program. Its descriptors are closed now, at a moment of virtual time; the real
// kernel follows, and the driver waits for it.
[[noreturn]] void exit_call(long code) {
  Process& process = own_process();
  if (!process.execed && process.exit_not_before > monotonic_now()) {
    // A fork child (it writes an RDB or rewrites an AOF) lives as long as the model says.
    const std::int64_t end = process.exit_not_before;
    while (monotonic_now() < end && block(end) != Wake::kTimeout) take_signals();
  }
  process.exit_code = static_cast<std::int32_t>(code & 0xff);
  give_up_turn(Reason::kProcessGone);
  for (;;) raw(SYS_exit_group, code);
}

// ---- Children ----

bool is_wanted(ProcessIndex index, long pid) {
  const Process& child = region->processes[index];
  if (child.state == ProcessState::kFree || child.parent != own_process_index()) return false;
  return pid <= 0 || child.pid == pid;
}

// Reaps a dead child for real; it is dead for certain, the driver has seen to that.
long reap(ProcessIndex index, int* status) {
  const long pid = region->processes[index].pid;
  int real = 0;
  long reaped = -EINTR;
  while (reaped == -EINTR) reaped = raw(SYS_wait4, pid, address(&real), 0, 0);
  if (status != nullptr) *status = real;
  free_process(*region, index);
  return pid;
}

long wait_call(long pid, int* status, long options) {
  count_call();
  for (;;) {
    bool any = false;
    for (ProcessIndex index = 1; index <= region->processes_high; ++index) {
      if (!is_wanted(index, pid)) continue;
      any = true;
      if (region->processes[index].state == ProcessState::kZombie) return reap(index, status);
    }
    if (!any) return -ECHILD;
    if ((options & WNOHANG) != 0) return 0;
    own_task().waits_for_child = true;
    const Wake why = block(kNoDeadline);
    own_task().waits_for_child = false;
    if (why == Wake::kSignal && !take_signals()) return -EINTR;
  }
}

long waitid_call(long kind, long id, siginfo_t* info, long options) {
  if ((options & WEXITED) == 0 || (options & WNOWAIT) != 0)
    unsupported("waits for a child to stop, or without reaping it (waitid)");
  int status = 0;
  const long pid = wait_call(kind == P_PID ? id : -1, &status, options);
  if (pid < 0) return pid;
  if (info != nullptr) {
    std::memset(info, 0, sizeof *info);
    if (pid > 0) {
      info->si_signo = SIGCHLD;
      info->si_pid = static_cast<pid_t>(pid);
      info->si_code = WIFEXITED(status) ? CLD_EXITED : CLD_KILLED;
      info->si_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
  }
  return 0;
}

}  // namespace

bool process_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_fork:
      result = fork_call(call, SIGCHLD, 0, 0, 0, 0);
      return true;
    case SYS_vfork:
      result = fork_call(call, SIGCHLD | CLONE_VFORK, 0, 0, 0, 0);
      return true;
    case SYS_clone:
      result = fork_call(call, call.a, call.b, call.c, call.d, call.e);
      return true;
    case SYS_clone3: {
      const auto* wanted = pointer<const CloneArguments>(call.a);
      result =
          fork_call(call, static_cast<long>(wanted->flags | wanted->exit_signal),
                    static_cast<long>(wanted->stack == 0 ? 0 : wanted->stack + wanted->stack_size),
                    static_cast<long>(wanted->parent_tid), static_cast<long>(wanted->child_tid),
                    static_cast<long>(wanted->tls));
      return true;
    }
    case SYS_execve:
      result = exec_call(pointer<const char>(call.a), call.b, pointer<char* const>(call.c));
      return true;
    case SYS_execveat:
      unsupported("executes by a descriptor (execveat)");
    case SYS_exit_group:
      exit_call(call.a);
    case SYS_wait4:
      result = wait_call(static_cast<int>(call.a), pointer<int>(call.b), call.c);
      return true;
    case SYS_waitid:
      result = waitid_call(call.a, call.b, pointer<siginfo_t>(call.c), call.d);
      return true;
    case SYS_io_uring_setup:
      result = -ENOSYS;
      return true;
    case SYS_inotify_init:
    case SYS_inotify_init1:
    case SYS_fanotify_init:
      result = -ENOSYS;  // programs look for themselves instead
      return true;
    case SYS_ptrace:
    case SYS_unshare:
    case SYS_setns:
    case SYS_perf_event_open:
      result = -EPERM;
      return true;
    case SYS_signalfd:
    case SYS_signalfd4:
      unsupported("takes signals from a descriptor (signalfd)");
    case SYS_semop:
    case SYS_semtimedop:
      unsupported("waits for a semaphore of System V (semop)");
    case SYS_msgrcv:
    case SYS_msgsnd:
      unsupported("uses a message queue of System V (msgrcv, msgsnd)");
    case SYS_mq_open:
      unsupported("opens a message queue (mq_open)");
    case SYS_pidfd_open:
      unsupported("opens a descriptor of a process (pidfd_open)");
    case SYS_userfaultfd:
      unsupported("handles its own page faults (userfaultfd)");
    default:
      return false;
  }
}

}  // namespace sim::process
