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
    CommandSpec{"CLIENT", -2, kLoading | kStale, 0, 0, 0, client_command},
    CommandSpec{"CLUSTER", -2, kStale | kSubcommands, 0, 0, 0, cluster_delegate_command},
    CommandSpec{"COMMAND", -1, kLoading | kStale, 0, 0, 0, command_command},
    CommandSpec{"CONFIG", -2, kAdmin | kLoading | kStale, 0, 0, 0, config_command},
    CommandSpec{"DBSIZE", 1, kReadonly | kFast, 0, 0, 0, dbsize_command},
    CommandSpec{"DECR", 2, kWrite | kFast, 1, 1, 1, decr_command},
    CommandSpec{"DECRBY", 3, kWrite | kFast, 1, 1, 1, decrby_command},
    CommandSpec{"DEL", -2, kWrite, 1, -1, 1, del_command},
    CommandSpec{"DUMP", 2, kReadonly, 1, 1, 1, dump_command},
    CommandSpec{"ECHO", 2, kLoading | kStale | kFast, 0, 0, 0, echo_command},
    CommandSpec{"EXISTS", -2, kReadonly | kFast, 1, -1, 1, exists_command},
    CommandSpec{"EXPIRE", -3, kWrite | kFast, 1, 1, 1, expire_command},
    CommandSpec{"EXPIREAT", -3, kWrite | kFast, 1, 1, 1, expireat_command},
    CommandSpec{"EXPIRETIME", 2, kReadonly | kFast, 1, 1, 1, expiretime_command},
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
    CommandSpec{"LPOP", -2, kWrite | kFast, 1, 1, 1, lpop_command},
    CommandSpec{"LPUSH", -3, kWrite | kFast, 1, 1, 1, lpush_command},
    CommandSpec{"LPUSHX", -3, kWrite | kFast, 1, 1, 1, lpushx_command},
    CommandSpec{"LRANGE", 4, kReadonly, 1, 1, 1, lrange_command},
    CommandSpec{"MGET", -2, kReadonly | kFast, 1, -1, 1, mget_command},
    CommandSpec{"MIGRATE", -6, kWrite | kMovesKeys, 3, 3, 1, migrate_command},
    CommandSpec{"MSET", -3, kWrite, 1, -1, 2, mset_command},
    CommandSpec{"MSETNX", -3, kWrite, 1, -1, 2, msetnx_command},
    CommandSpec{"PERSIST", 2, kWrite | kFast, 1, 1, 1, persist_command},
    CommandSpec{"PEXPIRE", -3, kWrite | kFast, 1, 1, 1, pexpire_command},
    CommandSpec{"PEXPIREAT", -3, kWrite | kFast, 1, 1, 1, pexpireat_command},
    CommandSpec{"PEXPIRETIME", 2, kReadonly | kFast, 1, 1, 1, pexpiretime_command},
    CommandSpec{"PING", -1, kFast, 0, 0, 0, ping_command},
    CommandSpec{"PSETEX", 4, kWrite, 1, 1, 1, psetex_command},
    CommandSpec{"PSYNC", -3, kAdmin, 0, 0, 0, psync_command},
    CommandSpec{"PTTL", 2, kReadonly | kFast, 1, 1, 1, pttl_command},
    CommandSpec{"QUIT", -1, kLoading | kStale | kFast, 0, 0, 0, quit_command},
    CommandSpec{"READONLY", 1, kLoading | kStale | kFast, 0, 0, 0, readonly_command},
    CommandSpec{"READWRITE", 1, kLoading | kStale | kFast, 0, 0, 0, readwrite_command},
    CommandSpec{"REPLCONF", -1, kAdmin | kLoading | kStale, 0, 0, 0, replconf_command},
    CommandSpec{"REPLICAOF", 3, kAdmin | kStale, 0, 0, 0, replicaof_command},
    CommandSpec{"RESTORE", -4, kWrite, 1, 1, 1, restore_command},
    CommandSpec{"RESTORE-ASKING", -4, kWrite | kAsksItself, 1, 1, 1, restore_command},
    CommandSpec{"ROLE", 1, kLoading | kStale | kFast, 0, 0, 0, role_command},
    CommandSpec{"RPOP", -2, kWrite | kFast, 1, 1, 1, rpop_command},
    CommandSpec{"RPUSH", -3, kWrite | kFast, 1, 1, 1, rpush_command},
    CommandSpec{"RPUSHX", -3, kWrite | kFast, 1, 1, 1, rpushx_command},
    CommandSpec{"SCAN", -2, kReadonly, 0, 0, 0, scan_command},
    CommandSpec{"SELECT", 2, kLoading | kStale | kFast, 0, 0, 0, select_command},
    CommandSpec{"SET", -3, kWrite, 1, 1, 1, set_command},
    CommandSpec{"SETEX", 4, kWrite, 1, 1, 1, setex_command},
    CommandSpec{"SETNX", 3, kWrite | kFast, 1, 1, 1, setnx_command},
    CommandSpec{"SLAVEOF", 3, kAdmin | kStale, 0, 0, 0, replicaof_command},
    CommandSpec{"STRLEN", 2, kReadonly | kFast, 1, 1, 1, strlen_command},
    CommandSpec{"TIME", 1, kLoading | kStale | kFast, 0, 0, 0, time_command},
    CommandSpec{"TTL", 2, kReadonly | kFast, 1, 1, 1, ttl_command},
    CommandSpec{"TYPE", 2, kReadonly | kFast, 1, 1, 1, type_command},
    CommandSpec{"UNLINK", -2, kWrite | kFast, 1, -1, 1, del_command},
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
