// Replication: the link to my primary, the stream, partial and full resynchronisation. (Protocol
// §10.)
//
// The first block is what the cluster side of the node (elections, role changes, manual failover)
// asks of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/core/session.h"
#include "sim/node/node.h"

namespace sim {

// Becomes, or stays, a replica of the node at `primary`; connects at once. A former primary's own
// history becomes the cached one, so that it can PSYNC to its successor.
void replication_follow(Server& server, Pass& pass, Endpoint primary);
// Stops replicating and becomes a replication primary: new replication id, the old one stays valid
// up to here (protocol §7.4 step 2). Sub-replicas are disconnected.
void replication_promote(Server& server, Pass& pass);
// Is a replication target set at all? (False for a replica after its restart until clusterCron
// step 5.)
inline bool replication_has_target(const Server& server) {
  return server.replication.link.primary.has_value();
}
// master_repl_offset for a primary; the processed offset for a replica (protocol §10.3). Never
// negative.
std::int64_t replication_offset(const Server& server);
// Age of a replica's data in ms with second granularity, before the node-timeout is subtracted
// (protocol §7.1 step 2).
std::int64_t replication_data_age_ms(const Server& server, const Pass& pass);
// The primary's answer to MFSTART, and its end: writes pause until the wall time given (protocol
// §7.10).
void pause_writes(Server& server, std::int64_t until_wall_ms);
void unpause_writes(Server& server, Pass& pass);
// By the cached wall clock (protocol §4.3), and for good while a shutdown waits for replicas.
// Active expiry pauses with the writes, and so do replication PINGs during a manual failover.
inline bool writes_paused(const Server& server) {
  const auto lasts = [&](std::int64_t until) {
    return until != 0 && until >= server.cached_wall_ms;
  };
  return server.shutdown.wait_until_ms != 0 || lasts(server.sessions.pause_until_wall_ms) ||
         lasts(server.sessions.client_pause.until_wall_ms);
}
// Every command of clients waits: CLIENT PAUSE ALL.
inline bool all_paused(const Server& server) {
  const ClientPause& pause = server.sessions.client_pause;
  return pause.all && pause.until_wall_ms >= server.cached_wall_ms;
}

// ---- Driven by the dispatcher ----
// Is this connection the replication link (dialled by me)?
bool is_replication_link(const Server& server, ConnId conn);
void replication_link_connected(Server& server, Pass& pass, const Connected& connected);
void replication_link_received(Server& server, Pass& pass, const Payload& payload);
void replication_link_closed(Server& server, Pass& pass, CloseReason why);
// Once a second, counted in cron runs.
void replication_cron(Server& server, Pass& pass);
// A connection that said PSYNC went away.
void replication_replica_closed(Server& server, ConnId conn);
// How much of what it was sent the kernel has not taken: a replica that falls too far behind is
// dropped.
void replication_replica_sent(Server& server, Pass& pass, ConnId conn, std::uint64_t unsent_bytes);
// Before sleeping: feeds the stream of this pass to replicas, GETACKs, StreamAt notes.
void replication_before_sleep(Server& server, Pass& pass);

// ---- For commands ----
// Puts a command into the stream. Without a backlog nobody counts, and nothing happens; a replica's
// own writes stay its own.
void replication_append(Server& server, const RequestRef& command);
// What a replica says of its version, where that decides what it is sent; and whether another's
// takes SETSLOT. (Protocol §9.3: of a version later than 7.2.)
inline constexpr std::string_view kToldVersion = "8.0.0";
bool takes_open_slots(std::string_view version);
// PSYNC of a replica: the replies are sent, not returned.
void replication_serve_psync(Server& server, Pass& pass, Session& session, NodeName replid,
                             std::int64_t from);
// REPLCONF ACK of a replica.
void replication_acked(Server& server, Pass& pass, ConnId conn, std::int64_t offset);
// A replica that is busy loading says that it lives.
void replication_replica_alive(Server& server, ConnId conn);
// Puts a GETACK into the stream.
void replication_request_acks(Server& server);
// The snapshot of my primary has been loaded.
void replication_loaded(Server& server, Pass& pass);
// A full synchronisation of a replica takes its time right now.
bool full_sync_runs(const ReplicationState& replication);
// Every server cron run: the next of it.
void full_sync_cron(Server& server, Pass& pass);
inline bool is_loading(const Server& server) {
  return server.loading.on();
}
// master_link_status, as INFO tells it.
bool primary_link_up(const Server& server);

}  // namespace sim
