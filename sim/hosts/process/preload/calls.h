// The system calls that are answered here, by concern. Each answers as the kernel would: a result,
// or -errno.
#pragma once

#include <ucontext.h>

#include <cstdint>

namespace sim::process {

struct Call {
  long number = 0;
  long a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  ucontext_t* context = nullptr;  // of the trap; null if a library function was called instead
};

// What clone3() is given, as <linux/sched.h> has it.
struct CloneArguments {
  std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

// Each takes those it knows and answers true.
bool file_call(const Call& call, long& result);
bool socket_call(const Call& call, long& result);
bool waiting_call(const Call& call, long& result);
bool time_call(const Call& call, long& result);
bool process_call(const Call& call, long& result);
bool signal_call(const Call& call, long& result);
bool thread_call(const Call& call, long& result);

// All of them, then the real kernel.
long dispatch(const Call& call);

// ---- For the library functions that are called often enough to go round the trap ----
long do_read(int fd, void* into, std::size_t size);
long do_write(int fd, const void* from, std::size_t size);
long do_open(int directory, const char* path, int flags, unsigned mode);
long do_close(int fd);
long do_epoll_wait(int fd, void* events, int most, int timeout_ms);
long do_epoll_ctl(int epoll, int operation, int fd, void* event);
long do_clock_gettime(int clock, void* into);
long do_gettimeofday(void* into);
long do_time(long* into);

}  // namespace sim::process
