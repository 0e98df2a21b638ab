#include "sim/invariants/claims.h"

namespace sim {
namespace {

constexpr ClaimInfo kClaims[] = {
    // ---- Promises of the cluster specification ----
    {"15.1", "After healing, the claimant with the greatest configEpoch owns a slot everywhere.",
     "slot_ownership_agrees, converges_after_heal", ""},
    {"15.2", "A write acknowledged on the majority's side is lost only with a primary that fails.",
     "acked_writes_accounted", ""},
    {"15.3", "A write acknowledged by a replaced primary may be lost until that steps down.",
     "acked_writes_accounted", ""},
    {"15.4", "A partition that heals within T costs no failover and no write.",
     "no_needless_failover, acked_writes_accounted", ""},
    {"15.5", "A primary in a minority stops writing, by 1.5T + 2 ticks + D at the latest.",
     "minority_stops_writing, acked_writes_accounted", ""},
    {"15.6", "The majority's side is whole again soon after T, where replicas are eligible.",
     "failover_in_time, minority_stops_writing", "the bound is that of 15.37"},
    {"15.7", "A cluster with one replica a shard survives any one loss.",
     "failover_in_time, converges_after_heal",
     "the chance to survive two is a number over seeds, for `expect.metrics`"},
    {"15.8", "One vote in an epoch, and one for the replicas of a failed primary within 2T.",
     "election_safety, votes_follow_rules, persist_before_send", ""},
    {"15.9", "An epoch is won by one replica at most.", "election_safety", ""},
    {"15.10", "An elected configEpoch exceeds all that its voters know for those slots.",
     "elected_epoch_is_greatest", ""},
    {"15.11", "FAIL needs a suspicion of one's own and the reports of a majority from the last 2T.",
     "failure_detection_bounds", ""},
    {"15.12", "FAIL is lifted at once from replicas and primaries without slots, else after 2T.",
     "failure_detection_bounds", ""},
    {"15.13", "A replica waits 500 to 1000 ms and a second a rank, and max(4T, 4 s) to try again.",
     "elections_keep_time", ""},
    {"15.14", "There are no negative votes.", "",
     "the wire format has no message for one; refusals are records of ours only"},
    {"15.15", "Primaries come to have different configEpochs.", "config_epochs_unique", ""},
    {"15.19", "A coordinated failover that completes loses no acknowledged write.",
     "coordinated_failover_keeps_offset, acked_writes_accounted", ""},
    {"15.20", "A forced failover may lose writes, a takeover may collide in its epoch.",
     "acked_writes_accounted, config_epochs_unique",
     "a licence: these invariants excuse no more than it says"},
    {"15.22", "Who is forgotten by all within a minute, and is gone, stays forgotten.",
     "forgotten_stay_away", ""},
    // ---- What holds at every step ----
    {"15.23", "currentEpoch never decreases, but for RESET HARD and crashes.",
     "epochs_monotone, reset_starts_afresh", ""},
    {"15.24", "A primary's configEpoch never decreases and never exceeds currentEpoch.",
     "epochs_monotone, reset_starts_afresh", ""},
    {"15.25", "lastVoteEpoch never exceeds currentEpoch and is on disk before the vote leaves.",
     "epochs_monotone, persist_before_send", ""},
    {"15.33", "A vote is given for a failed primary, or when forced.", "votes_follow_rules", ""},
    {"15.34", "Whoever takes over has counted a majority, or nobody was asked.", "election_safety",
     ""},
    {"15.35", "A silent peer is suspected after T, by 1.5T + 2 ticks + D at the latest.",
     "failure_detection_bounds", ""},
    {"15.36", "A primary is ok 2 s after its start and clamp(T, 0.5 s, 5 s) after a minority.",
     "minority_stops_writing", ""},
    {"15.37", "A primary that dies is replaced after detection, gossip, its delay and the votes.",
     "failover_in_time", ""},
    // ---- Of the techniques ----
    {"D15.1", "A primary votes once in an epoch, across restarts that keep the disk.",
     "election_safety, epochs_monotone, persist_before_send", ""},
    {"D15.2", "An epoch has one winner, with the votes of a majority as it was then.",
     "election_safety", ""},
    {"D15.3", "currentEpoch and one's own configEpoch only grow.", "epochs_monotone", ""},
    {"D15.4", "Equal configEpochs of primaries end within T of the heal.", "config_epochs_unique",
     ""},
    {"D15.5", "FAIL is set on fresh reports of a majority.", "failure_detection_bounds", ""},
    {"D15.11", "A replica whose data are too old does not stand.", "elections_keep_time", ""},
};

}  // namespace

std::span<const ClaimInfo> claims() {
  return kClaims;
}

}  // namespace sim
