#include <algorithm>
#include <array>
#include <string_view>

#include "sim/client/client.h"

namespace sim::client {

namespace {

struct Known {
  std::string_view name;
  event::OpKind kind;
};
using event::OpKind;
constexpr std::array<Known, 12> kKinds{{
    {"APPEND", OpKind::kOther},
    {"DECR", OpKind::kIncrement},
    {"DEL", OpKind::kDelete},
    {"GET", OpKind::kRead},
    {"INCR", OpKind::kIncrement},
    {"INCRBY", OpKind::kIncrement},
    {"LRANGE", OpKind::kReadList},
    {"PSETEX", OpKind::kWrite},
    {"RPUSH", OpKind::kAppend},
    {"SET", OpKind::kWrite},
    {"SETEX", OpKind::kWrite},
    {"UNLINK", OpKind::kDelete},
}};

constexpr std::array<std::string_view, 10> kReads{"EXISTS", "GETRANGE", "LINDEX", "LLEN", "MGET",
                                                  "PTTL",   "STRLEN",   "TTL",    "TYPE", "TOUCH"};

// Commands without a key: any node may answer.
constexpr std::array<std::string_view, 16> kKeyless{
    "CLUSTER", "COMMAND",  "CONFIG", "DBSIZE",    "DEBUG", "ECHO",     "FLUSHALL", "FLUSHDB",
    "INFO",    "LASTSAVE", "PING",   "RANDOMKEY", "ROLE",  "READONLY", "TIME",     "WAIT"};

}  // namespace

event::OpKind kind_of(const resp::Command& command) {
  for (const Known& known : kKinds) {
    if (known.name == command.front()) return known.kind;
  }
  return OpKind::kOther;
}

bool is_read(event::OpKind kind, std::string_view name) {
  if (kind == OpKind::kRead || kind == OpKind::kReadList) return true;
  return kind == OpKind::kOther && std::find(kReads.begin(), kReads.end(), name) != kReads.end();
}

std::size_t key_position(const resp::Command& command) {
  if (command.size() < 2) return 0;
  return std::find(kKeyless.begin(), kKeyless.end(), command.front()) == kKeyless.end() ? 1 : 0;
}

}  // namespace sim::client
