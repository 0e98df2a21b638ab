#include "sim/wire/rdb_cursor.h"

#include <optional>
#include <utility>

#include "sim/base/bytes.h"
#include "sim/wire/lzf.h"
#include "sim/wire/rdb_format.h"

namespace sim::rdb {

void Cursor::fail(std::string why) {
  if (ok()) wrong_ = std::move(why);
  rest_ = {};
}

std::string_view Cursor::raw(std::uint64_t size) {
  if (size > rest_.size()) {
    fail("it ends too soon");
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint8_t Cursor::byte() {
  const std::string_view taken = raw(1);
  return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken[0]);
}

std::uint64_t Cursor::little_endian(std::size_t bytes) {
  const std::string_view taken = raw(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = taken.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(taken[i]);
  }
  return value;
}

std::uint64_t Cursor::length_behind(std::uint8_t first, bool& encoded) {
  encoded = first >> 6 == kEncoded;
  const std::uint64_t low = first & 0x3fu;
  if (encoded || first >> 6 == kLength6) return low;
  if (first >> 6 == kLength14) return low << 8 | byte();
  if (first != kLength32 && first != kLength64) {
    fail("unknown length encoding " + std::to_string(first));
    return 0;
  }
  const std::string_view number = raw(first == kLength32 ? 4 : 8);
  if (!ok()) return 0;
  return first == kLength32 ? read_big_endian<std::uint32_t>(number, 0)
                            : read_big_endian<std::uint64_t>(number, 0);
}

std::uint64_t Cursor::length() {
  bool encoded = false;
  const std::uint64_t length = length_behind(byte(), encoded);
  if (encoded) fail("a string where a length was expected");
  return ok() ? length : 0;
}

std::string Cursor::text() {
  bool encoded = false;
  const std::uint64_t length = length_behind(byte(), encoded);
  if (!ok()) return {};
  return encoded ? encoded_text(length) : std::string(raw(length));
}

std::string Cursor::encoded_text(std::uint64_t form) {
  switch (form) {
    case kInt8:
      return std::to_string(static_cast<std::int8_t>(little_endian(1)));
    case kInt16:
      return std::to_string(static_cast<std::int16_t>(little_endian(2)));
    case kInt32:
      return std::to_string(static_cast<std::int32_t>(little_endian(4)));
    case kCompressed: {
      const std::uint64_t packed = length(), size = length();
      std::optional<std::string> text = lzf_expand(raw(packed), size);
      if (!text) fail("a compressed string that does not expand");
      return text.value_or("");
    }
    default:
      fail("unknown string encoding " + std::to_string(form));
      return {};
  }
}

}  // namespace sim::rdb
