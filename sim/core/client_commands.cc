// CLIENT and its subcommands; RESET.
#include <algorithm>
#include <utility>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"
#include "sim/core/pubsub.h"
#include "sim/core/replication.h"
#include "sim/core/transaction.h"

namespace sim {
namespace {

using resp::Command;
using resp::Value;

std::int64_t id_of(const Session& session) {
  return session.conn.serial();
}

bool printable_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '!' && c <= '~'; });
}

// ---- Describing ----

std::string flags_of(const Server& server, const Session& session) {
  std::string flags;
  if (session.replica) flags += 'S';
  if (session.subscriber()) flags += 'P';
  if (session.transaction) flags += 'x';
  if (session.blocked || !session.held.empty()) flags += 'b';
  if (any_watched_touched(server, session)) flags += 'd';
  if (session.closing) flags += 'c';
  if (session.readonly) flags += 'r';
  if (session.no_evict) flags += 'e';
  return flags.empty() ? "N" : flags;
}

std::string command_name(const Session& session) {
  return session.last_command == nullptr ? "NULL" : lower_case(session.last_command->name);
}

// The fields of 7.0.15 in their order; memory is not accounted for here, and reads 0.
std::string describe(const Server& server, const Session& session, std::string_view command) {
  const auto number = [](std::size_t value) { return std::to_string(value); };
  const std::int64_t now_s = server.cached_wall_s();
  std::string text = "id=" + std::to_string(id_of(session));
  text += " addr=" + format_endpoint(session.remote) + " laddr=" + format_endpoint(server.self);
  text += " fd=8 name=" + session.name;
  text += " age=" + std::to_string(now_s - session.accepted_at_s);
  text += " idle=" + std::to_string(now_s - session.heard_at_s);
  text += " flags=" + flags_of(server, session) + " db=0";
  text += " sub=" + number(session.channels.size()) + " psub=" + number(session.patterns.size());
  text += " ssub=" + number(session.shard_channels.size());
  text += " multi=" + (session.transaction ? number(session.transaction->queued.size()) : "-1");
  text += " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0";
  text += " events=r cmd=" + (command.empty() ? command_name(session) : std::string(command));
  return text + " user=default redir=-1 resp=2\n";
}

// ---- Choosing ----

enum class Type : std::uint8_t { kNormal, kReplica, kPrimary, kPubsub };
std::optional<Type> type_named(const std::string& word) {
  if (same_word(word, "normal")) return Type::kNormal;
  if (same_word(word, "slave") || same_word(word, "replica")) return Type::kReplica;
  if (same_word(word, "master")) return Type::kPrimary;
  if (same_word(word, "pubsub")) return Type::kPubsub;
  return std::nullopt;
}
Type type_of(const Session& session) {
  if (session.replica) return Type::kReplica;
  return session.subscriber() ? Type::kPubsub : Type::kNormal;
}
Value unknown_type(const std::string& word) {
  return resp::error("ERR Unknown client type '" + word + "'");
}

struct Filter {
  std::optional<Type> type;
  std::optional<std::int64_t> id;
  std::string address, local_address;
  bool skip_me = true;

  bool fits(const Server& server, const Session& session) const {
    if (type && *type != type_of(session)) return false;
    if (id && *id != id_of(session)) return false;
    if (!address.empty() && address != format_endpoint(session.remote)) return false;
    return local_address.empty() || local_address == format_endpoint(server.self);
  }
};

// One "OPTION value" of CLIENT KILL; what is wrong with it, if anything.
std::optional<Value> read_option(const std::string& option, const std::string& value,
                                 Filter& filter) {
  if (same_word(option, "ID")) {
    filter.id = parse_integer(value);
    if (!filter.id || *filter.id <= 0) return refuse("ERR client-id should be greater than 0");
  } else if (same_word(option, "TYPE")) {
    filter.type = type_named(value);
    if (!filter.type) return unknown_type(value);
  } else if (same_word(option, "ADDR")) {
    filter.address = value;
  } else if (same_word(option, "LADDR")) {
    filter.local_address = value;
  } else if (same_word(option, "USER")) {
    if (value != "default") return resp::error("ERR No such user '" + value + "'");
  } else if (same_word(option, "SKIPME")) {
    if (!same_word(value, "yes") && !same_word(value, "no")) return refuse(kSyntaxError);
    filter.skip_me = same_word(value, "yes");
  } else {
    return refuse(kSyntaxError);
  }
  return std::nullopt;
}

std::int64_t kill(Execution& execution, const Filter& filter) {
  Server& server = execution.server;
  std::vector<ConnId> doomed;
  for (const auto& [conn, session] : server.sessions.by_conn) {
    const bool spared = filter.skip_me && conn == execution.session->conn;
    if (!spared && !session.closing && filter.fits(server, session)) doomed.push_back(conn);
  }
  for (ConnId conn : doomed) {
    if (conn == execution.session->conn) {
      close_after_replies(server, execution.pass, conn);
    } else {
      execution.pass.close(conn);
      session_closed(server, execution.pass, conn);
    }
  }
  return static_cast<std::int64_t>(doomed.size());
}

// ---- The subcommands ----

Value get_id(Execution& execution) {
  return resp::integer(id_of(*execution.session));
}

Value get_name(Execution& execution) {
  const std::string& name = execution.session->name;
  return name.empty() ? Value{resp::Null{}} : resp::bulk(name);
}

Value set_name(Execution& execution) {
  return set_client_name(*execution.session, execution.command[2]);
}

Value info(Execution& execution) {
  return resp::bulk(describe(execution.server, *execution.session, "client|info"));
}

// [TYPE type] or [ID id...]
Value list(Execution& execution) {
  const Command& command = execution.command;
  std::optional<Type> type;
  std::vector<std::int64_t> ids;
  if (command.size() == 4 && same_word(command[2], "TYPE")) {
    type = type_named(command[3]);
    if (!type) return unknown_type(command[3]);
  } else if (command.size() > 3 && same_word(command[2], "ID")) {
    for (std::size_t at = 3; at < command.size(); ++at) {
      const auto id = parse_integer(command[at]);
      if (!id) return refuse("ERR Invalid client ID");
      ids.push_back(*id);
    }
  } else if (command.size() != 2) {
    return refuse(kSyntaxError);
  }
  std::string text;
  const auto print = [&](const Session& session) {
    const bool mine = session.conn == execution.session->conn;
    text += describe(execution.server, session, mine ? "client|list" : "");
  };
  for (std::int64_t id : ids) {  // in the order asked for
    for (const auto& [conn, session] : execution.server.sessions.by_conn) {
      if (id_of(session) == id) print(session);
    }
  }
  for (const auto& [conn, session] : execution.server.sessions.by_conn) {
    if (ids.empty() && (!type || *type == type_of(session))) print(session);
  }
  return resp::bulk(std::move(text));
}

Value kill_command(Execution& execution) {
  const Command& command = execution.command;
  Filter filter;
  if (command.size() == 3) {  // the old form: by address, itself too
    filter.address = command[2];
    filter.skip_me = false;
    return kill(execution, filter) > 0 ? resp::ok() : refuse("ERR No such client");
  }
  for (std::size_t at = 2; at < command.size(); at += 2) {
    if (at + 1 == command.size()) return refuse(kSyntaxError);
    if (auto wrong = read_option(command[at], command[at + 1], filter)) return *wrong;
  }
  return resp::integer(kill(execution, filter));
}

Value no_evict(Execution& execution) {
  const bool on = same_word(execution.command[2], "on");
  if (!on && !same_word(execution.command[2], "off")) return refuse(kSyntaxError);
  execution.session->no_evict = on;
  return resp::ok();
}

Value pause(Execution& execution) {
  const Command& command = execution.command;
  const bool writes = command.size() == 4 && same_word(command[3], "WRITE");
  if (command.size() == 4 && !writes && !same_word(command[3], "ALL")) {
    return refuse("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  const auto until =
      parse_timeout(command[2], TimeoutUnit::kMilliseconds, execution.pass.wall_ms());
  if (const auto* refused = std::get_if<std::string_view>(&until)) return refuse(*refused);
  ClientPause& pause = execution.server.sessions.client_pause;
  pause.until_wall_ms = std::max(pause.until_wall_ms, std::get<std::int64_t>(until));
  pause.all = pause.all || !writes;
  return resp::ok();
}

Value unpause(Execution& execution) {
  execution.server.sessions.client_pause = {};
  return resp::ok();
}

Value reply(Execution& execution) {
  Session& session = *execution.session;
  const std::string& mode = execution.command[2];
  if (same_word(mode, "ON")) {
    session.replies_off = false;
    return resp::ok();
  }
  execution.silent = true;
  if (same_word(mode, "OFF")) {
    session.replies_off = true;
  } else if (same_word(mode, "SKIP")) {
    session.skip_next = !session.replies_off;
  } else {
    execution.silent = false;
    return refuse(kSyntaxError);
  }
  return resp::ok();
}

Value unblock_command(Execution& execution) {
  const Command& command = execution.command;
  const bool error = command.size() == 4 && same_word(command[3], "ERROR");
  if (command.size() == 4 && !error && !same_word(command[3], "TIMEOUT")) {
    return refuse("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const auto id = parse_integer(command[2]);
  if (!id) return refuse(kNotAnInteger);
  for (auto& [conn, session] : execution.server.sessions.by_conn) {
    if (id_of(session) != *id || !session.blocked) continue;
    const bool done = end_wait(execution.server, execution.pass, session,
                               error ? WaitEnd::kByCommand : WaitEnd::kTimedOut);
    return resp::integer(done ? 1 : 0);
  }
  return resp::integer(0);
}

struct ClientSubcommand {
  std::string_view name;
  int arity;  // with CLIENT and itself; negative: at least so many
  int most;   // words
  Value (*run)(Execution&);
};
constexpr int kAny = 1 << 20;
constexpr ClientSubcommand kClientSubcommands[] = {
    {"getname", 2, 2, get_name}, {"id", 2, 2, get_id},
    {"info", 2, 2, info},        {"kill", -3, kAny, kill_command},
    {"list", -2, kAny, list},    {"no-evict", 3, 3, no_evict},
    {"pause", -3, 4, pause},     {"reply", 3, 3, reply},
    {"setname", 3, 3, set_name}, {"unblock", -3, 4, unblock_command},
    {"unpause", 2, 2, unpause},
};

}  // namespace

Value set_client_name(Session& session, const std::string& name) {
  if (!printable_name(name)) {
    return refuse("ERR Client names cannot contain spaces, newlines or special characters.");
  }
  session.name = name;
  return resp::ok();
}

Value client_command(Execution& execution) {
  const Command& command = execution.command;
  const auto words = static_cast<int>(command.size());
  for (const ClientSubcommand& subcommand : kClientSubcommands) {
    if (!same_word(subcommand.name, command[1])) continue;
    const bool fits = subcommand.arity > 0 ? words == subcommand.arity : words >= -subcommand.arity;
    if (!fits) return wrong_arity("client|" + std::string(subcommand.name));
    if (words > subcommand.most) return wrong_form("CLIENT", command[1]);
    return subcommand.run(execution);
  }
  return unknown_subcommand("CLIENT", command[1]);
}

// What a new connection would be, but for its id and what it watches.
Value reset_command(Execution& execution) {
  Session& session = *execution.session;
  if (session.replica) return refuse("ERR can only reset normal client connections");
  if (session.transaction) discard_transaction(execution.server, session);
  unsubscribe_from_all(execution.server, session);
  session.name.clear();
  session.readonly = session.asking = session.replies_off = session.skip_next = false;
  return {resp::Simple{"RESET"}};
}

}  // namespace sim
