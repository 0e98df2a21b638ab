// Which acknowledged writes are gone at the end, and what became of each: the loss classifier.
//
// Histories of registers, counters and lists are collected from clients, where each write took
// effect from the nodes (WriteApplied), who replaced whom from elections, restarts and
// resynchronisations. At the end every acknowledged write that the auditors' final reads do not
// show is followed from the machine that applied it, succession by succession, until one of them
// loses it. (The permitted classes are those of the Cluster spec, "Write safety".)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/invariants/invariant.h"
#include "sim/invariants/loss_table.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/write_log.h"

namespace sim {

// One lost write, with what proves what became of it.
struct Loss {
  LossClass kind{};
  LossStanding standing = LossStanding::kViolation;
  int row = 0;  // of protocol §14, for a known defect
  std::uint64_t operation = 0;
  std::string key, why;
  MachineId client;  // who wrote it
  MachineId primary = kNoMachine, successor = kNoMachine;
  SimTime applied, acked;
  std::optional<SimTime> lost;  // when what lost it happened
  Duration window{};  // from its effect to what lost it; in a minority, from the cut to its effect
  SlotId slot;
  std::int64_t offset = 0;
  std::uint64_t epoch = 0;                          // configEpoch of its primary then
  std::uint32_t replicas_wanted = 0, replicas = 0;  // of WAIT: asked for, and told
  std::string sides;                                // of the partition, if its primary was cut off
  bool permitted() const { return standing == LossStanding::kPermitted; }
};
// The data contradict the history in another way: a value nobody wrote, one that certainly was not
// written, one too many.
struct Contradiction {
  SimTime at;
  std::string what;
};

class Losses {
 public:
  explicit Losses(const RunFacts& facts);

  // `stage` has seen the record.
  void see(const Record& record, const Stage& stage);
  void finish();

  // Valid after `finish`.
  const std::vector<Loss>& losses() const { return losses_; }
  const std::vector<Contradiction>& contradictions() const { return contradictions_; }
  std::uint64_t count(LossClass kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  LossTable table() const;
  // "the write 17 to "k", acknowledged at 6.000 s, is gone: ..."
  std::string sentence_of(const Loss& loss) const;
  // Writes that clients were told of, on keys that were read at the end.
  const std::map<MachineId, std::uint64_t>& acked_by() const { return acked_by_; }
  std::uint64_t lost() const { return losses_.size(); }
  std::uint64_t removed() const { return removed_; }
  Duration window(LossClass kind) const { return windows_[static_cast<std::size_t>(kind)]; }

  std::uint64_t acked_writes() const { return acked_; }  // on keys that were read at the end
  std::uint64_t keys_read() const { return keys_read_; }
  std::uint64_t keys_unread() const { return keys_unread_; }
  std::uint64_t known_by_answer() const { return known_by_answer_; }
  bool overflowed() const { return overflowed_; }

  // Writes kept, in half a GiB. Of a register those that are overwritten for good are not: they
  // cannot be missed any more, and only what they said is remembered, in a few bytes each.
  static constexpr std::uint64_t kWritesMax = 16'000'000;

 private:
  static constexpr std::size_t kTidyAt = 16, kPackAt = 64;
  using Effect = WriteEffect;
  using Write = LoggedWrite;
  // A write to a register that was overwritten for good.
  struct PastWrite {
    std::uint64_t value_hash = 0;
    SimTime completed;
  };
  struct FinalRead {
    SimTime at;
    bool absent = false;
    std::string value;
    std::vector<std::string> list;
  };
  struct Key {
    WriteLog writes;
    std::vector<PastWrite> past;
    std::map<MachineId, std::uint64_t> past_acked;
    std::size_t tidy_at = kTidyAt;  // of `writes` that are not packed, when to look for past ones
    std::optional<FinalRead> final;
    bool answered = false;  // an auditor was told; `final` without this: it asked in vain
  };
  struct Place {  // in a replication history
    HistoryNumber history = 0;
    std::int64_t offset = 0;
  };
  // A client outside the history removed keys: one, or ("") all of these slots.
  struct Removal {
    SimTime at;
    MachineId machine;
    std::string key;
    SlotsRef slots;
  };
  // Another replica of the primary that was replaced, and how far it was.
  struct Rival {
    MachineId machine;
    Place place;
    bool settled = false;  // up and in touch with the winner for long enough to be known to it
  };
  // Somebody took over from somebody, or lost what it had.
  struct Turn {
    enum class Kind : std::uint8_t {
      kPromoted,
      kRestarted,
      kCopied,
      kDropped,
      kDied,
      kOpened,    // a slot goes from `machine` to `other`
      kMigrated,  // and some of its keys
      kClosed
    } kind{};
    SimTime at;
    MachineId machine,
        other = kNoMachine;  // kPromoted: the winner, whom it replaced; kCopied: from whom;
                             // kDropped: for whom
    Place place{};           // how far it was; kMigrated: and the receiver
    bool takeover = false, manual = false;
    bool coordinated = false;  // a manual failover that waited for the offset
    std::uint64_t keys = 0;
    std::uint64_t epoch = 0, other_epoch = 0;  // configEpochs of the two
    std::uint32_t rank = 0;                    // kPromoted: with which the winner stood
    std::vector<Rival> rivals{};               // kPromoted
    SlotId slot{};                             // of those about one
  };

  void see_client(const Record& record, const Stage& stage);
  void see_effect(const Record& record, const event::WriteApplied& write, const Stage& stage);
  std::optional<Effect> effect_by_answer(const event::OpCompleted& done, SimTime invoked,
                                         const Stage& stage) const;
  bool was_outbid(MachineId machine, const event::Claim* claim) const;
  bool may_be_deposed(MachineId machine, const Directory& directory) const;
  void see_stream(const Record& record, const event::StreamAt& stream);
  void see_turn(const Record& record, const Stage& stage);
  void see_replication(const Record& record, const Directory& directory);
  void see_promotion(const Record& record, const event::Promoted& promoted, const Stage& stage,
                     Turn& turn) const;
  MachineId retaken_by(MachineId machine, const Directory& directory) const;
  void see_migration(const Record& record, const Directory& directory);
  void see_sides(const event::Reachability& reach);
  void tidy(Key& key);
  HistoryNumber number_of(const NodeName& replid);
  Place place_of(MachineId machine) const;
  void find_contested(const Directory& directory);

  void judge_register(const std::string& name, const Key& key);
  void judge_counter(const std::string& name, const Key& key);
  void judge_list(const std::string& name, const Key& key);
  bool took_effect(const Write& write) const;
  void lose(const std::string& name, const Write& write);
  void contradict(SimTime at, std::string what) {
    contradictions_.push_back({at, std::move(what)});
  }

  bool was_removed(const std::string& name, const Write& write) const;
  Loss classify(const std::string& name, const Write& write) const;
  bool follow(const Write& write, const Effect& effect, Loss& loss) const;
  void blame_minority(const Effect& effect, Loss& loss) const;
  void blame_promotion(const Write& write, const Effect& effect, const Turn& turn,
                       Loss& loss) const;
  bool blame_wait(const Write& write, const Effect& effect, const Turn& turn, Loss& loss) const;
  void blame_retaking(const Turn& turn, MachineId holder, Loss& loss) const;
  bool follow_move(const Write& write, const Effect& effect, const Turn& moved, Loss& loss) const;
  void blame_move(const Write& write, Loss& loss) const;
  bool holds(const Turn& promoted, MachineId holder, const Effect& effect) const;
  bool contains(Place place, const Effect& effect) const;
  std::optional<std::int64_t> offset_in(HistoryNumber history, Place place) const;
  bool had_it(const Turn& promoted, MachineId holder, const Write& write,
              const Effect& effect) const;
  LossExample example_of(const Loss& loss) const;
  std::string name_of(MachineId machine) const {
    return machine.value < cast_.size() ? cast_[machine.value].name : "nobody";
  }

  Cast cast_;
  Duration minority_window_;
  bool takeovers_, persistent_;
  std::int64_t min_replicas_;
  Duration min_replicas_lag_;
  std::set<MachineId> processes_;
  std::optional<SimTime> merged_;       // when this cluster and another came to know each other
  std::vector<std::string> sides_{""};  // of partitions: "m1 client-1 | m2 m3 m4"
  std::uint32_t sides_now_ = 0;
  SimTime reach_changed_{Duration::min()};
  std::map<MachineId, std::uint32_t> ranks_;  // with which candidates last stood
  std::set<MachineId> coordinated_;  // candidates whose offset has matched their paused primary's
  std::map<std::uint64_t, std::pair<std::string, Write>> in_flight_;
  std::map<std::string, Key> keys_;
  std::map<std::uint64_t, std::string> final_reads_;  // operation -> key
  std::map<MachineId, std::vector<std::uint64_t>>
      unplaced_;                             // effects whose history the next StreamAt tells
  std::map<std::uint64_t, Effect> effects_;  // of operations in flight
  std::map<MachineId, Place> places_;
  std::map<NodeName, HistoryNumber> histories_;  // by replication id
  std::map<HistoryNumber, Place> parents_;       // where they branched off
  std::vector<Turn> turns_;
  std::map<MachineId, std::uint64_t> outbid_;  // with which epoch its slots were last won from it
  std::vector<Removal> removals_;
  std::map<SlotId, std::pair<MachineId, MachineId>> ways_;  // of slots last opened: from, to
  SlotSet contested_;
  std::uint64_t writes_kept_ = 0, effects_seen_ = 0;

  std::vector<Loss> losses_;
  std::vector<Contradiction> contradictions_;
  std::array<std::uint64_t, static_cast<std::size_t>(LossClass::kCount)> counts_{};
  std::array<Duration, static_cast<std::size_t>(LossClass::kCount)> windows_{};
  std::map<MachineId, std::uint64_t> acked_by_;
  std::uint64_t removed_ = 0, waited_ = 0;
  std::uint64_t acked_ = 0, keys_read_ = 0, keys_unread_ = 0, known_by_answer_ = 0;
  bool overflowed_ = false;
};

}  // namespace sim
