// What one node believes about its cluster: who is who, which slot is whose, epochs, elections,
// links. (Protocol §3.1.)
//
// Plain data; each protocol concern is a file of free functions on it. The second half is the small
// set of questions the rest of the node (routing, sessions, replication) asks.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/types.h"
#include "sim/core/link_table.h"
#include "sim/core/peer_table.h"
#include "sim/node/payload.h"
#include "sim/trace/record.h"
#include "sim/wire/bus.h"

namespace sim {

struct Config;
struct Server;
class Pass;

// A primary's word that it finds a peer unreachable. (Protocol §6.1.)
struct FailureReport {
  PeerId reporter;
  std::int64_t time_ms = 0;
};

// The candidate's side of an election. (Protocol §7.1.)
struct Election {
  std::int64_t scheduled_ms = 0;  // failover_auth_time: when it asks for votes, or asked
  std::uint32_t votes = 0;
  std::uint32_t rank = 0;
  bool asked = false;        // failover_auth_sent
  std::uint64_t epoch = 0;   // failover_auth_epoch
  bool expiry_told = false;  // for the trace: ElectionExpired was noted
  std::string hindrance;     // for the trace: the last ElectionHindered
};

// Manual failover, replica and primary side. (Protocol §7.10.)
struct ManualFailoverState {
  std::int64_t end_ms = 0;  // 0: none in progress
  PeerId replica;           // on the primary: the replica that asked
  std::int64_t primary_offset = -1;
  bool can_start = false;
};

// Work left for the end of the pass. (Protocol §4.2.)
namespace todo {
inline constexpr std::uint8_t kHandleFailover = 1;
inline constexpr std::uint8_t kUpdateState = 2;
inline constexpr std::uint8_t kSaveConfig = 4;
inline constexpr std::uint8_t kFsyncConfig = 8;
inline constexpr std::uint8_t kHandleManualFailover = 16;
inline constexpr std::uint8_t kSaveNextCron = 32;  // mutation send-before-save only
}  // namespace todo

struct MessageCounters {
  std::array<std::uint64_t, bus::kTypeCount> sent{}, received{};
};

// What the trace was last told, so that it is told changes only.
struct Told {
  Role role{};
  NameRef replica_of;
  SlotsRef slots = no_slots();
  std::uint64_t config_epoch = 0, current_epoch = 0;
  bool started = false;
};

// Who could help an orphaned primary with a replica. (Protocol §4.1, step 4a.)
struct Helpers {
  bool known = false;
  bool orphans = false;    // some primary has slots, but no working replica
  std::uint32_t most = 0;  // working replicas of the primary that has most of them,
  std::uint32_t mine = 0;  // and of mine
};

// What follows from who is who, kept until something of that changes: the fingerprint of this
// node's view, and who could help whom.
struct ViewCache {
  bool valid = false;
  std::uint64_t fingerprint = 0;
  std::uint32_t suspected = 0;
  Helpers helpers;
};

struct ClusterState {
  PeerTable peers;
  SlotOwners owners;
  SlotSet
      not_claiming;  // owner_not_claiming: bound, but its owner's header does not claim it any more
  std::map<SlotId, PeerId> migrating_to, importing_from;  // open slots; see open_slots.h
  std::map<PeerId, NameRef> shards;                       // of who has joined one; see shards.h
  LinkTable<DialledLink> dialled;
  LinkTable<AcceptedLink> accepted;
  // Links whose connection is being made, with what waits to be sent on them.
  std::map<std::uint32_t, std::vector<PayloadRef>> connecting;
  // Unsent bytes by connection, where there are any. (For hole (i) of protocol §2.1, and the send
  // buffer limit.)
  std::map<ConnId, std::uint64_t> unsent;
  std::map<ConnId, bus::Framer> framers;  // links that carry raw bytes

  std::uint64_t current_epoch = 0, last_vote_epoch = 0;
  bool ok = false;
  std::uint32_t size = 1;  // primaries with slots, as of the last evaluation
  std::int64_t first_evaluation_ms = 0, minority_seen_ms = 0;
  Election election;
  ManualFailoverState manual;
  std::uint8_t todo = 0;

  // Side tables, for what few peers have.
  std::map<PeerId, std::vector<FailureReport>> failure_reports;
  std::map<PeerId, std::string> hostnames;
  std::map<PeerId, std::int64_t> handshake_began_ms;  // node ctime, of nodes in handshake
  std::map<PeerId, std::int64_t> failed_ms;           // fail_time; absent: 0
  std::map<PeerId, std::int64_t> orphaned_ms;         // orphaned_time; absent: not orphaned
  std::map<PeerId, std::int64_t> voted_ms;  // on primaries: my last vote for one of its replicas
  std::map<std::string, std::int64_t, std::less<>>
      blacklist;  // lower-cased id -> expiry, unix seconds

  std::uint64_t cron_iteration = 0;
  std::uint32_t suspected_at_cron = 0;  // stats_pfail_nodes: as counted by the last cron
  // No peer needs cron before this wall time; 0: look at all of them. A lower bound, so late news
  // is harmless.
  std::int64_t next_scan_ms = 0;
  MessageCounters counters;
  std::uint64_t links_dropped_for_size = 0;
  std::uint64_t file_size = 0;  // of nodes.conf, to pad a shorter one
  AddressRef
      header_address;  // what headers say of my address; made anew when the configuration changes
  Told told;
  mutable ViewCache view_cache;
  bool malformed_names = false;  // some peer has a name that lookups refuse
};

// ---- What the rest of the node asks ----

inline bool am_primary(const ClusterState& cluster) {
  return cluster.peers.hot(kMyself).is_primary();
}
// kNoPeer: I am a primary, or do not know mine.
inline PeerId my_primary(const ClusterState& cluster) {
  return cluster.peers.cold(kMyself).primary;
}
// Me, or my primary if I know it.
inline PeerId primary_of_my_shard(const ClusterState& cluster) {
  return am_primary(cluster) ? kMyself : my_primary(cluster);
}
// kNoPeer: nobody serves the slot.
inline PeerId slot_owner(const ClusterState& cluster, SlotId slot) {
  return cluster.owners.owner(slot);
}
inline bool cluster_ok(const ClusterState& cluster) {
  return cluster.ok;
}
inline bool am_serving(const ClusterState& cluster) {  // slots are bound to me
  return cluster.peers.hot(kMyself).serving();
}

const NodeName& peer_name(const Server& server, PeerId peer);
const NodeName& my_name(const Server& server);
const Address& peer_address(const Server& server, PeerId peer);
std::string peer_hostname(const Server& server, PeerId peer);  // "" if it announces none
// As last announced; my own is computed.
std::int64_t known_offset(const Server& server, PeerId peer);
// Where clients and replicas reach the peer. ipv4 is 0 if its address is unknown or no IPv4
// address.
Endpoint peer_endpoint(const Server& server, PeerId peer);
// The host part of a MOVED or of CLUSTER SLOTS, after cluster-preferred-endpoint-type: "10.0.0.2",
// "host-a", "?", "".
std::string preferred_endpoint(const Server& server, PeerId peer);
// "10.0.0.2:6379": preferred endpoint and client port.
std::string redirect_address(const Server& server, PeerId peer);
// Replicas of `primary` that clients may be told of: not FAIL, with a known offset other than 0. In
// one order at all nodes.
std::vector<PeerId> available_replicas(const Server& server, PeerId primary);
// Own ports, announced address and NOFAILOVER flag, from the configuration.
void refresh_own_row(Server& server);
// To be called after directives, which were `before`, changed at run time.
void cluster_config_changed(Server& server, Pass& pass, const Config& before);
// A manual failover is under way here (pause, PAUSED headers, no replication PINGs).
inline bool manual_failover_in_progress(const ClusterState& cluster) {
  return cluster.manual.end_ms != 0;
}

}  // namespace sim
