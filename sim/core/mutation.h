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
  kLateElection,  // a replica's wait is never in the lower half of what is allowed
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
