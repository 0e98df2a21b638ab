#include "sim/core/deviation.h"

#include <array>

namespace sim {
namespace {

constexpr std::array kDeviations = {
    DeviationInfo{Deviation::kNoOwnerNotClaiming, "no-owner-not-claiming", "redis before 7.0.13",
                  "protocol §14 row 1, redis#12344",
                  "a slot that its owner no longer claims stays that owner's, at its epoch, until "
                  "somebody claims it with a greater one"},
    DeviationInfo{Deviation::kSuspectsByChance, "suspects-by-chance", "redis before 4.0",
                  "protocol §14 row 21, redis#2285",
                  "a peer held PFAIL is gossiped about as rarely as any other"},
    DeviationInfo{Deviation::kPongsOnlyLiveness, "pongs-only-liveness",
                  "redis before 5.0.10 and 6.0.2", "protocol §14 row 22, redis#7216",
                  "only a PONG shows that a peer lives, not what else comes from it"},
    DeviationInfo{Deviation::kReplicasKeepFailure, "replicas-keep-failure", "redis before 6.0.6",
                  "protocol §14 row 41, redis#7398",
                  "a replica that finds a peer FAIL by counting reports tells nobody"},
    DeviationInfo{Deviation::kPauseOutlastsFailover, "pause-outlasts-failover",
                  "redis before 6.2.8 and 7.0", "protocol §14 row 34, redis#9676",
                  "the writes paused for a manual failover stay so for the whole 10 s"},
    DeviationInfo{Deviation::kZeroOffsetUnknown, "zero-offset-unknown", "redis before 6.2.2",
                  "protocol §14 row 33, redis#8435",
                  "a manual failover takes offset 0 for \"not told yet\", and waits for ever"},
    DeviationInfo{Deviation::kPrimaryEpochLoaded, "primary-epoch-loaded", "redis before 7.0.3",
                  "protocol §14 row 13, redis#10798",
                  "a replica loads its primary's configEpoch as its own, so that a takeover after "
                  "a restart may not raise it"},
    DeviationInfo{Deviation::kGossipIntroduces, "gossip-introduces", "redis before 6.0.5",
                  "protocol §14 row 28, redis#7330",
                  "whoever is gossiped about and not known is sent a MEET at the address told, "
                  "whoever lives there now"},
    DeviationInfo{Deviation::kGiverStaysPrimary, "giver-stays-primary", "redis before 7.0",
                  "protocol §14 row 5, redis#10489",
                  "who gives its last slot away by SETSLOT stays a primary"},
    DeviationInfo{
        Deviation::kPingsWhilePaused, "pings-while-paused", "redis before 6.0",
        "protocol §14 row 32, redis#6029",
        "replicas are sent PINGs, which count as data, also while writes are paused for a "
        "manual failover"},
    DeviationInfo{Deviation::kImportClosedQuietly, "import-closed-quietly", "redis before 6.0.6",
                  "protocol §14 row 42, redis#7571",
                  "who closes an import and owns the slot tells the others by heartbeat only"},
    DeviationInfo{Deviation::kDistinctRanks, "distinct-ranks", "valkey from 8.0",
                  "protocol §7.1, valkey#762",
                  "of replicas with the same offset, the one with the smaller id ranks higher"},
    DeviationInfo{Deviation::kRankMayImprove, "rank-may-improve", "valkey from 8.0",
                  "protocol §7.1 step 5",
                  "a scheduled election is brought forward if the rank has become better"},
    DeviationInfo{Deviation::kNewPrimaryNewElection, "new-primary-new-election", "valkey from 8.0",
                  "protocol §7.1",
                  "following another primary clears the last election, so that the next need not "
                  "wait for its retry time"},
    DeviationInfo{Deviation::kEmptyShardFailsOver, "empty-shard-fails-over", "valkey from 8.0",
                  "protocol §7.1 step 1, redis#10517",
                  "a replica stands even if its failed primary has no slots"},
    DeviationInfo{Deviation::kServingPrimariesReport, "serving-primaries-report",
                  "redis from 7.2, valkey", "protocol §6.1, §6.2",
                  "failure reports of primaries without slots do not count"},
    DeviationInfo{Deviation::kSolePrimaryDeclares, "sole-primary-declares",
                  "redis from 7.4, valkey from 8.0", "protocol §14 row 24, redis#12824",
                  "the only primary with slots holds a silent peer FAIL at once, with nobody to "
                  "ask"},
    DeviationInfo{Deviation::kPrimariesOnlyTellEpochs, "primaries-only-tell-epochs",
                  "valkey from 8.0", "protocol §5.3",
                  "the configEpoch in a replica's header, its primary's, is not taken for its own"},
    DeviationInfo{Deviation::kUpdateOnlyPrimaries, "update-only-primaries", "valkey from 8.0",
                  "protocol §5.5f",
                  "no UPDATE goes to a replica whose header claims slots on an old epoch"},
    DeviationInfo{Deviation::kDemotionKeepsSlots, "demotion-keeps-slots", "redis from 7.2, valkey",
                  "protocol §5.5e, §14 row 7, redis#13018",
                  "a primary that steps down for its own replica keeps its slots, in the view of "
                  "others, until the replica claims them"},
    DeviationInfo{Deviation::kDemotionMovesSlots, "demotion-moves-slots",
                  "redis from 7.2.5, valkey 8.0", "protocol §14 row 8, redis#13055, redis#15472",
                  "the slots of a primary that steps down for its own replica are the replica's at "
                  "once, in the view of others"},
    DeviationInfo{Deviation::kLostKeysReplicated, "lost-keys-replicated", "redis from 7.2, valkey",
                  "protocol §14 row 12, redis#11084",
                  "keys deleted because their slot was lost are deleted on the replicas too"},
    DeviationInfo{Deviation::kMeetUntilAnswered, "meet-until-answered", "valkey from 8.0",
                  "protocol §14 row 26, valkey#461",
                  "a MEET is sent again on every new link until the node has answered"},
    DeviationInfo{Deviation::kMigrationStartsAfresh, "migration-starts-afresh", "valkey from 8.0",
                  "protocol §14 row 18, valkey#885",
                  "a replica that goes to another shard forgets the offset and history it had"},
    DeviationInfo{
        Deviation::kConfigByRename, "config-by-rename", "redis from 7.2, valkey",
        "protocol §3.2, §14 row 35, redis#10924",
        "nodes.conf is written beside the old one, synced and renamed, so it is never torn"},
    DeviationInfo{Deviation::kClaimBitCleared, "claim-bit-cleared", "redis from 7.2.4, valkey",
                  "protocol §7.7, redis#12564",
                  "a slot that is bound anew is not taken for unclaimed, whatever was known of it"},
    DeviationInfo{Deviation::kForceAtOnce, "force-at-once", "valkey from 8.0", "protocol §7.10",
                  "CLUSTER FAILOVER FORCE asks for votes at once, not at the next cron"},
    DeviationInfo{Deviation::kOpenSlotsReplicated, "open-slots-replicated", "valkey from 8.0",
                  "protocol §9.3, §14 row 4, valkey#445",
                  "SETSLOT goes to the replicas first, and is carried out when all have "
                  "acknowledged it (2 s at most, or TIMEOUT); a full synchronisation carries open "
                  "slots, and a change of roles within the shard keeps them"},
    DeviationInfo{Deviation::kOpenSlotsRepointed, "open-slots-repointed", "valkey from 8.0",
                  "protocol §7.7, valkey#445",
                  "an open slot follows the failover of the shard at its other end, is closed when "
                  "somebody else has the slot, and an importer whose source let go takes it"},
    DeviationInfo{
        Deviation::kReplicasAsk, "replicas-ask", "valkey from 8.0", "protocol §9.2, valkey#445",
        "a replica answers ASK and TRYAGAIN for open slots to clients that said READONLY"},
};
static_assert(kDeviations.size() == static_cast<std::size_t>(Deviation::kCount));

}  // namespace

std::span<const DeviationInfo> deviations() {
  return kDeviations;
}

std::optional<Deviation> find_deviation(std::string_view name) {
  for (const DeviationInfo& info : kDeviations) {
    if (info.name == name) return info.deviation;
  }
  return std::nullopt;
}

Deviations deviations_named(std::span<const std::string> names) {
  Deviations set;
  for (const std::string& name : names) set.add(*find_deviation(name));
  return set;
}

std::string names_of(Deviations set) {
  std::string names;
  for (const DeviationInfo& info : kDeviations) {
    if (!set.has(info.deviation)) continue;
    if (!names.empty()) names += ", ";
    names += info.name;
  }
  return names;
}

}  // namespace sim
