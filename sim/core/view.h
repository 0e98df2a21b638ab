// What a node answers when it is probed: its whole belief, or the fingerprint of it.
#pragma once

#include "sim/core/server.h"
#include "sim/trace/record.h"

namespace sim {

event::ViewSnapshot snapshot_view(const Server& server, bool full);

}  // namespace sim
