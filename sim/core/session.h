// Client sessions: connections on the client port, whoever is behind them (clients, operators,
// replicas before PSYNC).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "sim/base/types.h"
#include "sim/node/node.h"
#include "sim/wire/resp.h"

namespace sim {

class Pass;
struct Server;

struct Session {
  ConnId conn;
  Endpoint remote;
  bool readonly = false;  // READONLY was given
  bool asking = false;    // one-shot
  bool closing = false;   // a last reply is on its way; whatever still arrives is ignored
  bool gone = false;      // closed by its own command: nobody hears the reply
  bool replica = false;   // after PSYNC: see ReplicationState::replicas
  std::string name;       // CLIENT SETNAME
  std::uint16_t listening_port = 0;  // REPLCONF listening-port
  // Commands that wait for the end of a write pause or of a MIGRATE, in order; nothing behind the
  // first is looked at.
  std::deque<boost::intrusive_ptr<const resp::RequestPayload>> held;
  std::optional<resp::CommandReader> reader;  // exists once raw bytes were received
};

// Keyed by ConnId: iteration order is the order of acceptance.
struct Sessions {
  std::map<ConnId, Session> by_conn;
  ConnId at_work;                        // whose command runs: forgotten only when that is over
  std::int64_t pause_until_wall_ms = 0;  // 0: no pause of writes
  std::uint64_t held = 0;                // sessions that hold something
  bool rerun_held = false;               // the role changed
  std::uint64_t commands = 0;            // executed since boot
  std::uint64_t writes = 0;              // of these, writes of clients
};

// The late reply to a command of this session, which then goes on with what came meanwhile.
void session_answer(Server& server, Pass& pass, ConnId conn, resp::Value value);

// ---- Driven by the dispatcher ----
void session_accepted(Server& server, const Accepted& accepted);
void session_received(Server& server, Pass& pass, ConnId conn, const PayloadRef& payload);
void session_closed(Server& server, Pass& pass, ConnId conn);
void session_sent(Server& server, Pass& pass, const Sent& sent);
// Becoming a replica: commands held by a pause run again before sleeping, and will be redirected.
// (Protocol §7.9.)
void session_role_changed(Server& server, Pass& pass);
// Before sleeping: commands held by a pause that is over run now; after a change of role they run
// in any case, to be redirected.
void sessions_resume(Server& server, Pass& pass);

}  // namespace sim
