#include <cstdint>
#include <string>
#include <string_view>

#include "sim/wire/crc64.h"
#include "sim/wire/rdb.h"
#include "sim/wire/rdb_format.h"
#include "sim/wire/rdb_value.h"

namespace sim::rdb {

Writer::Writer() : out_(kSignature) {
  const std::string version = std::to_string(kVersion);
  out_.append(kVersionDigits - version.size(), '0').append(version);
}

void Writer::aux(std::string_view name, std::string_view value) {
  out_ += static_cast<char>(mark::kAux);
  append_text(out_, name);
  append_text(out_, value);
}

void Writer::database(std::uint64_t keys, std::uint64_t expiring) {
  out_ += static_cast<char>(mark::kSelectDb);
  append_length(out_, 0);
  out_ += static_cast<char>(mark::kResizeDb);
  append_length(out_, keys);
  append_length(out_, expiring);
}

void Writer::expiry(std::int64_t unix_ms) {
  out_ += static_cast<char>(mark::kExpireMs);
  append_little_endian(out_, static_cast<std::uint64_t>(unix_ms), 8);
}

void Writer::text(std::string_view key, std::string_view value) {
  out_ += static_cast<char>(mark::kString);
  append_text(out_, key);
  append_text(out_, value);
}

// As a plain list, which every version reads; a real server writes listpacks.
void Writer::list(std::string_view key, std::uint64_t items) {
  out_ += static_cast<char>(mark::kList);
  append_text(out_, key);
  append_length(out_, items);
}

void Writer::item(std::string_view item) {
  append_text(out_, item);
}

std::string Writer::finish() {
  out_ += static_cast<char>(mark::kEnd);
  append_little_endian(out_, crc64(out_), kChecksumSize);
  return std::move(out_);
}

}  // namespace sim::rdb
