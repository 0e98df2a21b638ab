#include <limits>

#include "sim/core/charges.h"
#include "sim/core/command_handlers.h"

namespace sim {
namespace {

using resp::Value;

// What no client's history says is told in the trace, or the keys would be missed.
void tell_removal(Execution& execution, std::uint64_t keys, std::string key) {
  if (execution.origin != Origin::kClient) return;
  if (!key.empty() && execution.request.operation() != 0) return;
  execution.pass.note(event::KeysRemoved{keys, std::move(key)});
}

// ---- Expiry ----

struct ExpireOptions {
  bool only_without = false;  // NX
  bool only_with = false;     // XX
  bool only_later = false;    // GT
  bool only_sooner = false;   // LT
};

std::optional<Value> parse_expire_options(const resp::Command& command, ExpireOptions& options) {
  for (std::size_t at = 3; at < command.size(); ++at) {
    if (same_word(command[at], "NX")) {
      options.only_without = true;
    } else if (same_word(command[at], "XX")) {
      options.only_with = true;
    } else if (same_word(command[at], "GT")) {
      options.only_later = true;
    } else if (same_word(command[at], "LT")) {
      options.only_sooner = true;
    } else {
      return resp::error("ERR Unsupported option " + command[at]);
    }
  }
  if (options.only_without && (options.only_with || options.only_later || options.only_sooner)) {
    return refuse("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (options.only_later && options.only_sooner) {
    return refuse("ERR GT and LT options at the same time are not compatible");
  }
  return std::nullopt;
}

// No expiry counts as an infinite one.
bool forbidden(const ExpireOptions& options, std::int64_t now_set, std::int64_t wanted) {
  const bool has = now_set != kNoExpiry;
  if (options.only_without && has) return true;
  if (options.only_with && !has) return true;
  if (options.only_later && (!has || wanted <= now_set)) return true;
  return options.only_sooner && has && wanted >= now_set;
}

enum class Unit : std::uint8_t { kSeconds, kMilliseconds };

// The command as replicas get it: with the absolute time, and the conditions it came with.
RequestRef absolute(const Execution& execution, std::int64_t when) {
  resp::Command command = execution.command;
  command[0] = "PEXPIREAT";
  command[2] = std::to_string(when);
  return rewritten(std::move(command), execution);
}

// A relative time counts from the fresh wall clock (protocol §4.3).
Value expire(Execution& execution, Unit unit, bool relative, std::string_view name) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  const std::string& key = execution.command[1];
  ExpireOptions options;
  if (auto error = parse_expire_options(execution.command, options)) return *error;
  const std::optional<std::int64_t> amount = parse_integer(execution.command[2]);
  if (!amount) return refuse(kNotAnInteger);
  const std::int64_t base = relative ? execution.pass.wall_ms() : 0;
  const std::int64_t factor = unit == Unit::kSeconds ? 1000 : 1;
  const bool too_big =
      *amount > kMax / factor || *amount < kMin / factor || *amount * factor > kMax - base;
  if (too_big) {
    return resp::error("ERR invalid expire time in '" + std::string(name) + "' command");
  }
  std::int64_t when = *amount * factor + base;
  const SlotId slot = execution.slot(key);
  const Entry* const entry = look_up(execution, slot, key);
  if (entry == nullptr) return resp::integer(0);
  if (forbidden(options, entry->expire_at_ms, when)) return resp::integer(0);
  execution.dirty = 1;
  Server& server = execution.server;
  const bool am_replica = server.replication.link.primary.has_value();
  if (when <= execution.pass.wall_ms() && execution.origin == Origin::kClient && !am_replica) {
    server.keyspace.erase(slot, key);
    execution.propagated_as = rewritten({"DEL", key}, execution);
    return resp::integer(1);
  }
  when = std::max<std::int64_t>(when, 0);
  server.keyspace.set_expiry(slot, key, when);
  execution.propagated_as = absolute(execution, when);
  return resp::integer(1);
}

// -2: no such key, -1: it does not expire.
template <class Convert>
Value expiry_of(Execution& execution, Convert convert) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry == nullptr) return resp::integer(-2);
  if (entry->expire_at_ms == kNoExpiry) return resp::integer(-1);
  return resp::integer(convert(entry->expire_at_ms));
}
std::int64_t left(const Execution& execution, std::int64_t expire_at_ms) {
  return std::max<std::int64_t>(expire_at_ms - execution.pass.wall_ms(), 0);
}

bool visible(const Execution& execution, const Entry& entry) {
  return !is_expired(entry, execution.now_ms());
}

}  // namespace

Value expire_command(Execution& execution) {
  return expire(execution, Unit::kSeconds, true, "expire");
}
Value expireat_command(Execution& execution) {
  return expire(execution, Unit::kSeconds, false, "expireat");
}
Value pexpire_command(Execution& execution) {
  return expire(execution, Unit::kMilliseconds, true, "pexpire");
}
Value pexpireat_command(Execution& execution) {
  return expire(execution, Unit::kMilliseconds, false, "pexpireat");
}

Value ttl_command(Execution& execution) {
  return expiry_of(execution, [&](std::int64_t at) { return (left(execution, at) + 500) / 1000; });
}
Value pttl_command(Execution& execution) {
  return expiry_of(execution, [&](std::int64_t at) { return left(execution, at); });
}
Value expiretime_command(Execution& execution) {
  return expiry_of(execution, [](std::int64_t at) { return (at + 500) / 1000; });
}
Value pexpiretime_command(Execution& execution) {
  return expiry_of(execution, [](std::int64_t at) { return at; });
}

Value persist_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const SlotId slot = execution.slot(key);
  const Entry* const entry = look_up(execution, slot, key);
  if (entry == nullptr || entry->expire_at_ms == kNoExpiry) return resp::integer(0);
  execution.server.keyspace.set_expiry(slot, key, kNoExpiry);
  execution.dirty = 1;
  return resp::integer(1);
}

Value del_command(Execution& execution) {
  std::int64_t deleted = 0;
  for (std::size_t at = 1; at < execution.command.size(); ++at) {
    const std::string& key = execution.command[at];
    const SlotId slot = execution.slot(key);
    if (look_up(execution, slot, key) == nullptr) continue;
    execution.server.keyspace.erase(slot, key);
    tell_removal(execution, 1, key);
    ++deleted;
  }
  execution.dirty = static_cast<std::uint64_t>(deleted);
  return resp::integer(deleted);
}

Value exists_command(Execution& execution) {
  std::int64_t found = 0;
  for (std::size_t at = 1; at < execution.command.size(); ++at) {
    const std::string& key = execution.command[at];
    found += look_up(execution, execution.slot(key), key) != nullptr ? 1 : 0;
  }
  return resp::integer(found);
}

Value type_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry == nullptr) return {resp::Simple{"none"}};
  return {resp::Simple{std::holds_alternative<ListRef>(entry->value) ? "list" : "string"}};
}

Value dbsize_command(Execution& execution) {
  return resp::integer(static_cast<std::int64_t>(execution.server.keyspace.size()));
}

// FLUSHALL and FLUSHDB: there is one database.
Value flush_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const bool mode_known =
      command.size() == 2 && (same_word(command[1], "ASYNC") || same_word(command[1], "SYNC"));
  if (command.size() > 1 && !mode_known) return refuse(kSyntaxError);
  const bool in_background = command.size() == 2 && same_word(command[1], "ASYNC");
  if (!in_background) charge_flush(execution.server, execution.pass);
  execution.server.weight = {};
  tell_removal(execution, execution.server.keyspace.size(), {});
  execution.server.keyspace.clear();
  execution.dirty = 1;  // propagated even if there was nothing to delete
  return resp::ok();
}

Value keys_command(Execution& execution) {
  resp::Array keys;
  execution.server.keyspace.each([&](const Entry& entry) {
    if (visible(execution, entry) && matches_glob(execution.command[1], entry.key)) {
      keys.items.push_back(resp::bulk(entry.key));
    }
  });
  return {std::move(keys)};
}

// The cursor is the number of the next group of slots: every key that is there all the time is
// answered exactly once.
Value scan_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const std::optional<std::int64_t> cursor = parse_integer(command[1]);
  if (!cursor || *cursor < 0) return refuse("ERR invalid cursor");
  std::int64_t count = 10;
  std::string_view pattern = "*", type;
  for (std::size_t at = 2; at < command.size(); at += 2) {
    if (at + 1 == command.size()) return refuse(kSyntaxError);
    if (same_word(command[at], "COUNT")) {
      const std::optional<std::int64_t> wanted = parse_integer(command[at + 1]);
      if (!wanted) return refuse(kNotAnInteger);
      if (*wanted < 1) return refuse(kSyntaxError);
      count = *wanted;
    } else if (same_word(command[at], "MATCH")) {
      pattern = command[at + 1];
    } else if (same_word(command[at], "TYPE")) {
      type = command[at + 1];
    } else {
      return refuse(kSyntaxError);
    }
  }
  resp::Array keys;
  auto chunk = static_cast<std::uint64_t>(*cursor);
  std::int64_t seen = 0;
  for (; chunk < Keyspace::kChunks && seen < count; ++chunk) {
    execution.server.keyspace.each_in_chunk(
        static_cast<std::uint32_t>(chunk), [&](const Entry& entry) {
          ++seen;
          const bool is_list = std::holds_alternative<ListRef>(entry.value);
          if (!type.empty() && !same_word(type, is_list ? "list" : "string")) return;
          if (visible(execution, entry) && matches_glob(pattern, entry.key)) {
            keys.items.push_back(resp::bulk(entry.key));
          }
        });
  }
  const std::uint64_t next = chunk < Keyspace::kChunks ? chunk : 0;
  return {resp::Array{{resp::bulk(std::to_string(next)), {std::move(keys)}}}};
}

}  // namespace sim
