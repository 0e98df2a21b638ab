// DUMP and RESTORE. (RESTORE-ASKING is the same to who runs it: protocol §9.2, row 12.)
#include <limits>
#include <optional>
#include <utility>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"
#include "sim/core/dump.h"

namespace sim {
namespace {

using resp::Value;

struct RestoreOptions {
  bool replace = false, absolute = false;
  bool idle_time = false, frequency = false;  // which exclude one another; they go no further
};

// The number behind IDLETIME or FREQ, which must not exceed `most`.
std::optional<Value> check_number(const std::string& text, std::int64_t most,
                                  std::string_view refusal) {
  const std::optional<std::int64_t> number = parse_integer(text);
  if (!number) return refuse(kNotAnInteger);
  if (*number < 0 || *number > most) return refuse(refusal);
  return std::nullopt;
}

std::optional<Value> parse_options(const resp::Command& command, RestoreOptions& options) {
  for (std::size_t at = 4; at < command.size(); ++at) {
    const std::string& word = command[at];
    const bool more = at + 1 < command.size();
    std::optional<Value> refused;
    if (same_word(word, "REPLACE")) {
      options.replace = true;
    } else if (same_word(word, "ABSTTL")) {
      options.absolute = true;
    } else if (same_word(word, "IDLETIME") && more && !options.frequency) {
      options.idle_time = true;
      refused = check_number(command[++at], std::numeric_limits<std::int64_t>::max(),
                             "ERR Invalid IDLETIME value, must be >= 0");
    } else if (same_word(word, "FREQ") && more && !options.idle_time) {
      options.frequency = true;
      refused = check_number(command[++at], 255, "ERR Invalid FREQ value, must be >= 0 and <= 255");
    } else {
      return refuse(kSyntaxError);
    }
    if (refused) return refused;
  }
  return std::nullopt;
}

std::string_view why(rdb::BadDump bad) {
  return bad == rdb::BadDump::kFooter ? "ERR DUMP payload version or checksum are wrong"
                                      : "ERR Bad data format";
}

// As replicas get it: with the time in absolute terms.
RequestRef absolute(const Execution& execution, std::int64_t expire_at_ms) {
  resp::Command command = execution.command;
  command[2] = std::to_string(expire_at_ms);
  command.push_back("ABSTTL");
  return rewritten(std::move(command), execution);
}

// A key restored when its time is over already: what it would have replaced goes all the same.
Value restore_nothing(Execution& execution, bool replaced) {
  if (replaced) {
    execution.dirty = 1;
    execution.propagated_as = rewritten({"DEL", execution.command[1]}, execution);
  }
  return resp::ok();
}

}  // namespace

Value dump_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  return entry == nullptr ? Value{resp::Null{}} : resp::bulk(dump(entry->value));
}

Value restore_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const std::string& key = command[1];
  const SlotId slot = execution.slot(key);
  Server& server = execution.server;
  RestoreOptions options;
  if (auto refused = parse_options(command, options)) return *refused;
  if (!options.replace && look_up(execution, slot, key) != nullptr) {
    return refuse("BUSYKEY Target key name already exists.");
  }
  const std::optional<std::int64_t> ttl = parse_integer(command[2]);
  if (!ttl) return refuse(kNotAnInteger);
  if (*ttl < 0) return refuse("ERR Invalid TTL value, must be >= 0");
  auto value = undump(command[3]);
  if (const auto* bad = std::get_if<rdb::BadDump>(&value)) return refuse(why(*bad));

  const bool replaced = options.replace && server.keyspace.erase(slot, key);
  const std::int64_t now = execution.pass.wall_ms();
  const std::int64_t when = *ttl == 0 ? kNoExpiry : options.absolute ? *ttl : now + *ttl;
  const bool expires_keys = execution.origin == Origin::kClient && !server.replication.link.primary;
  if (when != kNoExpiry && when <= now && expires_keys) return restore_nothing(execution, replaced);
  server.keyspace.put(slot, key, std::get<DataValue>(std::move(value)), when);
  if (std::holds_alternative<ListRef>(server.keyspace.find(slot, key)->value)) {
    list_created(server, key);
  }
  execution.dirty = 1;
  if (when != kNoExpiry && !options.absolute) execution.propagated_as = absolute(execution, when);
  return resp::ok();
}

}  // namespace sim
