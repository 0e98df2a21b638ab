// How this library takes hold of a program.
#pragma once

#include <cstdint>

namespace sim::process {

inline constexpr std::uint64_t kTrapSignalBit = std::uint64_t{1} << 30;  // SIGSYS is 31
// The real kernel tells a parent of its child's end when that happens, whoever has the turn then. So
// SIGCHLD (17) is kept back for real, and let through when its moment in virtual time has come.
inline constexpr std::uint64_t kChildSignalBit = std::uint64_t{1} << 16;

// What the real kernel shall block for a thread that believes to block `mask`.
inline std::uint64_t real_mask(std::uint64_t mask) {
  return (mask & ~kTrapSignalBit) | kChildSignalBit;
}

// From now on every system call of this thread that is not made by this library comes to
// `dispatch`. (The kernel forgets that at fork and exec.)
void trap_own_calls();

// The name of the environment variable that tells an exec'ed program which task it is.
inline constexpr char kTaskVariable[] = "SLOTSIM_TASK";

}  // namespace sim::process
