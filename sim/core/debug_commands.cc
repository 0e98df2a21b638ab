#include <utility>

#include "sim/core/blocked.h"
#include "sim/core/broken.h"
#include "sim/core/cluster_state.h"
#include "sim/core/command_handlers.h"
#include "sim/core/data.h"
#include "sim/core/debug.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_internal.h"

namespace sim {
namespace {

using resp::Command;
using resp::Value;

// What is no number counts as 0, as with strtod.
Value sleep(Execution& execution) {
  const std::int64_t ns = parse_decimal(execution.command[2], 9).value_or(0);
  if (ns <= 0) return resp::ok();
  execution.server.debug.asleep_until_ns = to_ns(execution.pass.now.monotonic) + ns;
  return resp::ok();
}

// The data as they would be if written to a file and read again: oldest first, and on a primary
// without what has expired.
void reload(Server& server) {
  const Keyspace before = server.keyspace;
  const bool am_replica = server.replication.link.primary.has_value();
  server.keyspace.clear();
  before.each_by_age([&](const Entry& entry) {
    if (!am_replica && is_expired(entry, server.cached_wall_ms)) return;
    server.keyspace.put(entry.slot_id(), entry.key, entry.value, entry.expire_at_ms);
  });
}

Value reload_snapshot(Execution& execution) {
  const Command& command = execution.command;
  bool save = true;
  for (std::size_t at = 2; at < command.size(); ++at) {
    if (same_word(command[at], "NOSAVE")) {
      save = false;
    } else if (!same_word(command[at], "NOFLUSH") && !same_word(command[at], "MERGE")) {
      return refuse("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  // A running node does not read files; it knows what is in one that it has just written.
  if (!save) return refuse("ERR Error trying to load the RDB dump, check server logs.");
  persistence_save(execution.server, execution.pass);
  reload(execution.server);
  return resp::ok();
}

Value load_aof(Execution& execution) {
  if (!execution.server.config.appendonly) {
    execution.pass.exit(kFatalExit, "DEBUG LOADAOF: there is no append-only file");
    return resp::ok();
  }
  reload(execution.server);
  return resp::ok();
}

Value change_replication_id(Execution& execution) {
  ReplicationState& replication = execution.server.replication;
  replication.replid = mint_replication_id(execution.server, execution.pass);
  clear_second_id(replication);
  return resp::ok();
}

Value crash(Execution& execution, int code, const char* why) {
  execution.pass.exit(code, why);
  return resp::ok();
}

Value set_active_expire(Execution& execution) {
  const auto on = parse_integer(execution.command[2]);
  execution.server.debug.expires_actively = on.value_or(0) != 0;
  return resp::ok();
}

Value drop_packets(Execution& execution) {
  const auto type = parse_integer(execution.command[2]);
  if (!type) return refuse(kNotAnInteger);
  execution.server.debug.dropped_packets = static_cast<std::int32_t>(*type);
  return resp::ok();
}

// KILL to|from|all id
Value kill_links(Execution& execution) {
  const Command& command = execution.command;
  Server& server = execution.server;
  if (!server.config.cluster_enabled) {
    return refuse("ERR Debug option only available for cluster mode enabled setup!");
  }
  const PeerId peer = find_peer(server, command[4]);
  if (peer.is_none()) return resp::error("ERR Unknown node " + command[4]);
  const bool all = same_word(command[3], "all");
  if (!all && !same_word(command[3], "to") && !same_word(command[3], "from")) {
    return wrong_form("DEBUG", command[1]);
  }
  if (all || same_word(command[3], "to")) free_dialled_link(server, execution.pass, peer);
  if (all || same_word(command[3], "from")) free_accepted_link(server, execution.pass, peer);
  return resp::ok();
}

}  // namespace

bool may_debug(const Server& server, const Session& session) {
  constexpr std::uint32_t kLoopback = 127;
  const std::string& allowed = server.config.enable_debug_command;
  return allowed == "yes" || (allowed == "local" && session.remote.ipv4 >> 24 == kLoopback);
}

Value debug_command(Execution& execution) {
  const Command& command = execution.command;
  const auto is = [&](std::string_view name, std::size_t words) {
    return same_word(command[1], name) && command.size() == words;
  };
  if (is("SLEEP", 3)) return sleep(execution);
  if (same_word(command[1], "RELOAD")) return reload_snapshot(execution);
  if (is("LOADAOF", 2)) return load_aof(execution);
  if (is("CHANGE-REPL-ID", 2)) return change_replication_id(execution);
  if (is("SEGFAULT", 2)) return crash(execution, kSegfaultExit, "DEBUG SEGFAULT");
  if (is("ASSERT", 2)) return crash(execution, kAssertionExit, "DEBUG ASSERT");
  if (is("SET-ACTIVE-EXPIRE", 3)) return set_active_expire(execution);
  if (is("ERROR", 3)) return resp::error(command[2]);
  if (is("DROP-CLUSTER-PACKET-FILTER", 3)) return drop_packets(execution);
  if (is("CLUSTERLINK", 5) && same_word(command[2], "KILL")) return kill_links(execution);
  return wrong_form("DEBUG", command[1]);
}

}  // namespace sim
