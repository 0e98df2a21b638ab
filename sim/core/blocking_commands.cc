// Commands that may wait: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, WAIT.
#include <utility>

#include "sim/core/blocked.h"
#include "sim/core/command_handlers.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

using resp::Value;

enum class Found : std::uint8_t { kNothing, kList, kOther };
Found find_list(Execution& execution, const std::string& key) {
  const Entry* const entry = look_up(execution, execution.slot(key), key);
  if (entry == nullptr) return Found::kNothing;
  return std::holds_alternative<ListRef>(entry->value) ? Found::kList : Found::kOther;
}

bool may_wait(const Execution& execution) {
  return execution.outer == nullptr && execution.session != nullptr;
}

// The first list that has something gives it, else the client waits at all of them.
Value pop_or_wait(Execution& execution, std::string_view pop) {
  const resp::Command& command = execution.command;
  const auto timeout =
      parse_timeout(command.back(), TimeoutUnit::kSeconds, execution.pass.wall_ms());
  if (const auto* refused = std::get_if<std::string_view>(&timeout)) return refuse(*refused);
  Blocked blocked;
  blocked.keys.assign(command.begin() + 1, command.end() - 1);
  for (const std::string& key : blocked.keys) {
    const Found found = find_list(execution, key);
    if (found == Found::kOther) return refuse(kWrongType);
    if (found == Found::kNothing) continue;
    Value popped = execute_part(execution, rewritten({std::string(pop), key}, execution));
    return {resp::Array{{resp::bulk(key), std::move(popped)}}};
  }
  if (!may_wait(execution)) return {resp::NullArray{}};
  blocked.on = Blocked::On::kLists;
  blocked.deadline_ms = std::get<std::int64_t>(timeout);
  blocked.served_by = {std::string(pop), ""};
  blocked.tells_key = true;
  block(execution, std::move(blocked));
  return resp::ok();
}

// `move` is the command that does the same without waiting, `later` what replicas get if it had to
// wait.
Value move_or_wait(Execution& execution, resp::Command move, resp::Command later) {
  const resp::Command& command = execution.command;
  const auto timeout =
      parse_timeout(command.back(), TimeoutUnit::kSeconds, execution.pass.wall_ms());
  if (const auto* refused = std::get_if<std::string_view>(&timeout)) return refuse(*refused);
  const Found found = find_list(execution, command[1]);
  if (found == Found::kOther) return refuse(kWrongType);
  if (found == Found::kList) return execute_part(execution, rewritten(std::move(move), execution));
  if (!may_wait(execution)) return {resp::Null{}};
  Blocked blocked;
  blocked.on = Blocked::On::kLists;
  blocked.keys = {command[1]};
  blocked.deadline_ms = std::get<std::int64_t>(timeout);
  blocked.served_by = std::move(later);
  block(execution, std::move(blocked));
  return resp::ok();
}

bool is_side(const std::string& word) {
  return same_word(word, "LEFT") || same_word(word, "RIGHT");
}
std::string side_name(const std::string& word) {
  return same_word(word, "LEFT") ? "left" : "right";
}

}  // namespace

Value blpop_command(Execution& execution) {
  return pop_or_wait(execution, "LPOP");
}
Value brpop_command(Execution& execution) {
  return pop_or_wait(execution, "RPOP");
}

Value blmove_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (!is_side(command[3]) || !is_side(command[4])) return refuse(kSyntaxError);
  return move_or_wait(
      execution, {"LMOVE", command[1], command[2], command[3], command[4]},
      {"LMOVE", command[1], command[2], side_name(command[3]), side_name(command[4])});
}

Value brpoplpush_command(Execution& execution) {
  const resp::Command& command = execution.command;
  const resp::Command move{"RPOPLPUSH", command[1], command[2]};
  return move_or_wait(execution, move, move);
}

Value wait_command(Execution& execution) {
  Server& server = execution.server;
  if (server.replication.link.primary) {
    return refuse(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if "
        "a "
        "replica is configured to be writable (which is not the default) writes to replicas are "
        "just local and are not propagated.");
  }
  const std::optional<std::int64_t> replicas = parse_integer(execution.command[1]);
  if (!replicas) return refuse(kNotAnInteger);
  const auto timeout =
      parse_timeout(execution.command[2], TimeoutUnit::kMilliseconds, execution.pass.wall_ms());
  if (const auto* refused = std::get_if<std::string_view>(&timeout)) return refuse(*refused);
  const std::int64_t offset = execution.session->write_offset;
  const std::int64_t acks = count_acks(server, offset);
  if (acks >= *replicas || !may_wait(execution)) {
    return answer_to_wait(server, execution.pass, offset);
  }
  Blocked blocked;
  blocked.on = Blocked::On::kReplicas;
  blocked.deadline_ms = std::get<std::int64_t>(timeout);
  blocked.offset = offset;
  blocked.replicas = *replicas;
  block(execution, std::move(blocked));
  server.sessions.acks_wanted = true;
  return resp::integer(acks);
}

}  // namespace sim
