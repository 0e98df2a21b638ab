// The table of invariants. One is two adjacent lines here and a file of its own.
#include "sim/invariants/invariant.h"

namespace sim {

#define INVARIANT(name) std::unique_ptr<Invariant> make_##name(const RunFacts& facts)
INVARIANT(election_safety);
INVARIANT(epochs_monotone);
INVARIANT(config_epochs_unique);
INVARIANT(slot_ownership_agrees);
INVARIANT(one_writable_primary);
INVARIANT(minority_stops_writing);
INVARIANT(acked_writes_accounted);
INVARIANT(replica_data_is_prefix);
INVARIANT(redirects_terminate);
INVARIANT(converges_after_heal);
INVARIANT(persist_before_send);
INVARIANT(failure_detection_bounds);
INVARIANT(clusters_stay_apart);
INVARIANT(votes_follow_rules);
INVARIANT(elected_epoch_is_greatest);
INVARIANT(elections_keep_time);
INVARIANT(failover_in_time);
INVARIANT(no_needless_failover);
INVARIANT(failure_is_told);
INVARIANT(coordinated_failover_keeps_offset);
INVARIANT(manual_failover_ends);
INVARIANT(forgotten_stay_away);
INVARIANT(reset_starts_afresh);
#undef INVARIANT

namespace {
constexpr InvariantKind kInvariants[] = {
    {"election_safety",
     "A primary votes at most once in an epoch, an epoch has at most one winner, and the winner "
     "has the votes of a "
     "majority.",
     "Cluster spec, \"Replica election and promotion\"; protocol §15.8, 9, 34", "always",
     "vote-twice-per-epoch, win-without-majority, win-with-half, count-old-votes",
     "votes, promotions and claims: a real server logs them", false, make_election_safety},
    {"epochs_monotone", "Epochs never go back, also across restarts that keep the disk.",
     "Cluster spec, \"Configuration epochs\"; protocol §15.23-25", "always", "epoch-goes-back",
     "epochs, votes and saves: of a real server as nodes.conf and its headers show them", false,
     make_epochs_monotone},
    {"config_epochs_unique", "No two live primaries keep the same configEpoch.",
     "Cluster spec, \"configEpoch conflicts resolution algorithm\"; protocol §15.15", "after heal",
     "skip-collision-resolution", "full views at the end: of a real server its nodes.conf", false,
     make_config_epochs_unique},
    {"slot_ownership_agrees",
     "All live nodes name one owner for every slot: the claimant with the greatest configEpoch.",
     "Cluster spec, \"Hash slots configuration propagation\"; protocol §15.1, 29, 30", "after heal",
     "ignore-slot-epoch, no-demotion", "full views at the end: of a real server its nodes.conf",
     false, make_slot_ownership_agrees},
    {"one_writable_primary",
     "No two live machines accept writes for one slot longer than a failover needs.",
     "Cluster spec, \"Write safety\"; protocol §15.28", "always", "no-demotion",
     "claims and cluster states: a real server logs or saves them at once", false,
     make_one_writable_primary},
    {"minority_stops_writing",
     "A primary cut off from the majority stops accepting writes in time, and waits before it "
     "accepts them again.",
     "Cluster spec, \"Availability\"; protocol §8, §15.5, 36", "always",
     "minority-keeps-writing, no-rejoin-delay, no-writable-delay",
     "cluster states and starts: a real server logs them", false, make_minority_stops_writing},
    {"acked_writes_accounted",
     "Every acknowledged write is in the final data, or lost in a way that asynchronous "
     "replication permits.",
     "Cluster spec, \"Write safety\"; protocol §15.2, 3, 5, 19",
     "where auditors read the final data", "ack-before-apply",
     "where writes took effect: of a real server, who answered them, which excuses more", false,
     make_acked_writes_accounted},
    {"replica_data_is_prefix", "A replica's data are a prefix of its primary's.",
     "Redis replication, \"replication ID and offset\"; protocol §15.32", "always",
     "replica-skips-command",
     "replication streams and hashes of data: a real server shows neither, so it is not checked "
     "there",
     false, make_replica_data_is_prefix},
    {"redirects_terminate",
     "Redirections lead somewhere: at most two in a healthy cluster in which nothing changes.",
     "Cluster spec, \"MOVED Redirection\"; protocol §9", "always", "redirect-to-self",
     "clients, and whether the cluster changes", false, make_redirects_terminate},
    {"converges_after_heal",
     "Within the scenario's bound after the heal all live nodes agree, are healthy, and hold no "
     "live node for failed.",
     "protocol §15.1, 29; Cluster spec, \"Availability\"", "after heal", "fail-never-clears",
     "views: of a real server its nodes.conf and its log", true, make_converges_after_heal},
    {"persist_before_send",
     "A vote, or an epoch of one's own making, is on disk before anybody can hear of it, and a "
     "vote "
     "survives a restart.",
     "Cluster spec, \"Replica election and promotion\"; protocol §2.1, §15.25", "always",
     "send-before-save, forget-last-vote, election-not-saved",
     "votes and synced saves: a real server logs the one, its disk shows the other", false,
     make_persist_before_send},
    {"failure_detection_bounds",
     "Nobody is suspected early or late, FAIL needs the reports of a majority, and is lifted from "
     "who is back.",
     "Cluster spec, \"Failure detection\"; protocol §6, §15.11, 12, 35",
     "where delays are undisturbed",
     "fail-never-clears, fail-without-reports, fail-on-half, reporter-counts-twice, "
     "replicas-report, reports-never-expire, pfail-never-clears, pfail-too-late, "
     "fail-clears-too-soon",
     "suspicions: a real server logs PFAIL at loglevel debug, otherwise its gossip tells T/2 + 2 "
     "ticks later at most",
     false, make_failure_detection_bounds},
    {"clusters_stay_apart",
     "Clusters that run beside each other never come to know each other's nodes.",
     "Cluster spec, \"Nodes handshake\"; protocol §5.4, §14 row 28", "always", "ping-introduces",
     "another cluster in the world, and who learns of whom: a real server's nodes.conf shows it",
     false, make_clusters_stay_apart},
    {"votes_follow_rules",
     "A vote is a primary's with slots, for a replica whose primary it holds for failed, in the "
     "epoch "
     "that it was asked in, for no stale claim, and once in 2T for one primary's replicas.",
     "Cluster spec, \"Replica election and promotion\"; protocol §7.2, §15.8, 33", "always",
     "vote-for-stale-claim, vote-for-old-epoch, vote-without-fail, vote-again-soon, replicas-vote",
     "votes and claims: a real server logs or saves them", false, make_votes_follow_rules},
    {"elected_epoch_is_greatest",
     "A winner's configEpoch is that of its election or later, and exceeds its predecessor's.",
     "Cluster spec, \"Replica election and promotion\"; protocol §7.1, §15.10", "always",
     "win-keeps-epoch", "elections and promotions: a real server logs them", false,
     make_elected_epoch_is_greatest},
    {"elections_keep_time",
     "A replica stands for a failed primary 0.5 to 1 s and a second a rank after it set out, again "
     "no sooner than max(4T, 4 s), its rank counts who has more data, and too old data hinder it.",
     "Cluster spec, \"Replica rank\"; protocol §7.1, §15.13, D15 (11)", "always",
     "no-election-delay, retry-at-once, stand-on-suspicion, rank-inverted, stale-data-stand",
     "when replicas set out, and their suspicions: a real server logs the one, and is not asked "
     "for "
     "the other",
     false, make_elections_keep_time},
    {"failover_in_time",
     "A primary that falls silent and has a replica in sync is replaced within detection, T/2, 1 "
     "s, "
     "another one a sibling, and some ticks.",
     "Cluster spec, \"Availability\"; protocol §15.6, 7, 37", "where nothing else goes wrong",
     "winner-hesitates, silent-voter",
     "promotions, and who is in sync: of a real server its log tells both", false,
     make_failover_in_time},
    {"no_needless_failover",
     "A primary that was never silent for T is not replaced but by an operator.",
     "Cluster spec, \"Write safety\"; protocol §15.4", "where delays are undisturbed",
     "pfail-too-early", "promotions, and who is silent: a real server logs the one", false,
     make_no_needless_failover},
    {"failure_is_told",
     "Who finds a majority of reports tells everybody, and all who can hear hold the peer for "
     "failed.",
     "Cluster spec, \"Failure detection\"; protocol §6.2, 3", "where delays are undisturbed",
     "fail-not-told", "suspicions at the moment they arise: real servers are not asked", false,
     make_failure_is_told},
    {"coordinated_failover_keeps_offset",
     "In a coordinated failover the primary takes no writes while it has paused them, and the "
     "replica takes over with all it had taken before.",
     "CLUSTER FAILOVER; protocol §7.10, §15.19", "always",
     "manual-failover-does-not-wait, manual-failover-does-not-pause",
     "offsets and applied writes: a real server tells neither, so it is not checked there", false,
     make_coordinated_failover_keeps_offset},
    {"manual_failover_ends",
     "A manual failover is done or given up within 5 s, and held clients may go on.",
     "CLUSTER FAILOVER; protocol §7.10, §14 row 34", "always",
     "pause-not-lifted, manual-failover-never-ends",
     "pauses and their ends: a real server does not log these, so it is not checked there", false,
     make_manual_failover_ends},
    {"forgotten_stay_away",
     "A forgotten peer is not learnt of by gossip for 60 s, and never if all forgot it and it is "
     "gone.",
     "CLUSTER FORGET; protocol §5.7, §15.22", "always", "forget-has-no-blacklist",
     "who forgets and learns of whom: a real server's nodes.conf shows it", false,
     make_forgotten_stay_away},
    {"reset_starts_afresh",
     "A reset node is a primary without slots; a hard reset gives it a new name and epochs of 0.",
     "CLUSTER RESET; protocol §7.12, §15.23, 24", "always", "reset-keeps-epochs",
     "what a node says it is: of a real server nodes.conf shows it too late, so it is not checked "
     "there",
     false, make_reset_starts_afresh},
};
}  // namespace

std::span<const InvariantKind> invariants() {
  return kInvariants;
}

const InvariantKind* find_invariant(std::string_view name) {
  for (const InvariantKind& kind : kInvariants) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace sim
