#include "sim/core/transaction.h"

#include <utility>

#include "sim/core/command_handlers.h"

namespace sim {
namespace {

using resp::Value;

// Changed since, or expired by itself.
bool was_touched(const Server& server, const WatchedKey& watched) {
  const Keyspace& keyspace = server.keyspace;
  const std::uint64_t changes = keyspace.changes(watched.key) - watched.changes;
  const Entry* const entry = keyspace.find(watched.slot, watched.key);
  if (watched.expired && (changes == 0 || (changes == 1 && entry == nullptr))) return false;
  if (changes > 0) return true;
  return entry != nullptr && is_expired(*entry, server.cached_wall_ms);
}

void watch(Execution& execution, const std::string& key) {
  Session& session = *execution.session;
  for (const WatchedKey& watched : session.watched) {
    if (watched.key == key) return;
  }
  Keyspace& keyspace = execution.server.keyspace;
  const SlotId slot = execution.slot(key);
  const Entry* const entry = keyspace.find(slot, key);
  const bool expired = entry != nullptr && is_expired(*entry, execution.now_ms());
  session.watched.push_back({key, slot, keyspace.watch(slot, key), expired});
}

// The client sees a header for as many replies as there are commands, and then all replies, also
// where one command has several.
Value replies_of(Execution& execution, std::size_t commands, std::vector<Value> replies) {
  const std::size_t first = std::min(commands, replies.size());
  const auto end = replies.begin() + static_cast<std::ptrdiff_t>(first);
  execution.more.assign(std::make_move_iterator(end), std::make_move_iterator(replies.end()));
  replies.resize(first);
  return {resp::Array{std::move(replies)}};
}

Value run_queued(Execution& execution, const std::vector<RequestRef>& queued) {
  std::vector<Value> replies;
  for (const RequestRef& request : queued) {
    Value reply = execute_part(execution, request);
    count_error(execution.server, reply);
    ++execution.server.sessions.commands;
    if (!std::exchange(execution.silent, false)) replies.push_back(std::move(reply));
    for (Value& more : execution.more) replies.push_back(std::move(more));
    execution.more.clear();
  }
  return replies_of(execution, queued.size(), std::move(replies));
}

}  // namespace

void queue_command(Session& session, const CommandSpec& spec, const RequestRef& request) {
  Transaction& transaction = *session.transaction;
  transaction.queued.push_back(request);
  transaction.some_flags |= spec.flags;
  transaction.all_flags &= spec.flags;
}

void unwatch_all(Server& server, Session& session) {
  for (const WatchedKey& watched : session.watched) server.keyspace.unwatch(watched.key);
  session.watched.clear();
}

void discard_transaction(Server& server, Session& session) {
  session.transaction.reset();
  unwatch_all(server, session);
}

bool any_watched_touched(const Server& server, const Session& session) {
  for (const WatchedKey& watched : session.watched) {
    if (was_touched(server, watched)) return true;
  }
  return false;
}

std::vector<RoutedCommand> routed_commands(const Transaction& transaction) {
  std::vector<RoutedCommand> commands;
  for (const RequestRef& queued : transaction.queued) {
    commands.push_back({*find_command(queued->command()[0]), queued->command()});
  }
  return commands;
}

bool is_exec(const CommandSpec& spec) {
  return spec.handler == exec_command;
}

bool has_flag(const Session& session, const CommandSpec& spec, std::uint16_t flag) {
  if ((spec.flags & flag) != 0) return true;
  return session.transaction && is_exec(spec) && (session.transaction->some_flags & flag) != 0;
}

bool has_flag_throughout(const Session& session, const CommandSpec& spec, std::uint16_t flag) {
  if ((spec.flags & flag) == 0) return false;
  return !session.transaction || !is_exec(spec) || (session.transaction->all_flags & flag) != 0;
}

Value multi_command(Execution& execution) {
  Session& session = *execution.session;
  if (session.transaction) return refuse("ERR MULTI calls can not be nested");
  session.transaction.emplace();
  return resp::ok();
}

Value discard_command(Execution& execution) {
  Session& session = *execution.session;
  if (!session.transaction) return refuse("ERR DISCARD without MULTI");
  discard_transaction(execution.server, session);
  return resp::ok();
}

Value watch_command(Execution& execution) {
  if (execution.session->transaction) return refuse("ERR WATCH inside MULTI is not allowed");
  for (std::size_t at = 1; at < execution.command.size(); ++at) {
    watch(execution, execution.command[at]);
  }
  return resp::ok();
}

Value unwatch_command(Execution& execution) {
  unwatch_all(execution.server, *execution.session);
  return resp::ok();
}

Value exec_command(Execution& execution) {
  Session& session = *execution.session;
  if (!session.transaction) return refuse("ERR EXEC without MULTI");
  const bool broken = session.transaction->broken;
  if (broken || any_watched_touched(execution.server, session)) {
    discard_transaction(execution.server, session);
    if (!broken) return {resp::NullArray{}};
    return refuse("EXECABORT Transaction discarded because of previous errors.");
  }
  unwatch_all(execution.server, session);
  const std::vector<RequestRef> queued = session.transaction->queued;
  Value replies = run_queued(execution, queued);
  session.transaction.reset();
  return replies;
}

}  // namespace sim
