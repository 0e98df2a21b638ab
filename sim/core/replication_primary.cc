// My replicas: feeding them, synchronising them, losing them. (Protocol §10.2, §10.3.)
#include <algorithm>

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/core/cluster_state.h"
#include "sim/core/mutation.h"
#include "sim/core/psync.h"
#include "sim/core/replication_internal.h"

namespace sim {
namespace {

using ReplicaState = AttachedReplica::State;

// client-output-buffer-limit replica: 256 MB at once, or 64 MB for a minute.
constexpr std::uint64_t kHardLimit = std::uint64_t{256} << 20;
constexpr std::uint64_t kSoftLimit = std::uint64_t{64} << 20;
constexpr std::int64_t kSoftLimitSeconds = 60;

void push(Server& server, const RequestRef& command) {
  ReplicationState& replication = server.replication;
  replication.offset += static_cast<std::int64_t>(command->size());
  replication.chain = fold64(replication.chain, command->hash());
  replication.pending.push_back(command);
}

RequestRef request(resp::Command command) {
  return RequestRef(new resp::RequestPayload(std::move(command)));
}

void answer(Pass& pass, ConnId conn, std::string text) {
  pass.send(conn, PayloadRef(new resp::ReplyPayload({resp::Simple{std::move(text)}})));
}

// The first replica makes the stream count: a new history begins, with a backlog.
void begin_history(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  if (replication.backlog.exists()) return;
  replication.replid = mint_replication_id(server, pass);
  replication.chain_known = true;
  clear_second_id(replication);
  replication.backlog.create(replication.offset + 1, server.config.repl_backlog_size);
}

StreamRef told_of(const Server& server, const StreamRef& missed) {
  if (server.mutation != Mutation::kBacklogOffByOne) return missed;
  const std::vector<RequestRef>& all = missed->commands();
  return StreamRef(new StreamPayload({all.begin() + 1, all.end()}));
}

bool serve_partial_sync(Server& server, Pass& pass, AttachedReplica& replica,
                        const NodeName& replid, std::int64_t from) {
  ReplicationState& replication = server.replication;
  bool possible =
      shares_history(replication, replid.view(), from) || server.mutation == Mutation::kAnyHistory;
  const StreamRef missed = possible ? replication.backlog.from(from, possible) : nullptr;
  if (!possible) return false;
  replica.state = ReplicaState::kOnline;
  replica.ack_at_s = server.cached_wall_s();
  answer(pass, replica.conn, "CONTINUE " + std::string(replication.replid.view()));
  if (missed) pass.send(replica.conn, told_of(server, missed));
  return true;
}

void drop_replica(Server& server, Pass& pass, ConnId conn) {
  pass.close(conn);
  session_closed(server, pass, conn);
}

bool timed_out(const Server& server, AttachedReplica& replica) {
  const std::int64_t now = server.cached_wall_s();
  if (replica.state == ReplicaState::kWaitsForSnapshot ||
      replica.state == ReplicaState::kWaitsForFile) {
    return false;
  }
  if (replica.state == ReplicaState::kReceives && replica.unsent_bytes == 0)
    replica.progress_at_s = now;
  if (replica.state == ReplicaState::kReceives ||
      (replica.state == ReplicaState::kAwaitsAck && replica.unsent_bytes > 0)) {
    // The snapshot is still on its way out; ACKs are due only when it is gone.
    replica.ack_at_s = now;
    return now - replica.progress_at_s > server.config.repl_timeout_s;
  }
  return now - replica.ack_at_s > server.config.repl_timeout_s;
}

// What waits in memory for the replica: the stream, not the snapshot.
std::uint64_t buffered(const AttachedReplica& replica) {
  return replica.withheld_bytes +
         (replica.state == ReplicaState::kReceives ? 0 : replica.unsent_bytes);
}

void watch_buffer(const Server& server, AttachedReplica& replica) {
  if (buffered(replica) <= kSoftLimit) {
    replica.over_limit_since_s = 0;
  } else if (replica.over_limit_since_s == 0) {
    replica.over_limit_since_s = server.cached_wall_s();
  }
}

bool fell_too_far_behind(const Server& server, const AttachedReplica& replica) {
  if (buffered(replica) > kHardLimit) return true;
  return replica.over_limit_since_s != 0 &&
         server.cached_wall_s() - replica.over_limit_since_s >= kSoftLimitSeconds;
}

void drop_hopeless_replicas(Server& server, Pass& pass) {
  std::vector<ConnId> hopeless;
  for (auto& [conn, replica] : server.replication.replicas) {
    watch_buffer(server, replica);
    if (timed_out(server, replica) || fell_too_far_behind(server, replica)) {
      hopeless.push_back(conn);
    }
  }
  for (ConnId conn : hopeless) drop_replica(server, pass, conn);
}

// A history nobody asks for any more is forgotten, and with it the id.
void forget_idle_backlog(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  if (!replication.replicas.empty() || !replication.backlog.exists()) return;
  if (replication.link.primary || server.config.repl_backlog_ttl_s == 0) return;
  if (server.cached_wall_s() - replication.no_replicas_since_s > server.config.repl_backlog_ttl_s) {
    replication.replid = mint_replication_id(server, pass);
    clear_second_id(replication);
    replication.backlog.free();
  }
}

// From the snapshot on, until it has it.
bool withholds(const AttachedReplica& replica) {
  return replica.state == ReplicaState::kWaitsForFile || replica.state == ReplicaState::kReceives ||
         replica.state == ReplicaState::kAwaitsAck;
}

}  // namespace

void replication_append(Server& server, const RequestRef& command) {
  ReplicationState& replication = server.replication;
  if (replication.link.primary) return;
  if (!replication.backlog.exists()) return;
  if (!replication.stream_selected) push(server, request({"SELECT", "0"}));
  replication.stream_selected = true;
  push(server, command);
  replication.writes_moved = true;
}

void replication_request_acks(Server& server) {
  const ReplicationState& replication = server.replication;
  if (replication.link.primary || !replication.backlog.exists()) return;
  push(server, request({"REPLCONF", "GETACK", "*"}));
}

void feed_chunk(Server& server, Pass& pass, const StreamRef& chunk) {
  ReplicationState& replication = server.replication;
  if (replication.backlog.exists()) replication.backlog.append(chunk);
  for (auto& [conn, replica] : replication.replicas) {
    if (replica.state == ReplicaState::kOnline) pass.send(conn, chunk);
    if (!withholds(replica)) continue;
    replica.withheld.push_back(chunk);
    replica.withheld_bytes += chunk->size();
  }
}

void feed_replicas(Server& server, Pass& pass) {
  if (server.replication.pending.empty()) return;
  feed_chunk(server, pass,
             StreamRef(new StreamPayload(std::exchange(server.replication.pending, {}))));
  CHECK(server.replication.backlog.end_offset() == server.replication.offset + 1);
}

void disconnect_replicas(Server& server, Pass& pass) {
  while (!server.replication.replicas.empty()) {
    drop_replica(server, pass, server.replication.replicas.begin()->first);
  }
}

void refresh_good_replicas(Server& server) {
  std::int64_t good = 0;
  for (const auto& [conn, replica] : server.replication.replicas) {
    if (!replica.is_online()) continue;
    good += server.cached_wall_s() - replica.ack_at_s <= server.config.min_replicas_max_lag_s ||
            server.mutation == Mutation::kLagIgnored;
  }
  server.replication.good_replicas = good;
}

void replication_serve_psync(Server& server, Pass& pass, Session& session, NodeName replid,
                             std::int64_t from) {
  ReplicationState& replication = server.replication;
  if (session.replica) return;
  if (replication.link.primary && replication.link.state != PrimaryLink::State::kUp) {
    return pass.send(session.conn,
                     PayloadRef(new resp::ReplyPayload(resp::error(
                         "NOMASTERLINK Can't SYNC while not connected with my master"))));
  }
  feed_replicas(server, pass);
  session.replica = true;
  AttachedReplica& replica = replication.replicas[session.conn];
  replica.conn = session.conn;
  replica.listens = {session.remote.ipv4, session.listening_port};
  replica.takes_open_slots = session.takes_open_slots;
  replica.waiting_since_s = server.cached_wall_s();
  if (!serve_partial_sync(server, pass, replica, replid, from)) {
    replica.state = ReplicaState::kWaitsForSnapshot;
    begin_history(server, pass);
    const bool at_once =
        !server.config.repl_diskless_sync || server.config.repl_diskless_sync_delay_s == 0;
    const bool joined = join_full_sync(server, pass, replica);
    if (!joined && at_once && !replication.child) start_full_sync(server, pass);
  }
  refresh_good_replicas(server);
}

void replication_acked(Server& server, Pass& pass, ConnId conn, std::int64_t offset) {
  const auto found = server.replication.replicas.find(conn);
  if (found == server.replication.replicas.end()) return;
  AttachedReplica& replica = found->second;
  replica.ack_offset = std::max(replica.ack_offset, offset);
  replica.ack_at_s = server.cached_wall_s();
  if (replica.state != ReplicaState::kAwaitsAck) return;
  replica.state = ReplicaState::kOnline;
  send_withheld(pass, replica);
}

void send_withheld(Pass& pass, AttachedReplica& replica) {
  for (const StreamRef& chunk : std::exchange(replica.withheld, {})) pass.send(replica.conn, chunk);
  replica.withheld_bytes = 0;
}

void replication_replica_alive(Server& server, ConnId conn) {
  const auto found = server.replication.replicas.find(conn);
  if (found != server.replication.replicas.end()) found->second.ack_at_s = server.cached_wall_s();
}

void replication_replica_closed(Server& server, ConnId conn) {
  ReplicationState& replication = server.replication;
  replication.replicas.erase(conn);
  full_sync_lost(replication);
  if (replication.replicas.empty()) replication.no_replicas_since_s = server.cached_wall_s();
  refresh_good_replicas(server);
}

void replication_replica_sent(Server& server, Pass& pass, ConnId conn, std::uint64_t unsent_bytes) {
  const auto found = server.replication.replicas.find(conn);
  if (found == server.replication.replicas.end()) return;
  AttachedReplica& replica = found->second;
  if (unsent_bytes != replica.unsent_bytes) replica.progress_at_s = server.cached_wall_s();
  replica.unsent_bytes = unsent_bytes;
  replica.handed_over = 0;
  watch_buffer(server, replica);
  if (fell_too_far_behind(server, replica)) return drop_replica(server, pass, conn);
  if (full_sync_runs(server.replication)) full_sync_go_on(server, pass);
}

void replicas_cron(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  const auto period = static_cast<std::uint64_t>(server.config.repl_ping_replica_period_s);
  const bool failing_over = server.config.cluster_enabled &&
                            manual_failover_in_progress(server.cluster) && writes_paused(server) &&
                            !deviates(server, Deviation::kPingsWhilePaused);
  const bool pings = replication.cron_runs % period == 0 && !replication.link.primary &&
                     !replication.replicas.empty() && !failing_over;
  if (pings) push(server, request({"PING"}));
  for (const auto& [conn, replica] : replication.replicas) {
    const bool waits = replica.state == ReplicaState::kWaitsForSnapshot ||
                       replica.state == ReplicaState::kWaitsForFile;
    if (waits) pass.send(conn, PayloadRef(new RawBytes("\n")));
  }
  drop_hopeless_replicas(server, pass);
  forget_idle_backlog(server, pass);
  if (full_sync_due(server)) start_full_sync(server, pass);
  refresh_good_replicas(server);
}

}  // namespace sim
