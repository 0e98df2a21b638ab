#include <array>

#include "sim/base/hash.h"
#include "sim/core/command_handlers.h"
#include "sim/core/commands.h"

namespace sim {
namespace {

using namespace command_flag;

// Flags and key positions are those of COMMAND INFO, redis 7.0.15.
constexpr std::array kCommands = {
    CommandSpec{"APPEND", 3, kWrite | kFast, 1, 1, 1, append_command},
    CommandSpec{"ASKING", 1, kFast | kAsking, 0, 0, 0, asking_command},
    CommandSpec{"AUTH", -2, kLoading | kStale | kFast, 0, 0, 0, auth_command},
    CommandSpec{"BLMOVE", 6, kWrite, 1, 2, 1, blmove_command},
    CommandSpec{"BLPOP", -3, kWrite, 1, -2, 1, blpop_command},
    CommandSpec{"BRPOP", -3, kWrite, 1, -2, 1, brpop_command},
    CommandSpec{"BRPOPLPUSH", 4, kWrite, 1, 2, 1, brpoplpush_command},
    CommandSpec{"CLIENT", -2, kContainer | kLoading | kStale, 0, 0, 0, client_command},
    CommandSpec{"CLUSTER", -2, kContainer | kStale | kSubcommands, 0, 0, 0,
                cluster_delegate_command},
    CommandSpec{"COMMAND", -1, kContainer | kLoading | kStale, 0, 0, 0, command_command},
    CommandSpec{"CONFIG", -2, kContainer | kAdmin | kLoading | kStale, 0, 0, 0, config_command},
    CommandSpec{"COPY", -3, kWrite, 1, 2, 1, copy_command},
    CommandSpec{"DBSIZE", 1, kReadonly | kFast, 0, 0, 0, dbsize_command},
    CommandSpec{"DEBUG", -2, kAdmin | kLoading | kStale, 0, 0, 0, debug_command},
    CommandSpec{"DECR", 2, kWrite | kFast, 1, 1, 1, decr_command},
    CommandSpec{"DECRBY", 3, kWrite | kFast, 1, 1, 1, decrby_command},
    CommandSpec{"DEL", -2, kWrite, 1, -1, 1, del_command},
    CommandSpec{"DISCARD", 1, kLoading | kStale | kFast | kAtOnce, 0, 0, 0, discard_command},
    CommandSpec{"DUMP", 2, kReadonly, 1, 1, 1, dump_command},
    CommandSpec{"ECHO", 2, kLoading | kStale | kFast, 0, 0, 0, echo_command},
    CommandSpec{"EXEC", 1, kLoading | kStale | kAtOnce, 0, 0, 0, exec_command},
    CommandSpec{"EXISTS", -2, kReadonly | kFast, 1, -1, 1, exists_command},
    CommandSpec{"EXPIRE", -3, kWrite | kFast, 1, 1, 1, expire_command},
    CommandSpec{"EXPIREAT", -3, kWrite | kFast, 1, 1, 1, expireat_command},
    CommandSpec{"EXPIRETIME", 2, kReadonly | kFast, 1, 1, 1, expiretime_command},
    CommandSpec{"FAILOVER", -1, kAdmin | kStale, 0, 0, 0, failover_command},
    CommandSpec{"FLUSHALL", -1, kWrite, 0, 0, 0, flush_command},
    CommandSpec{"FLUSHDB", -1, kWrite, 0, 0, 0, flush_command},
    CommandSpec{"GET", 2, kReadonly | kFast, 1, 1, 1, get_command},
    CommandSpec{"GETDEL", 2, kWrite | kFast, 1, 1, 1, getdel_command},
    CommandSpec{"GETSET", 3, kWrite | kFast, 1, 1, 1, getset_command},
    CommandSpec{"HELLO", -1, kLoading | kStale | kFast, 0, 0, 0, hello_command},
    CommandSpec{"INCR", 2, kWrite | kFast, 1, 1, 1, incr_command},
    CommandSpec{"INCRBY", 3, kWrite | kFast, 1, 1, 1, incrby_command},
    CommandSpec{"INFO", -1, kLoading | kStale, 0, 0, 0, info_command},
    CommandSpec{"KEYS", 2, kReadonly, 0, 0, 0, keys_command},
    CommandSpec{"LINDEX", 3, kReadonly, 1, 1, 1, lindex_command},
    CommandSpec{"LLEN", 2, kReadonly | kFast, 1, 1, 1, llen_command},
    CommandSpec{"LMOVE", 5, kWrite, 1, 2, 1, lmove_command},
    CommandSpec{"LPOP", -2, kWrite | kFast, 1, 1, 1, lpop_command},
    CommandSpec{"LPUSH", -3, kWrite | kFast, 1, 1, 1, lpush_command},
    CommandSpec{"LPUSHX", -3, kWrite | kFast, 1, 1, 1, lpushx_command},
    CommandSpec{"LRANGE", 4, kReadonly, 1, 1, 1, lrange_command},
    CommandSpec{"MGET", -2, kReadonly | kFast, 1, -1, 1, mget_command},
    CommandSpec{"MIGRATE", -6, kWrite | kMovesKeys | kNoMulti, 3, 3, 1, migrate_command},
    CommandSpec{"MOVE", 3, kWrite | kFast, 1, 1, 1, move_command},
    CommandSpec{"MSET", -3, kWrite, 1, -1, 2, mset_command},
    CommandSpec{"MSETNX", -3, kWrite, 1, -1, 2, msetnx_command},
    CommandSpec{"MULTI", 1, kLoading | kStale | kFast | kAtOnce, 0, 0, 0, multi_command},
    CommandSpec{"PERSIST", 2, kWrite | kFast, 1, 1, 1, persist_command},
    CommandSpec{"PEXPIRE", -3, kWrite | kFast, 1, 1, 1, pexpire_command},
    CommandSpec{"PEXPIREAT", -3, kWrite | kFast, 1, 1, 1, pexpireat_command},
    CommandSpec{"PEXPIRETIME", 2, kReadonly | kFast, 1, 1, 1, pexpiretime_command},
    CommandSpec{"PING", -1, kFast | kSubscriber, 0, 0, 0, ping_command},
    CommandSpec{"PSETEX", 4, kWrite, 1, 1, 1, psetex_command},
    CommandSpec{"PSUBSCRIBE", -2, kLoading | kStale | kSubscriber, 0, 0, 0, psubscribe_command},
    CommandSpec{"PSYNC", -3, kAdmin | kNoMulti, 0, 0, 0, psync_command},
    CommandSpec{"PTTL", 2, kReadonly | kFast, 1, 1, 1, pttl_command},
    CommandSpec{"PUBLISH", 3, kLoading | kStale | kFast | kMayReplicate, 0, 0, 0, publish_command},
    CommandSpec{"PUBSUB", -2, kContainer | kLoading | kStale, 0, 0, 0, pubsub_command},
    CommandSpec{"PUNSUBSCRIBE", -1, kLoading | kStale | kSubscriber, 0, 0, 0, punsubscribe_command},
    CommandSpec{"QUIT", -1, kLoading | kStale | kFast | kSubscriber | kAtOnce, 0, 0, 0,
                quit_command},
    CommandSpec{"READONLY", 1, kLoading | kStale | kFast, 0, 0, 0, readonly_command},
    CommandSpec{"READWRITE", 1, kLoading | kStale | kFast, 0, 0, 0, readwrite_command},
    CommandSpec{"REPLCONF", -1, kAdmin | kLoading | kStale, 0, 0, 0, replconf_command},
    CommandSpec{"REPLICAOF", 3, kAdmin | kStale, 0, 0, 0, replicaof_command},
    CommandSpec{"RESET", 1, kLoading | kStale | kFast | kSubscriber | kAtOnce, 0, 0, 0,
                reset_command},
    CommandSpec{"RESTORE", -4, kWrite, 1, 1, 1, restore_command},
    CommandSpec{"RESTORE-ASKING", -4, kWrite | kAsksItself, 1, 1, 1, restore_command},
    CommandSpec{"ROLE", 1, kLoading | kStale | kFast, 0, 0, 0, role_command},
    CommandSpec{"RPOP", -2, kWrite | kFast, 1, 1, 1, rpop_command},
    CommandSpec{"RPOPLPUSH", 3, kWrite, 1, 2, 1, rpoplpush_command},
    CommandSpec{"RPUSH", -3, kWrite | kFast, 1, 1, 1, rpush_command},
    CommandSpec{"RPUSHX", -3, kWrite | kFast, 1, 1, 1, rpushx_command},
    CommandSpec{"SCAN", -2, kReadonly, 0, 0, 0, scan_command},
    CommandSpec{"SELECT", 2, kLoading | kStale | kFast, 0, 0, 0, select_command},
    CommandSpec{"SET", -3, kWrite, 1, 1, 1, set_command},
    CommandSpec{"SETEX", 4, kWrite, 1, 1, 1, setex_command},
    CommandSpec{"SETNX", 3, kWrite | kFast, 1, 1, 1, setnx_command},
    CommandSpec{"SHUTDOWN", -1, kAdmin | kLoading | kStale | kNoMulti, 0, 0, 0, shutdown_command},
    CommandSpec{"SLAVEOF", 3, kAdmin | kStale, 0, 0, 0, replicaof_command},
    CommandSpec{"SPUBLISH", 3, kLoading | kStale | kFast | kMayReplicate | kShardChannels, 1, 1, 1,
                spublish_command},
    CommandSpec{"SSUBSCRIBE", -2, kLoading | kStale | kSubscriber | kShardChannels, 1, -1, 1,
                ssubscribe_command},
    CommandSpec{"STRLEN", 2, kReadonly | kFast, 1, 1, 1, strlen_command},
    CommandSpec{"SUBSCRIBE", -2, kLoading | kStale | kSubscriber, 0, 0, 0, subscribe_command},
    CommandSpec{"SUNSUBSCRIBE", -1, kLoading | kStale | kSubscriber | kShardChannels, 1, -1, 1,
                sunsubscribe_command},
    CommandSpec{"SWAPDB", 3, kWrite | kFast, 0, 0, 0, swapdb_command},
    CommandSpec{"TIME", 1, kLoading | kStale | kFast, 0, 0, 0, time_command},
    CommandSpec{"TTL", 2, kReadonly | kFast, 1, 1, 1, ttl_command},
    CommandSpec{"TYPE", 2, kReadonly | kFast, 1, 1, 1, type_command},
    CommandSpec{"UNLINK", -2, kWrite | kFast, 1, -1, 1, del_command},
    CommandSpec{"UNSUBSCRIBE", -1, kLoading | kStale | kSubscriber, 0, 0, 0, unsubscribe_command},
    CommandSpec{"UNWATCH", 1, kLoading | kStale | kFast, 0, 0, 0, unwatch_command},
    CommandSpec{"WAIT", 3, 0, 0, 0, 0, wait_command},
    CommandSpec{"WATCH", -2, kLoading | kStale | kFast | kAtOnce, 1, -1, 1, watch_command},
};

// A name as two words, in upper case: names are letters and dashes only, and of no byte but a
// letter's two cases does clearing bit 5 make that letter.
struct PackedName {
  std::uint64_t first = 0, second = 0;
  constexpr bool operator==(const PackedName&) const = default;
};
constexpr std::size_t kLongestName = 16;

constexpr PackedName pack(std::string_view name) {
  PackedName packed;
  for (std::size_t i = 0; i < name.size(); ++i) {
    std::uint64_t& word = i < 8 ? packed.first : packed.second;
    const auto byte = static_cast<unsigned char>(name[i]);
    word = (word << 8) | (byte < 0x40 ? byte : byte & 0xdfu);
  }
  return packed;
}

constexpr std::size_t kBuckets = 256;
constexpr std::size_t bucket_of(const PackedName& name) {
  return static_cast<std::size_t>(mix64(name.first ^ (name.second << 1)) % kBuckets);
}

struct Bucket {
  PackedName name;
  std::uint8_t number = 0;  // of the command, from 1; 0: empty
};
// Open addressing, built by the compiler.
constexpr auto kIndex = [] {
  std::array<Bucket, kBuckets> index{};
  for (std::size_t number = 0; number < kCommands.size(); ++number) {
    const PackedName name = pack(kCommands[number].name);
    std::size_t at = bucket_of(name);
    while (index[at].number != 0) at = (at + 1) % kBuckets;
    index[at] = {name, static_cast<std::uint8_t>(number + 1)};
  }
  return index;
}();

}  // namespace

std::span<const CommandSpec> command_specs() {
  return kCommands;
}

const CommandSpec* find_command(std::string_view name) {
  if (name.size() > kLongestName) return nullptr;
  const PackedName packed = pack(name);
  for (std::size_t at = bucket_of(packed); kIndex[at].number != 0; at = (at + 1) % kBuckets) {
    if (kIndex[at].name != packed) continue;
    const CommandSpec& spec = kCommands[kIndex[at].number - 1u];
    if (spec.name.size() == name.size()) return &spec;
  }
  return nullptr;
}

}  // namespace sim
