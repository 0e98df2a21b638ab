// Everything a client is told before it starts. Plain data, shared by all incarnations and copies
// of a client.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/client/generator.h"
#include "sim/client/key_space.h"

namespace sim {

// A server a client may talk to, and what to call it in the history.
struct ServerAddress {
  std::string name;  // machine name: "m1"
  Endpoint endpoint;
};

enum class RoutingKind : std::uint8_t {
  kCluster,   // slot cache, MOVED, CLUSTER SLOTS: as the cluster specification asks of clients
  kSharding,  // hash(key) mod n over n standalone servers: no redirects, no failover
};
enum class ReadFrom : std::uint8_t { kPrimary, kReplica, kAny };

// When operations start.
struct Pace {
  // Open loop: so many operations a second, whether or not earlier ones were answered; the k-th
  // starts exactly k/rate after the first. One that finds all processes busy waits for a free one,
  // and is given up (and counted) after an operation's timeout. 0: closed loop.
  std::uint32_t rate = 0;
  // Closed loop: each process waits this long between its operations.
  Duration think{};
};

// How hard a client tries.
struct Patience {
  Duration attempt = 1s;    // connecting, sending and being answered by one server
  Duration operation = 5s;  // all attempts of one operation
  std::uint32_t attempts_max = 32;
  std::uint32_t redirects_max = 16;  // in a row; the next ends the operation
  Duration backoff_min =
      10ms;  // doubles with every attempt in vain, plus up to as much again at random
  Duration backoff_max = 500ms;
  Duration refresh_min = 200ms;  // CLUSTER SLOTS is asked for at most this often
  // Send a write again although an earlier attempt may have happened, or may yet happen. Real
  // client libraries do that. The history shows it: Redirected{"RETRY ..."} before the second
  // attempt.
  bool repeat_unknown_writes = false;
  // Client-side sharding: an operation for a server that has just failed ends at once, unsent.
  bool skip_unreachable = false;
};

// After an acknowledged write: WAIT `replicas` `timeout` on the connection it went over. What it
// counts is told with the operation, which ends when WAIT has answered; an answer that is too low,
// or that never comes, does not undo the write. A server lets a connection that waits wait with
// whatever else comes over it.
struct WaitForReplicas {
  std::uint32_t replicas = 0;  // 0: no WAIT
  Duration timeout = 1s;
};

// One more server joins a client-side sharded group.
struct ServerAddition {
  Duration after{};  // since boot
  ServerAddress server;
};

struct ClientSetup {
  std::string name;      // machine name: "client-1"
  std::string workload;  // name of the workload instance, for the history
  std::uint32_t index =
      0;  // unique among the clients of a run, below 8,000: part of its operation ids
  std::vector<ServerAddress>
      servers;  // seeds of a cluster client; the shards, in order, of a sharding one
  RoutingKind routing = RoutingKind::kCluster;
  std::vector<ServerAddition> additions;  // kSharding only, in order of time
  ReadFrom read_from = ReadFrom::kPrimary;
  std::uint32_t processes = 1;
  Pace pace;
  Patience patience;
  WaitForReplicas wait;
  Duration start_after{};  // since boot, on the client's monotonic clock
  Duration stop_after =
      Duration::max();  // no new operations from then on; those in flight are finished
  Duration give_up_after = Duration::max();  // operations still in flight then end as they stand
  std::shared_ptr<const Generator>
      generator;  // cloned at boot; null: only does what arrives at its console
  KeySpace keys;  // what the workload may touch
  // Told as Measured{done_note, operations answered} once the generator has nothing more and all is
  // finished, or at `give_up_after`. Empty: not told. Auditors: "audit_done".
  std::string done_note;
  // Says how many keys an added server moves, and how many a dead one takes away: one client of a
  // workload is enough.
  bool measures_keys = false;
};

}  // namespace sim
