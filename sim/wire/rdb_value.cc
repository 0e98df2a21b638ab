#include "sim/wire/rdb_value.h"

#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "sim/base/bytes.h"
#include "sim/wire/listpack.h"
#include "sim/wire/rdb_format.h"

namespace sim::rdb {
namespace {

constexpr std::size_t kLongestInt = 11;  // "-2147483648"

// Text that is a number written the one way there is, which the reader will write again.
std::optional<std::int32_t> small_integer(std::string_view text) {
  if (text.empty() || text.size() > kLongestInt) return std::nullopt;
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || std::to_string(number) != text) return std::nullopt;
  return number;
}

template <class Int>
bool fits(std::int32_t number) {
  return number >= std::numeric_limits<Int>::min() && number <= std::numeric_limits<Int>::max();
}

std::vector<std::string> read_list(Cursor& cursor) {
  std::vector<std::string> items;
  const std::uint64_t count = cursor.length();
  for (std::uint64_t i = 0; i < count && cursor.ok(); ++i) items.push_back(cursor.text());
  return items;
}

// Nodes of one big item each, or of a listpack.
std::vector<std::string> read_quicklist(Cursor& cursor) {
  std::vector<std::string> items;
  const std::uint64_t nodes = cursor.length();
  for (std::uint64_t i = 0; i < nodes && cursor.ok(); ++i) {
    const std::uint64_t form = cursor.length();
    std::string node = cursor.text();
    if (form == kNodePlain) {
      items.push_back(std::move(node));
    } else if (form != kNodePacked || (cursor.ok() && !read_listpack(node, items))) {
      cursor.fail("a list node that is no listpack");
    }
  }
  return items;
}

}  // namespace

void append_little_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

void append_length(std::string& out, std::uint64_t length) {
  if (length < 1u << 6) {
    out += static_cast<char>(kLength6 << 6 | length);
  } else if (length < 1u << 14) {
    append_big_endian(out, static_cast<std::uint16_t>(std::uint64_t{kLength14} << 14 | length));
  } else if (length <= std::numeric_limits<std::uint32_t>::max()) {
    out += static_cast<char>(kLength32);
    append_big_endian(out, static_cast<std::uint32_t>(length));
  } else {
    out += static_cast<char>(kLength64);
    append_big_endian(out, length);
  }
}

void append_text(std::string& out, std::string_view text) {
  const auto number = small_integer(text);
  if (!number) {
    append_length(out, text.size());
    out += text;
    return;
  }
  const std::uint8_t form = fits<std::int8_t>(*number)    ? kInt8
                            : fits<std::int16_t>(*number) ? kInt16
                                                          : kInt32;
  out += static_cast<char>(kEncoded << 6 | form);
  append_little_endian(out, static_cast<std::uint64_t>(*number), std::size_t{1} << form);
}

bool is_ours(std::uint8_t type) {
  return type == mark::kString || type == mark::kList || type == mark::kListQuicklist2;
}

std::optional<Value> read_value(Cursor& cursor, std::uint8_t type) {
  if (type == mark::kString) return cursor.text();
  auto items = type == mark::kList ? read_list(cursor) : read_quicklist(cursor);
  if (items.empty()) return std::nullopt;
  return items;
}

}  // namespace sim::rdb
