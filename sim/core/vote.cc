#include "sim/core/vote.h"

#include <string>
#include <utility>

#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"

namespace sim {
namespace {

// The first slot the request claims whose owner knows better; kSlotCount if there is none.
std::uint32_t contested_slot(const ClusterState& cluster, const bus::Header& request) {
  std::uint32_t contested = kSlotCount;
  cluster.owners.each_run([&](SlotId first, SlotId last, PeerId owner) {
    if (contested != kSlotCount || owner.is_none()) return;
    if (cluster.peers.cold(owner).config_epoch <= request.config_epoch) return;
    for (std::uint32_t slot = first.value; slot <= last.value; ++slot) {
      if (!request.slots->slots().test(slot) || cluster.not_claiming.test(slot)) continue;
      contested = slot;
      return;
    }
  });
  return contested;
}

std::int64_t last_vote_for(const ClusterState& cluster, PeerId primary) {
  const auto found = cluster.voted_ms.find(primary);
  return found == cluster.voted_ms.end() ? 0 : found->second;
}

// Why the vote is refused; empty: it is granted. The order is Redis', so that the reason is too.
std::string refusal(const Server& server, const Pass& pass, PeerId candidate,
                    const bus::Header& request) {
  const ClusterState& cluster = server.cluster;
  if (request.current_epoch < cluster.current_epoch &&
      server.mutation != Mutation::kVoteForOldEpoch) {
    return "its epoch is old";
  }
  if (cluster.last_vote_epoch == cluster.current_epoch &&
      server.mutation != Mutation::kVoteTwicePerEpoch) {
    return "already voted in this epoch";
  }
  if (cluster.peers.hot(candidate).is_primary()) return "it is a primary";
  const PeerId primary = cluster.peers.cold(candidate).primary;
  if (primary.is_none()) return "its primary is unknown";
  const bool forced = (request.mflags[0] & bus::mflag::kForceAck) != 0;
  if (!cluster.peers.hot(primary).has(bus::flag::kFail) && !forced &&
      server.mutation != Mutation::kVoteWithoutFail) {
    return "its primary is up";
  }
  if (pass.wall_ms() - last_vote_for(cluster, primary) <
          2 * server.config.cluster_node_timeout_ms &&
      server.mutation != Mutation::kVoteTwicePerEpoch &&
      server.mutation != Mutation::kVoteAgainSoon) {
    return "voted for this primary's replicas a moment ago";
  }
  const std::uint32_t slot = contested_slot(cluster, request);
  if (slot != kSlotCount && server.mutation != Mutation::kVoteForStaleClaim) {
    const PeerId owner = cluster.owners.owner(SlotId{static_cast<std::uint16_t>(slot)});
    return "slot " + std::to_string(slot) + " has epoch " +
           std::to_string(cluster.peers.cold(owner).config_epoch) + " > " +
           std::to_string(request.config_epoch);
  }
  return {};
}

}  // namespace

void consider_vote(Server& server, Pass& pass, PeerId candidate, const bus::Header& request) {
  ClusterState& cluster = server.cluster;
  const bool may_vote =
      (am_primary(cluster) && am_serving(cluster)) || server.mutation == Mutation::kReplicasVote;
  if (candidate.is_none() || !may_vote) return;
  std::string why = refusal(server, pass, candidate, request);
  if (!why.empty()) {
    pass.note(
        event::VoteRefused{peer_name(server, candidate), request.current_epoch, std::move(why)});
    return;
  }
  const PeerId primary = cluster.peers.cold(candidate).primary;
  cluster.last_vote_epoch = cluster.current_epoch;
  cluster.voted_ms[primary] = pass.wall_ms();
  pass.note(event::VoteGranted{peer_name(server, candidate), peer_name(server, primary),
                               cluster.current_epoch,
                               cluster.peers.hot(primary).has(bus::flag::kFail),
                               (request.mflags[0] & bus::mflag::kForceAck) != 0});
  if (server.mutation == Mutation::kSendBeforeSave) {
    // The broken variant: the ACK leaves now, the vote is written some time after.
    const ConnId conn = dialled_conn(server, candidate);
    if (!conn.is_none()) {
      pass.send_at_once(conn, PayloadRef(new bus::BusPayload(
                                  build_message(server, bus::Type::kAuthAck), server.names)));
    }
    cluster.todo |= todo::kSaveNextCron;
    return;
  }
  save_later(cluster, true);
  if (server.mutation == Mutation::kSilentVoter) return;
  // Lost if there is no link; the vote is spent all the same.
  send_to(server, pass, candidate, build_message(server, bus::Type::kAuthAck));
}

}  // namespace sim
