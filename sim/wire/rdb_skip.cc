#include "sim/wire/rdb_skip.h"

#include "sim/wire/rdb_format.h"

namespace sim::rdb {
namespace {

constexpr std::size_t kStreamId = 16, kMilliseconds = 8;

void skip_texts(Cursor& cursor, std::uint64_t each) {
  const std::uint64_t items = cursor.length();
  for (std::uint64_t i = 0; i < items && cursor.ok(); ++i) {
    for (std::uint64_t j = 0; j < each; ++j) cursor.text();
  }
}

// Members with scores: 8 bytes each, or in the oldest form a length and digits, of which the three
// greatest lengths stand for what has no digits.
void skip_scored(Cursor& cursor, bool decimal) {
  const std::uint64_t members = cursor.length();
  for (std::uint64_t i = 0; i < members && cursor.ok(); ++i) {
    cursor.text();
    if (!decimal) {
      cursor.raw(8);
    } else if (const std::uint8_t digits = cursor.byte(); digits < 253) {
      cursor.raw(digits);
    }
  }
}

void skip_lengths(Cursor& cursor, int count) {
  for (int i = 0; i < count; ++i) cursor.length();
}

void skip_consumers(Cursor& cursor) {
  const std::uint64_t consumers = cursor.length();
  for (std::uint64_t i = 0; i < consumers && cursor.ok(); ++i) {
    cursor.text();
    cursor.raw(kMilliseconds);
    const std::uint64_t pending = cursor.length();
    for (std::uint64_t j = 0; j < pending && cursor.ok(); ++j) cursor.raw(kStreamId);
  }
}

// Pieces, then ids and counters, then the consumer groups with what is pending.
void skip_stream(Cursor& cursor, bool second) {
  skip_texts(cursor, 2);
  skip_lengths(cursor, second ? 8 : 3);
  const std::uint64_t groups = cursor.length();
  for (std::uint64_t i = 0; i < groups && cursor.ok(); ++i) {
    cursor.text();
    skip_lengths(cursor, second ? 3 : 2);
    const std::uint64_t pending = cursor.length();
    for (std::uint64_t j = 0; j < pending && cursor.ok(); ++j) {
      cursor.raw(kStreamId + kMilliseconds);
      cursor.length();
    }
    skip_consumers(cursor);
  }
}

// Parts, each preceded by what it is, up to 0.
void skip_module_parts(Cursor& cursor) {
  while (cursor.ok()) {
    switch (cursor.length()) {
      case 0:
        return;
      case 1:
      case 2:
        cursor.length();
        break;
      case 3:
        cursor.raw(4);
        break;
      case 4:
        cursor.raw(8);
        break;
      case 5:
        cursor.text();
        break;
      default:
        cursor.fail("an unknown part of a module's data");
    }
  }
}

}  // namespace

std::string_view skip_value(Cursor& cursor, std::uint8_t type) {
  switch (type) {
    case mark::kSet:
      skip_texts(cursor, 1);
      return "set";
    case mark::kSetIntset:
      cursor.text();
      return "set";
    case mark::kZset:
    case mark::kZset2:
      skip_scored(cursor, type == mark::kZset);
      return "sorted set";
    case mark::kZsetZiplist:
    case mark::kZsetListpack:
      cursor.text();
      return "sorted set";
    case mark::kHash:
      skip_texts(cursor, 2);
      return "hash";
    case mark::kHashZipmap:
    case mark::kHashZiplist:
    case mark::kHashListpack:
      cursor.text();
      return "hash";
    case mark::kListZiplist:
      cursor.text();
      return "list of a server before 7.0";
    case mark::kListQuicklist:
      skip_texts(cursor, 1);
      return "list of a server before 7.0";
    case mark::kStream:
    case mark::kStream2:
      skip_stream(cursor, type == mark::kStream2);
      return "stream";
    case mark::kModule2:
      cursor.length();
      skip_module_parts(cursor);
      return "module type";
    default:
      return {};
  }
}

void skip_module_aux(Cursor& cursor) {
  skip_lengths(cursor, 3);  // whose, and when it is to be read
  skip_module_parts(cursor);
}

}  // namespace sim::rdb
