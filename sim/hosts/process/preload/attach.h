// How this library takes hold of a program.
#pragma once

#include <cstdint>

namespace sim::process {

inline constexpr std::uint64_t kTrapSignalBit = std::uint64_t{1} << 30;  // SIGSYS is 31

// From now on every system call of this thread that is not made by this library comes to
// `dispatch`. (The kernel forgets that at fork and exec.)
void trap_own_calls();

}  // namespace sim::process
