// Manual failover in its three forms. (Protocol §7.10.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

enum class FailoverForm : std::uint8_t { kDefault, kForce, kTakeover };

// CLUSTER FAILOVER on a replica whose preconditions hold.
void start_manual_failover(Server& server, Pass& pass, FailoverForm form);
// MFSTART from one of my replicas: writes pause.
void read_mfstart(Server& server, Pass& pass, PeerId sender, ConnId conn);
// A PAUSED header of my primary fixes the offset to reach.
void learn_paused_offset(Server& server, Pass& pass, const bus::Header& header);
// Is the offset reached? Then the election may begin.
void handle_manual_failover(Server& server, Pass& pass);
void abort_late_manual_failover(Server& server, Pass& pass);
void reset_manual_failover(Server& server, Pass& pass);

}  // namespace sim
