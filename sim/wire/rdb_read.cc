#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "sim/wire/crc64.h"
#include "sim/wire/rdb.h"
#include "sim/wire/rdb_cursor.h"
#include "sim/wire/rdb_format.h"
#include "sim/wire/rdb_skip.h"
#include "sim/wire/rdb_value.h"

namespace sim::rdb {
namespace {

// What was read before a key and belongs to it, or to all that follow.
struct Context {
  std::optional<std::int64_t> expire_at_ms;
  std::uint64_t database = 0;
};

void read_key(Cursor& cursor, std::uint8_t type, Context& context, File& file) {
  Key key{cursor.text(), {}, std::exchange(context.expire_at_ms, std::nullopt)};
  if (is_ours(type)) {
    auto value = read_value(cursor, type);
    if (!value) return;
    key.value = std::move(*value);
  } else {
    const std::string_view kind = skip_value(cursor, type);
    if (kind.empty()) return cursor.fail("unknown type " + std::to_string(type));
    ++file.skipped[kind];
    return;
  }
  if (context.database != 0) {
    ++file.skipped["another database"];
  } else if (cursor.ok()) {
    file.keys.push_back(std::move(key));
  }
}

// One opcode or key. False: that was the end.
bool read_one(Cursor& cursor, Context& context, File& file) {
  const std::uint8_t type = cursor.byte();
  switch (type) {
    case mark::kEnd:
      return false;
    case mark::kAux: {
      std::string name = cursor.text();
      file.aux[std::move(name)] = cursor.text();
      return true;
    }
    case mark::kSelectDb:
      context.database = cursor.length();
      return true;
    case mark::kResizeDb:
      cursor.length();
      cursor.length();
      return true;
    case mark::kExpireMs:
      context.expire_at_ms = static_cast<std::int64_t>(cursor.little_endian(8));
      return true;
    case mark::kExpireS:
      context.expire_at_ms =
          std::int64_t{1000} * static_cast<std::int32_t>(cursor.little_endian(4));
      return true;
    case mark::kIdle:
      cursor.length();
      return true;
    case mark::kFrequency:
      cursor.byte();
      return true;
    case mark::kFunction2:
      cursor.text();
      ++file.skipped["function library"];
      return true;
    case mark::kModuleAux:
      skip_module_aux(cursor);
      ++file.skipped["module's own data"];
      return true;
    default:
      read_key(cursor, type, context, file);
      return true;
  }
}

Broken foreign(std::string why) {
  return Broken{std::move(why), true};
}

}  // namespace

std::variant<File, Broken> decode(std::string_view bytes) {
  constexpr std::size_t kHead = kSignature.size() + kVersionDigits;
  if (bytes.size() < kHead || !bytes.starts_with(kSignature)) return foreign("no RDB file");
  const std::string_view digits = bytes.substr(kSignature.size(), kVersionDigits);
  int version = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (version < 1 || version > kVersion) {
    return foreign("RDB version '" + std::string(digits) + "', expected at most " +
                   std::to_string(kVersion));
  }
  Cursor cursor(bytes.substr(kHead));
  Context context;
  File file;
  while (cursor.ok() && read_one(cursor, context, file)) continue;
  if (!cursor.ok()) return Broken{cursor.wrong()};
  if (version < 5) return file;  // the checksum came with that version
  const std::string_view summed = bytes.substr(0, bytes.size() - cursor.rest());
  const std::uint64_t checksum = cursor.little_endian(kChecksumSize);
  if (!cursor.ok()) return Broken{cursor.wrong()};
  // 0: written with checksums switched off.
  if (checksum != 0 && checksum != crc64(summed)) return Broken{"its checksum is wrong"};
  return file;
}

}  // namespace sim::rdb
