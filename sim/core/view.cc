#include "sim/core/view.h"

#include <string>

#include "sim/base/hash.h"
#include "sim/core/epochs.h"
#include "sim/core/replication.h"

namespace sim {
namespace {

// What two nodes must agree on about a third, whoever they are.
std::uint64_t belief_about(const Server& server, PeerId peer) {
  const PeerTable& peers = server.cluster.peers;
  const PeerHot& hot = peers.hot(peer);
  constexpr std::uint16_t kAgreed = bus::flag::kMaster | bus::flag::kSlave | bus::flag::kFail |
                                    bus::flag::kHandshake | bus::flag::kNoAddr;
  const NameRef primary =
      peers.cold(peer).primary.is_none() ? NameRef{} : peers.name(peers.cold(peer).primary);
  std::uint64_t hash = fold64(server.names->hash(peers.name(peer)), hot.flags() & kAgreed);
  hash = fold64(hash, server.names->hash(primary));
  return fold64(hash, peers.cold(peer).slots->hash());
}

const ViewCache& view_of(const Server& server) {
  ViewCache& cache = server.cluster.view_cache;
  if (cache.valid) return cache;
  cache = {true, 0, 0, cache.helpers};
  const PeerTable& peers = server.cluster.peers;
  peers.each([&](PeerId peer) {
    // A sum: tables list the same nodes in different orders.
    cache.fingerprint += belief_about(server, peer);
    if (peers.hot(peer).has(bus::flag::kPfail | bus::flag::kFail)) ++cache.suspected;
  });
  return cache;
}

event::PeerView describe_peer(const Server& server, PeerId peer) {
  const PeerHot& hot = server.cluster.peers.hot(peer);
  const PeerCold& cold = server.cluster.peers.cold(peer);
  event::PeerView view;
  view.id = peer_name(server, peer);
  view.role = hot.is_replica() ? Role::kReplica : Role::kPrimary;
  view.replica_of = peer_name(server, cold.primary);
  view.suspicion = hot.has(bus::flag::kFail)    ? event::Suspicion::kFail
                   : hot.has(bus::flag::kPfail) ? event::Suspicion::kPfail
                                                : event::Suspicion::kNone;
  view.slots = cold.slots;
  view.config_epoch = cold.config_epoch;
  view.handshake = hot.has(bus::flag::kHandshake);
  view.no_address = hot.has(bus::flag::kNoAddr);
  view.linked = hot.linked();
  return view;
}

bool writable(const Server& server) {
  const ClusterState& cluster = server.cluster;
  if (writes_paused(server)) return false;
  if (!server.config.cluster_enabled) return true;
  return cluster.ok && am_primary(cluster) && am_serving(cluster);
}

void add_counters(const ClusterState& cluster, event::ViewSnapshot& view) {
  for (std::size_t type = 0; type < bus::kTypeCount; ++type) {
    const std::string name(bus::stats_name(static_cast<bus::Type>(type)));
    if (cluster.counters.sent[type] != 0) {
      view.counters["bus_sent_" + name] = cluster.counters.sent[type];
    }
    if (cluster.counters.received[type] != 0) {
      view.counters["bus_received_" + name] = cluster.counters.received[type];
    }
  }
}

// Nothing of whom it costs nothing.
void add_work(const Server& server, event::ViewSnapshot& view) {
  if (server.costs == Costs{}) return;
  view.counters["busy_ns"] = static_cast<std::uint64_t>(server.work.busy.count());
  view.counters["busy_longest_ns"] = static_cast<std::uint64_t>(server.work.longest.count());
  view.counters["map_replies"] = server.work.map_replies;
}

}  // namespace

event::ViewSnapshot snapshot_view(const Server& server, bool full) {
  const ClusterState& cluster = server.cluster;
  const ViewCache& cache = view_of(server);
  event::ViewSnapshot view;
  view.id = my_name(server);
  view.healthy = cluster.ok;
  view.writable = writable(server);
  view.fingerprint = cache.fingerprint;
  view.known_nodes = cluster.peers.known();
  view.suspected = cache.suspected;
  view.keys = server.keyspace.size();
  view.data_hash = server.keyspace.data_hash();
  view.offset = replication_offset(server);
  view.replication_up = server.replication.link.state == PrimaryLink::State::kUp;
  view.current_epoch = cluster.current_epoch;
  view.config_epoch = my_config_epoch(cluster);
  view.last_vote_epoch = cluster.last_vote_epoch;
  add_counters(cluster, view);
  add_work(server, view);
  if (full) {
    cluster.peers.each([&](PeerId peer) { view.peers.push_back(describe_peer(server, peer)); });
    view.occupied = server.names->share(server.keyspace.occupied_slots());
  }
  return view;
}

}  // namespace sim
