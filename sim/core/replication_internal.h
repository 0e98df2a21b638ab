// What the files of replication share among themselves: replication.cc (ids, roles, timers),
// replication_primary.cc (my replicas), replication_link.cc (my primary), replication_stream.cc
// (what it sends).
#pragma once

#include <cstdint>

#include "sim/core/pass.h"
#include "sim/core/replication.h"
#include "sim/core/server.h"

namespace sim {

// A new replication id. Unlike node ids it must not repeat even when every choice is the benign
// one, or two histories would be taken for the same.
NodeName mint_replication_id(const Server& server, Pass& pass);
void clear_second_id(ReplicationState& replication);
// The current id stays valid up to here, as the second one; a new id goes on.
void shift_replication_id(Server& server, Pass& pass);

// ---- replication_primary.cc ----
// What was appended in this pass enters the backlog and is sent.
void feed_replicas(Server& server, Pass& pass);
// A chunk of the stream, already counted in `offset`, enters the backlog and is sent.
void feed_chunk(Server& server, Pass& pass, const StreamRef& chunk);
void disconnect_replicas(Server& server, Pass& pass);
void refresh_good_replicas(Server& server);
// The parts of the once-a-second cron that concern replicas.
void replicas_cron(Server& server, Pass& pass);

// ---- replication_stream.cc ----
// A stretch of the stream, as it came.
void apply_stream(Server& server, Pass& pass, const StreamRef& received);

// ---- replication_link.cc ----
void send_ack(Server& server, Pass& pass);
void connect_to_primary(Server& server, Pass& pass);
// Breaks the link in whatever state it is. A live one leaves its history cached.
void drop_link(Server& server, Pass& pass, const char* why);
// A snapshot that takes long to load may be done by now.
void replication_loading_progress(Server& server, Pass& pass);
void link_cron(Server& server, Pass& pass);

}  // namespace sim
