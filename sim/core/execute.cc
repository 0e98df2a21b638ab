#include <charconv>

#include "sim/core/commands.h"
#include "sim/core/mutation.h"
#include "sim/core/persistence.h"
#include "sim/core/replication.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

RequestRef request(resp::Command command) {
  return RequestRef(new resp::RequestPayload(std::move(command)));
}

void propagate_one(Execution& execution, const RequestRef& command) {
  if (execution.origin == Origin::kClient) replication_append(execution.server, command);
  persistence_append(execution.server, *command);
}

// More than one effect of one command travels as a transaction.
void propagate_effects(Execution& execution) {
  if (execution.origin == Origin::kFile) return;
  const std::size_t effects = execution.expired.size() + (execution.dirty > 0 ? 1 : 0);
  if (effects > 1) propagate_one(execution, request({"MULTI"}));
  for (const RequestRef& del : execution.expired) propagate_one(execution, del);
  if (execution.dirty > 0) {
    propagate_one(execution, execution.propagated_as ? execution.propagated_as
                                                     : RequestRef(&execution.request));
  }
  if (effects > 1) propagate_one(execution, request({"EXEC"}));
}

bool throws_write_away(const CommandSpec& spec, const Execution& execution) {
  if (execution.server.mutation != Mutation::kAckBeforeApply) return false;
  return execution.origin == Origin::kClient && spec.name == "SET" &&
         execution.server.sessions.commands % 16 == 0;
}

}  // namespace

SlotId Execution::slot(std::string_view key) const {
  return routed ? *routed : slot_of(key);
}

resp::Value execute(const CommandSpec& spec, Execution& execution) {
  if (throws_write_away(spec, execution)) return resp::ok();
  resp::Value reply = spec.handler(execution);
  propagate(spec, execution);
  return reply;
}

void propagate(const CommandSpec& spec, Execution& execution) {
  if (execution.dirty == 0 && execution.expired.empty()) return;
  propagate_effects(execution);
  if (execution.origin == Origin::kClient && execution.dirty > 0 && spec.first_key != 0) {
    ++execution.server.sessions.writes;
    const SlotId slot = execution.slot(execution.command[static_cast<std::size_t>(spec.first_key)]);
    execution.pass.note(event::WriteApplied{slot, execution.request.operation(),
                                            execution.server.replication.offset});
  }
}

const Entry* look_up(Execution& execution, SlotId slot, std::string_view key) {
  Server& server = execution.server;
  const Entry* const entry = server.keyspace.find(slot, key);
  if (entry == nullptr || entry->expire_at_ms == kNoExpiry) return entry;
  if (execution.origin != Origin::kClient || !is_expired(*entry, execution.now_ms())) return entry;
  // A replica waits for its primary's DEL; so does a primary whose writes are paused, because its
  // offset must not move.
  if (server.replication.link.primary || writes_paused(server)) return nullptr;
  execution.expired.push_back(request({"DEL", entry->key}));
  server.keyspace.erase(slot, key);
  return nullptr;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

resp::Value refuse(std::string_view text) {
  return resp::error(std::string(text));
}

resp::Value unknown_subcommand(std::string_view command, std::string_view subcommand) {
  std::string text = "ERR unknown subcommand '";
  text.append(subcommand.substr(0, 128)).append("'. Try ").append(command).append(" HELP.");
  return resp::error(std::move(text));
}

resp::Value wrong_arity(std::string_view command) {
  return resp::error("ERR wrong number of arguments for '" + std::string(command) + "' command");
}

}  // namespace sim
