// Real time, for reporting how long a run took, and for real servers. Nothing in a simulated run
// may depend on it.
#pragma once

#include <cstdint>

namespace sim {

std::int64_t process_cpu_ns();  // CPU time of this process
std::int64_t real_ns();         // monotonic
std::int64_t wall_clock_ms();   // since 1970
// Sleeps; a signal wakes earlier.
void sleep_ms(std::int64_t milliseconds);
std::uint64_t peak_memory_bytes();  // largest resident set so far
std::uint64_t process_number();
std::uint64_t voluntary_switches();  // how often this process went to sleep so far

}  // namespace sim
