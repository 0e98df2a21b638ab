// MIGRATE as it is read. What it does is in migrate.cc.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "sim/core/command_handlers.h"
#include "sim/core/migrate.h"

namespace sim {
namespace {

using resp::Value;

constexpr std::size_t kFirstOption = 6;
constexpr std::int64_t kDefaultTimeoutMs = 1000;
constexpr std::int64_t kTimeoutMaxMs = std::int64_t{1000} * 3600 * 24 * 365;  // nobody waits longer

std::optional<Value> parse_options(const resp::Command& command, MigrateOptions& options) {
  for (std::size_t at = kFirstOption; at < command.size(); ++at) {
    const std::string& word = command[at];
    const std::size_t more = command.size() - 1 - at;
    if (same_word(word, "COPY")) {
      options.copy = true;
    } else if (same_word(word, "REPLACE")) {
      options.replace = true;
    } else if (same_word(word, "AUTH") && more >= 1) {
      options.password = command[++at];
    } else if (same_word(word, "AUTH2") && more >= 2) {
      options.username = command[++at];
      options.password = command[++at];
    } else if (same_word(word, "KEYS")) {
      if (command[3].empty()) return std::nullopt;  // all that follow are keys
      return refuse(
          "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
    } else {
      return refuse(kSyntaxError);
    }
  }
  return std::nullopt;
}

// As atoi reads it; what is no port ends up as one that nobody listens on.
Endpoint endpoint_of(const resp::Command& command) {
  std::uint16_t port = 0;
  std::from_chars(command[2].data(), command[2].data() + command[2].size(), port);
  return {parse_ipv4(command[1]), port};
}

}  // namespace

MigrateKeys keys_of_migrate(const resp::Command& command) {
  for (std::size_t at = kFirstOption; at < command.size(); ++at) {
    if (same_word(command[at], "KEYS")) {
      return command[3].empty() ? MigrateKeys{at + 1, command.size()} : MigrateKeys{at, at};
    }
    if (same_word(command[at], "AUTH")) at += 1;
    if (same_word(command[at], "AUTH2")) at += 2;
  }
  return {};
}

Value migrate_command(Execution& execution) {
  const resp::Command& command = execution.command;
  if (execution.session == nullptr) return resp::ok();  // streams and files have its DEL instead
  Migration migration;
  if (auto refused = parse_options(command, migration.options)) return *refused;
  const auto timeout_ms = parse_integer(command[5]);
  const auto database = parse_integer(command[4]);
  if (!timeout_ms || !database) return refuse(kNotAnInteger);
  migration.options.database = *database;
  migration.options.timeout = std::chrono::milliseconds(
      *timeout_ms > 0 ? std::min(*timeout_ms, kTimeoutMaxMs) : kDefaultTimeoutMs);
  const MigrateKeys keys = keys_of_migrate(command);
  for (std::size_t at = keys.first; at < keys.end; ++at) {
    migration.slot = execution.slot(command[at]);
    if (look_up(execution, migration.slot, command[at]) != nullptr) {
      migration.keys.push_back(command[at]);
    }
  }
  if (migration.keys.empty()) return {resp::Simple{"NOKEY"}};
  migration.request = RequestRef(&execution.request);
  migration.client = execution.session->conn;
  migration.target = command[1] + ":" + command[2];
  migration.endpoint = endpoint_of(command);
  auto reply = migrate_begin(execution.server, execution.pass, std::move(migration));
  execution.silent = !reply;
  return reply ? std::move(*reply) : resp::ok();
}

}  // namespace sim
