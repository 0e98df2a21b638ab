#include "sim/core/cluster_commands.h"
#include "sim/core/command_handlers.h"
#include "sim/core/set_slot.h"

namespace sim {
namespace {

using resp::Value;

constexpr std::string_view kNoCluster = "ERR This instance has cluster support disabled";

std::int64_t client_id(const Session& session) {
  return session.conn.serial();
}

Value not_for_disabled(const Execution& execution) {
  return execution.server.config.cluster_enabled ? resp::ok() : refuse(kNoCluster);
}

}  // namespace

Value ping_command(Execution& execution) {
  if (execution.command.size() > 2) return wrong_arity("ping");
  if (execution.session != nullptr && execution.session->subscriber()) {
    const std::string text = execution.command.size() == 2 ? execution.command[1] : "";
    return {resp::Array{{resp::bulk("pong"), resp::bulk(text)}}};
  }
  if (execution.command.size() == 2) return resp::bulk(execution.command[1]);
  return {resp::Simple{"PONG"}};
}

Value echo_command(Execution& execution) {
  return resp::bulk(execution.command[1]);
}

Value quit_command(Execution& execution) {
  execution.pass.close_after_sends(execution.session->conn);
  execution.session->closing = true;
  return resp::ok();
}

// There are no users and no password.
Value auth_command(Execution& execution) {
  const std::size_t words = execution.command.size();
  if (words > 3) return refuse(kSyntaxError);
  if (words == 2) {
    return refuse(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  if (execution.command[1] == "default") return resp::ok();
  return refuse("WRONGPASS invalid username-password pair or user is disabled.");
}

Value select_command(Execution& execution) {
  const std::optional<std::int64_t> database = parse_integer(execution.command[1]);
  if (!database) return refuse(kNotAnInteger);
  if (*database != static_cast<std::int32_t>(*database)) {
    return refuse("ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (*database == 0) return resp::ok();
  return refuse(execution.server.config.cluster_enabled
                    ? "ERR SELECT is not allowed in cluster mode"
                    : "ERR DB index is out of range");
}

Value hello_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (command.size() > 1) {
    const std::optional<std::int64_t> version = parse_integer(command[1]);
    if (!version) return refuse("ERR Protocol version is not an integer or out of range");
    if (*version != 2) return refuse("NOPROTO unsupported protocol version");
  }
  for (std::size_t at = 2; at < command.size(); ++at) {
    const std::size_t more = command.size() - at - 1;
    if (same_word(command[at], "AUTH") && more >= 2) {
      if (command[at + 1] != "default") {
        return refuse("WRONGPASS invalid username-password pair or user is disabled.");
      }
      at += 2;
    } else if (same_word(command[at], "SETNAME") && more >= 1) {
      const Value set = set_client_name(*execution.session, command[at + 1]);
      if (std::holds_alternative<resp::Error>(set.data)) return set;
      at += 1;
    } else {
      return resp::error("ERR Syntax error in HELLO option '" + command[at] + "'");
    }
  }
  const Server& server = execution.server;
  const bool am_replica = server.replication.link.primary.has_value();
  return {resp::Array{{
      resp::bulk("server"),
      resp::bulk("redis"),  //
      resp::bulk("version"),
      resp::bulk("7.0.15"),  //
      resp::bulk("proto"),
      resp::integer(2),  //
      resp::bulk("id"),
      resp::integer(client_id(*execution.session)),  //
      resp::bulk("mode"),
      resp::bulk(server.config.cluster_enabled ? "cluster" : "standalone"),
      resp::bulk("role"),
      resp::bulk(am_replica ? "replica" : "master"),  //
      resp::bulk("modules"),
      {resp::Array{}},
  }}};
}

Value readonly_command(Execution& execution) {
  execution.session->readonly = execution.server.config.cluster_enabled;
  return not_for_disabled(execution);
}

Value readwrite_command(Execution& execution) {
  execution.session->readonly = false;
  return not_for_disabled(execution);
}

Value asking_command(Execution& execution) {
  execution.session->asking = execution.server.config.cluster_enabled;
  return not_for_disabled(execution);
}

Value cluster_delegate_command(Execution& execution) {
  if (!execution.server.config.cluster_enabled) return refuse(kNoCluster);
  if (set_slot_waits(execution)) return {};
  return cluster_command(execution.server, execution.pass, execution.command);
}

}  // namespace sim
