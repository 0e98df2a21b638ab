#include "sim/core/replication.h"

#include <algorithm>

#include "sim/base/hash.h"
#include "sim/core/blocked.h"
#include "sim/core/mutation.h"
#include "sim/core/replication_internal.h"

namespace sim {

NodeName mint_replication_id(const Server& server, Pass& pass) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::uint64_t unique = fold64(server.self.ipv4, server.self.port);
  unique = fold64(unique, server.incarnation);
  unique = fold64(unique, static_cast<std::uint64_t>(to_ns(pass.now.wall)));
  NodeName id;
  for (std::size_t at = 0; at < id.text.size(); ++at) {
    if (at % 8 == 0) {
      unique = fold64(unique, pass.choices.choose(Site::kReplicationId, std::uint64_t{1} << 32));
    }
    id.text[at] = kHex[(unique >> (at % 8 * 4)) & 0xf];
  }
  return id;
}

void clear_second_id(ReplicationState& replication) {
  replication.replid2 = NodeName{};
  replication.second_offset = -1;
}

void shift_replication_id(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  replication.replid2 = replication.replid;
  replication.second_offset = replication.offset + 1;
  replication.replid = mint_replication_id(server, pass);
}

void replication_follow(Server& server, Pass& pass, Endpoint primary) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  const bool was_primary = !link.primary.has_value();
  const bool had_replicas = was_primary && replication.backlog.exists();
  feed_replicas(server, pass);
  drop_link(server, pass, "told to follow another primary");
  unblock_all(server, pass);
  link.primary = primary;
  if (was_primary) {
    // My own history becomes the one to PSYNC with; replicas stay attached until the id changes
    // under them.
    replication.cached = true;
    if (!replication.backlog.exists()) {
      replication.backlog.create(replication.offset + 1, server.config.repl_backlog_size);
    }
  }
  if (had_replicas && server.mutation == Mutation::kDemotedNeverSyncs) return;
  connect_to_primary(server, pass);
}

void replication_promote(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  feed_replicas(server, pass);
  drop_link(server, pass, "promoted");
  replication.link = PrimaryLink{};
  replication.cached = false;
  shift_replication_id(server, pass);
  disconnect_replicas(server, pass);
  replication.stream_selected = false;
  replication.no_replicas_since_s = server.cached_wall_s();
}

std::int64_t replication_offset(const Server& server) {
  const ReplicationState& replication = server.replication;
  if (!replication.link.primary) {
    const bool am_replica = server.config.cluster_enabled && !am_primary(server.cluster);
    return am_replica ? 0 : replication.offset;
  }
  const bool has_history = replication.link.state == PrimaryLink::State::kUp || replication.cached;
  return has_history ? replication.offset : 0;
}

std::int64_t replication_data_age_ms(const Server& server, const Pass&) {
  const PrimaryLink& link = server.replication.link;
  const bool up = link.state == PrimaryLink::State::kUp;
  const std::int64_t since = up ? link.last_interaction_s : link.down_since_s;
  return (server.cached_wall_s() - since) * 1000;
}

void pause_writes(Server& server, std::int64_t until_wall_ms) {
  Sessions& sessions = server.sessions;
  sessions.pause_until_wall_ms = std::max(sessions.pause_until_wall_ms, until_wall_ms);
}

void unpause_writes(Server& server, Pass&) {
  server.sessions.pause_until_wall_ms = 0;
}

bool primary_link_up(const Server& server) {
  return server.replication.link.state == PrimaryLink::State::kUp;
}

// The order is that of Redis' replicationCron: the link first, then the replicas.
void replication_cron(Server& server, Pass& pass) {
  if (server.replication.link.primary) link_cron(server, pass);
  replicas_cron(server, pass);
  ++server.replication.cron_runs;
}

void replication_before_sleep(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  feed_replicas(server, pass);
  if (!replication.writes_moved) return;
  replication.writes_moved = false;
  const Role role = replication.link.primary ? Role::kReplica : Role::kPrimary;
  pass.note(event::StreamAt{replication.replid, replication.offset,
                            replication.told_chain().value_or(0), role});
}

}  // namespace sim
