// Deviations: behaviours of other versions than 7.0.15, each by itself, which a server can be
// given.
//
// The node is a redis 7.0.15; a deviation makes one rule of it another: what an older version did
// before the rule was mended, or what a later one (Valkey 8) does. `slotsim list deviations` prints
// this table; a scenario names them in `cluster.deviations`, for all servers or for one, so that
// versions can be compared and mixed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sim {

enum class Deviation : std::uint8_t {
  // Of older versions.
  kNoOwnerNotClaiming,
  kSuspectsByChance,
  kPongsOnlyLiveness,
  kReplicasKeepFailure,
  kPauseOutlastsFailover,
  kZeroOffsetUnknown,
  kPrimaryEpochLoaded,
  kGossipIntroduces,
  kGiverStaysPrimary,
  kPingsWhilePaused,
  kImportClosedQuietly,
  // Of later ones.
  kDistinctRanks,
  kRankMayImprove,
  kNewPrimaryNewElection,
  kEmptyShardFailsOver,
  kServingPrimariesReport,
  kSolePrimaryDeclares,
  kPrimariesOnlyTellEpochs,
  kUpdateOnlyPrimaries,
  kDemotionKeepsSlots,
  kDemotionMovesSlots,
  kLostKeysReplicated,
  kMeetUntilAnswered,
  kMigrationStartsAfresh,
  kConfigByRename,
  kClaimBitCleared,
  kForceAtOnce,
  kOpenSlotsReplicated,
  kOpenSlotsRepointed,
  kReplicasAsk,
  kCount
};

// Which of them a server has.
class Deviations {
 public:
  bool has(Deviation deviation) const {
    return (bits_ >> static_cast<unsigned>(deviation) & 1) != 0;
  }
  void add(Deviation deviation) { bits_ |= std::uint32_t{1} << static_cast<unsigned>(deviation); }
  bool none() const { return bits_ == 0; }
  bool operator==(const Deviations&) const = default;

 private:
  static_assert(static_cast<unsigned>(Deviation::kCount) <= 32);
  std::uint32_t bits_ = 0;
};

struct DeviationInfo {
  Deviation deviation;
  std::string_view name;         // "no-owner-not-claiming"
  std::string_view versions;     // "redis before 7.0.13", "valkey from 8.0"
  std::string_view source;       // where the change was made or told: "redis#12344"
  std::string_view description;  // how such a server differs
};
std::span<const DeviationInfo> deviations();
std::optional<Deviation> find_deviation(std::string_view name);
// Precondition: there are such.
Deviations deviations_named(std::span<const std::string> names);
// "distinct-ranks, rank-may-improve"; empty if there are none.
std::string names_of(Deviations set);

}  // namespace sim
