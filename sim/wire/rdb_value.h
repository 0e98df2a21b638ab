// A value in the RDB format, apart from the key and file round it: what a file has behind each key,
// and what DUMP gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/wire/rdb.h"
#include "sim/wire/rdb_cursor.h"

namespace sim::rdb {

// ---- Writing: plain encodings, which any version reads ----

void append_little_endian(std::string& out, std::uint64_t value, std::size_t bytes);
void append_length(std::string& out, std::uint64_t length);
void append_text(std::string& out, std::string_view text);  // a small number in its short form

// ---- Reading: all that 7.0.15 writes ----

// A type whose values we can hold.
bool is_ours(std::uint8_t type);
// Precondition: `is_ours(type)`. None: an empty list, which an old bug left behind and which real
// servers pass over, too. What is wrong otherwise, the cursor says.
std::optional<Value> read_value(Cursor& cursor, std::uint8_t type);

}  // namespace sim::rdb
