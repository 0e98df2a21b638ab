// What a gossip section says about third parties. (Protocol §5.6.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// `sender` is kNoPeer if it is not known: then nodes are neither learned nor reported.
void read_gossip(Server& server, Pass& pass, PeerId sender, const bus::Heartbeat& beat);
// Hostname extension; its absence clears what was known.
void read_extensions(Server& server, PeerId sender, const bus::Heartbeat& beat);

}  // namespace sim
