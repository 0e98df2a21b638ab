// Ends of a program that redis 7.0.15 really has: assertions and crashes of §14, reproduced as
// exits.
#pragma once

namespace sim {

inline constexpr int kFatalExit = 1;        // refuses to start
inline constexpr int kAssertionExit = 134;  // SIGABRT, as a shell reports it
inline constexpr int kSegfaultExit = 139;   // SIGSEGV

}  // namespace sim
