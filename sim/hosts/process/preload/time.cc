// Clocks and sleeping. The clocks of a program are its machine's.
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

namespace sim::process {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
bool is_wall(long clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI ||
         clock == CLOCK_REALTIME_ALARM;
}
bool is_cpu(long clock) {
  return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0;
}

std::int64_t read_clock(long clock) {
  if (is_cpu(clock)) return own_process().cpu_ns + region->ahead_ns;
  return is_wall(clock) ? wall_now() : monotonic_now();
}

long sleep_until(std::int64_t deadline, timespec* left, bool absolute) {
  for (;;) {
    const Wake why = block(deadline);
    if (why == Wake::kTimeout) return 0;
    if (why != Wake::kSignal) continue;
    take_signals();
    const std::int64_t rest = deadline - monotonic_now();
    if (left != nullptr && !absolute && rest > 0) *left = {rest / kSecond, rest % kSecond};
    return -EINTR;
  }
}

long sleep_call(long clock, long flags, const timespec* wanted, timespec* left) {
  if (wanted->tv_nsec < 0 || wanted->tv_nsec >= kSecond || wanted->tv_sec < 0) return -EINVAL;
  const std::int64_t ns = wanted->tv_sec * kSecond + wanted->tv_nsec;
  if ((flags & TIMER_ABSTIME) == 0) return sleep_until(monotonic_now() + ns, left, false);
  const std::int64_t now = is_wall(clock) ? wall_now() : monotonic_now();
  return ns <= now ? 0 : sleep_until(monotonic_now() + ns - now, left, true);
}

long set_interval_timer(long which, const itimerval* wanted, itimerval* before) {
  if (which != ITIMER_REAL) unsupported("sets a timer of its CPU time (setitimer)");
  Process& process = own_process();
  if (before != nullptr) {
    const std::int64_t left =
        process.timer_at == kNoDeadline ? 0 : process.timer_at - monotonic_now();
    before->it_value = {left / kSecond, left % kSecond / 1'000};
    before->it_interval = {process.timer_every / kSecond, process.timer_every % kSecond / 1'000};
  }
  if (wanted == nullptr) return 0;
  const std::int64_t value = wanted->it_value.tv_sec * kSecond + wanted->it_value.tv_usec * 1'000;
  process.timer_every = wanted->it_interval.tv_sec * kSecond + wanted->it_interval.tv_usec * 1'000;
  process.timer_at = value == 0 ? kNoDeadline : monotonic_now() + value;
  return 0;
}

long alarm_call(long seconds) {
  itimerval wanted{}, before{};
  wanted.it_value.tv_sec = seconds;
  set_interval_timer(ITIMER_REAL, &wanted, &before);
  return before.it_value.tv_sec + (before.it_value.tv_usec > 0 ? 1 : 0);
}

long usage_call(rusage* into) {
  std::memset(into, 0, sizeof *into);
  const std::int64_t cpu = own_process().cpu_ns;
  into->ru_utime = {cpu / kSecond, cpu % kSecond / 1'000};
  into->ru_maxrss = 8192;
  return 0;
}

}  // namespace

long do_clock_gettime(int clock, void* into) {
  count_reading();
  const std::int64_t now = read_clock(clock);
  *static_cast<timespec*>(into) = {now / kSecond, now % kSecond};
  return 0;
}

long do_gettimeofday(void* into) {
  count_reading();
  const std::int64_t now = wall_now();
  if (into != nullptr) *static_cast<timeval*>(into) = {now / kSecond, now % kSecond / 1'000};
  return 0;
}

long do_time(long* into) {
  count_reading();
  const long now = wall_now() / kSecond;
  if (into != nullptr) *into = now;
  return now;
}

bool time_call(const Call& call, long& result) {
  switch (call.number) {
    case SYS_clock_gettime:
      result = do_clock_gettime(static_cast<int>(call.a), pointer<void>(call.b));
      return true;
    case SYS_gettimeofday:
      result = do_gettimeofday(pointer<void>(call.a));
      return true;
    case SYS_time:
      result = do_time(pointer<long>(call.a));
      return true;
    case SYS_nanosleep:
      result = sleep_call(CLOCK_MONOTONIC, 0, pointer<timespec>(call.a), pointer<timespec>(call.b));
      return true;
    case SYS_clock_nanosleep:
      result = sleep_call(call.a, call.b, pointer<timespec>(call.c), pointer<timespec>(call.d));
      return true;
    case SYS_setitimer:
      result = set_interval_timer(call.a, pointer<itimerval>(call.b), pointer<itimerval>(call.c));
      return true;
    case SYS_getitimer:
      result = set_interval_timer(call.a, nullptr, pointer<itimerval>(call.b));
      return true;
    case SYS_alarm:
      result = alarm_call(call.a);
      return true;
    case SYS_getrusage:
      result = usage_call(pointer<rusage>(call.b));
      return true;
    case SYS_times:
      std::memset(pointer<void>(call.a), 0, sizeof(tms));
      result = monotonic_now() / 10'000'000;
      return true;
    case SYS_timer_create:
      unsupported("makes a timer that sends a signal (timer_create)");
    case SYS_clock_settime:
    case SYS_settimeofday:
    case SYS_adjtimex:
    case SYS_clock_adjtime:
      unsupported("sets the machine's clock (clock_settime, settimeofday, adjtimex)");
    default:
      return false;
  }
}

}  // namespace sim::process
