// Clients that wait: for something in a list (BLPOP and its kin), or for replicas (WAIT).
//
// Who waits at a key is served by the first command that creates a list there, in the order in
// which they came; what they get is propagated as the command that does not block. Time-outs and
// acknowledgements are looked at before sleeping, so a quiet server answers late by up to one
// tick. (Redis 7.0: `blockForKeys`, `handleClientsBlockedOnKeys`, `processClientsWaitingReplicas`.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "sim/core/commands.h"
#include "sim/core/server.h"
#include "sim/core/session.h"

namespace sim {

// ---- For commands ----
// The client waits from now on; its command answers nothing yet.
void block(Execution& execution, Blocked blocked);
// A list came into being.
void list_created(Server& server, const std::string& key);
// The wall time in ms at which the wait is over, 0 for never; or the words of refusal. Seconds may
// have a fraction and an exponent, milliseconds are an integer.
enum class TimeoutUnit : std::uint8_t { kSeconds, kMilliseconds };
std::variant<std::int64_t, std::string_view> parse_timeout(std::string_view text, TimeoutUnit unit,
                                                           std::int64_t now_ms);
// A number with a fraction, times 10^`shift`, rounded up; nothing if it is no number; -1 if it is
// negative or too big.
std::optional<std::int64_t> parse_decimal(std::string_view text, int shift);
std::int64_t count_acks(const Server& server, std::int64_t offset);
// What a WAIT for `offset` comes to by now; told in the trace.
resp::Value answer_to_wait(const Server& server, Pass& pass, std::int64_t offset);

// CLIENT UNBLOCK and time-outs: the client is answered. False: what it waits for does not end so.
enum class WaitEnd : std::uint8_t { kTimedOut, kByCommand };
bool end_wait(Server& server, Pass& pass, Session& session, WaitEnd how);

// ---- Driven by sessions and the dispatcher ----
// After every command that made a list somebody waits for.
void serve_blocked(Server& server, Pass& pass);
// It waits no longer, without an answer.
void unblock(Server& server, Session& session);
// Before sleeping: whose time is over, and whose replicas have acknowledged.
void blocked_before_sleep(Server& server, Pass& pass);
// Part of the server cron: who waits for keys that are no longer mine is redirected. (Protocol
// §9.2.)
void blocked_cron(Server& server, Pass& pass);
// I follow another primary: everybody who waits is told, and let go of. (Protocol §10.4.)
void unblock_all(Server& server, Pass& pass);

}  // namespace sim
