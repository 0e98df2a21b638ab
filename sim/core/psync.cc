#include "sim/core/psync.h"

#include "sim/core/commands.h"

namespace sim {

bool shares_history(const ReplicationState& replication, std::string_view replid,
                    std::int64_t from) {
  if (same_word(replid, replication.replid.view())) return true;
  return !replication.replid2.is_none() && same_word(replid, replication.replid2.view()) &&
         from <= replication.second_offset;
}

}  // namespace sim
