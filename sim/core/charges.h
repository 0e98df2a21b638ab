// What a pass costs its program by itself: what it reads and writes. What single commands cost is
// charged where they run (`Pass::charge`). With all costs zero nothing here looks at anything.
#pragma once

#include <span>

#include "sim/base/costs.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

// Charges what came in, before it is handled.
void charge_inputs(const Server& server, Pass& pass, std::span<const Input> inputs);
// The end of a pass that asked for `effects`: adds what it sends, asks for the time that all of it
// took, and answers that.
Duration charge_effects(Server& server, const Pass& pass, std::size_t first, Effects& effects);
// A reply that describes the cluster and lists so many servers.
void charge_map_reply(Server& server, Pass& pass, std::uint64_t entries);
// Throwing all data away; before that is done.
void charge_flush(const Server& server, Pass& pass);

}  // namespace sim
