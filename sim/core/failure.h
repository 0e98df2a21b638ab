// Failure detection: suspicion, reports, FAIL and its end. (Protocol §6.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// I find it unreachable: PFAIL.
void suspect(Server& server, Pass& pass, PeerId peer);
// Does its word count towards FAIL? In 7.0 that of every primary does, even one without slots.
bool may_report(const Server& server, PeerId reporter);
// A primary says it finds `peer` unreachable, or no longer does.
void add_failure_report(Server& server, Pass& pass, PeerId peer, PeerId reporter);
void remove_failure_report(Server& server, Pass& pass, PeerId peer, PeerId reporter);
// Reports younger than 2T; older ones are dropped.
std::uint32_t count_failure_reports(Server& server, const Pass& pass, PeerId peer);
void read_fail(Server& server, Pass& pass, PeerId sender, const bus::Fail& fail);
// A PONG came on the link I dialled.
void clear_suspicion(Server& server, Pass& pass, PeerId peer);

}  // namespace sim
