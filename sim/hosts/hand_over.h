// What it costs on this machine, now, to hand the turn to another process and get it back: the one
// cost that running programs in virtual time cannot avoid, and so the measure of its speed.
#pragma once

#include <cstdint>

namespace sim {

// Nanoseconds a round trip of a futex word between two processes on one processor; 0 if they could
// not be started. Takes about a tenth of a second.
std::int64_t hand_over_round_trip_ns();

}  // namespace sim
