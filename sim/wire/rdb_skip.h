// Values that a node of ours cannot hold, in an RDB file: passed over by their form.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/wire/rdb_cursor.h"

namespace sim::rdb {

// Passes over a value of this type and answers what it is: "hash", "set". Empty: no type we know.
std::string_view skip_value(Cursor& cursor, std::uint8_t type);
// What modules keep beside the keys.
void skip_module_aux(Cursor& cursor);

}  // namespace sim::rdb
