// Full synchronisation, the primary's side: a child is forked that writes the data set, and what it
// writes goes to the replicas that waited for it. (Protocol §10.1, §10.3.)
//
// Diskless, the child's bytes go straight to the replicas, as fast as it writes and the slowest of
// them takes; whoever comes later waits for the next child. Otherwise the child writes a file
// first, whoever comes meanwhile shares it, and each replica is sent it at its own pace. Where
// nothing of this takes time (no weight, no `save_rate`), all is sent in one go.
#include <algorithm>
#include <vector>

#include "sim/core/charges.h"
#include "sim/core/open_slots.h"
#include "sim/core/replication_internal.h"

namespace sim {
namespace {

using State = AttachedReplica::State;

// Of a weight, so much is one message.
constexpr std::uint64_t kPart = std::uint64_t{1} << 20;
// So much is handed to a connection beyond what is known to have left: more than a kernel takes, so
// that it tells when there is room again.
constexpr std::uint64_t kAhead = std::uint64_t{4} << 20;

void announce(Server& server, Pass& pass, AttachedReplica& replica, const SnapshotRef& snapshot,
              State state) {
  pass.send(replica.conn, PayloadRef(new resp::ReplyPayload({resp::Simple{
                              "FULLRESYNC " + std::string(snapshot->snapshot().replid.view()) +
                              " " + std::to_string(snapshot->snapshot().offset)}})));
  replica.state = state;
  replica.ack_at_s = replica.progress_at_s = server.cached_wall_s();
  replica.snapshot = snapshot;
  replica.weight_sent = replica.handed_over = 0;
}

// The snapshot itself is the last of it. With a file the stream goes straight on; otherwise it is
// withheld until the first ACK.
void finish(Pass& pass, AttachedReplica& replica, bool from_file) {
  pass.send(replica.conn, std::exchange(replica.snapshot, nullptr));
  replica.state = from_file ? State::kOnline : State::kAwaitsAck;
  if (from_file) send_withheld(pass, replica);
}

bool has_room(const AttachedReplica& replica) {
  return replica.unsent_bytes + replica.handed_over <= kAhead;
}

void send_part(Pass& pass, AttachedReplica& replica, std::uint64_t size) {
  pass.send(replica.conn, PayloadRef(new SnapshotPart(size)));
  replica.weight_sent += size;
  replica.handed_over += size;
}

std::uint64_t next_part(const AttachedReplica& replica) {
  return std::min(kPart, replica.snapshot->snapshot().weight.rdb_bytes - replica.weight_sent);
}

// ---- The child ----

std::uint64_t whole(const SnapshotPayload& snapshot) {
  return snapshot.snapshot().weight.rdb_bytes + snapshot.size();
}

// How much of it the child has written by now.
std::uint64_t written(const Server& server, const Pass& pass) {
  const SnapshotChild& child = *server.replication.child;
  if (server.costs.save_rate == 0) return whole(*child.snapshot);
  const Duration time = std::max(Duration::zero(), pass.now.monotonic - child.begun);
  return std::min(whole(*child.snapshot), bytes_in(time, server.costs.save_rate));
}

// The replicas that wait for what the child writes.
std::vector<AttachedReplica*> audience(ReplicationState& replication) {
  std::vector<AttachedReplica*> found;
  for (auto& [conn, replica] : replication.replicas) {
    if (replica.snapshot == replication.child->snapshot) found.push_back(&replica);
  }
  return found;
}

void feed_from_pipe(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  const std::vector<AttachedReplica*> all = audience(replication);
  const std::uint64_t weight = replication.child->snapshot->snapshot().weight.rdb_bytes;
  const std::uint64_t ready = written(server, pass);
  const auto room = [](const AttachedReplica* replica) { return has_room(*replica); };
  while (std::all_of(all.begin(), all.end(), room)) {
    const std::uint64_t sent = all.front()->weight_sent;
    if (sent == weight) {
      if (ready < whole(*replication.child->snapshot)) return;
      for (AttachedReplica* replica : all) finish(pass, *replica, false);
      return replication.child.reset();
    }
    const std::uint64_t size = next_part(*all.front());
    if (ready < sent + size) return;
    for (AttachedReplica* replica : all) send_part(pass, *replica, size);
  }
}

void end_file(Server& server, const Pass& pass) {
  ReplicationState& replication = server.replication;
  if (written(server, pass) < whole(*replication.child->snapshot)) return;
  for (AttachedReplica* replica : audience(replication)) replica->state = State::kReceives;
  replication.child.reset();
}

void feed_from_file(Pass& pass, AttachedReplica& replica) {
  const std::uint64_t weight = replica.snapshot->snapshot().weight.rdb_bytes;
  while (has_room(replica) && replica.weight_sent < weight) {
    send_part(pass, replica, next_part(replica));
  }
  if (replica.weight_sent == weight && has_room(replica)) finish(pass, replica, true);
}

SnapshotRef take_snapshot_of(const Server& server, const Pass& pass, bool to_disk) {
  using Framing = SnapshotPayload::Framing;
  const ReplicationState& replication = server.replication;
  Snapshot snapshot{replication.replid, replication.offset, replication.told_chain(),
                    server.keyspace, pass.wall_s()};
  snapshot.weight = server.weight;
  if (deviates(server, Deviation::kOpenSlotsReplicated)) {
    snapshot.open_slots = encode_open_slots(server);
  }
  return SnapshotRef(
      new SnapshotPayload(std::move(snapshot), to_disk ? Framing::kLength : Framing::kMark));
}

void fork_child(Server& server, Pass& pass) {
  const std::uint64_t bytes = server.weight.bytes + server.keyspace.estimated_bytes();
  const Duration stall = cost_of(bytes, 1'000'000'000, server.costs.fork_per_gigabyte);
  if (stall == Duration::zero()) return;
  pass.charge(stall);
  pass.note(event::Forked{stall.count(), bytes});
}

}  // namespace

void start_full_sync(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  feed_replicas(server, pass);
  replication.stream_selected = false;
  const bool to_disk = !server.config.repl_diskless_sync;
  const SnapshotRef snapshot = take_snapshot_of(server, pass, to_disk);
  fork_child(server, pass);
  const bool takes_time = !server.weight.empty() || server.costs.save_rate != 0;
  if (takes_time) {
    replication.child = SnapshotChild{snapshot, to_disk, pass.now.monotonic + pass.spent()};
  }
  for (auto& [conn, replica] : replication.replicas) {
    if (replica.state != State::kWaitsForSnapshot) continue;
    announce(server, pass, replica, snapshot, to_disk ? State::kWaitsForFile : State::kReceives);
    if (!takes_time) finish(pass, replica, to_disk);
  }
  refresh_good_replicas(server);
  if (takes_time) full_sync_go_on(server, pass);
}

bool full_sync_due(const Server& server) {
  std::int64_t longest_wait = -1;
  for (const auto& [conn, replica] : server.replication.replicas) {
    if (replica.state != State::kWaitsForSnapshot) continue;
    longest_wait = std::max(longest_wait, server.cached_wall_s() - replica.waiting_since_s);
  }
  if (longest_wait < 0 || server.replication.child) return false;
  return !server.config.repl_diskless_sync ||
         longest_wait >= server.config.repl_diskless_sync_delay_s;
}

bool join_full_sync(Server& server, Pass& pass, AttachedReplica& replica) {
  ReplicationState& replication = server.replication;
  if (!replication.child || !replication.child->to_disk) return false;
  const AttachedReplica& other = *audience(replication).front();
  announce(server, pass, replica, replication.child->snapshot, State::kWaitsForFile);
  replica.withheld = other.withheld;
  replica.withheld_bytes = other.withheld_bytes;
  return true;
}

bool full_sync_runs(const ReplicationState& replication) {
  if (replication.child) return true;
  return std::any_of(replication.replicas.begin(), replication.replicas.end(),
                     [](const auto& entry) { return entry.second.state == State::kReceives; });
}

void full_sync_go_on(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  if (replication.child && replication.child->to_disk) end_file(server, pass);
  if (replication.child && !replication.child->to_disk) feed_from_pipe(server, pass);
  for (auto& [conn, replica] : replication.replicas) {
    const bool from_file = replica.state == State::kReceives &&
                           !(replication.child && replica.snapshot == replication.child->snapshot);
    if (from_file) feed_from_file(pass, replica);
  }
}

void full_sync_cron(Server& server, Pass& pass) {
  if (!full_sync_runs(server.replication)) return;
  for (auto& [conn, replica] : server.replication.replicas) {
    // What a kernel takes in one go it never speaks of.
    if (replica.unsent_bytes == 0) replica.handed_over = 0;
  }
  full_sync_go_on(server, pass);
}

// Nobody needs a child whose replicas are gone.
void full_sync_lost(ReplicationState& replication) {
  if (replication.child && audience(replication).empty()) replication.child.reset();
}

}  // namespace sim
