// What replicas say to me: REPLCONF and PSYNC.
#include "sim/core/command_handlers.h"
#include "sim/core/replication.h"

namespace sim {

using resp::Value;

bool takes_open_slots(std::string_view version) {
  const std::size_t dot = version.find('.');
  const std::optional<std::int64_t> major = parse_integer(version.substr(0, dot));
  if (!major || *major != 7 || dot == std::string_view::npos) return major && *major > 7;
  const std::string_view rest = version.substr(dot + 1);
  const std::optional<std::int64_t> minor = parse_integer(rest.substr(0, rest.find('.')));
  return minor && *minor > 2;
}

Value replconf_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (command.size() % 2 == 0) return refuse(kSyntaxError);
  for (std::size_t at = 1; at < command.size(); at += 2) {
    const std::optional<std::int64_t> number = parse_integer(command[at + 1]);
    if (same_word(command[at], "listening-port")) {
      if (!number || *number < 0 || *number > 65535) return refuse(kNotAnInteger);
      execution.session->listening_port = static_cast<std::uint16_t>(*number);
    } else if (same_word(command[at], "ack")) {
      execution.silent = true;
      if (!number) return resp::ok();
      replication_acked(execution.server, execution.pass, execution.session->conn, *number);
      return resp::ok();
    } else if (same_word(command[at], "version") &&
               deviates(execution.server, Deviation::kOpenSlotsReplicated)) {
      execution.session->takes_open_slots = takes_open_slots(command[at + 1]);
    } else if (!same_word(command[at], "capa") && !same_word(command[at], "ip-address")) {
      return resp::error("ERR Unrecognized REPLCONF option: " + command[at]);
    }
  }
  return resp::ok();
}

Value psync_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const std::optional<std::int64_t> from = parse_integer(command[2]);
  if (!from) return refuse(kNotAnInteger);
  execution.silent = true;
  // An id of another length ("?") is nobody's.
  const NodeName replid = command[1].size() == 40 ? NodeName::from(command[1]) : NodeName{};
  replication_serve_psync(execution.server, execution.pass, *execution.session, replid, *from);
  return resp::ok();
}

}  // namespace sim
