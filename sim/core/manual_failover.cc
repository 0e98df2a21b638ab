#include "sim/core/manual_failover.h"

#include "sim/core/epochs.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/mutation.h"
#include "sim/core/replication.h"
#include "sim/core/role.h"

namespace sim {
namespace {

constexpr std::int64_t kTimeoutMs = 5000;
constexpr std::int64_t kPauseMs = 10000;

bool knows_offset(const Server& server) {
  const std::int64_t offset = server.cluster.manual.primary_offset;
  return offset != -1 && (offset != 0 || !deviates(server, Deviation::kZeroOffsetUnknown));
}

}  // namespace

void reset_manual_failover(Server& server, Pass& pass) {
  ManualFailoverState& manual = server.cluster.manual;
  // Only a primary that was asked had paused its clients.
  if (!manual.replica.is_none() && !deviates(server, Deviation::kPauseOutlastsFailover) &&
      server.mutation != Mutation::kPauseNotLifted) {
    unpause_writes(server, pass);
    pass.note(event::ManualFailover{"primary resumed writes"});
  }
  manual = {};
}

void start_manual_failover(Server& server, Pass& pass, FailoverForm form) {
  ClusterState& cluster = server.cluster;
  reset_manual_failover(server, pass);
  cluster.manual.end_ms = pass.wall_ms() + kTimeoutMs;
  pass.note(event::ManualFailover{"requested"});
  switch (form) {
    case FailoverForm::kTakeover:
      bump_epoch_without_consensus(server, pass, event::EpochCause::kTakeover);
      promote_myself(server, pass, 0, true);
      break;
    case FailoverForm::kForce:
      cluster.manual.can_start = true;
      if (deviates(server, Deviation::kForceAtOnce)) cluster.todo |= todo::kHandleFailover;
      break;
    case FailoverForm::kDefault:
      send_to(server, pass, my_primary(cluster), build_message(server, bus::Type::kMfStart));
      break;
  }
}

void read_mfstart(Server& server, Pass& pass, PeerId sender, ConnId conn) {
  ClusterState& cluster = server.cluster;
  // Whether I am a primary myself, 7.0 does not ask.
  if (sender.is_none() || cluster.peers.cold(sender).primary != kMyself) return;
  reset_manual_failover(server, pass);
  cluster.manual.end_ms = pass.wall_ms() + kTimeoutMs;
  cluster.manual.replica = sender;
  cluster.next_scan_ms = 0;  // cron pings the replica at every tick now
  if (server.mutation != Mutation::kNoWritePause) {
    pause_writes(server, pass.wall_ms() + kPauseMs);
  }
  pass.note(event::ManualFailover{"primary paused writes"});
  // Back on the link the request came by, so it starts no clock. It carries the offset to reach.
  send_heartbeat(server, pass, conn, bus::Type::kPing);
}

void learn_paused_offset(Server& server, Pass&, const bus::Header& header) {
  ClusterState& cluster = server.cluster;
  if (cluster.manual.end_ms == 0 || am_primary(cluster) || knows_offset(server)) return;
  if ((header.mflags[0] & bus::mflag::kPaused) == 0) return;
  cluster.manual.primary_offset = static_cast<std::int64_t>(header.offset);
  cluster.todo |= todo::kHandleManualFailover;
}

void handle_manual_failover(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  ManualFailoverState& manual = cluster.manual;
  if (manual.end_ms == 0 || manual.can_start || !knows_offset(server)) return;
  // Exactly equal: overshooting means that the offset moved during the pause, and ends in the
  // timeout. Until then every pass looks again, not only the cron.
  if (manual.primary_offset != replication_offset(server) &&
      server.mutation != Mutation::kManualDoesNotWait) {
    cluster.todo |= todo::kHandleManualFailover;
    return;
  }
  manual.can_start = true;
  pass.note(event::ManualFailover{"offset matched"});
  cluster.todo |= todo::kHandleFailover;
}

void abort_late_manual_failover(Server& server, Pass& pass) {
  const std::int64_t end = server.cluster.manual.end_ms;
  if (end == 0 || end >= pass.wall_ms() || server.mutation == Mutation::kManualNeverEnds) return;
  pass.note(event::ManualFailover{"timed out"});
  reset_manual_failover(server, pass);
}

}  // namespace sim
