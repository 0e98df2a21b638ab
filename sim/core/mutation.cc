#include "sim/core/mutation.h"

#include <array>

namespace sim {
namespace {

constexpr std::array kMutations = {
    MutationInfo{Mutation::kVoteTwicePerEpoch, "vote-twice-per-epoch", "election_safety",
                 "two-candidates",
                 "the voter forgets that it has voted in this epoch, and for this primary"},
    MutationInfo{Mutation::kWinWithoutMajority, "win-without-majority", "election_safety",
                 "failover", "a candidate takes over with a single vote"},
    MutationInfo{Mutation::kEpochGoesBack, "epoch-goes-back", "epochs_monotone", "minority",
                 "the currentEpoch of every header is taken over, even a smaller one"},
    MutationInfo{Mutation::kSkipCollisionResolution, "skip-collision-resolution",
                 "config_epochs_unique", "takeovers",
                 "two primaries with one configEpoch leave it at that"},
    MutationInfo{Mutation::kIgnoreSlotEpoch, "ignore-slot-epoch", "slot_ownership_agrees",
                 "crossing-claims", "any claim takes a slot, whatever its epoch"},
    MutationInfo{Mutation::kNoDemotion, "no-demotion", "one_writable_primary", "minority",
                 "a primary that lost its slots keeps them and goes on serving"},
    MutationInfo{Mutation::kMinorityKeepsWriting, "minority-keeps-writing",
                 "minority_stops_writing", "minority",
                 "the cluster state never fails for want of a majority"},
    MutationInfo{Mutation::kNoRejoinDelay, "no-rejoin-delay", "minority_stops_writing", "minority",
                 "a primary that was in a minority serves again the moment it sees the others"},
    MutationInfo{Mutation::kAckBeforeApply, "ack-before-apply", "acked_writes_accounted",
                 "overwrites", "now and then a write is acknowledged and thrown away"},
    MutationInfo{Mutation::kReplicaSkipsCommand, "replica-skips-command", "replica_data_is_prefix",
                 "failover", "a replica leaves out every 16th write of the stream"},
    MutationInfo{Mutation::kRedirectToSelf, "redirect-to-self", "redirects_terminate",
                 "stale-client", "MOVED names the node that answers it"},
    MutationInfo{Mutation::kFailNeverClears, "fail-never-clears", "converges_after_heal",
                 "minority", "a peer once held to have failed is held so for ever"},
    MutationInfo{Mutation::kSendBeforeSave, "send-before-save", "persist_before_send", "failover",
                 "a vote leaves at once and is written to nodes.conf a tick later"},
    MutationInfo{Mutation::kPingIntroduces, "ping-introduces", "clusters_stay_apart",
                 "address-reuse", "a PING of a stranger makes it known, as a MEET does"},
    MutationInfo{Mutation::kNeverReconnects, "never-reconnects", "progress_after_heal", "core-only",
                 "a peer that was suspected is not dialled again"},
    MutationInfo{Mutation::kUnanimousElection, "unanimous-election", "progress_after_heal",
                 "core-only", "a candidate takes over only with the votes of all primaries"},
    MutationInfo{Mutation::kEpochStorm, "epoch-storm", "epochs_settle", "core-only",
                 "a primary that hears of a greater configEpoch takes a new one for itself"},
    MutationInfo{Mutation::kLateElection, "late-election", kKilledByDiff, "election",
                 "a replica waits 100 ms longer than it should before it stands for election"},
};
static_assert(kMutations.size() + 1 == static_cast<std::size_t>(Mutation::kCount));

}  // namespace

std::span<const MutationInfo> mutations() {
  return kMutations;
}

std::optional<Mutation> find_mutation(std::string_view name) {
  for (const MutationInfo& info : kMutations) {
    if (info.name == name) return info.mutation;
  }
  return std::nullopt;
}

}  // namespace sim
