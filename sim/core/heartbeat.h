// A packet of the bus has arrived: who sent it, what its header changes, and what its kind asks
// for. (Protocol §5.2-5.5.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// Any payload on a link of the bus: a typed message, or raw bytes to be framed and decoded first.
void bus_received(Server& server, Pass& pass, ConnId conn, const BusLink& link,
                  const Payload& payload);

}  // namespace sim
