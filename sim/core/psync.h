// May a replica go on where it stopped? (Protocol §10.2.)
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/core/replication_state.h"

namespace sim {

// Does `replid` name a history that is mine up to `from`: my current id, or the one before it where
// both agree? `from` is the offset of the first byte the replica lacks. Whether the backlog still
// holds that byte is another question.
bool shares_history(const ReplicationState& replication, std::string_view replid,
                    std::int64_t from);

}  // namespace sim
