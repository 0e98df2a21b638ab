#include "sim/core/session.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/core/blocked.h"
#include "sim/core/busy.h"
#include "sim/core/command_handlers.h"
#include "sim/core/mutation.h"
#include "sim/core/pubsub.h"
#include "sim/core/replication.h"
#include "sim/core/routing.h"
#include "sim/core/transaction.h"

namespace sim {
namespace {

// What goes into an error line must not end it.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\r', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string unknown_command(const resp::Command& command) {
  std::string args;
  for (std::size_t at = 1; at < command.size() && args.size() < 128; ++at) {
    const std::size_t room = 128 - args.size();
    args.append("'").append(command[at].substr(0, room)).append("' ");
  }
  return one_line("ERR unknown command '" + command[0].substr(0, 128) +
                  "', with args beginning with: " + args);
}

bool allowed_while_loading(const Session& session, const CommandSpec& spec,
                           const resp::Command& command) {
  if (has_flag_throughout(session, spec, command_flag::kLoading)) return true;
  return (spec.flags & command_flag::kSubcommands) != 0 && same_word(command[1], "HELP");
}

// "client|reply"
std::string full_name(const CommandSpec& spec, const resp::Command& command) {
  std::string name = lower_case(spec.name);
  const bool in_container = (spec.flags & command_flag::kContainer) != 0 && command.size() > 1;
  return in_container ? name + "|" + lower_case(command[1]) : name;
}

std::string not_for_subscribers(const CommandSpec& spec, const resp::Command& command) {
  return "ERR Can't execute '" + full_name(spec, command) +
         "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
         "context";
}

// The checks that follow routing, in Redis' order (protocol §9.1). Empty: it may run.
std::string hindrance(const Server& server, const Session& session, const CommandSpec& spec,
                      const resp::Command& command) {
  const bool writes = has_flag(session, spec, command_flag::kWrite);
  const Config& config = server.config;
  const bool am_replica = server.replication.link.primary.has_value();
  if (writes && !am_replica && config.min_replicas_to_write > 0 &&
      server.mutation != Mutation::kMinReplicasIgnored && config.min_replicas_max_lag_s > 0 &&
      server.replication.good_replicas < config.min_replicas_to_write) {
    return std::string(kNoReplicas);
  }
  if (writes && am_replica && config.replica_read_only &&
      server.mutation != Mutation::kReplicaAcceptsWrites) {
    return "READONLY You can't write against a read only replica.";
  }
  if (session.subscriber() && (spec.flags & command_flag::kSubscriber) == 0) {
    return not_for_subscribers(spec, command);
  }
  if (am_replica && !config.replica_serve_stale_data && !primary_link_up(server) &&
      !has_flag_throughout(session, spec, command_flag::kStale)) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  if (is_loading(server) && !allowed_while_loading(session, spec, command)) {
    return "LOADING Redis is loading the dataset in memory";
  }
  return {};
}

void hold(Server& server, Session& session, const RequestRef& request) {
  if (session.held.empty()) ++server.sessions.held;
  session.held.push_back(request);
}

// An error is counted when it is answered.
void send_error(Server& server, Pass& pass, const Session& session, std::string text) {
  resp::Value value = resp::error(std::move(text));
  count_error(server, value);
  send_to_client(pass, session, std::move(value));
}

void run(Server& server, Pass& pass, Session& session, const CommandSpec& spec,
         const RequestRef& request, std::optional<SlotId> slot) {
  Execution execution{server, pass, &session, *request, request->command(), Origin::kClient, slot};
  resp::Value value = execute(spec, execution);
  ++server.sessions.commands;
  session.write_offset = server.replication.offset;
  count_error(server, value);
  if (!execution.silent) send_to_client(pass, session, std::move(value));
  for (resp::Value& more : execution.more) send_to_client(pass, session, std::move(more));
  if (!server.sessions.ready.empty()) serve_blocked(server, pass);
}

// The command is refused: a transaction that it was to be queued in will abort, and one that it was
// to run does now, saying why. (Without the "ERR" of the words made for the occasion.)
void reject(Server& server, Pass& pass, Session& session, const CommandSpec* spec,
            std::string why) {
  if (spec != nullptr && is_exec(*spec)) {
    discard_transaction(server, session);
    why = "EXECABORT Transaction discarded because of: " +
          (why.starts_with("ERR ") ? why.substr(4) : why);
  } else if (session.transaction) {
    session.transaction->broken = true;
  }
  send_error(server, pass, session, std::move(why));
}

// A redirect is the answer to EXEC itself, too.
void redirect(Server& server, Pass& pass, Session& session, const CommandSpec& spec,
              std::string where) {
  if (is_exec(spec)) {
    discard_transaction(server, session);
  } else if (session.transaction) {
    session.transaction->broken = true;
  }
  send_error(server, pass, session, std::move(where));
}

// What is wrong with the command whatever its keys; empty: nothing.
std::string malformed(const Server& server, const Session& session, const CommandSpec* spec,
                      const resp::Command& command) {
  if (spec == nullptr) return unknown_command(command);
  if (!arity_fits(*spec, command.size())) {
    return "ERR wrong number of arguments for '" + lower_case(spec->name) + "' command";
  }
  if (session.transaction && (spec->flags & command_flag::kNoMulti) != 0) {
    return "ERR Command not allowed inside a transaction";
  }
  if (spec->handler == debug_command && !may_debug(server, session))
    return std::string(kDebugRefused);
  return {};
}

bool is_paused(const Server& server, const Session& session, const CommandSpec& spec) {
  if (!writes_paused(server) || session.replica) return false;
  if (all_paused(server)) return true;
  return has_flag(session, spec, command_flag::kWrite | command_flag::kMayReplicate);
}

Routing route_of(const Server& server, const Session& session, const CommandSpec& spec,
                 const resp::Command& command) {
  if (!session.transaction || !is_exec(spec)) return route(server, session, spec, command);
  return route(server, session, spec, routed_commands(*session.transaction));
}

// One command of a session. (Protocol §9.1.)
void process_one(Server& server, Pass& pass, Session& session, const RequestRef& request) {
  server.cached_wall_ms = pass.wall_ms();
  const resp::Command& command = request->command();
  if (command.empty()) return;
  pass.charge(server.costs.cpu.per_command);
  const CommandSpec* const spec = find_command(command[0]);
  const bool asking = std::exchange(session.asking, false);  // for this command only
  if (std::string why = malformed(server, session, spec, command); !why.empty()) {
    return reject(server, pass, session, spec, std::move(why));
  }
  session.last_command = spec;
  session.heard_at_s = server.cached_wall_s();
  session.asking = asking;
  Routing routing = route_of(server, session, *spec, command);
  const bool keeps_asking =
      (spec->flags & command_flag::kAsking) != 0 || (session.transaction && !is_exec(*spec));
  if (!keeps_asking) session.asking = false;
  if (routing.remarkable) {
    routing.remarkable->operation = request->operation();
    pass.note(std::move(*routing.remarkable));
  }
  if (!routing.refusal.empty()) {
    return redirect(server, pass, session, *spec, std::move(routing.refusal));
  }
  if (std::string why = hindrance(server, session, *spec, command); !why.empty()) {
    return reject(server, pass, session, spec, std::move(why));
  }
  if (is_paused(server, session, *spec)) {
    session.asking = asking;  // it will be routed again
    return hold(server, session, request);
  }
  if (session.transaction && (spec->flags & command_flag::kAtOnce) == 0) {
    queue_command(session, *spec, request);
    return send_to_client(pass, session, {resp::Simple{"QUEUED"}});
  }
  run(server, pass, session, *spec, request, routing.slot);
}

void process(Server& server, Pass& pass, Session& session, const RequestRef& request) {
  process_one(server, pass, session, request);
  session.skipping = std::exchange(session.skip_next, false);
}

void receive(Server& server, Pass& pass, Session& session, const RequestRef& request) {
  const bool waits = !session.held.empty() || session.blocked;
  if (waits || is_busy(server)) return hold(server, session, request);
  process(server, pass, session, request);
}

void receive_bytes(Server& server, Pass& pass, Session& session, const std::string& bytes) {
  if (!session.reader) session.reader.emplace();
  session.reader->feed(bytes);
  // Empty lines say that a replica is alive while it loads.
  if (session.replica && bytes.find_first_not_of("\r\n") == std::string::npos) {
    replication_replica_alive(server, session.conn);
  }
  resp::Command command;
  while (!session.closing && session.reader->next(command)) {
    receive(server, pass, session, RequestRef(new resp::RequestPayload(std::move(command))));
    command.clear();
  }
  if (!session.closing && !session.reader->broken().empty()) {
    send_to_client(pass, session, resp::error("ERR " + session.reader->broken()));
    pass.close_after_sends(session.conn);
    session.closing = true;
  }
}

void forget(Server& server, std::map<ConnId, Session>::iterator at) {
  if (!at->second.held.empty()) --server.sessions.held;
  if (at->second.replica) replication_replica_closed(server, at->first);
  unblock(server, at->second);
  unsubscribe_from_all(server, at->second);
  unwatch_all(server, at->second);
  server.sessions.by_conn.erase(at);
}

// Runs `work(session)`, whose commands may close any session, this one too.
template <class Work>
void work_on(Server& server, std::map<ConnId, Session>::iterator at, Work work) {
  server.sessions.at_work = at->first;
  work(at->second);
  server.sessions.at_work = kNoConn;
  if (at->second.closing) forget(server, at);
}

// What the session holds is received once more, until something of it has to wait again.
void go_on(Server& server, Pass& pass, ConnId conn) {
  const auto at = server.sessions.by_conn.find(conn);
  if (at == server.sessions.by_conn.end() || at->second.held.empty()) return;
  const std::deque<RequestRef> held = std::exchange(at->second.held, {});
  --server.sessions.held;
  work_on(server, at, [&](Session& session) {
    for (const RequestRef& request : held) {
      if (!session.closing) receive(server, pass, session, request);
    }
  });
}

}  // namespace

void count_error(Server& server, const resp::Value& value) {
  const auto* const error = std::get_if<resp::Error>(&value.data);
  if (error == nullptr) return;
  const std::size_t end = error->text.find(' ');
  if (end != std::string::npos) ++server.sessions.errors[error->text.substr(0, end)];
}

void send_to_client(Pass& pass, const Session& session, resp::Value value) {
  if (session.mute()) return;
  pass.send(session.conn, PayloadRef(new resp::ReplyPayload(std::move(value))));
}

Session* find_session(Server& server, ConnId conn) {
  const auto found = server.sessions.by_conn.find(conn);
  return found == server.sessions.by_conn.end() ? nullptr : &found->second;
}

void close_after_replies(Server& server, Pass& pass, ConnId conn) {
  const auto found = server.sessions.by_conn.find(conn);
  found->second.closing = true;
  pass.close_after_sends(conn);
  if (conn != server.sessions.at_work) forget(server, found);
}

void session_answer(Server& server, Pass& pass, ConnId conn, resp::Value value) {
  const Session* const session = find_session(server, conn);
  CHECK(session != nullptr);  // nobody was heard of meanwhile
  count_error(server, value);
  send_to_client(pass, *session, std::move(value));
  go_on(server, pass, conn);
}

void session_accepted(Server& server, const Accepted& accepted) {
  Session session;
  session.conn = accepted.conn;
  session.remote = accepted.remote;
  session.accepted_at_s = session.heard_at_s = server.cached_wall_s();
  server.sessions.by_conn.emplace(accepted.conn, std::move(session));
}

void session_received(Server& server, Pass& pass, ConnId conn, const PayloadRef& payload) {
  const auto found = server.sessions.by_conn.find(conn);
  if (found == server.sessions.by_conn.end()) return;
  work_on(server, found, [&](Session& session) {
    if (payload->kind() == PayloadKind::kRequest) {
      receive(server, pass, session,
              boost::static_pointer_cast<const resp::RequestPayload>(payload));
    } else if (payload->kind() == PayloadKind::kBytes) {
      receive_bytes(server, pass, session, static_cast<const RawBytes&>(*payload).view());
    }
  });
}

void session_closed(Server& server, Pass&, ConnId conn) {
  const auto found = server.sessions.by_conn.find(conn);
  if (found == server.sessions.by_conn.end()) return;
  if (conn != server.sessions.at_work) return forget(server, found);
  Session& session = found->second;
  session.closing = session.gone = true;
  if (std::exchange(session.replica, false)) replication_replica_closed(server, conn);
}

void session_sent(Server& server, Pass& pass, const Sent& sent) {
  const auto found = server.sessions.by_conn.find(sent.conn);
  if (found != server.sessions.by_conn.end() && found->second.replica) {
    replication_replica_sent(server, pass, sent.conn, sent.unsent_bytes);
  }
}

void session_role_changed(Server& server, Pass&) {
  server.sessions.rerun_held = true;
}

void sessions_resume(Server& server, Pass& pass) {
  Sessions& sessions = server.sessions;
  for (ConnId conn : std::exchange(sessions.unblocked, {})) go_on(server, pass, conn);
  const bool rerun = std::exchange(sessions.rerun_held, false);
  if (sessions.held == 0 && !pause_begun(sessions)) return;
  const bool paused = writes_paused(server);
  if (!paused) {
    sessions.pause_until_wall_ms = 0;
    sessions.client_pause = {};
  }
  if ((paused && !rerun) || sessions.held == 0) return;
  std::vector<ConnId> holding;
  for (const auto& [conn, session] : sessions.by_conn) {
    if (!session.held.empty() && !session.blocked) holding.push_back(conn);
  }
  for (ConnId conn : holding) go_on(server, pass, conn);
}

}  // namespace sim
