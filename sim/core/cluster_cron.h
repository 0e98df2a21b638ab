// What the cluster does by the clock, and before the event loop sleeps. (Protocol §4.1, §4.2.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// Ticks between two PINGs to a peer picked at random.
inline constexpr std::uint32_t kRandomPingEvery = 10;

void cluster_cron(Server& server, Pass& pass);
void cluster_before_sleep(Server& server, Pass& pass);
// Tells the trace what this node now claims to be, if that changed.
void tell_claim(Server& server, Pass& pass);

}  // namespace sim
