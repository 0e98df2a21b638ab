// RDB, the file format of a snapshot: what a full synchronisation sends and a data directory keeps.
//
// Written is version 10 as redis 7.0.15 reads it, with plain encodings only: any server since 7.0
// loads it. Read is all that 7.0.15 writes. A file is a signature, opcodes and keys, and a CRC-64.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sim::rdb {

// What we can hold: a string or a list.
using Value = std::variant<std::string, std::vector<std::string>>;

struct Key {
  std::string key;
  Value value;
  std::optional<std::int64_t> expire_at_ms;  // unix time
  bool operator==(const Key&) const = default;
};

struct File {
  std::map<std::string, std::string, std::less<>>
      aux;                // "repl-id", "repl-offset", "redis-ver", ...
  std::vector<Key> keys;  // in the order of the file
  // What a node of ours cannot hold, passed over: "hash", "stream", "function", "another database".
  std::map<std::string_view, std::uint64_t> skipped;
};

struct Broken {
  std::string why;
  // No RDB file at all, or of a version to come: a replica of 7.0.15 drops the link and asks again.
  // What only turns out to be damaged makes it exit.
  bool foreign = false;
};

std::variant<File, Broken> decode(std::string_view bytes);

// Puts a file together, in this order: aux fields, one database with its keys, the end.
class Writer {
 public:
  Writer();
  void aux(std::string_view name, std::string_view value);
  void database(std::uint64_t keys, std::uint64_t expiring);
  void expiry(std::int64_t unix_ms);  // of the key that follows
  void text(std::string_view key, std::string_view value);
  void list(std::string_view key, std::uint64_t items);
  void item(std::string_view item);  // so many must follow
  std::string finish();              // the whole file, with its checksum

 private:
  std::string out_;
};

// ---- One value on its own, as DUMP gives it and RESTORE takes it ----
//
// Its type, the value, two bytes of format version, and a CRC-64 of all that. Any server since 7.0
// reads what is written here.

std::string dump_text(std::string_view text);

class ListDump {
 public:
  explicit ListDump(std::uint64_t items);
  void item(std::string_view item);  // so many must follow
  std::string finish();

 private:
  std::string out_;
};

enum class BadDump : std::uint8_t {
  kFooter,  // of a version to come, or its checksum is wrong
  kValue,   // no value, or none that we can hold
};
std::variant<Value, BadDump> undump(std::string_view payload);

}  // namespace sim::rdb
