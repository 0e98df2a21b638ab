#include "sim/hosts/clock.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>

namespace sim {
namespace {
std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
}  // namespace

std::int64_t process_cpu_ns() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}
std::int64_t real_ns() {
  return read_clock(CLOCK_MONOTONIC);
}
std::int64_t wall_clock_ms() {
  return read_clock(CLOCK_REALTIME) / 1'000'000;
}

void sleep_ms(std::int64_t milliseconds) {
  poll(nullptr, 0, static_cast<int>(milliseconds));
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::uint64_t process_number() {
  return static_cast<std::uint64_t>(getpid());
}

std::uint64_t voluntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_nvcsw);
}

}  // namespace sim
