// Which nodes are of one shard, for versions that keep account of it.
//
// Redis 7.0 only knows who replicates whom at this moment. In Valkey 8 a shard has an id, which
// stays with a replica that is promoted and with a primary that steps down. Here the name of its
// first primary stands for it, and nothing of it is on the wire: each node draws it from the roles
// it hears of. (Protocol §7.7, §7.9.)
#pragma once

#include "sim/core/server.h"

namespace sim {

// Only where a deviation asks for it; otherwise the account is empty, and everybody a shard of his
// own.
bool keeps_shards(const Server& server);
bool same_shard(const Server& server, PeerId a, PeerId b);
// The peer is, or becomes, a replica of that primary.
void join_shard(Server& server, PeerId peer, PeerId primary);

}  // namespace sim
