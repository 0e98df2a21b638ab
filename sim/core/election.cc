#include "sim/core/election.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sim/core/epochs.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/replication.h"
#include "sim/core/role.h"

namespace sim {
namespace {

constexpr std::int64_t kFixedDelayMs = 500;     // lets the FAIL message spread
constexpr std::int64_t kRandomDelayMs = 500;    // keeps siblings apart
constexpr std::int64_t kDelayPerRankMs = 1000;  // the best informed asks first

// Told to the trace when it changes; an election that goes its way has none.
void hinder(Server& server, Pass& pass, std::string why) {
  Election& election = server.cluster.election;
  if (election.hindrance == why) return;
  election.hindrance = std::move(why);
  if (!election.hindrance.empty()) pass.note(event::ElectionHindered{election.hindrance});
}

bool manual_can_start(const ClusterState& cluster) {
  return cluster.manual.end_ms != 0 && cluster.manual.can_start;
}

// Is there a reason to stand at all?
bool called_for(const Server& server) {
  const ClusterState& cluster = server.cluster;
  const PeerId primary = my_primary(cluster);
  if (am_primary(cluster) || primary.is_none()) return false;
  const bool manual = manual_can_start(cluster);
  const PeerHot& failed = cluster.peers.hot(primary);
  const bool suspected =
      failed.has(bus::flag::kPfail) && server.mutation == Mutation::kStandOnSuspicion;
  if (!failed.has(bus::flag::kFail) && !suspected && !manual) return false;
  if (server.config.cluster_replica_no_failover && !manual) return false;
  return failed.serving() || deviates(server, Deviation::kEmptyShardFailsOver);
}

bool data_too_old(const Server& server, const Pass& pass) {
  const Config& config = server.config;
  const std::int64_t timeout = config.cluster_node_timeout_ms;
  std::int64_t age = replication_data_age_ms(server, pass);
  if (age > timeout) age -= timeout;
  if (server.mutation == Mutation::kStaleDataStand) return false;
  return config.cluster_replica_validity_factor != 0 &&
         age > config.repl_ping_replica_period_s * 1000 +
                   timeout * config.cluster_replica_validity_factor;
}

void schedule(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  Election& election = cluster.election;
  auto jitter = static_cast<std::int64_t>(
      pass.choices.choose(Site::kElectionJitter, static_cast<std::uint64_t>(kRandomDelayMs)));
  if (server.mutation == Mutation::kLateElection) jitter = (jitter + kRandomDelayMs) / 2;
  election.votes = 0;
  election.asked = false;
  election.expiry_told = false;
  election.rank = replica_rank(server);
  std::int64_t delay = kFixedDelayMs + jitter + election.rank * kDelayPerRankMs;
  if (server.mutation == Mutation::kNoElectionDelay) delay = 0;
  // A manual failover does not wait, not even one that is still waiting for its offset.
  const bool manual = cluster.manual.end_ms != 0;
  if (manual) {
    delay = 0;
    election.rank = 0;
    cluster.todo |= todo::kHandleFailover;
  }
  election.scheduled_ms = pass.wall_ms() + delay;
  pass.note(event::ElectionScheduled{peer_name(server, my_primary(cluster)), delay, election.rank,
                                     replication_offset(server), manual});
  broadcast_pong(server, pass, true);  // siblings learn my offset
}

void ask_for_votes(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  Election& election = cluster.election;
  const bool manual = cluster.manual.end_ms != 0;
  set_epochs(server, pass, cluster.current_epoch + 1, my_config_epoch(cluster),
             event::EpochCause::kElection);
  election.epoch = cluster.current_epoch;
  pass.note(event::ElectionStarted{peer_name(server, my_primary(cluster)), election.epoch,
                                   election.rank, quorum(cluster), manual});
  bus::Message request = build_message(server, bus::Type::kAuthRequest);
  if (manual) request.header.mflags[0] |= bus::mflag::kForceAck;
  send_to_all(server, pass, request);
  election.asked = true;
  cluster.todo |= todo::kUpdateState;
  if (server.mutation != Mutation::kElectionNotSaved) save_later(cluster, true);
}

// How many votes win.
std::uint32_t votes_needed(const Server& server) {
  if (server.mutation == Mutation::kWinWithoutMajority) return 1;
  if (server.mutation == Mutation::kWinWithHalf) return (server.cluster.size + 1) / 2;
  if (server.mutation == Mutation::kUnanimousElection) return server.cluster.size;
  return quorum(server.cluster);
}

void win_if_elected(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  const Election& election = cluster.election;
  if (election.votes < votes_needed(server)) return;
  if (server.mutation == Mutation::kWinnerHesitates) return;
  if (my_config_epoch(cluster) < election.epoch && server.mutation != Mutation::kWinKeepsEpoch) {
    set_epochs(server, pass, cluster.current_epoch, election.epoch, event::EpochCause::kElection);
  }
  promote_myself(server, pass, election.votes, false);
}

}  // namespace

std::uint32_t replica_rank(const Server& server) {
  const ClusterState& cluster = server.cluster;
  const PeerId primary = my_primary(cluster);
  const auto mine = static_cast<std::uint64_t>(replication_offset(server));
  std::uint32_t rank = 0;
  cluster.peers.each([&](PeerId peer) {
    const PeerCold& cold = cluster.peers.cold(peer);
    if (peer == kMyself || cold.primary != primary) return;
    if (cluster.peers.hot(peer).has(bus::flag::kNoFailover)) return;
    const bool tied = cold.offset == mine && deviates(server, Deviation::kDistinctRanks);
    const bool ahead =
        server.mutation == Mutation::kRankInverted ? cold.offset < mine : cold.offset > mine;
    if (ahead || (tied && peer_name(server, peer) < my_name(server))) ++rank;
  });
  return rank;
}

void handle_failover(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  Election& election = cluster.election;
  cluster.todo &= static_cast<std::uint8_t>(~todo::kHandleFailover);
  if (!called_for(server)) {
    if (!election.hindrance.empty()) election.hindrance.clear();
    return;
  }
  const std::int64_t timeout =
      std::max<std::int64_t>(2 * server.config.cluster_node_timeout_ms, 2000);
  const std::int64_t retry = server.mutation == Mutation::kRetryAtOnce ? timeout : 2 * timeout;
  const std::int64_t now = pass.wall_ms();
  const std::int64_t age = now - election.scheduled_ms;
  if (data_too_old(server, pass) && !manual_can_start(cluster)) {
    return hinder(server, pass, "its data is too old");
  }
  if (age > retry) {
    hinder(server, pass, "");
    return schedule(server, pass);
  }
  if (!election.asked && cluster.manual.end_ms == 0) {
    const std::uint32_t rank = replica_rank(server);
    if (rank > election.rank || deviates(server, Deviation::kRankMayImprove)) {
      election.scheduled_ms += (std::int64_t{rank} - election.rank) * kDelayPerRankMs;
      election.rank = rank;
    }
  }
  if (now < election.scheduled_ms) return;
  if (age > timeout) {
    if (!election.expiry_told) {
      election.expiry_told = true;
      pass.note(event::ElectionExpired{election.epoch, election.votes, quorum(cluster)});
    }
    return hinder(server, pass, "waits until it may try again");
  }
  if (!election.asked) return ask_for_votes(server, pass);
  win_if_elected(server, pass);
}

void count_vote(Server& server, Pass& pass, PeerId voter, const bus::Header& header) {
  ClusterState& cluster = server.cluster;
  if (voter.is_none()) return;
  const PeerHot& hot = cluster.peers.hot(voter);
  Election& election = cluster.election;
  const bool may_vote =
      (hot.is_primary() && hot.serving()) || server.mutation == Mutation::kReplicasVote;
  const bool old =
      header.current_epoch < election.epoch && server.mutation != Mutation::kCountOldVotes;
  if (!may_vote || old) return;
  ++election.votes;
  pass.note(event::VoteCounted{peer_name(server, voter), header.current_epoch, election.votes,
                               quorum(cluster)});
  cluster.todo |= todo::kHandleFailover;
}

}  // namespace sim
