// A value as bytes on their own: what DUMP gives, RESTORE takes and MIGRATE sends.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "sim/core/keyspace.h"
#include "sim/wire/rdb.h"

namespace sim {

DataValue data_value(rdb::Value value);

std::string dump(const DataValue& value);
std::variant<DataValue, rdb::BadDump> undump(std::string_view payload);

}  // namespace sim
