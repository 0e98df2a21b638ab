// Mutations: deliberate breakages of the core, each declared beforehand with what must catch it: an
// invariant, or `slotsim diff` where the node breaks no promise and yet is not what it was.
//
// A checker that has never caught anything is a rumour. Every invariant names at least one mutation
// here, and a test runs it and sees the invariant fail. `slotsim list mutations` prints this table;
// `--mutate NAME` applies one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sim {

enum class Mutation : std::uint8_t {
  kNone,
  kVoteTwicePerEpoch,   // the voter forgets lastVoteEpoch
  kWinWithoutMajority,  // one vote is enough
  kEpochGoesBack,       // a stale header's currentEpoch is taken over instead of merged by maximum
  kSkipCollisionResolution,  // equal configEpochs stay equal
  kIgnoreSlotEpoch,          // any claim rebinds a slot, whatever its epoch
  kNoDemotion,               // a primary that lost its slots stays a primary and keeps serving them
  kMinorityKeepsWriting,     // cluster state never turns to fail for want of a majority
  kNoRejoinDelay,            // ok again at once after a minority
  kAckBeforeApply,           // +OK for a write that is then thrown away now and then
  kReplicaSkipsCommand,      // a replica applies all but every 16th write of the stream
  kRedirectToSelf,           // MOVED names the node itself
  kFailNeverClears,          // FAIL is for ever
  kSendBeforeSave,           // the vote leaves before nodes.conf is written
  kPingIntroduces,           // a PING of a stranger makes it known, as a MEET does
  kNeverReconnects,      // who was once suspected is not dialled again
  kUnanimousElection,    // a candidate wants the votes of all primaries
  kEpochStorm,           // a primary that hears of a greater configEpoch wants the greatest
  // Elections, detection of failures, membership: what each breaks says the table.
  kVoteForStaleClaim,
  kVoteForOldEpoch,
  kVoteWithoutFail,
  kVoteAgainSoon,
  kReplicasVote,
  kForgetLastVote,
  kElectionNotSaved,
  kWinWithHalf,
  kCountOldVotes,
  kWinKeepsEpoch,
  kNoElectionDelay,
  kRetryAtOnce,
  kStandOnSuspicion,
  kRankInverted,
  kStaleDataStand,
  kWinnerHesitates,
  kSilentVoter,
  kFailWithoutReports,
  kFailOnHalf,
  kReporterCountsTwice,
  kReplicasReport,
  kReportsNeverExpire,
  kPfailNeverClears,
  kPfailTooEarly,
  kPfailTooLate,
  kFailNotTold,
  kFailClearsTooSoon,
  kNoWritableDelay,
  kManualDoesNotWait,
  kNoWritePause,
  kPauseNotLifted,
  kManualNeverEnds,
  kNoBlacklist,
  kResetKeepsEpochs,
  // Routing.
  kServeWhenDown,          // the cluster state keeps no command from being served
  kAskingIgnored,          // the importing end sends back who comes with ASKING
  kImporterNeedsNoAsking,  // the importing end serves everybody
  kMovedForAsk,            // a key that has gone ahead is MOVED, not ASK
  kNeverAsk,               // the migrating end serves keys that it has not
  kNeverTryAgain,          // the migrating end serves commands of whose keys it has some
  kCrossSlotAllowed,       // keys of several slots are served together
  kReadsWithoutReadonly,   // a replica serves reads though nobody said READONLY
  kReplicaAcceptsWrites,   // a replica serves writes
  kTagsIgnored,            // the whole key is hashed, whatever its tag
  // Slots.
  kNeverUpdate,         // no UPDATE for who claims slots on an old epoch
  kClaimsTakeImported,  // a claim takes a slot that is being imported
  kOldOwnerCounts,      // a slot that goes to another stays in the old owner's bitmap too
  kImportKeepsEpoch,    // SETSLOT NODE ends an import without a new configEpoch
  kMigratingUnowned,    // SETSLOT MIGRATING is accepted for somebody else's slot
  kNodeKeepsMigrating,  // SETSLOT NODE leaves a slot without keys marked as migrating
  kOpenSlotsNotSaved,   // nodes.conf has no open slots
  kLostSlotKeepsKeys,   // keys of a slot that was lost stay
  kNodeIgnoresKeys,     // SETSLOT NODE gives away a slot with keys in it
  kCoverageIgnored,     // the cluster is ok whatever slots nobody serves
  // MIGRATE.
  kMigrateDropsRefused,  // a key that the target refused is deleted too
  kMigrateKeepsKeys,     // keys that have gone stay here too
  kMigrateUntold,        // replicas do not hear of the keys that have gone
  // Replication.
  kBacklogOffByOne,     // a partial synchronisation leaves out its first command
  kAnyHistory,          // a partial synchronisation goes on from any history
  kSnapshotSkipsKeys,   // a full synchronisation leaves out every 16th key
  kFullSyncKeepsOwn,    // and is laid over what the replica had
  kExpiryUntold,        // replicas do not hear of keys that expire
  kWaitCountsAll,       // WAIT counts replicas whatever they have acknowledged
  kAckAhead,            // replicas acknowledge more than they have
  kMinReplicasIgnored,  // writes are accepted however few replicas there are
  kLagIgnored,          // and a silent one counts
  kDemotedNeverSyncs,   // who was a primary keeps its data and its peace
  kFollowsOldPrimary,   // a replica stays with its primary when that has lost its slots
  kNoReplicaMigration,  // no replica leaves its shard
  kBarrierIgnored,      // the last replica leaves its shard too
  kLateElection,        // a replica's wait is never in the lower half of what is allowed
  kCount
};

struct MutationInfo {
  Mutation mutation;
  std::string_view name;       // "vote-twice-per-epoch"
  std::string_view killed_by;  // name of the invariant that must catch it, or kKilledByDiff
  std::string_view shown_by;   // scenarios/broken/SHOWN_BY.json runs into it
  std::string_view description;
};
inline constexpr std::string_view kKilledByDiff = "slotsim diff";
std::span<const MutationInfo> mutations();
std::optional<Mutation> find_mutation(std::string_view name);

}  // namespace sim
