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
INVARIANT(progress_after_heal);
INVARIANT(epochs_settle);
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
INVARIANT(slot_changes_have_cause);
INVARIANT(slot_counts_add_up);
INVARIANT(open_slots_are_owned);
INVARIANT(imports_raise_epoch);
INVARIANT(slots_survive_restart);
INVARIANT(routing_table_holds);
INVARIANT(writes_at_owner);
INVARIANT(uncovered_slots_are_refused);
INVARIANT(keys_live_where_owned);
INVARIANT(reshard_keeps_keys_reachable);
INVARIANT(replicas_catch_up);
INVARIANT(no_chains_of_replicas);
INVARIANT(replicas_spread);
INVARIANT(wait_tells_the_truth);
INVARIANT(min_replicas_bound_loss);
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
     "Cluster spec, \"Write safety\"; protocol §15.28", "always", "no-demotion, never-update",
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
     "replica-skips-command, migrate-untold, backlog-off-by-one, any-history, snapshot-skips-keys, "
     "full-sync-keeps-own, expiry-untold",
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
    {"progress_after_heal",
     "Within the scenario's bound after the heal each slot that is tried accepts a write and gives "
     "it back, and all that were healed agree.",
     "Cluster spec, \"Availability\"; protocol §15.6, 29", "after heal",
     "never-reconnects, unanimous-election",
     "a client that tries (\"settle\": {\"progress\": ...}), and full views at the end", true,
     make_progress_after_heal},
    {"epochs_settle",
     "After the heal epochs grow by elections, takeovers, an operator's commands, and one "
     "collision "
     "for each node, and by nothing else.",
     "Cluster spec, \"Configuration epochs\"; protocol §7.5, §7.6, §15.15", "after heal",
     "epoch-storm", "epochs and elections: of a real server as its headers and its log show them",
     true, make_epochs_settle},
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
    {"slot_changes_have_cause",
     "In a view a slot changes its owner only to a greater configEpoch, by a command, a promotion "
     "or "
     "a demotion, and never while it is imported.",
     "Cluster spec, \"Hash slots configuration propagation\"; protocol §7.7, §15.1", "always",
     "claims-take-imported, ignore-slot-epoch",
     "why slots change their owner: a real server does not tell, and is not judged", false,
     make_slot_changes_have_cause},
    {"slot_counts_add_up", "In every view a slot belongs to one node at most.", "protocol §15.26",
     "wherever a full view is told", "old-owner-counts",
     "full views: of a real server its nodes.conf", false, make_slot_counts_add_up},
    {"open_slots_are_owned",
     "Who marks a slot as migrating owns it, who marks one as importing does not, and SETSLOT NODE "
     "ends both.",
     "Redis documentation, \"CLUSTER SETSLOT\"; protocol §9.3", "always",
     "migrating-unowned, node-keeps-migrating",
     "marks on slots and commands: a real server shows only what comes of them, and is not judged",
     false, make_open_slots_are_owned},
    {"imports_raise_epoch",
     "Who ends an import by taking the slot has the greatest configEpoch it knows of.",
     "Cluster spec, \"Configuration epochs\"; protocol §7.5, §9.3", "always", "import-keeps-epoch",
     "commands and marks on slots: a real server is not judged", false, make_imports_raise_epoch},
    {"slots_survive_restart",
     "A node that starts again with its disk has the slots, and the marks of open ones, that it "
     "had "
     "when it saved nodes.conf last.",
     "protocol §3.2, §3.3, §8", "always", "open-slots-not-saved",
     "saves: those of a real server are not told, and it is not judged", false,
     make_slots_survive_restart},
    {"routing_table_holds",
     "Commands are served, redirected or refused as the routing table says, and a redirection "
     "never "
     "names the node that gives it.",
     "Cluster spec, \"MOVED Redirection\", \"ASK redirection\"; protocol §9.2", "always",
     "serve-when-down, asking-ignored, importer-needs-no-asking, moved-for-ask, never-ask, "
     "never-try-again, cross-slot-allowed, reads-without-readonly",
     "what a node goes by when it answers: a real server does not tell, and is not judged", false,
     make_routing_table_holds},
    {"writes_at_owner",
     "A write takes effect only at a primary that owns the key's slot, or imports it.",
     "Cluster spec, \"Key distribution model\"; protocol §1, §9.2", "always",
     "replica-accepts-writes, tags-ignored",
     "where writes took effect: a real server does not tell, and is not judged", false,
     make_writes_at_owner},
    {"uncovered_slots_are_refused",
     "A node that sees slots without a living owner, where all must be covered, or no majority, "
     "does "
     "not hold the cluster to be ok.",
     "Cluster spec, \"Availability\"; protocol §8", "wherever a full view is told",
     "coverage-ignored",
     "full views with the state that goes with them: a real server is not judged", false,
     make_uncovered_slots_are_refused},
    {"keys_live_where_owned",
     "Keys that MIGRATE hands over leave their node, and in the end no primary has keys of slots "
     "that "
     "it neither owns nor imports.",
     "Redis documentation, \"MIGRATE\"; protocol §9.4, §15.31", "always, and after heal",
     "lost-slot-keeps-keys, node-ignores-keys, migrate-keeps-keys",
     "where nodes have keys: a real server does not tell, and is not judged", false,
     make_keys_live_where_owned},
    {"reshard_keeps_keys_reachable",
     "As long as nothing may be lost, whatever is resharded, a client is told of every key what "
     "was "
     "written last.",
     "Cluster spec, \"Cluster live reconfiguration\"; protocol §15.21",
     "until a promotion, a crash or a cut", "migrate-drops-refused", "clients that read and write",
     false, make_reshard_keeps_keys_reachable},
    {"replicas_catch_up",
     "In the end every live replica of a live primary has its link up and what the primary has.",
     "Redis replication; protocol §10.1-10.3", "after heal", "demoted-never-syncs",
     "views at the end: of a real server, whether its link is up", true, make_replicas_catch_up},
    {"no_chains_of_replicas", "In the end whom a live replica follows is a primary.",
     "Cluster spec, \"Hash slots configuration propagation\"; protocol §7.7, §14 rows 8, 9, 29",
     "after heal", "follows-old-primary", "full views at the end: of a real server its nodes.conf",
     true, make_no_chains_of_replicas},
    {"replicas_spread",
     "A primary that lost its replicas is lent one by a shard that can spare it, and by no other.",
     "Cluster spec, \"Replica migration algorithm\"; protocol §7.11, §15.16",
     "while nothing is cut off and every primary is ok", "no-replica-migration, barrier-ignored",
     "claims: of a real server its nodes.conf, which does not show what held it back", true,
     make_replicas_spread},
    {"wait_tells_the_truth", "When WAIT answers n, n replicas have processed the write.",
     "Redis documentation, \"WAIT\"; protocol §15.17", "always", "wait-counts-all, ack-ahead",
     "replication streams and answers to WAIT: a real server shows neither, so it is not checked "
     "there",
     false, make_wait_tells_the_truth},
    {"min_replicas_bound_loss",
     "Where min-replicas-to-write is set, no write is accepted once too few replicas have been in "
     "touch for min-replicas-max-lag and 3 s.",
     "Redis replication, \"Allow writes only with N attached replicas\"; protocol §10.4, §15.18",
     "always", "min-replicas-ignored, lag-ignored",
     "where writes took effect: a real server does not tell, and is not judged", false,
     make_min_replicas_bound_loss},
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
