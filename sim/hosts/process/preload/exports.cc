// Library functions that a server calls all the time: they go straight to where the trap would
// lead.
#include <dlfcn.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
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
  if ((own_process().pending & ~own_task().blocked_signals) != 0) take_signals();
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

// Servers ask jemalloc ten times a second what it holds, which costs more than all else they do,
// and which changes with the size of the environment. It holds the same always.
EXPORTED int mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                     std::size_t new_size) {
  using namespace sim::process;
  using Function = int (*)(const char*, void*, std::size_t*, void*, std::size_t);
  if (region != nullptr && std::strcmp(name, "epoch") == 0) return 0;
  const bool counts = std::strcmp(name, "stats.allocated") == 0 ||
                      std::strcmp(name, "stats.active") == 0 ||
                      std::strcmp(name, "stats.resident") == 0;
  if (region != nullptr && counts && old_value != nullptr && *old_size == sizeof(std::size_t)) {
    *static_cast<std::size_t*>(old_value) = std::size_t{4} << 20;
    return 0;
  }
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "mallctl"));
  return real == nullptr ? ENOENT : real(name, old_value, old_size, new_value, new_size);
}
