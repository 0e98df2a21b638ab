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

void propagate_one(Execution& execution, const RequestRef& command, bool stream_only = false) {
  if (execution.origin == Origin::kClient) replication_append(execution.server, command);
  if (!stream_only) persistence_append(execution.server, *command);
}

bool propagates_itself(const Execution& execution) {
  return execution.dirty > 0 || execution.streamed;
}
RequestRef form_of(const Execution& execution) {
  return execution.propagated_as ? execution.propagated_as : RequestRef(&execution.request);
}

// More than one effect of one command travels as a transaction.
void propagate_effects(Execution& execution) {
  if (execution.origin == Origin::kFile) return;
  const bool itself = propagates_itself(execution);
  const std::size_t effects = execution.effects.size() + (itself ? 1 : 0);
  if (effects > 1) propagate_one(execution, request({"MULTI"}));
  for (const Propagated& effect : execution.effects) {
    propagate_one(execution, effect.command, effect.stream_only);
  }
  if (itself) propagate_one(execution, form_of(execution), execution.dirty == 0);
  if (effects > 1) propagate_one(execution, request({"EXEC"}));
}

void tell_write(const Execution& execution, const AppliedWrite& write) {
  ++execution.server.sessions.writes;
  execution.pass.note(
      event::WriteApplied{write.slot, write.operation, execution.server.replication.offset});
}

std::optional<AppliedWrite> own_write(const CommandSpec& spec, const Execution& execution) {
  if (execution.origin != Origin::kClient || execution.dirty == 0) return std::nullopt;
  if (spec.first_key == 0) return std::nullopt;
  const std::string& key = execution.command[static_cast<std::size_t>(spec.first_key)];
  return AppliedWrite{execution.slot(key), execution.request.operation()};
}

// What a part did becomes the whole's to propagate.
void hand_to(Execution& outer, Execution& part, const std::optional<AppliedWrite>& write) {
  for (Propagated& effect : part.effects) outer.effects.push_back(std::move(effect));
  if (propagates_itself(part)) outer.effects.push_back({form_of(part), part.dirty == 0});
  for (const AppliedWrite& earlier : part.writes) outer.writes.push_back(earlier);
  if (write) outer.writes.push_back(*write);
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
  if (!propagates_itself(execution) && execution.effects.empty()) return;
  const std::optional<AppliedWrite> write = own_write(spec, execution);
  if (execution.outer != nullptr) return hand_to(*execution.outer, execution, write);
  propagate_effects(execution);
  for (const AppliedWrite& earlier : execution.writes) tell_write(execution, earlier);
  if (write) tell_write(execution, *write);
}

resp::Value execute_part(Execution& execution, const RequestRef& part) {
  const CommandSpec* const spec = find_command(part->command()[0]);
  Execution inner{execution.server, execution.pass,   execution.session, *part,
                  part->command(),  execution.origin, execution.routed,  &execution};
  resp::Value reply = execute(*spec, inner);
  execution.silent = inner.silent;
  execution.more = std::move(inner.more);
  return reply;
}

const Entry* look_up(Execution& execution, SlotId slot, std::string_view key) {
  Server& server = execution.server;
  const Entry* const entry = server.keyspace.find(slot, key);
  if (entry == nullptr || entry->expire_at_ms == kNoExpiry) return entry;
  if (execution.origin != Origin::kClient || !is_expired(*entry, execution.now_ms())) return entry;
  // A replica waits for its primary's DEL; so does a primary whose writes are paused, because its
  // offset must not move.
  if (server.replication.link.primary || writes_paused(server)) return nullptr;
  execution.effects.push_back({request({"DEL", entry->key})});
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

resp::Value wrong_form(std::string_view command, std::string_view subcommand) {
  std::string text = "ERR unknown subcommand or wrong number of arguments for '";
  text.append(subcommand.substr(0, 128)).append("'. Try ").append(command).append(" HELP.");
  return resp::error(std::move(text));
}

resp::Value wrong_arity(std::string_view command) {
  return resp::error("ERR wrong number of arguments for '" + std::string(command) + "' command");
}

resp::Value help_of(std::span<const std::string_view> lines) {
  resp::Array told;
  for (const std::string_view line : lines) told.items.push_back({resp::Simple{std::string(line)}});
  return {std::move(told)};
}

RequestRef rewritten(resp::Command command, const Execution& execution) {
  return RequestRef(new resp::RequestPayload(std::move(command), execution.request.operation()));
}

}  // namespace sim
