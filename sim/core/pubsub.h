// Publishing and subscribing: channels, patterns, and the channels of shards.
//
// A message to a channel reaches subscribers at every node of the cluster, one to a shard channel
// those at the nodes of the shard that has the channel's slot; the bus carries it once, and nobody
// stores it. Subscribers of a channel hear in the order in which they subscribed, then those of
// patterns, in the order of the patterns' bytes (a real server's is that of a hash table). (Redis
// 7.0: `src/pubsub.c`, `clusterPropagatePublish`.)
#pragma once

#include <cstdint>
#include <string>

#include "sim/base/slot_set.h"
#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/core/session.h"

namespace sim {

// To the subscribers at this node. Answers how many times it was delivered.
std::int64_t publish_here(Server& server, Pass& pass, const std::string& channel,
                          const std::string& message, bool shard);
// To the other nodes it concerns.
void publish_over_bus(Server& server, Pass& pass, const std::string& channel,
                      const std::string& message, bool shard);
// Precondition: it is there.
void end_subscription(Subscriptions& subscriptions, const std::string& name, ConnId conn);
// The connection is gone, or was reset.
void unsubscribe_from_all(Server& server, Session& session);
// Slots are about to go to another owner: where my shard had them, the subscribers of their
// channels are told that they no longer are.
void remove_shard_channels(Server& server, Pass& pass, const SlotSet& slots, PeerId to);

// What a client is told about a subscription: "subscribe", the channel (none: Null), how many it
// has now.
resp::Value subscription_message(std::string_view kind, const std::string* channel,
                                 std::size_t count);

}  // namespace sim
