// Commands about databases, of which there is one, and COPY; FAILOVER. (Protocol §9.2, last
// paragraph.)
#include <utility>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"

namespace sim {
namespace {

using resp::Value;

constexpr std::string_view kNoDatabase = "ERR DB index is out of range";

struct CopyOptions {
  bool replace = false;
  std::int64_t database = 0;
};
std::optional<Value> read_options(const resp::Command& command, CopyOptions& options) {
  for (std::size_t at = 3; at < command.size(); ++at) {
    if (same_word(command[at], "REPLACE")) {
      options.replace = true;
    } else if (same_word(command[at], "DB") && at + 1 < command.size()) {
      const auto database = parse_integer(command[++at]);
      if (!database) return refuse(kNotAnInteger);
      options.database = *database;
    } else {
      return refuse(kSyntaxError);
    }
  }
  return std::nullopt;
}

}  // namespace

Value move_command(Execution& execution) {
  return refuse(execution.server.config.cluster_enabled ? "ERR MOVE is not allowed in cluster mode"
                                                        : kNoDatabase);
}

Value swapdb_command(Execution& execution) {
  return refuse(execution.server.config.cluster_enabled
                    ? "ERR SWAPDB is not allowed in cluster mode"
                    : kNoDatabase);
}

Value failover_command(Execution& execution) {
  return refuse(execution.server.config.cluster_enabled
                    ? "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command "
                      "instead."
                    : "ERR FAILOVER requires connected replicas.");
}

Value copy_command(Execution& execution) {
  const std::string& source = execution.command[1];
  const std::string& target = execution.command[2];
  CopyOptions options;
  if (auto wrong = read_options(execution.command, options)) return *wrong;
  if (options.database != 0) {
    return refuse(execution.server.config.cluster_enabled
                      ? "ERR Copying to another database is not allowed in cluster mode"
                      : kNoDatabase);
  }
  if (source == target) return refuse("ERR source and destination objects are the same");
  const SlotId source_slot = execution.slot(source), target_slot = execution.slot(target);
  const Entry* const entry = look_up(execution, source_slot, source);
  if (entry == nullptr) return resp::integer(0);
  const Entry copied = *entry;
  if (look_up(execution, target_slot, target) != nullptr && !options.replace) {
    return resp::integer(0);
  }
  execution.server.keyspace.put(target_slot, target, copied.value, copied.expire_at_ms);
  if (std::holds_alternative<ListRef>(copied.value)) list_created(execution.server, target);
  execution.dirty = 1;
  return resp::integer(1);
}

}  // namespace sim
