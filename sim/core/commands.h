// The command table, and what a command sees when it runs.
//
// Handlers are free functions, grouped by kind: string_commands.cc, list_commands.cc,
// key_commands.cc, dump_commands.cc, migrate_command.cc, connection_commands.cc,
// server_commands.cc, replication_commands.cc. Whether a command may run at all (routing, read-only
// replica, loading, pause, ...) is session.cc's business; by the time a handler runs, it may.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/words.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/core/session.h"
#include "sim/wire/resp.h"

namespace sim {

namespace command_flag {
inline constexpr std::uint16_t kWrite = 1;
inline constexpr std::uint16_t kReadonly = 2;
inline constexpr std::uint16_t kStale = 4;    // allowed on a replica whose link is down
inline constexpr std::uint16_t kLoading = 8;  // allowed while loading
inline constexpr std::uint16_t kAdmin = 16;
inline constexpr std::uint16_t kFast = 32;
inline constexpr std::uint16_t kAsking = 64;  // keeps the ASKING flag for the next command
inline constexpr std::uint16_t kSubcommands =
    128;  // the second word decides; loading is refused but for HELP
inline constexpr std::uint16_t kAsksItself = 256;   // as if ASKING had gone before it
inline constexpr std::uint16_t kMovesKeys = 512;    // MIGRATE: works on both ends of an open slot
inline constexpr std::uint16_t kNoMulti = 1024;     // not inside MULTI
inline constexpr std::uint16_t kAtOnce = 2048;      // inside MULTI too it is run, not queued
inline constexpr std::uint16_t kSubscriber = 4096;  // allowed to who has subscribed
inline constexpr std::uint16_t kShardChannels = 8192;  // what stands for keys are shard channels
inline constexpr std::uint16_t kMayReplicate = 16384;  // no write, but a pause of writes holds it
inline constexpr std::uint16_t kContainer = 32768;     // its subcommands are commands themselves
}  // namespace command_flag

enum class Origin : std::uint8_t {
  kClient,  // a session
  kStream,  // my primary: no checks, no replies, keys do not expire by themselves
  kFile,    // the AOF being loaded
};

// What a command left for replicas and the AOF.
struct Propagated {
  RequestRef command;
  bool stream_only = false;  // not for the AOF
};
// A client's write, to be told in the trace once its place in the stream is known.
struct AppliedWrite {
  SlotId slot;
  std::uint64_t operation = 0;
};

// One command being executed.
struct Execution {
  Server& server;
  Pass& pass;
  Session* session;  // null unless origin is kClient
  const resp::RequestPayload& request;
  const resp::Command& command;
  Origin origin;
  std::optional<SlotId> routed{};  // the slot of every key, when routing has found it already
  // The command that runs this one as a part of itself (EXEC). All that its parts do is propagated
  // when it is done, as one transaction.
  Execution* outer = nullptr;

  // What the handler did:
  std::uint64_t dirty = 0;             // changes made; 0: nothing to propagate
  RequestRef propagated_as{};          // null: as it came
  bool streamed = false;               // propagated to replicas though nothing changed (PUBLISH)
  std::vector<Propagated> effects{};   // which precede it: DELs of keys found expired, its parts
  std::vector<AppliedWrite> writes{};  // of its parts
  bool silent = false;                 // no reply (REPLCONF ACK), or not yet
  std::vector<resp::Value> more{};     // replies that follow the first (SUBSCRIBE)

  SlotId slot(std::string_view key) const;
  std::int64_t now_ms() const { return server.cached_wall_ms; }
};

using Handler = resp::Value (*)(Execution&);

struct CommandSpec {
  std::string_view name;  // upper case
  std::int16_t arity;     // with the name; negative: at least so many
  std::uint16_t flags;
  // Positions of keys among the words; last -1: to the end, -2: to the last but one. No keys: first
  // 0. (Those of MIGRATE may stand elsewhere; each_key knows.)
  std::int8_t first_key, last_key, key_step;
  Handler handler;
};

std::span<const CommandSpec> command_specs();
// By name in any case; null: no such command.
const CommandSpec* find_command(std::string_view name);
inline bool arity_fits(const CommandSpec& spec, std::size_t words) {
  return spec.arity >= 0 ? words == static_cast<std::size_t>(spec.arity)
                         : words >= static_cast<std::size_t>(-spec.arity);
}
// The first of MIGRATE's keys, which stand in a row up to the `end`: the third argument, or what
// follows the word KEYS. None if both are there, which is no proper MIGRATE.
struct MigrateKeys {
  std::size_t first = 3, end = 4;
};
MigrateKeys keys_of_migrate(const resp::Command& command);

// Calls `visit(key)` for each key of the command.
template <class Visit>
void each_key(const CommandSpec& spec, const resp::Command& command, Visit&& visit) {
  if (spec.first_key == 0) return;
  if ((spec.flags & command_flag::kMovesKeys) != 0) {
    const MigrateKeys keys = keys_of_migrate(command);
    for (std::size_t at = keys.first; at < keys.end; ++at) visit(command[at]);
    return;
  }
  const auto after_end = static_cast<std::ptrdiff_t>(command.size());
  const auto last = static_cast<std::size_t>(spec.last_key < 0 ? after_end + spec.last_key
                                                               : std::ptrdiff_t{spec.last_key});
  for (auto at = static_cast<std::size_t>(spec.first_key); at <= last && at < command.size();
       at += static_cast<std::size_t>(spec.key_step)) {
    visit(command[at]);
  }
}

// Runs a command that may run: handler, then propagation to replicas and AOF of what it changed.
resp::Value execute(const CommandSpec& spec, Execution& execution);
// Runs another command as a part of this one.
resp::Value execute_part(Execution& execution, const RequestRef& part);
// The second half of it, for a command that did its work later than its handler ran (MIGRATE).
void propagate(const CommandSpec& spec, Execution& execution);

// ---- For handlers ----

// The entry if it exists and has not expired. Finding it expired deletes it on a primary (and says
// so to replicas), and hides it on a replica; unless the command comes from the stream or a file,
// which see everything.
const Entry* look_up(Execution& execution, SlotId slot, std::string_view key);
// Is it logically gone? Takes no action. (`now > when`, as Redis has it.)
inline bool is_expired(const Entry& entry, std::int64_t now_ms) {
  return entry.expire_at_ms != kNoExpiry && now_ms > entry.expire_at_ms;
}
// Whole text as a 64-bit integer, as Redis reads one: no spaces, no leading zeros or plus.
std::optional<std::int64_t> parse_integer(std::string_view text);
// Redis' glob: * ? [a-c] [^a] and backslash.
bool matches_glob(std::string_view pattern, std::string_view text);

inline constexpr std::string_view kNotAnInteger = "ERR value is not an integer or out of range";
inline constexpr std::string_view kSyntaxError = "ERR syntax error";
inline constexpr std::string_view kNoReplicas = "NOREPLICAS Not enough good replicas to write.";
inline constexpr std::string_view kWrongType =
    "WRONGTYPE Operation against a key holding the wrong kind of value";

resp::Value refuse(std::string_view text);
// "ERR unknown subcommand 'foo'. Try CONFIG HELP."
resp::Value unknown_subcommand(std::string_view command, std::string_view subcommand);
// "ERR unknown subcommand or wrong number of arguments for 'foo'. Try CONFIG HELP."
resp::Value wrong_form(std::string_view command, std::string_view subcommand);
// "ERR wrong number of arguments for 'config|get' command"
resp::Value wrong_arity(std::string_view command);
// The reply to HELP.
resp::Value help_of(std::span<const std::string_view> lines);
// What is propagated instead of the command: another, as the same operation of the same client.
RequestRef rewritten(resp::Command command, const Execution& execution);

}  // namespace sim
