// Ticks of the server cron that have nothing to do.
//
// A node of a quiet cluster wakes ten times a second and acts in one tick or two of these. What the
// others would do is known beforehand: count themselves and refresh the cached clock. So they are
// not run but counted, when the next input comes. (Protocol §4: what a tick does.)
#pragma once

#include <cstdint>

#include "sim/base/time.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

// How many ticks after `last_tick` surely have nothing to do if nothing happens in between; never
// more than two seconds of them. A lower bound: 0 is always right. What it promises assumes that
// the wall clock goes on as the monotonic one does; when it is stepped, ask again.
std::uint32_t idle_ticks(const Server& server, const Clocks& now, MonotonicTime last_tick,
                         Duration period);

// Leaves the server as so many idle ticks would, the last of them at that wall time.
void skip_ticks(Server& server, std::uint32_t count, std::int64_t last_wall_ms);

}  // namespace sim
