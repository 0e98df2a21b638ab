// Judging a history.
#pragma once

#include "sim/history/history.h"
#include "sim/history/report.h"

namespace sim::history {

// Whether the history can be what its model allows. Needs about as much memory again as the
// history, and adds to its values what searches put together.
Report check(History& history, const Limits& limits);

// By model; check() chooses.
Report check_registers(History& history, const Limits& limits);
Report check_lists(const History& history);
Report check_counters(const History& history);

}  // namespace sim::history
