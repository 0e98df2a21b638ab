// The one bound that several invariants derive theirs from.
#pragma once

#include "sim/base/time.h"
#include "sim/invariants/invariant.h"

namespace sim {

// How far clocks can lead the nodes' timers astray in this run.
inline Duration clock_slack(const RunFacts& facts) {
  return facts.clock_disorder + (facts.drift ? facts.node_timeout / 50 : Duration{});
}

// How long after a peer has fallen silent every node suspects it at the latest (protocol §15.35): a
// PING leaves when the last PONG is T/2 old, and is unanswered for T; each is seen by the next
// tick, compared in whole milliseconds, and the last PONG may have taken D. Where work takes time,
// each end may be busy as well.
inline Duration noticed_within(const RunFacts& facts) {
  return facts.node_timeout * 3 / 2 + 2 * (facts.tick + 1ms) + facts.one_way_max +
         2 * facts.stall_max + clock_slack(facts);
}

// How much later than it happened the suspicions of this machine are told. A real server that does
// not log them tells them by its next heartbeat: every live peer gets one each T/2, and gossip
// lists whom the tick before saw as PFAIL.
inline Duration suspicion_told_within(const RunFacts& facts, MachineId observer) {
  if (facts.suspicions_logged || facts.processes.count(observer) == 0) return {};
  return facts.node_timeout / 2 + 2 * (facts.tick + 1ms);
}

}  // namespace sim
