// The data half of the node, as the dispatcher and the cluster half see it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/slot_set.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"

namespace sim {

// Every server cron run (hz times a second), before clusterCron and with the cached wall clock
// already refreshed: expiry of keys, end of write pauses, AOF syncs. Does not include
// `replication_cron`.
void data_cron(Server& server, Pass& pass);
// Before sleeping, after the cluster's own part: replays unpaused clients, feeds replicas
// (`replication_before_sleep`), then writes and syncs the AOF. In Redis' order (protocol §4.2).
void data_before_sleep(Server& server, Pass& pass);

// Deletes the keys of slots that were lost to another node. Neither replicas nor the AOF hear of
// it: a defect of 7.0 (protocol §7.7). Answers how many keys went.
std::uint64_t drop_slot_keys(Server& server, Pass& pass, const SlotSet& slots);
// Deletes everything, locally only; `why` is for the trace.
void drop_all_keys(Server& server, Pass& pass, std::string why);

// CONFIG SET changed `server.config`, which was `before`: what does not simply read the new value
// is done here.
void apply_config_change(Server& server, Pass& pass, const Config& before);

}  // namespace sim
