#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sim/wire/crc64.h"
#include "sim/wire/rdb.h"
#include "sim/wire/rdb_cursor.h"
#include "sim/wire/rdb_format.h"
#include "sim/wire/rdb_value.h"

namespace sim::rdb {
namespace {

constexpr std::size_t kVersionSize = 2;
constexpr std::size_t kFooter = kVersionSize + kChecksumSize;

std::string with_footer(std::string out) {
  append_little_endian(out, kVersion, kVersionSize);
  append_little_endian(out, crc64(out), kChecksumSize);
  return out;
}

// Of another version to come, or damaged on the way.
bool footer_is_wrong(std::string_view payload) {
  if (payload.size() < kFooter) return true;
  Cursor footer(payload.substr(payload.size() - kFooter));
  if (footer.little_endian(kVersionSize) > static_cast<std::uint64_t>(kVersion)) return true;
  return footer.little_endian(kChecksumSize) !=
         crc64(payload.substr(0, payload.size() - kChecksumSize));
}

}  // namespace

std::string dump_text(std::string_view text) {
  std::string out(1, static_cast<char>(mark::kString));
  append_text(out, text);
  return with_footer(std::move(out));
}

ListDump::ListDump(std::uint64_t items) : out_(1, static_cast<char>(mark::kList)) {
  append_length(out_, items);
}

void ListDump::item(std::string_view item) {
  append_text(out_, item);
}

std::string ListDump::finish() {
  return with_footer(std::move(out_));
}

std::variant<Value, BadDump> undump(std::string_view payload) {
  if (footer_is_wrong(payload)) return BadDump::kFooter;
  Cursor cursor(payload.substr(0, payload.size() - kFooter));
  const std::uint8_t type = cursor.byte();
  if (!cursor.ok() || !is_ours(type)) return BadDump::kValue;
  auto value = read_value(cursor, type);  // what may follow it nobody looks at
  if (!cursor.ok() || !value) return BadDump::kValue;
  return std::move(*value);
}

}  // namespace sim::rdb
