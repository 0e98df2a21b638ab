#include "sim/core/session.h"

#include <algorithm>

#include "sim/core/commands.h"
#include "sim/core/replication.h"
#include "sim/core/routing.h"

namespace sim {
namespace {

using Request = boost::intrusive_ptr<const resp::RequestPayload>;

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

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

void reply(Pass& pass, const Session& session, resp::Value value) {
  if (session.gone) return;
  pass.send(session.conn, PayloadRef(new resp::ReplyPayload(std::move(value))));
}

bool allowed_while_loading(const CommandSpec& spec, const resp::Command& command) {
  if ((spec.flags & command_flag::kLoading) != 0) return true;
  return (spec.flags & command_flag::kSubcommands) != 0 && same_word(command[1], "HELP");
}

// The checks that follow routing, in Redis' order (protocol §9.1). Empty: it may run.
std::string_view hindrance(const Server& server, const CommandSpec& spec,
                           const resp::Command& command) {
  const bool writes = (spec.flags & command_flag::kWrite) != 0;
  const Config& config = server.config;
  const bool am_replica = server.replication.link.primary.has_value();
  if (writes && !am_replica && config.min_replicas_to_write > 0 &&
      config.min_replicas_max_lag_s > 0 &&
      server.replication.good_replicas < config.min_replicas_to_write) {
    return "NOREPLICAS Not enough good replicas to write.";
  }
  if (writes && am_replica && config.replica_read_only) {
    return "READONLY You can't write against a read only replica.";
  }
  if (am_replica && !config.replica_serve_stale_data && !primary_link_up(server) &&
      (spec.flags & command_flag::kStale) == 0) {
    return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
  }
  if (is_loading(server) && !allowed_while_loading(spec, command)) {
    return "LOADING Redis is loading the dataset in memory";
  }
  return {};
}

void hold(Server& server, Session& session, const Request& request) {
  if (session.held.empty()) ++server.sessions.held;
  session.held.push_back(request);
}

void run(Server& server, Pass& pass, Session& session, const CommandSpec& spec,
         const Request& request, std::optional<SlotId> slot) {
  Execution execution{server, pass, &session, *request, request->command(), Origin::kClient, slot};
  resp::Value value = execute(spec, execution);
  ++server.sessions.commands;
  if (!execution.silent) reply(pass, session, std::move(value));
}

// One command of a session. (Protocol §9.1.)
void process(Server& server, Pass& pass, Session& session, const Request& request) {
  server.cached_wall_ms = pass.wall_ms();
  const resp::Command& command = request->command();
  if (command.empty()) return;
  pass.charge(server.costs.cpu.per_command);
  const CommandSpec* const spec = find_command(command[0]);
  if (spec == nullptr) return reply(pass, session, resp::error(unknown_command(command)));
  if (!arity_fits(*spec, command.size())) {
    return reply(pass, session, wrong_arity(lower_case(spec->name)));
  }
  Routing routing = route(server, session, *spec, command);
  const bool keeps_asking = (spec->flags & command_flag::kAsking) != 0;
  if (!keeps_asking) session.asking = false;
  if (!routing.refusal.empty()) {
    return reply(pass, session, resp::error(std::move(routing.refusal)));
  }
  if (const std::string_view why = hindrance(server, *spec, command); !why.empty()) {
    return reply(pass, session, refuse(why));
  }
  if ((spec->flags & command_flag::kWrite) != 0 && writes_paused(server)) {
    return hold(server, session, request);
  }
  run(server, pass, session, *spec, request, routing.slot);
}

void receive(Server& server, Pass& pass, Session& session, const Request& request) {
  if (!session.held.empty()) return hold(server, session, request);
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
    receive(server, pass, session, Request(new resp::RequestPayload(std::move(command))));
    command.clear();
  }
  if (!session.closing && !session.reader->broken().empty()) {
    reply(pass, session, resp::error("ERR " + session.reader->broken()));
    pass.close_after_sends(session.conn);
    session.closing = true;
  }
}

void forget(Server& server, std::map<ConnId, Session>::iterator at) {
  if (!at->second.held.empty()) --server.sessions.held;
  if (at->second.replica) replication_replica_closed(server, at->first);
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

}  // namespace

void session_accepted(Server& server, const Accepted& accepted) {
  Session session;
  session.conn = accepted.conn;
  session.remote = accepted.remote;
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
  const bool rerun = std::exchange(sessions.rerun_held, false);
  if (sessions.held == 0 && sessions.pause_until_wall_ms == 0) return;
  const bool paused = writes_paused(server);
  if (!paused) sessions.pause_until_wall_ms = 0;
  if ((paused && !rerun) || sessions.held == 0) return;
  std::vector<ConnId> holding;
  for (const auto& [conn, session] : sessions.by_conn) {
    if (!session.held.empty()) holding.push_back(conn);
  }
  for (ConnId conn : holding) {
    const auto at = sessions.by_conn.find(conn);
    if (at == sessions.by_conn.end()) continue;  // closed by what ran before it
    const std::deque<Request> held = std::exchange(at->second.held, {});
    --sessions.held;
    work_on(server, at, [&](Session& session) {
      for (const Request& request : held) {
        if (!session.closing) receive(server, pass, session, request);
      }
    });
  }
}

}  // namespace sim
