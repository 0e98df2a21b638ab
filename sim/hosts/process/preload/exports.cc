// Library functions that a server calls all the time: they go straight to where the trap would
// lead.
#include <dlfcn.h>
#include <linux/fcntl.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "sim/hosts/process/preload/calls.h"
#include "sim/hosts/process/preload/raw.h"
#include "sim/hosts/process/preload/turn.h"

namespace {

long answer(long result) {
  if (result >= -4095 && result < 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

// Signals that came meanwhile are taken before the program goes on, as after a trap.
long leave(long result) {
  using namespace sim::process;
  if (due_signals() != 0) take_signals();
  return answer(result);
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED ssize_t read(int fd, void* into, std::size_t size) {
  using namespace sim::process;
  if (region == nullptr) return answer(raw(SYS_read, fd, address(into), static_cast<long>(size)));
  return leave(do_read(fd, into, size));
}

EXPORTED ssize_t write(int fd, const void* from, std::size_t size) {
  using namespace sim::process;
  if (region == nullptr) return answer(raw(SYS_write, fd, address(from), static_cast<long>(size)));
  return leave(do_write(fd, from, size));
}

EXPORTED int epoll_wait(int fd, struct epoll_event* events, int most, int timeout) {
  using namespace sim::process;
  if (region == nullptr)
    return static_cast<int>(answer(raw(SYS_epoll_wait, fd, address(events), most, timeout)));
  return static_cast<int>(leave(do_epoll_wait(fd, events, most, timeout)));
}

EXPORTED int epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event) {
  using namespace sim::process;
  if (region == nullptr)
    return static_cast<int>(answer(raw(SYS_epoll_ctl, epoll, operation, fd, address(event))));
  return static_cast<int>(leave(do_epoll_ctl(epoll, operation, fd, event)));
}

namespace {

int open_file(const char* path, int flags, unsigned mode) {
  using namespace sim::process;
  if (region == nullptr)
    return static_cast<int>(answer(raw(SYS_openat, AT_FDCWD, address(path), flags, mode)));
  return static_cast<int>(leave(do_open(AT_FDCWD, path, flags, mode)));
}

}  // namespace

EXPORTED int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, unsigned) : 0;
  va_end(rest);
  return open_file(path, flags, mode);
}

EXPORTED int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, unsigned) : 0;
  va_end(rest);
  return open_file(path, flags, mode);
}

EXPORTED int close(int fd) {
  using namespace sim::process;
  if (region == nullptr) return static_cast<int>(answer(raw(SYS_close, fd)));
  return static_cast<int>(leave(do_close(fd)));
}

// Asked for each line of a log.
EXPORTED pid_t getpid() {
  return static_cast<pid_t>(sim::process::raw(SYS_getpid));
}

// A server asks its allocator every tick how much memory it has from the kernel. Counting that up
// takes longer than the rest of an idle tick, and nothing follows from it but lines of INFO, so it
// is answered as a constant.
EXPORTED int mallctl(const char* name, void* old, std::size_t* old_size, void* value,
                     std::size_t value_size) {
  using Real = int (*)(const char*, void*, std::size_t*, void*, std::size_t);
  constexpr std::size_t kResident = 8u << 20;
  const bool counts = std::strncmp(name, "stats.", 6) == 0 || std::strcmp(name, "epoch") == 0;
  if (sim::process::region != nullptr && counts) {
    if (old != nullptr && old_size != nullptr && *old_size == sizeof kResident)
      std::memcpy(old, &kResident, sizeof kResident);
    return 0;
  }
  static Real real = nullptr;
  if (real == nullptr) real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "mallctl"));
  return real == nullptr ? ENOENT : real(name, old, old_size, value, value_size);
}
