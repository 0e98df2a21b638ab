#include "sim/core/migrate.h"

#include <algorithm>
#include <utility>

#include "sim/core/commands.h"
#include "sim/core/dump.h"
#include "sim/core/mutation.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

using Reply = std::optional<resp::Value>;

constexpr std::size_t kSocketsMax = 64;
constexpr std::int64_t kSocketIdleSeconds = 10;

Migration& current(Server& server) {
  return *server.migrate.under_way;
}
MigrateSocket& current_socket(Server& server) {
  return server.migrate.sockets.at(current(server).target);
}

// The next thing it waits for has its own time.
void wait_anew(Server& server, const Pass& pass) {
  current(server).deadline = pass.now.monotonic + current(server).options.timeout;
}

void drop_socket(Server& server, Pass& pass, const std::string& target) {
  const auto found = server.migrate.sockets.find(target);
  if (found == server.migrate.sockets.end()) return;
  if (!found->second.broken) pass.close(found->second.conn);
  server.migrate.sockets.erase(found);
}

// ---- The end ----

// Here the keys that arrived are gone already; replicas and the AOF are told now.
void tell_of_restored(Server& server, Pass& pass, const Migration& done) {
  if (done.restored.empty()) return;
  pass.note(event::KeysMigrated{done.slot, done.restored.size(), done.endpoint, done.options.copy,
                                done.held, server.keyspace.count_in_slot(done.slot)});
  if (done.options.copy || server.mutation == Mutation::kMigrateUntold) return;
  resp::Command del{"DEL"};
  del.insert(del.end(), done.restored.begin(), done.restored.end());
  Execution execution{server,          pass,     nullptr, *done.request, done.request->command(),
                      Origin::kClient, done.slot};
  execution.dirty = done.restored.size();
  execution.propagated_as = rewritten(std::move(del), execution);
  propagate(*find_command("MIGRATE"), execution);
}

Reply end(Server& server, Pass& pass, resp::Value reply) {
  const Migration done = std::move(current(server));
  server.migrate.under_way.reset();
  tell_of_restored(server, pass, done);
  return reply;
}

resp::Value target_refused(const std::string& error) {
  return resp::error("ERR Target instance replied with error: " + error);
}

Reply all_answered(Server& server, Pass& pass) {
  Migration& work = current(server);
  // After an error nobody knows which database is selected.
  current_socket(server).database = work.target_error ? -1 : work.options.database;
  return end(server, pass, work.target_error ? target_refused(*work.target_error) : resp::ok());
}

// ---- What the target says ----

bool take_line(std::string& heard, std::string& line) {
  const std::size_t end = heard.find('\n');
  if (end == std::string::npos) return false;
  line = heard.substr(0, end);
  if (line.ends_with('\r')) line.pop_back();
  heard.erase(0, end + 1);
  return true;
}

// Every key is told of on its own, and is deleted here only when the target has it.
void hear_of_key(Server& server, const std::string& key, const std::string& line) {
  Migration& work = current(server);
  ++work.answered;
  const bool refused = line.starts_with('-');
  if (refused || !work.preamble_error.empty()) {
    if (server.mutation == Mutation::kMigrateDropsRefused) server.keyspace.erase(slot_of(key), key);
    if (!work.target_error) {
      work.target_error = work.preamble_error.empty() ? line.substr(1) : work.preamble_error;
    }
    return;
  }
  const bool keeps = work.options.copy || server.mutation == Mutation::kMigrateKeepsKeys;
  if (!keeps) server.keyspace.erase(slot_of(key), key);
  work.restored.push_back(key);
}

void hear(Server& server, const std::string& line) {
  Migration& work = current(server);
  bool& awaited = work.auth_awaited ? work.auth_awaited : work.select_awaited;
  if (!awaited) return hear_of_key(server, work.keys[work.answered], line);
  awaited = false;
  if (line.starts_with('-') && work.preamble_error.empty()) work.preamble_error = line.substr(1);
}

Reply read_replies(Server& server, Pass& pass) {
  Migration& work = current(server);
  std::string line;
  while (work.auth_awaited || work.select_awaited || work.answered < work.keys.size()) {
    if (work.writing || !take_line(current_socket(server).heard, line)) return std::nullopt;
    hear(server, line);
  }
  return all_answered(server, pass);
}

// ---- Attempts ----

Reply attempt(Server& server, Pass& pass);

// The connection is of no use any more, or was not made. Tried once more is only what surely did
// nothing, and what did not take its whole time.
Reply lost(Server& server, Pass& pass, bool timed_out) {
  Migration& work = current(server);
  drop_socket(server, pass, work.target);
  if (work.connecting) {
    return end(server, pass, resp::error("IOERR error or timeout connecting to the client"));
  }
  if (work.answered == 0 && work.may_retry && !timed_out) {
    work.may_retry = false;
    return attempt(server, pass);
  }
  if (work.target_error) return end(server, pass, target_refused(*work.target_error));
  return end(server, pass,
             resp::error(std::string("IOERR error or timeout ") +
                         (work.writing ? "writing" : "reading") + " to target instance"));
}

void send(Pass& pass, const MigrateSocket& socket, resp::Command command) {
  pass.send_at_once(socket.conn, PayloadRef(new resp::RequestPayload(std::move(command))));
}

void send_preamble(Pass& pass, Migration& work, const MigrateSocket& socket) {
  const MigrateOptions& options = work.options;
  work.auth_awaited = options.password.has_value();
  if (options.password && options.username) {
    send(pass, socket, {"AUTH", *options.username, *options.password});
  } else if (options.password) {
    send(pass, socket, {"AUTH", *options.password});
  }
  work.select_awaited = socket.database != options.database;
  if (work.select_awaited) send(pass, socket, {"SELECT", std::to_string(options.database)});
}

// Keys whose time is over by now stay behind.
void send_keys(Server& server, Pass& pass, Migration& work, const MigrateSocket& socket) {
  std::vector<std::string> sent;
  for (std::string& key : work.keys) {
    const Entry* const entry = server.keyspace.find(slot_of(key), key);
    std::int64_t ttl = 0;
    if (entry->expire_at_ms != kNoExpiry) {
      ttl = entry->expire_at_ms - pass.wall_ms();
      if (ttl < 0) continue;
      ttl = std::max<std::int64_t>(ttl, 1);
    }
    resp::Command command{server.config.cluster_enabled ? "RESTORE-ASKING" : "RESTORE", key,
                          std::to_string(ttl), dump(entry->value)};
    if (work.options.replace) command.push_back("REPLACE");
    send(pass, socket, std::move(command));
    sent.push_back(std::move(key));
  }
  work.keys = std::move(sent);
}

Reply talk(Server& server, Pass& pass) {
  Migration& work = current(server);
  const MigrateSocket& socket = current_socket(server);
  work.connecting = false;
  if (socket.broken) return lost(server, pass, false);
  send_preamble(pass, work, socket);
  send_keys(server, pass, work, socket);
  wait_anew(server, pass);
  return read_replies(server, pass);
}

void make_room(Server& server, Pass& pass) {
  auto& sockets = server.migrate.sockets;
  if (sockets.size() < kSocketsMax) return;
  const auto which = pass.choices.choose(Site::kMigrateSocket, sockets.size());
  const std::string target = std::next(sockets.begin(), static_cast<std::ptrdiff_t>(which))->first;
  drop_socket(server, pass, target);
}

Reply attempt(Server& server, Pass& pass) {
  Migration& work = current(server);
  work.preamble_error.clear();
  work.writing = false;
  if (const auto kept = server.migrate.sockets.find(work.target);
      kept != server.migrate.sockets.end()) {
    kept->second.used_at_s = server.cached_wall_s();
    return talk(server, pass);
  }
  make_room(server, pass);
  work.connecting = true;
  if (work.endpoint.ipv4 == 0) return lost(server, pass, false);
  MigrateSocket& socket = server.migrate.sockets[work.target];
  socket.conn = mint_conn(server);
  socket.used_at_s = server.cached_wall_s();
  wait_anew(server, pass);
  pass.dial(socket.conn, work.endpoint);
  return std::nullopt;
}

template <class Sockets>
auto find_socket(Sockets& sockets, ConnId conn) {
  return std::find_if(sockets.begin(), sockets.end(),
                      [conn](const auto& socket) { return socket.second.conn == conn; });
}

bool in_use(const Server& server, const std::string& target) {
  return migrating(server) && server.migrate.under_way->target == target;
}

// Lets the migration go on, and hands its reply over if that was its end.
template <class Work>
void drive(Server& server, Pass& pass, Work work) {
  const ConnId client = current(server).client;
  Reply reply = work();
  if (reply) session_answer(server, pass, client, std::move(*reply));
}

}  // namespace

std::optional<resp::Value> migrate_begin(Server& server, Pass& pass, Migration migration) {
  migration.held = server.keyspace.count_in_slot(migration.slot);
  server.migrate.under_way = std::move(migration);
  return attempt(server, pass);
}

bool is_migrate_socket(const Server& server, ConnId conn) {
  const auto& sockets = server.migrate.sockets;
  return find_socket(sockets, conn) != sockets.end();
}

void migrate_connected(Server& server, Pass& pass, ConnId conn) {
  if (!in_use(server, find_socket(server.migrate.sockets, conn)->first)) return;
  drive(server, pass, [&] { return talk(server, pass); });
}

void migrate_received(Server& server, Pass& pass, ConnId conn, const Payload& payload) {
  const auto socket = find_socket(server.migrate.sockets, conn);
  socket->second.heard += payload.bytes();
  if (!in_use(server, socket->first)) return;
  wait_anew(server, pass);
  drive(server, pass, [&] { return read_replies(server, pass); });
}

void migrate_sent(Server& server, Pass& pass, const Sent& sent) {
  if (!in_use(server, find_socket(server.migrate.sockets, sent.conn)->first)) return;
  current(server).writing = sent.unsent_bytes != 0;
  wait_anew(server, pass);
  drive(server, pass, [&] { return read_replies(server, pass); });
}

void migrate_closed(Server& server, Pass& pass, ConnId conn, CloseReason why) {
  const auto socket = find_socket(server.migrate.sockets, conn);
  socket->second.broken = true;
  if (!in_use(server, socket->first)) return;
  if (current(server).connecting && why != CloseReason::kFailedAtOnce) {
    // Also a connection that was refused is ready to be written to; only then the error shows.
    current(server).connecting = false;
    current(server).writing = true;
  }
  drive(server, pass, [&] { return lost(server, pass, why == CloseReason::kTimedOut); });
}

void migrate_check_time(Server& server, Pass& pass) {
  if (!migrating(server) || pass.exited()) return;
  if (pass.now.monotonic < migrate_deadline(server)) return;
  drive(server, pass, [&] { return lost(server, pass, true); });
}

void migrate_cron(Server& server, Pass& pass) {
  std::vector<std::string> idle;
  for (const auto& [target, socket] : server.migrate.sockets) {
    if (server.cached_wall_s() - socket.used_at_s > kSocketIdleSeconds) idle.push_back(target);
  }
  for (const std::string& target : idle) drop_socket(server, pass, target);
}

}  // namespace sim
