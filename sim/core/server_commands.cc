// CONFIG, COMMAND, ROLE, TIME, REPLICAOF. (INFO: info.cc.)
#include <algorithm>

#include "sim/core/command_handlers.h"
#include "sim/core/data.h"
#include "sim/core/persistence.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

using resp::Value;

// ---- CONFIG ----

// Names are matched whatever the case, and are in lower case themselves.
Value config_get(const Execution& execution) {
  const resp::Command& command = execution.command;
  if (command.size() < 3) return wrong_arity("config|get");
  resp::Array found;
  for (std::string_view name : directive_names()) {
    const auto wanted = std::find_if(command.begin() + 2, command.end(), [&](const auto& pattern) {
      return same_word(pattern, name) || matches_glob(lower_case(pattern), name);
    });
    if (wanted == command.end()) continue;
    // Asked for by name, it is answered in the letters it was asked for in.
    found.items.push_back(resp::bulk(same_word(*wanted, name) ? *wanted : std::string(name)));
    found.items.push_back(resp::bulk(*get_directive(execution.server.config, name)));
  }
  return {std::move(found)};
}

Value config_set_failed(const std::string& argument, const std::string& why) {
  return resp::error("ERR CONFIG SET failed (possibly related to argument '" + argument + "') - " +
                     why);
}

// All or nothing.
Value config_set(Execution& execution) {
  const resp::Command& command = execution.command;
  if (command.size() < 4) return wrong_arity("config|set");
  if (command.size() % 2 != 0) return refuse(kSyntaxError);
  Config changed = execution.server.config;
  for (std::size_t at = 2; at < command.size(); at += 2) {
    if (!get_directive(changed, command[at])) {
      return resp::error("ERR Unknown option or number of arguments for CONFIG SET - '" +
                         command[at] + "'");
    }
    for (std::size_t earlier = 2; earlier < at; earlier += 2) {
      if (same_word(command[earlier], command[at])) {
        return config_set_failed(command[at], "duplicate parameter");
      }
    }
  }
  for (std::size_t at = 2; at < command.size(); at += 2) {
    if (auto why = set_directive(changed, command[at], command[at + 1], true)) {
      return config_set_failed(command[at], *why);
    }
  }
  std::swap(execution.server.config, changed);
  apply_config_change(execution.server, execution.pass, changed);
  return resp::ok();
}

Value config_help() {
  constexpr std::string_view kLines[] = {
      "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
      "GET <pattern>",
      "    Return parameters matching the glob-like <pattern> and their values.",
      "SET <directive> <value>",
      "    Set the configuration <directive> to <value>.",
      "RESETSTAT",
      "    Reset statistics reported by the INFO command.",
      "REWRITE",
      "    Rewrite the configuration file.",
      "HELP",
      "    Prints this help.",
  };
  return help_of(kLines);
}

// ---- COMMAND ----

Value describe_command(const CommandSpec& spec) {
  constexpr std::pair<std::uint16_t, std::string_view> kNames[] = {
      {command_flag::kWrite, "write"},       {command_flag::kReadonly, "readonly"},
      {command_flag::kAdmin, "admin"},       {command_flag::kLoading, "loading"},
      {command_flag::kStale, "stale"},       {command_flag::kFast, "fast"},
      {command_flag::kAsksItself, "asking"}, {command_flag::kMovesKeys, "movablekeys"},
  };
  resp::Array flags;
  for (const auto& [flag, name] : kNames) {
    if ((spec.flags & flag) != 0) flags.items.push_back({resp::Simple{std::string(name)}});
  }
  const Value none{resp::Array{}};
  return {resp::Array{{resp::bulk(lower_case(spec.name)),
                       resp::integer(spec.arity),
                       {std::move(flags)},
                       resp::integer(spec.first_key),
                       resp::integer(spec.last_key),
                       resp::integer(spec.key_step),
                       none,
                       none,
                       none,
                       none}}};
}

// No documentation is kept here: each command that there is has an empty one.
Value command_docs(const resp::Command& command) {
  resp::Array docs;
  const auto add = [&docs](const CommandSpec& spec) {
    docs.items.push_back(resp::bulk(lower_case(spec.name)));
    docs.items.push_back({resp::Array{}});
  };
  for (std::size_t at = 2; at < command.size(); ++at) {
    if (const CommandSpec* const spec = find_command(command[at])) add(*spec);
  }
  if (command.size() == 2) std::for_each(command_specs().begin(), command_specs().end(), add);
  return {std::move(docs)};
}

Value command_keys(const resp::Command& command) {
  const resp::Command inner(command.begin() + 2, command.end());
  const CommandSpec* const spec = find_command(inner[0]);
  if (spec == nullptr) return refuse("ERR Invalid command specified");
  if (spec->first_key == 0 || (spec->flags & command_flag::kShardChannels) != 0) {
    return refuse("ERR The command has no key arguments");
  }
  if (!arity_fits(*spec, inner.size())) {
    return refuse("ERR Invalid number of arguments specified for command");
  }
  resp::Array keys;
  each_key(*spec, inner, [&](const std::string& key) { keys.items.push_back(resp::bulk(key)); });
  if (keys.items.empty()) return refuse("ERR Invalid arguments specified for command");
  return {std::move(keys)};
}

// ---- ROLE ----

std::string_view link_word(PrimaryLink::State state) {
  switch (state) {
    case PrimaryLink::State::kNone:
    case PrimaryLink::State::kMustConnect:
      return "connect";
    case PrimaryLink::State::kConnecting:
      return "connecting";
    case PrimaryLink::State::kHandshake:
    case PrimaryLink::State::kAwaitsPsync:
      return "handshake";
    case PrimaryLink::State::kTransfer:
    case PrimaryLink::State::kLoading:
      return "sync";
    case PrimaryLink::State::kUp:
      return "connected";
  }
  return "unknown";
}

}  // namespace

Value config_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (same_word(command[1], "GET")) return config_get(execution);
  if (same_word(command[1], "SET")) return config_set(execution);
  if (same_word(command[1], "RESETSTAT")) {
    return command.size() == 2 ? resp::ok() : wrong_arity("config|resetstat");
  }
  if (same_word(command[1], "REWRITE")) {
    return command.size() == 2 ? refuse("ERR The server is running without a config file")
                               : wrong_arity("config|rewrite");
  }
  if (same_word(command[1], "HELP")) {
    return command.size() == 2 ? config_help() : wrong_arity("config|help");
  }
  return unknown_subcommand("CONFIG", command[1]);
}

Value command_command(Execution& execution) {
  const resp::Command& command = execution.command;
  resp::Array all;
  if (command.size() == 1 || (same_word(command[1], "INFO") && command.size() == 2)) {
    for (const CommandSpec& spec : command_specs()) all.items.push_back(describe_command(spec));
    return {std::move(all)};
  }
  if (same_word(command[1], "INFO")) {
    for (std::size_t at = 2; at < command.size(); ++at) {
      const CommandSpec* const spec = find_command(command[at]);
      all.items.push_back(spec != nullptr ? describe_command(*spec) : Value{resp::Null{}});
    }
    return {std::move(all)};
  }
  if (same_word(command[1], "COUNT")) {
    if (command.size() != 2) return wrong_arity("command|count");
    return resp::integer(static_cast<std::int64_t>(command_specs().size()));
  }
  if (same_word(command[1], "LIST")) {
    if (command.size() != 2) return refuse(kSyntaxError);
    for (const CommandSpec& spec : command_specs())
      all.items.push_back(resp::bulk(lower_case(spec.name)));
    return {std::move(all)};
  }
  if (same_word(command[1], "DOCS")) return command_docs(command);
  if (same_word(command[1], "GETKEYS")) {
    return command.size() < 4 ? wrong_arity("command|getkeys") : command_keys(command);
  }
  return unknown_subcommand("COMMAND", command[1]);
}

Value role_command(Execution& execution) {
  const ReplicationState& replication = execution.server.replication;
  const PrimaryLink& link = replication.link;
  if (link.primary) {
    const bool up = link.state == PrimaryLink::State::kUp;
    return {resp::Array{{resp::bulk("slave"), resp::bulk(format_ipv4(link.primary->ipv4)),
                         resp::integer(link.primary->port),
                         resp::bulk(std::string(link_word(link.state))),
                         resp::integer(up ? replication.offset : -1)}}};
  }
  resp::Array replicas;
  for (const auto& [conn, replica] : replication.replicas) {
    if (!replica.is_online()) continue;
    replicas.items.push_back({resp::Array{{resp::bulk(format_ipv4(replica.listens.ipv4)),
                                           resp::bulk(std::to_string(replica.listens.port)),
                                           resp::bulk(std::to_string(replica.ack_offset))}}});
  }
  return {resp::Array{
      {resp::bulk("master"), resp::integer(replication.offset), {std::move(replicas)}}}};
}

Value time_command(Execution& execution) {
  const std::int64_t microseconds = to_ns(execution.pass.now.wall) / 1000;
  return {resp::Array{{resp::bulk(std::to_string(microseconds / 1'000'000)),
                       resp::bulk(std::to_string(microseconds % 1'000'000))}}};
}

// REPLICAOF and SLAVEOF, for nodes without a cluster. Hosts are IPv4 addresses.
Value replicaof_command(Execution& execution) {
  Server& server = execution.server;
  if (server.config.cluster_enabled) return refuse("ERR REPLICAOF not allowed in cluster mode.");
  const std::string& host = execution.command[1];
  const std::string& port = execution.command[2];
  if (same_word(host, "NO") && same_word(port, "ONE")) {
    if (server.replication.link.primary) replication_promote(server, execution.pass);
    return resp::ok();
  }
  const std::optional<std::int64_t> number = parse_integer(port);
  if (!number || *number < 0 || *number > 65535) return refuse("ERR Invalid master port");
  const Endpoint primary{parse_ipv4(host), static_cast<std::uint16_t>(*number)};
  if (server.replication.link.primary == primary) {
    return {resp::Simple{"OK Already connected to specified master"}};
  }
  replication_follow(server, execution.pass, primary);
  return resp::ok();
}

}  // namespace sim
