// A snapshot as the RDB file that real servers load and send.
//
// Strings and lists are all that our keyspace holds. What else a file has is left out, and counted
// in `Snapshot::left_out`: a replica without the hashes of its primary serves a mixed cluster
// better than one that never comes up.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "sim/core/replication_payloads.h"
#include "sim/wire/rdb.h"

namespace sim {

std::string encode_rdb(const Snapshot& snapshot);
std::variant<Snapshot, rdb::Broken> decode_rdb(std::string_view bytes);

}  // namespace sim
