// Waiting for descriptors: poll, select, epoll, and the descriptors made to be waited for.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/descriptors.h"
#include "sim/hosts/process/preload/raw.h"

namespace sim::process {
namespace {

constexpr std::int64_t kMs = 1'000'000;

std::int64_t deadline_after(std::int64_t ns) {
  return ns < 0 ? kNoDeadline : monotonic_now() + ns;
}
std::int64_t ns_of(const timespec* time) {
  return time == nullptr ? -1 : time->tv_sec * 1'000'000'000 + time->tv_nsec;
}

// Descriptors of the real kernel are files: always ready.
std::uint32_t readiness_of(long fd) {
  const ObjectIndex index = object_of(fd);
  if (index != 0) return readiness(*region, index);
  return raw(SYS_fcntl, fd, 1) < 0 ? POLLNVAL : ready::kIn | ready::kOut;
}

// Sets a mask for the time of a wait, as ppoll and its kin do.
class MaskHeld {
 public:
  explicit MaskHeld(const std::uint64_t* mask) : before_(own_task().blocked_signals) {
    if (mask != nullptr) own_task().blocked_signals = *mask;
  }
  ~MaskHeld() { own_task().blocked_signals = before_; }
  MaskHeld(const MaskHeld&) = delete;
  MaskHeld& operator=(const MaskHeld&) = delete;

 private:
  std::uint64_t before_;
};

// One round of waiting after nothing was found. 0: look again; else the result.
long wait_round(std::int64_t deadline, bool& timed_out) {
  const Wake why = block(deadline);
  if (why == Wake::kTimeout) timed_out = true;
  if (why != Wake::kSignal) return 0;
  take_signals();
  return -EINTR;
}

long poll_call(pollfd* fds, long count, std::int64_t timeout, const std::uint64_t* mask) {
  const MaskHeld held(mask);
  const std::int64_t deadline = deadline_after(timeout);
  bool timed_out = timeout == 0;
  for (;;) {
    count_call();
    long found = 0;
    for (long i = 0; i < count; ++i) {
      fds[i].revents = 0;
      if (fds[i].fd < 0) continue;
      const auto wanted =
          static_cast<std::uint32_t>(fds[i].events) | ready::kError | ready::kHangUp | POLLNVAL;
      fds[i].revents = static_cast<short>(readiness_of(fds[i].fd) & wanted);
      if (fds[i].revents != 0) ++found;
    }
    if (found > 0 || timed_out) {
      yield_if_long();
      return found;
    }
    for (long i = 0; i < count; ++i) {
      if (object_of(fds[i].fd) != 0) watch(*region, object_of(fds[i].fd), self());
    }
    const long result = wait_round(deadline, timed_out);
    if (result != 0) return result;
  }
}

constexpr long kWordBits = 64;
bool has(const fd_set* set, long fd) {
  return set != nullptr &&
         (reinterpret_cast<const std::uint64_t*>(set)[fd / kWordBits] >> (fd % kWordBits) & 1) != 0;
}

// What select() means by each of its sets.
constexpr std::uint32_t kReads = ready::kIn | ready::kHangUp | ready::kError,
                        kWrites = ready::kOut | ready::kError, kExcepts = ready::kPri;

long select_call(long count, fd_set* reads, fd_set* writes, fd_set* excepts, std::int64_t timeout,
                 const std::uint64_t* mask) {
  const MaskHeld held(mask);
  fd_set* const sets[3] = {reads, writes, excepts};
  constexpr std::uint32_t kMeans[3] = {kReads, kWrites, kExcepts};
  std::uint64_t found[3][kFdCount / kWordBits] = {};
  const std::int64_t deadline = deadline_after(timeout);
  const long most = count < kFdCount ? count : kFdCount;
  bool timed_out = timeout == 0;
  for (;;) {
    count_call();
    long sum = 0;
    for (long fd = 0; fd < most; ++fd) {
      if (!has(reads, fd) && !has(writes, fd) && !has(excepts, fd)) continue;
      const std::uint32_t mask_of = readiness_of(fd);
      if ((mask_of & POLLNVAL) != 0) return -EBADF;
      for (int i = 0; i < 3; ++i) {
        if (!has(sets[i], fd) || (mask_of & kMeans[i]) == 0) continue;
        found[i][fd / kWordBits] |= std::uint64_t{1} << (fd % kWordBits);
        ++sum;
      }
    }
    if (sum > 0 || timed_out) {
      yield_if_long();
      const std::size_t bytes = static_cast<std::size_t>((most + kWordBits - 1) / kWordBits) * 8;
      for (int i = 0; i < 3; ++i) {
        if (sets[i] != nullptr) std::memcpy(sets[i], found[i], bytes);
      }
      return sum;
    }
    for (long fd = 0; fd < most; ++fd) {
      const bool wanted = has(reads, fd) || has(writes, fd) || has(excepts, fd);
      if (wanted && object_of(fd) != 0) watch(*region, object_of(fd), self());
    }
    const long result = wait_round(deadline, timed_out);
    if (result != 0) return result;
  }
}

// ---- Epoll ----

// Moves what is ready from the set's list to the caller; level-triggered members stay on it, behind
// the others.
long collect(ObjectIndex epoll, epoll_event* events, long most) {
  long found = 0;
  WatchIndex last = at(epoll).ready_tail;
  while (at(epoll).ready_head != 0 && found < most) {
    const WatchIndex index = at(epoll).ready_head;
    Watch& member = region->watches[index];
    const std::uint32_t ready =
        readiness(*region, member.object) & (member.events | ready::kError | ready::kHangUp);
    const bool was_last = index == last;
    unqueue_member(*region, index);
    if (ready != 0 && !member.off) {
      events[found].events = ready;
      events[found].data.u64 = member.data;
      ++found;
      if ((member.events & ready::kOneShot) != 0) {
        member.off = true;
      } else if ((member.events & ready::kEdge) == 0) {
        queue_member(*region, index);
      }
    }
    if (was_last) break;
  }
  return found;
}

long epoll_wait_call(long fd, epoll_event* events, long most, std::int64_t timeout,
                     const std::uint64_t* mask) {
  const ObjectIndex epoll = object_of(fd);
  if (epoll == 0 || at(epoll).kind != ObjectKind::kEpoll) return -EINVAL;
  const MaskHeld held(mask);
  const std::int64_t deadline = deadline_after(timeout);
  bool timed_out = timeout == 0;
  for (;;) {
    count_call();
    const long found = collect(epoll, events, most);
    if (found > 0 || timed_out) {
      yield_if_long();
      return found;
    }
    watch(*region, epoll, self());
    const long result = wait_round(deadline, timed_out);
    if (result != 0) return result;
  }
}

long epoll_ctl_call(long fd, long operation, long target, const epoll_event* event) {
  const ObjectIndex epoll = object_of(fd), index = object_of(target);
  if (epoll == 0 || at(epoll).kind != ObjectKind::kEpoll) return -EINVAL;
  if (index == 0) return raw(SYS_fcntl, target, 1) < 0 ? -EBADF : -EPERM;
  const auto number = static_cast<std::int32_t>(target);
  WatchIndex member = find_member(*region, epoll, number, index);
  if (operation == EPOLL_CTL_DEL) {
    if (member == 0) return -ENOENT;
    drop_watch(*region, member);
    return 0;
  }
  if (operation == EPOLL_CTL_ADD && member != 0) return -EEXIST;
  if (operation == EPOLL_CTL_MOD && member == 0) return -ENOENT;
  if (member == 0) member = add_member(*region, epoll, number, index);
  Watch& one = region->watches[member];
  one.events = event->events;
  one.data = event->data.u64;
  one.off = false;
  if ((readiness(*region, index) & (one.events | ready::kError | ready::kHangUp)) != 0) {
    queue_member(*region, member);
    changed(*region, epoll);
  }
  return 0;
}

long make(ObjectKind kind, long flags) {
  constexpr long kNonBlock = 04000, kCloseOnExec = 02000000;
  const ObjectIndex index = new_object(*region, kind);
  if (index == 0) return -ENFILE;
  at(index).nonblocking = (flags & kNonBlock) != 0;
  if (kind == ObjectKind::kTimerFd) ++region->timer_descriptors;
  return give_descriptor(index, (flags & kCloseOnExec) != 0);
}

// ---- Timer descriptors ----

long set_timer(ObjectIndex index, long flags, const itimerspec* wanted, itimerspec* before) {
  Object& timer = at(index);
  if (before != nullptr) {
    const std::int64_t left =
        timer.timer_at == kNoDeadline ? 0 : timer.timer_at - region->monotonic_ns;
    before->it_value = {left / 1'000'000'000, left % 1'000'000'000};
    before->it_interval = {timer.timer_every / 1'000'000'000, timer.timer_every % 1'000'000'000};
  }
  const std::int64_t value = ns_of(&wanted->it_value);
  timer.count = 0;
  timer.timer_every = ns_of(&wanted->it_interval);
  if (value == 0) {
    timer.timer_at = kNoDeadline;
  } else if ((flags & 1) == 0) {  // TFD_TIMER_ABSTIME
    timer.timer_at = monotonic_now() + value;
  } else {
    const bool wall = timer.timer_clock == CLOCK_REALTIME;
    timer.timer_at = wall ? monotonic_now() + value - wall_now() : value;
  }
  return 0;
}

}  // namespace

long do_epoll_wait(int fd, void* events, int most, int timeout_ms) {
  return epoll_wait_call(fd, static_cast<epoll_event*>(events), most,
                         timeout_ms < 0 ? -1 : timeout_ms * kMs, nullptr);
}
long do_epoll_ctl(int epoll, int operation, int fd, void* event) {
  return epoll_ctl_call(epoll, operation, fd, static_cast<epoll_event*>(event));
}

bool waiting_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_poll:
      result = poll_call(pointer<pollfd>(call.a), call.b,
                         static_cast<int>(call.c) < 0 ? -1 : call.c * kMs, nullptr);
      return true;
    case SYS_ppoll:
      result = poll_call(pointer<pollfd>(call.a), call.b, ns_of(pointer<timespec>(call.c)),
                         pointer<std::uint64_t>(call.d));
      return true;
    case SYS_select: {
      const auto* time = pointer<timeval>(call.e);
      result = select_call(
          call.a, pointer<fd_set>(call.b), pointer<fd_set>(call.c), pointer<fd_set>(call.d),
          time == nullptr ? -1 : time->tv_sec * 1'000'000'000 + time->tv_usec * 1'000, nullptr);
      return true;
    }
    case SYS_pselect6: {
      const std::uint64_t* mask = nullptr;
      if (call.f != 0) mask = *pointer<std::uint64_t*>(call.f);
      result = select_call(call.a, pointer<fd_set>(call.b), pointer<fd_set>(call.c),
                           pointer<fd_set>(call.d), ns_of(pointer<timespec>(call.e)), mask);
      return true;
    }
    case SYS_epoll_create:
      result = make(ObjectKind::kEpoll, 0);
      return true;
    case SYS_epoll_create1:
      result = make(ObjectKind::kEpoll, call.a);
      return true;
    case SYS_epoll_ctl:
      result = epoll_ctl_call(call.a, call.b, call.c, pointer<epoll_event>(call.d));
      return true;
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
      result = epoll_wait_call(
          call.a, pointer<epoll_event>(call.b), call.c,
          static_cast<int>(call.d) < 0 ? -1 : call.d * kMs,
          call.number == SYS_epoll_pwait ? pointer<std::uint64_t>(call.e) : nullptr);
      return true;
    case SYS_epoll_pwait2:
      result = epoll_wait_call(call.a, pointer<epoll_event>(call.b), call.c,
                               ns_of(pointer<timespec>(call.d)), pointer<std::uint64_t>(call.e));
      return true;
    case SYS_eventfd:
    case SYS_eventfd2: {
      const long flags = call.number == SYS_eventfd2 ? call.b : 0;
      result = make(ObjectKind::kEventFd, flags);
      if (result >= 0) {
        at(object_of(result)).count = static_cast<std::uint32_t>(call.a);
        at(object_of(result)).semaphore = (flags & 1) != 0;
      }
      return true;
    }
    case SYS_timerfd_create:
      result = make(ObjectKind::kTimerFd, call.b);
      if (result >= 0) at(object_of(result)).timer_clock = static_cast<std::int32_t>(call.a);
      return true;
    case SYS_timerfd_settime:
    case SYS_timerfd_gettime: {
      const ObjectIndex index = object_of(call.a);
      if (index == 0 || at(index).kind != ObjectKind::kTimerFd) return false;
      if (call.number == SYS_timerfd_gettime)
        unsupported("asks a timer descriptor for its time (timerfd_gettime)");
      result = set_timer(index, call.b, pointer<itimerspec>(call.c), pointer<itimerspec>(call.d));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace sim::process
