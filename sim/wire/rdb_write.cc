#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "sim/base/bytes.h"
#include "sim/wire/crc64.h"
#include "sim/wire/rdb.h"
#include "sim/wire/rdb_format.h"

namespace sim::rdb {
namespace {

constexpr std::size_t kLongestInt = 11;  // "-2147483648"

void append_little_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

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

}  // namespace

Writer::Writer() : out_(kSignature) {
  const std::string version = std::to_string(kVersion);
  out_.append(kVersionDigits - version.size(), '0').append(version);
}

void Writer::aux(std::string_view name, std::string_view value) {
  out_ += static_cast<char>(mark::kAux);
  put(name);
  put(value);
}

void Writer::database(std::uint64_t keys, std::uint64_t expiring) {
  out_ += static_cast<char>(mark::kSelectDb);
  length(0);
  out_ += static_cast<char>(mark::kResizeDb);
  length(keys);
  length(expiring);
}

void Writer::expiry(std::int64_t unix_ms) {
  out_ += static_cast<char>(mark::kExpireMs);
  append_little_endian(out_, static_cast<std::uint64_t>(unix_ms), 8);
}

void Writer::text(std::string_view key, std::string_view value) {
  out_ += static_cast<char>(mark::kString);
  put(key);
  put(value);
}

// As a plain list, which every version reads; a real server writes listpacks.
void Writer::list(std::string_view key, std::uint64_t items) {
  out_ += static_cast<char>(mark::kList);
  put(key);
  length(items);
}

void Writer::item(std::string_view item) {
  put(item);
}

std::string Writer::finish() {
  out_ += static_cast<char>(mark::kEnd);
  append_little_endian(out_, crc64(out_), kChecksumSize);
  return std::move(out_);
}

void Writer::length(std::uint64_t length) {
  if (length < 1u << 6) {
    out_ += static_cast<char>(kLength6 << 6 | length);
  } else if (length < 1u << 14) {
    append_big_endian(out_, static_cast<std::uint16_t>(std::uint64_t{kLength14} << 14 | length));
  } else if (length <= std::numeric_limits<std::uint32_t>::max()) {
    out_ += static_cast<char>(kLength32);
    append_big_endian(out_, static_cast<std::uint32_t>(length));
  } else {
    out_ += static_cast<char>(kLength64);
    append_big_endian(out_, length);
  }
}

void Writer::put(std::string_view text) {
  const auto number = small_integer(text);
  if (!number) {
    length(text.size());
    out_ += text;
    return;
  }
  const std::uint8_t form = fits<std::int8_t>(*number)    ? kInt8
                            : fits<std::int16_t>(*number) ? kInt16
                                                          : kInt32;
  out_ += static_cast<char>(kEncoded << 6 | form);
  append_little_endian(out_, static_cast<std::uint64_t>(*number), std::size_t{1} << form);
}

}  // namespace sim::rdb
