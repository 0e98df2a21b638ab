#include <algorithm>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"

namespace sim {
namespace {

using resp::Value;

Value null() {
  return {resp::Null{}};
}
Value null_array() {
  return {resp::NullArray{}};
}

const List* list_of(const Entry& entry) {
  const auto* const list = std::get_if<ListRef>(&entry.value);
  return list != nullptr ? list->get() : nullptr;
}

enum class End : std::uint8_t { kFront, kBack };

void create_list(Execution& execution, SlotId slot, const std::string& key) {
  execution.server.keyspace.put(slot, key, ListRef(new List), kNoExpiry);
  list_created(execution.server, key);
}

Value push(Execution& execution, End end, bool only_existing) {
  const resp::Command& command = execution.command;
  const std::string& key = command[1];
  const SlotId slot = execution.slot(key);
  Keyspace& keyspace = execution.server.keyspace;
  const Entry* const entry = look_up(execution, slot, key);
  if (entry != nullptr && list_of(*entry) == nullptr) return refuse(kWrongType);
  if (entry == nullptr && only_existing) return resp::integer(0);
  if (entry == nullptr) create_list(execution, slot, key);
  std::size_t size = 0;
  keyspace.modify(slot, key, [&](DataValue& value) {
    List& list = own_list(value);
    for (std::size_t at = 2; at < command.size(); ++at) {
      end == End::kFront ? list.push_front(command[at]) : list.push_back(command[at]);
    }
    size = list.size();
  });
  execution.dirty = command.size() - 2;
  return resp::integer(static_cast<std::int64_t>(size));
}

Value pop(Execution& execution, End end, std::string_view name) {
  const resp::Command& command = execution.command;
  if (command.size() > 3) return wrong_arity(name);
  std::optional<std::int64_t> count;
  if (command.size() == 3) {
    count = parse_integer(command[2]);
    if (!count || *count < 0) return refuse("ERR value is out of range, must be positive");
  }
  const std::string& key = command[1];
  const SlotId slot = execution.slot(key);
  const Entry* const entry = look_up(execution, slot, key);
  if (entry == nullptr) return count ? null_array() : null();
  if (list_of(*entry) == nullptr) return refuse(kWrongType);
  const std::size_t size = list_of(*entry)->size();
  const std::size_t taken = count ? std::min(size, static_cast<std::size_t>(*count)) : 1;
  resp::Array items;
  if (taken > 0) {
    execution.server.keyspace.modify(slot, key, [&](DataValue& value) {
      List& list = own_list(value);
      for (std::size_t i = 0; i < taken; ++i) {
        items.items.push_back(resp::bulk(end == End::kFront ? list.pop_front() : list.pop_back()));
      }
    });
    execution.dirty = taken;
  }
  if (taken == size) execution.server.keyspace.erase(slot, key);
  return count ? Value{std::move(items)} : items.items.front();
}

std::optional<End> end_of(const std::string& word) {
  if (same_word(word, "LEFT")) return End::kFront;
  if (same_word(word, "RIGHT")) return End::kBack;
  return std::nullopt;
}

Value move(Execution& execution, End from, End to) {
  const std::string& source = execution.command[1];
  const std::string& target = execution.command[2];
  const SlotId source_slot = execution.slot(source), target_slot = execution.slot(target);
  const Entry* const entry = look_up(execution, source_slot, source);
  if (entry == nullptr) return null();
  if (list_of(*entry) == nullptr) return refuse(kWrongType);
  const bool last = list_of(*entry)->size() == 1;
  const Entry* const other = look_up(execution, target_slot, target);
  if (other != nullptr && list_of(*other) == nullptr) return refuse(kWrongType);
  if (other == nullptr) create_list(execution, target_slot, target);
  Keyspace& keyspace = execution.server.keyspace;
  std::string item;
  keyspace.modify(source_slot, source, [&](DataValue& value) {
    List& list = own_list(value);
    item = from == End::kFront ? list.pop_front() : list.pop_back();
  });
  keyspace.modify(target_slot, target, [&](DataValue& value) {
    List& list = own_list(value);
    to == End::kFront ? list.push_front(item) : list.push_back(item);
  });
  if (last && source != target) keyspace.erase(source_slot, source);
  execution.dirty = 1;
  return resp::bulk(std::move(item));
}

}  // namespace

Value lmove_command(Execution& execution) {
  const auto from = end_of(execution.command[3]), to = end_of(execution.command[4]);
  if (!from || !to) return refuse(kSyntaxError);
  return move(execution, *from, *to);
}
Value rpoplpush_command(Execution& execution) {
  return move(execution, End::kBack, End::kFront);
}
Value lpush_command(Execution& execution) {
  return push(execution, End::kFront, false);
}
Value rpush_command(Execution& execution) {
  return push(execution, End::kBack, false);
}
Value lpushx_command(Execution& execution) {
  return push(execution, End::kFront, true);
}
Value rpushx_command(Execution& execution) {
  return push(execution, End::kBack, true);
}
Value lpop_command(Execution& execution) {
  return pop(execution, End::kFront, "lpop");
}
Value rpop_command(Execution& execution) {
  return pop(execution, End::kBack, "rpop");
}

Value llen_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry == nullptr) return resp::integer(0);
  if (list_of(*entry) == nullptr) return refuse(kWrongType);
  return resp::integer(static_cast<std::int64_t>(list_of(*entry)->size()));
}

Value lindex_command(Execution& execution) {
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry != nullptr && list_of(*entry) == nullptr) return refuse(kWrongType);
  const std::optional<std::int64_t> index = parse_integer(execution.command[2]);
  if (entry == nullptr) return null();
  if (!index) return refuse(kNotAnInteger);
  const List& list = *list_of(*entry);
  const auto size = static_cast<std::int64_t>(list.size());
  const std::int64_t at = *index < 0 ? size + *index : *index;
  if (at < 0 || at >= size) return null();
  return resp::bulk(list[static_cast<std::size_t>(at)]);
}

Value lrange_command(Execution& execution) {
  const std::optional<std::int64_t> first = parse_integer(execution.command[2]);
  const std::optional<std::int64_t> last = parse_integer(execution.command[3]);
  if (!first || !last) return refuse(kNotAnInteger);
  const std::string& key = execution.command[1];
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  resp::Array items;
  if (entry == nullptr) return {std::move(items)};
  const List* const list = list_of(*entry);
  if (list == nullptr) return refuse(kWrongType);
  const auto size = static_cast<std::int64_t>(list->size());
  const std::int64_t from = std::max<std::int64_t>(*first < 0 ? size + *first : *first, 0);
  const std::int64_t to = std::min(*last < 0 ? size + *last : *last, size - 1);
  for (std::int64_t at = from; at <= to; ++at) {
    items.items.push_back(resp::bulk((*list)[static_cast<std::size_t>(at)]));
  }
  return {std::move(items)};
}

}  // namespace sim
