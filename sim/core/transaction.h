// MULTI, EXEC, DISCARD, WATCH, UNWATCH: commands that are queued and run as one. (Protocol §9.1,
// §9.2.)
//
// What a transaction changes travels to replicas and into the AOF between MULTI and EXEC, if it is
// more than one command. A watched key counts as touched when anybody changed it, this client too,
// and when it has expired.
#pragma once

#include <vector>

#include "sim/core/commands.h"
#include "sim/core/routing.h"
#include "sim/core/server.h"
#include "sim/core/session.h"

namespace sim {

void queue_command(Session& session, const CommandSpec& spec, const RequestRef& request);
// Forgets what was queued, and what is watched.
void discard_transaction(Server& server, Session& session);
void unwatch_all(Server& server, Session& session);

// Would EXEC refuse, because somebody changed what is watched?
bool any_watched_touched(const Server& server, const Session& session);

bool is_exec(const CommandSpec& spec);
// Does the command, or one that EXEC would run, have this flag?
bool has_flag(const Session& session, const CommandSpec& spec, std::uint16_t flag);
// Does it, and every one that EXEC would run?
bool has_flag_throughout(const Session& session, const CommandSpec& spec, std::uint16_t flag);

// What EXEC would run, for routing.
std::vector<RoutedCommand> routed_commands(const Transaction& transaction);

}  // namespace sim
