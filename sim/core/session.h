// Client sessions: connections on the client port, whoever is behind them (clients, operators,
// replicas before PSYNC).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/base/types.h"
#include "sim/core/replication_payloads.h"
#include "sim/node/node.h"
#include "sim/wire/resp.h"

namespace sim {

class Pass;
struct CommandSpec;
struct Server;

// MULTI was given. See transaction.h.
struct Transaction {
  std::vector<RequestRef> queued;
  bool broken = false;               // a command was refused while queueing: EXEC will abort
  std::uint16_t some_flags = 0;      // command flags that some queued command has
  std::uint16_t all_flags = 0xffff;  // that every one has
};
// A key under WATCH, with what `Keyspace::changes` said then.
struct WatchedKey {
  std::string key;
  SlotId slot;
  std::uint64_t changes = 0;
  bool expired = false;  // it was there, but logically gone: its deletion changes nothing
};

// The command that a client waits for the end of. See blocked.h.
struct Blocked {
  enum class On : std::uint8_t { kLists, kReplicas, kSetSlot, kShutdown };
  On on{};
  RequestRef request;
  std::int64_t deadline_ms = 0;  // fresh wall; 0: none
  // kLists: the keys, and the command to run when the list at one of them has something, whose
  // first argument is that key.
  std::vector<std::string> keys;
  resp::Command served_by;
  bool tells_key = false;  // the reply names the key
  // kReplicas; and kSetSlot, whose command is carried out when they have acknowledged it
  std::int64_t offset = 0;
  std::int64_t replicas = 0;
};

struct Session {
  ConnId conn;
  Endpoint remote;
  bool readonly = false;     // READONLY was given
  bool asking = false;       // one-shot
  bool closing = false;      // a last reply is on its way; whatever still arrives is ignored
  bool gone = false;         // closed by its own command: nobody hears the reply
  bool replica = false;      // after PSYNC: see ReplicationState::replicas
  bool replies_off = false;  // CLIENT REPLY OFF
  bool skip_next = false;    // CLIENT REPLY SKIP was just given
  bool skipping = false;     // nobody hears the reply to this command
  bool no_evict = false;     // CLIENT NO-EVICT
  std::string name;          // CLIENT SETNAME
  const CommandSpec* last_command = nullptr;
  std::int64_t accepted_at_s = 0, heard_at_s = 0;  // cached wall
  std::uint16_t listening_port = 0;                // REPLCONF listening-port
  bool takes_open_slots = false;                   // REPLCONF version, of one that does
  std::optional<Transaction> transaction;
  std::vector<WatchedKey> watched;
  std::set<std::string> channels, patterns, shard_channels;  // subscribed to; see pubsub.h
  bool subscriber() const {
    return !channels.empty() || !patterns.empty() || !shard_channels.empty();
  }
  bool mute() const { return gone || replies_off || skipping; }
  std::int64_t write_offset = 0;  // of the stream, after its last command: what WAIT waits for
  std::optional<Blocked> blocked;
  // Commands that wait, in order, for the end of a pause, of a MIGRATE or of the command that
  // blocks; nothing behind the first is looked at.
  std::deque<RequestRef> held;
  std::optional<resp::CommandReader> reader;  // exists once raw bytes were received
};

// CLIENT PAUSE.
struct ClientPause {
  std::int64_t until_wall_ms = 0;  // 0: none
  bool all = false;                // every command, not only writes
};

// Who listens to what, in the order of subscription.
using Subscriptions = std::map<std::string, std::vector<ConnId>, std::less<>>;

// Keyed by ConnId: iteration order is the order of acceptance.
struct Sessions {
  std::map<ConnId, Session> by_conn;
  Subscriptions channels, patterns, shard_channels;
  std::uint64_t blocked = 0;             // sessions that are
  Subscriptions waiting;                 // for a list at a key, first come first served
  std::vector<std::string> ready;        // keys of these that have got one
  std::vector<ConnId> unblocked;         // whose held commands may go on
  ConnId next_to_check;                  // by the cron, of the blocked
  bool acks_wanted = false;              // somebody began to WAIT
  ConnId at_work;                        // whose command runs: forgotten only when that is over
  std::int64_t pause_until_wall_ms = 0;  // of writes, for a failover; 0: none
  ClientPause client_pause;
  std::uint64_t held = 0;                       // sessions that hold something
  bool rerun_held = false;                      // the role changed
  std::uint64_t commands = 0;                   // executed since boot
  std::uint64_t writes = 0;                     // of these, writes of clients
  std::map<std::string, std::uint64_t> errors;  // replies that were errors, by their first word
};

inline bool pause_begun(const Sessions& sessions) {
  return sessions.pause_until_wall_ms != 0 || sessions.client_pause.until_wall_ms != 0;
}
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

// ---- For commands ----
// An error is counted for INFO.
void count_error(Server& server, const resp::Value& value);
// Puts a value into the client's stream, reply or not.
void send_to_client(Pass& pass, const Session& session, resp::Value value);
Session* find_session(Server& server, ConnId conn);  // null: gone
// Nothing that the client says is listened to any more, and it is let go when its replies are sent.
void close_after_replies(Server& server, Pass& pass, ConnId conn);

}  // namespace sim
