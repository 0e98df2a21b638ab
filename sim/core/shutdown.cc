#include "sim/core/shutdown.h"

#include <algorithm>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"
#include "sim/core/persistence.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

constexpr std::int64_t kTimeoutMs = 10'000;  // shutdown-timeout

bool replicas_caught_up(const ReplicationState& replication) {
  return std::all_of(
      replication.replicas.begin(), replication.replicas.end(),
      [&](const auto& entry) { return entry.second.ack_offset == replication.offset; });
}

void leave(Server& server, Pass& pass) {
  persistence_shutdown(server, pass);
  pass.exit(0, "terminated");
}

// Writes wait from here on. The GETACK moves the offset itself, so it is usually the next periodic
// ACK of a replica that ends the wait.
void wait_for_replicas(Server& server) {
  if (!writes_paused(server)) replication_request_acks(server);
  server.shutdown.wait_until_ms = server.cached_wall_ms + kTimeoutMs;
}

}  // namespace

void ask_to_shut_down(Server& server) {
  server.shutdown.asked = true;
}

bool shut_down(Server& server, Pass& pass, Shutdown::Save save, bool leave_now) {
  server.shutdown.save = save;
  if (leave_now || replicas_caught_up(server.replication)) {
    leave(server, pass);
    return true;
  }
  server.shutdown.asked = true;
  if (server.shutdown.wait_until_ms == 0) wait_for_replicas(server);
  return false;
}

bool abort_shutdown(Server& server, Pass& pass) {
  if (server.shutdown.wait_until_ms == 0) return false;
  server.shutdown = {};
  for (auto& [conn, session] : server.sessions.by_conn) {
    if (!session.blocked || session.blocked->on != Blocked::On::kShutdown) continue;
    unblock(server, session);
    send_to_client(pass, session, refuse("ERR Errors trying to SHUTDOWN. Check logs."));
  }
  return true;
}

void shutdown_cron(Server& server, Pass& pass) {
  const Shutdown& shutdown = server.shutdown;
  if (!shutdown.asked) return;
  if (replicas_caught_up(server.replication)) return leave(server, pass);
  if (shutdown.wait_until_ms == 0) return wait_for_replicas(server);
  if (server.cached_wall_ms >= shutdown.wait_until_ms) leave(server, pass);
}

// [NOSAVE|SAVE] [NOW] [FORCE], or ABORT.
resp::Value shutdown_command(Execution& execution) {
  using Save = Shutdown::Save;
  const resp::Command& command = execution.command;
  Save save = Save::kAsConfigured;
  bool now = false, abort = false;
  for (std::size_t at = 1; at < command.size(); ++at) {
    const bool saves = same_word(command[at], "SAVE");
    if (saves || same_word(command[at], "NOSAVE")) {
      if (save == (saves ? Save::kNo : Save::kYes)) return refuse(kSyntaxError);
      save = saves ? Save::kYes : Save::kNo;
    } else if (same_word(command[at], "NOW")) {
      now = true;
    } else if (same_word(command[at], "ABORT")) {
      abort = true;
    } else if (!same_word(command[at], "FORCE")) {
      return refuse(kSyntaxError);
    }
  }
  if (abort && command.size() > 2) return refuse(kSyntaxError);
  if (abort) {
    return abort_shutdown(execution.server, execution.pass)
               ? resp::ok()
               : refuse("ERR No shutdown in progress.");
  }
  if (!shut_down(execution.server, execution.pass, save, now)) {
    Blocked blocked;
    blocked.on = Blocked::On::kShutdown;
    block(execution, std::move(blocked));
  }
  return resp::ok();
}

}  // namespace sim
