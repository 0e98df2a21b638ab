// MIGRATE: keys are handed to another server, which takes one round trip and more, and for so long
// this program does nothing else, as a real one, whose only thread waits: every other input stays
// where it is until the reply is there or did not come in time. No cron, no heartbeat. (Protocol
// §9.4.)
//
// It is a machine: `migrate_begin` starts it, what its connection reports drives it, and each of
// these answers the reply once there is one.
#pragma once

#include <optional>

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/node/node.h"

namespace sim {

// Everything else must wait.
inline bool migrating(const Server& server) {
  return server.migrate.under_way.has_value();
}
// When it has waited long enough. Precondition: `migrating`.
inline MonotonicTime migrate_deadline(const Server& server) {
  return server.migrate.under_way->deadline;
}
// The reply, if no time passes until then.
std::optional<resp::Value> migrate_begin(Server& server, Pass& pass, Migration migration);

// ---- Driven by the dispatcher ----

// A connection of MIGRATE's, in use or kept.
bool is_migrate_socket(const Server& server, ConnId conn);
void migrate_connected(Server& server, Pass& pass, ConnId conn);
void migrate_received(Server& server, Pass& pass, ConnId conn, const Payload& payload);
void migrate_sent(Server& server, Pass& pass, const Sent& sent);
void migrate_closed(Server& server, Pass& pass, ConnId conn, CloseReason why);
// After the inputs of a step: gives up if it has waited too long.
void migrate_check_time(Server& server, Pass& pass);
// Once a second: closes connections that nobody used for long.
void migrate_cron(Server& server, Pass& pass);

}  // namespace sim
