// A child that must not outlive who started it, however that one ends: kill -9 asks nobody.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sim {

// To be called first thing in a forked child; `parent` is who forked it.
inline void die_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(128 + SIGKILL);  // it was gone before that took effect
}

}  // namespace sim
