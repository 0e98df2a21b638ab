#include <limits>

#include "sim/core/command_handlers.h"

namespace sim {
namespace {

using resp::Value;

const std::string* text_of(const Entry& entry) {
  return std::get_if<std::string>(&entry.value);
}

Value null() {
  return {resp::Null{}};
}

// ---- SET and its kin ----

struct SetOptions {
  bool only_new = false, only_existing = false, keep_ttl = false, get = false;
  std::string_view expiry_word;  // EX, PX, EXAT or PXAT as it was written; empty: none
  std::string_view expiry;
};

bool parse_set_options(const resp::Command& command, SetOptions& options) {
  for (std::size_t at = 3; at < command.size(); ++at) {
    const std::string& word = command[at];
    const bool more = at + 1 < command.size();
    if (same_word(word, "NX") && !options.only_existing) {
      options.only_new = true;
    } else if (same_word(word, "XX") && !options.only_new) {
      options.only_existing = true;
    } else if (same_word(word, "GET")) {
      options.get = true;
    } else if (same_word(word, "KEEPTTL") && options.expiry_word.empty()) {
      options.keep_ttl = true;
    } else if ((same_word(word, "EX") || same_word(word, "PX") || same_word(word, "EXAT") ||
                same_word(word, "PXAT")) &&
               options.expiry_word.empty() && !options.keep_ttl && more) {
      options.expiry_word = word;
      options.expiry = command[++at];
    } else {
      return false;
    }
  }
  return true;
}

// The absolute time in ms, from "EX 10" and its kin. A relative time counts from the fresh wall
// clock (protocol §4.3).
std::optional<Value> absolute_expiry(const Execution& execution, std::string_view word,
                                     std::string_view amount, std::string_view command,
                                     std::int64_t& expire_at_ms) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const std::optional<std::int64_t> number = parse_integer(amount);
  if (!number) return refuse(kNotAnInteger);
  const Value invalid =
      resp::error("ERR invalid expire time in '" + std::string(command) + "' command");
  const bool seconds = same_word(word, "EX") || same_word(word, "EXAT");
  if (*number <= 0 || (seconds && *number > kMax / 1000)) return invalid;
  expire_at_ms = seconds ? *number * 1000 : *number;
  if (same_word(word, "EX") || same_word(word, "PX")) {
    if (expire_at_ms > kMax - execution.pass.wall_ms()) return invalid;
    expire_at_ms += execution.pass.wall_ms();
  }
  return std::nullopt;
}

Value set_with(Execution& execution, const SetOptions& options, std::string_view command_name,
               const std::string& value, const Value& done, const Value& refused) {
  const std::string& key = execution.command[1];
  std::int64_t expire_at_ms = kNoExpiry;
  if (!options.expiry_word.empty()) {
    if (auto error = absolute_expiry(execution, options.expiry_word, options.expiry, command_name,
                                     expire_at_ms)) {
      return *error;
    }
  }
  const SlotId slot = execution.slot(key);
  const bool looks = options.only_new || options.only_existing || options.get || options.keep_ttl;
  const Entry* const old = look_up(execution, slot, key);
  Value reply = done;
  if (options.get) {
    if (old != nullptr && text_of(*old) == nullptr) return refuse(kWrongType);
    reply = old != nullptr ? resp::bulk(*text_of(*old)) : null();
  }
  if (looks &&
      ((options.only_new && old != nullptr) || (options.only_existing && old == nullptr))) {
    return options.get ? reply : refused;
  }
  if (options.keep_ttl && old != nullptr) expire_at_ms = old->expire_at_ms;
  execution.server.keyspace.put(slot, key, value, expire_at_ms);
  execution.dirty = 1;
  if (!options.expiry_word.empty()) {
    execution.propagated_as =
        rewritten({"SET", key, value, "PXAT", std::to_string(expire_at_ms)}, execution);
  }
  return reply;
}

// SET key value: what nearly all writes of a load are.
Value set_plainly(Execution& execution) {
  const std::string& key = execution.command[1];
  const SlotId slot = execution.slot(key);
  Keyspace& keyspace = execution.server.keyspace;
  if (keyspace.expiring() > 0) look_up(execution, slot, key);  // an expired one goes first
  keyspace.put(slot, key, execution.command[2], kNoExpiry);
  execution.dirty = 1;
  return resp::ok();
}

// ---- Counters ----

Value add(Execution& execution, std::int64_t by) {
  const std::string& key = execution.command[1];
  const SlotId slot = execution.slot(key);
  const Entry* const entry = look_up(execution, slot, key);
  std::int64_t number = 0;
  if (entry != nullptr) {
    const std::string* const text = text_of(*entry);
    if (text == nullptr) return refuse(kWrongType);
    const std::optional<std::int64_t> parsed = parse_integer(*text);
    if (!parsed) return refuse(kNotAnInteger);
    number = *parsed;
  }
  if (__builtin_add_overflow(number, by, &number)) {
    return refuse("ERR increment or decrement would overflow");
  }
  execution.dirty = 1;
  if (entry == nullptr) {
    execution.server.keyspace.put(slot, key, std::to_string(number), kNoExpiry);
  } else {
    execution.server.keyspace.modify(slot, key,
                                     [&](DataValue& value) { value = std::to_string(number); });
  }
  return resp::integer(number);
}

// Stores every pair; keys may repeat.
void store_pairs(Execution& execution) {
  const resp::Command& command = execution.command;
  for (std::size_t at = 1; at + 1 < command.size(); at += 2) {
    look_up(execution, execution.slot(command[at]), command[at]);  // an expired one goes first
    execution.server.keyspace.put(execution.slot(command[at]), command[at], command[at + 1],
                                  kNoExpiry);
    ++execution.dirty;
  }
}

}  // namespace

Value get_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry == nullptr) return null();
  const std::string* const text = text_of(*entry);
  return text != nullptr ? resp::bulk(*text) : refuse(kWrongType);
}

Value set_command(Execution& execution) {
  if (execution.command.size() == 3) return set_plainly(execution);
  SetOptions options;
  if (!parse_set_options(execution.command, options)) return refuse(kSyntaxError);
  const Value reply = set_with(execution, options, "set", execution.command[2], resp::ok(), null());
  if (options.get && execution.dirty > 0 && !execution.propagated_as) {
    resp::Command without_get;
    for (std::size_t at = 0; at < execution.command.size(); ++at) {
      if (at < 3 || !same_word(execution.command[at], "GET")) {
        without_get.push_back(execution.command[at]);
      }
    }
    execution.propagated_as = rewritten(std::move(without_get), execution);
  }
  return reply;
}

Value setnx_command(Execution& execution) {
  SetOptions options;
  options.only_new = true;
  return set_with(execution, options, "setnx", execution.command[2], resp::integer(1),
                  resp::integer(0));
}

Value setex_command(Execution& execution) {
  SetOptions options;
  options.expiry_word = "EX";
  options.expiry = execution.command[2];
  return set_with(execution, options, "setex", execution.command[3], resp::ok(), null());
}

Value psetex_command(Execution& execution) {
  SetOptions options;
  options.expiry_word = "PX";
  options.expiry = execution.command[2];
  return set_with(execution, options, "psetex", execution.command[3], resp::ok(), null());
}

Value getset_command(Execution& execution) {
  SetOptions options;
  options.get = true;
  const Value reply =
      set_with(execution, options, "getset", execution.command[2], resp::ok(), null());
  if (execution.dirty > 0) {
    execution.propagated_as =
        rewritten({"SET", execution.command[1], execution.command[2]}, execution);
  }
  return reply;
}

Value getdel_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Value reply = get_command(execution);
  if (std::holds_alternative<resp::Bulk>(reply.data)) {
    execution.server.keyspace.erase(execution.slot(key), key);
    execution.dirty = 1;
    execution.propagated_as = rewritten({"DEL", key}, execution);
  }
  return reply;
}

Value append_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const std::string& more = execution.command[2];
  const SlotId slot = execution.slot(key);
  const Entry* const entry = look_up(execution, slot, key);
  execution.dirty = 1;
  if (entry == nullptr) {
    execution.server.keyspace.put(slot, key, more, kNoExpiry);
    return resp::integer(static_cast<std::int64_t>(more.size()));
  }
  if (text_of(*entry) == nullptr) {
    execution.dirty = 0;
    return refuse(kWrongType);
  }
  const std::size_t size = text_of(*entry)->size() + more.size();
  execution.server.keyspace.modify(slot, key,
                                   [&](DataValue& value) { std::get<std::string>(value) += more; });
  return resp::integer(static_cast<std::int64_t>(size));
}

Value strlen_command(Execution& execution) {
  const Value value = get_command(execution);
  if (const auto* text = std::get_if<resp::Bulk>(&value.data)) {
    return resp::integer(static_cast<std::int64_t>(text->text.size()));
  }
  return std::holds_alternative<resp::Null>(value.data) ? resp::integer(0) : value;
}

Value mget_command(Execution& execution) {
  resp::Array values;
  for (std::size_t at = 1; at < execution.command.size(); ++at) {
    const std::string& key = execution.command[at];
    const Entry* const entry = look_up(execution, execution.slot(key), key);
    const std::string* const text = entry != nullptr ? text_of(*entry) : nullptr;
    values.items.push_back(text != nullptr ? resp::bulk(*text) : null());
  }
  return {std::move(values)};
}

Value mset_command(Execution& execution) {
  if (execution.command.size() % 2 == 0) return wrong_arity("mset");
  store_pairs(execution);
  return resp::ok();
}

Value msetnx_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (command.size() % 2 == 0) return wrong_arity("msetnx");
  for (std::size_t at = 1; at < command.size(); at += 2) {
    if (look_up(execution, execution.slot(command[at]), command[at]) != nullptr) {
      return resp::integer(0);
    }
  }
  store_pairs(execution);
  return resp::integer(1);
}

Value incr_command(Execution& execution) {
  return add(execution, 1);
}
Value decr_command(Execution& execution) {
  return add(execution, -1);
}

Value incrby_command(Execution& execution) {
  const std::optional<std::int64_t> by = parse_integer(execution.command[2]);
  return by ? add(execution, *by) : refuse(kNotAnInteger);
}

Value decrby_command(Execution& execution) {
  const std::optional<std::int64_t> by = parse_integer(execution.command[2]);
  if (!by) return refuse(kNotAnInteger);
  if (*by == std::numeric_limits<std::int64_t>::min()) {
    return refuse("ERR decrement would overflow");
  }
  return add(execution, -*by);
}

}  // namespace sim
