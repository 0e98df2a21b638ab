// Everything one Redis Cluster node knows, as plain state. Each protocol concern is a file of free
// functions on it.
//
//   cluster  (cluster_state.h)   who is who, which slot is whose, epochs, elections, links of the
//   bus replication (replication.h)  replication ids, offsets, backlog, the link to my primary, my
//   replicas keyspace (keyspace.h)        the data sessions (session.h)         client connections
//   migrate  (migrate_state.h)   the MIGRATE under way, and connections kept for the next one
//   files    (persistence.h)     AOF and snapshot state
#pragma once

#include <cstdint>

#include "sim/base/costs.h"
#include "sim/core/cluster_state.h"
#include "sim/core/config.h"
#include "sim/core/deviation.h"
#include "sim/core/keyspace.h"
#include "sim/core/loading.h"
#include "sim/core/migrate_state.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_state.h"
#include "sim/core/session.h"
#include "sim/wire/names.h"

namespace sim {

// Deliberately broken variants of the core, each of which some invariant must catch ("mutations").
// None in real use. The table with declared killers is in sim/core/mutation.h.
enum class Mutation : std::uint8_t;

// A graceful shutdown on its way; see shutdown.h.
struct Shutdown {
  enum class Save : std::uint8_t { kAsConfigured, kYes, kNo };
  bool asked = false;
  Save save = Save::kAsConfigured;
  std::int64_t wait_until_ms = 0;  // cached wall: for replicas, and no longer; 0: not waiting
};

// What the program has done so far, in time it was busy (sim/base/costs.h).
struct Work {
  Duration busy{}, longest{};     // in all, and in one pass
  std::uint64_t map_replies = 0;  // CLUSTER SLOTS, SHARDS and NODES
};

// What DEBUG set; see debug.h.
struct Debug {
  std::int64_t asleep_until_ns = 0;  // monotonic; 0: awake
  bool expires_actively = true;
  std::int32_t dropped_packets = -1;  // packets of this type of the bus are ignored; -1: none
};

struct Server {
  Config config;
  Costs costs;
  NamesRef names;
  Mutation mutation{};
  Deviations deviations;
  std::uint32_t incarnation = 0;
  Endpoint self;
  std::uint32_t next_conn_serial = 1;  // for ConnId::dialled

  // "Cached wall" of protocol §4.3: refreshed at each server cron and at the start of each command.
  std::int64_t cached_wall_ms = 0;
  std::int64_t cached_wall_s() const { return cached_wall_ms / 1000; }
  std::uint64_t cron_runs = 0;

  ClusterState cluster;
  ReplicationState replication;
  Keyspace keyspace;
  Weight weight;  // what it holds beyond that
  Loading loading;
  Sessions sessions;
  MigrateState migrate;
  Persistence persistence;
  Shutdown shutdown;
  Work work;
  Debug debug;
};

// Does this server follow that rule of another version?
inline bool deviates(const Server& server, Deviation deviation) {
  return server.deviations.has(deviation);
}

inline ConnId mint_conn(Server& server) {
  return ConnId::dialled(server.incarnation, server.next_conn_serial++);
}

}  // namespace sim
