#include "sim/core/pubsub.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/core/cluster_state.h"
#include "sim/core/commands.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/wire/crc16.h"

namespace sim {
namespace {

void deliver(Server& server, Pass& pass, const std::vector<ConnId>& to,
             const resp::Value& message) {
  const PayloadRef payload(new resp::ReplyPayload(message));
  for (ConnId conn : to) {
    const Session* const session = find_session(server, conn);
    if (session != nullptr && !session->mute()) pass.send(conn, payload);
  }
}

void drop(Subscriptions& subscriptions, const std::set<std::string>& names, ConnId conn) {
  for (const std::string& name : names) end_subscription(subscriptions, name, conn);
}

// The slots that my shard loses.
SlotSet lost_by_my_shard(const ClusterState& cluster, const SlotSet& slots, PeerId to) {
  SlotSet mine;
  cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    if (owner.is_none() || owner == to) return;
    const PeerId above = cluster.peers.cold(owner).primary;
    const PeerId primary = above.is_none() ? owner : above;
    if (primary != kMyself && my_primary(cluster) != primary) return;
    for (std::uint32_t slot = first.value; slot <= last.value; ++slot) mine.set(slot);
  });
  return mine & slots;
}

}  // namespace

resp::Value subscription_message(std::string_view kind, const std::string* channel,
                                 std::size_t count) {
  return {resp::Array{{resp::bulk(std::string(kind)),
                       channel != nullptr ? resp::bulk(*channel) : resp::Value{resp::Null{}},
                       resp::integer(static_cast<std::int64_t>(count))}}};
}

std::int64_t publish_here(Server& server, Pass& pass, const std::string& channel,
                          const std::string& message, bool shard) {
  const Subscriptions& direct = shard ? server.sessions.shard_channels : server.sessions.channels;
  std::size_t reached = 0;
  if (const auto at = direct.find(channel); at != direct.end()) {
    reached += at->second.size();
    deliver(server, pass, at->second,
            {resp::Array{{resp::bulk(shard ? "smessage" : "message"), resp::bulk(channel),
                          resp::bulk(message)}}});
  }
  if (!shard) {
    for (const auto& [pattern, subscribers] : server.sessions.patterns) {
      if (!matches_glob(pattern, channel)) continue;
      reached += subscribers.size();
      deliver(server, pass, subscribers,
              {resp::Array{{resp::bulk("pmessage"), resp::bulk(pattern), resp::bulk(channel),
                            resp::bulk(message)}}});
    }
  }
  return static_cast<std::int64_t>(reached);
}

void publish_over_bus(Server& server, Pass& pass, const std::string& channel,
                      const std::string& message, bool shard) {
  const ClusterState& cluster = server.cluster;
  bus::Message packet =
      build_message(server, shard ? bus::Type::kPublishShard : bus::Type::kPublish);
  packet.body = bus::Publish{channel, message};
  if (!shard) return send_to_all(server, pass, packet);
  const PeerId primary = primary_of_my_shard(cluster);
  std::vector<PeerId> nodes{primary};
  cluster.peers.each([&](PeerId peer) {
    if (cluster.peers.cold(peer).primary == primary) nodes.push_back(peer);
  });
  for (PeerId peer : nodes) {
    if (peer.is_none() || peer == kMyself) continue;
    if (!cluster.peers.hot(peer).has(bus::flag::kHandshake)) send_to(server, pass, peer, packet);
  }
}

void end_subscription(Subscriptions& subscriptions, const std::string& name, ConnId conn) {
  const auto at = subscriptions.find(name);
  std::erase(at->second, conn);
  if (at->second.empty()) subscriptions.erase(at);
}

void unsubscribe_from_all(Server& server, Session& session) {
  Sessions& sessions = server.sessions;
  drop(sessions.channels, session.channels, session.conn);
  drop(sessions.patterns, session.patterns, session.conn);
  drop(sessions.shard_channels, session.shard_channels, session.conn);
  session.channels.clear();
  session.patterns.clear();
  session.shard_channels.clear();
}

void remove_shard_channels(Server& server, Pass& pass, const SlotSet& slots, PeerId to) {
  Subscriptions& channels = server.sessions.shard_channels;
  if (channels.empty()) return;
  const SlotSet lost = lost_by_my_shard(server.cluster, slots, to);
  std::vector<std::pair<SlotId, std::string>> gone;
  for (const auto& [channel, subscribers] : channels) {
    const SlotId slot = slot_of(channel);
    if (lost.test(slot.value)) gone.emplace_back(slot, channel);
  }
  std::sort(gone.begin(), gone.end());
  for (const auto& [slot, channel] : gone) {
    for (ConnId conn : std::exchange(channels[channel], {})) {
      Session& session = *find_session(server, conn);
      session.shard_channels.erase(channel);
      send_to_client(pass, session,
                     subscription_message("sunsubscribe", &channel, session.shard_channels.size()));
    }
    channels.erase(channel);
  }
}

}  // namespace sim
