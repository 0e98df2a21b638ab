// Replica migration (protocol §7.11): a primary left without working replicas gets one from a
// shard that has more of them than it needs.
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// Should I look after orphans at all? Some primary is one, the option is on, and no shard has more
// working replicas than mine. (Step 7 of the cron, protocol §4.1.) Cheap where nothing changed.
bool may_have_to_migrate(const Server& server);
// Counts for how long primaries have been orphaned, and follows the first of them if that has been
// five seconds and I am the one to go. Precondition: `may_have_to_migrate`.
void handle_replica_migration(Server& server, Pass& pass);

}  // namespace sim
