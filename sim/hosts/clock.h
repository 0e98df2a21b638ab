// Real time, for reporting how long a run took. Nothing in a run may depend on it.
#pragma once

#include <cstdint>

namespace sim {

std::int64_t process_cpu_ns();      // CPU time of this process
std::int64_t real_ns();             // monotonic
std::uint64_t peak_memory_bytes();  // largest resident set so far
std::uint64_t process_number();

}  // namespace sim
