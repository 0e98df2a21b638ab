// Claim: a vote, and an epoch that a node has given itself, is on disk, synced, before anybody can
// hear of it: the node saves within the pass, and a restart that keeps synced data brings the vote
// back.
// - Source: Cluster spec, "Replica election and promotion" (lastVoteEpoch is saved before the vote
//   is sent); protocol §2.1, §3.3, §15.25.
// - Scope: always.
// - Kills: send-before-save, forget-last-vote, election-not-saved.
//
// Redis' barrier has one hole (an ACK on a connection that already had unsent bytes); that shows
// only on the wire, not here. Another is an election that begins in the hook before sleep, as a
// manual one does, or one that a late vote wakes: what that hook wants saved is saved after the
// next poll (protocol §4.2). When a real server bumps its epoch its disk alone tells: it is held to
// its votes.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class PersistBeforeSend final : public CopyableVerdict<PersistBeforeSend> {
 public:
  explicit PersistBeforeSend(const RunFacts& facts)
      : CopyableVerdict("no node told what it saved"),
        voters_(facts.cast.size()),
        processes_(facts.processes) {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (!unsaved_.empty()) expire(record.at, directory);
    if (record.machine.value >= voters_.size()) return;
    Voter& voter = voters_[record.machine.value];
    if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      ++votes_;
      voter.granted = vote->epoch;
      unsaved_[record.machine] = {record.at, record.sequence,
                                  "voted for " + directory.label(vote->candidate) + " in epoch " +
                                      std::to_string(vote->epoch)};
    } else if (const auto* change = std::get_if<event::EpochChanged>(&record.event)) {
      see_epoch(record, *change);
    } else if (const auto* election = std::get_if<event::ElectionStarted>(&record.event)) {
      if (election->manual || voter.woken == record.at) unsaved_.erase(record.machine);
    } else if (std::holds_alternative<event::VoteCounted>(record.event)) {
      voter.woken = record.at;
    } else if (const auto* saved = std::get_if<event::ConfigSaved>(&record.event)) {
      evidence();
      if (saved->synced) unsaved_.erase(record.machine);
    } else if (const auto* machine = std::get_if<event::MachineStarted>(&record.event)) {
      voter.kept = machine->disk == "kept" || machine->disk == "unsynced lost";
      voter.disk = machine->disk;
    } else if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
      see_start(record, *started, voter, directory);
    }
  }

  void finish(const Ending& ending) override { expire(SimTime::max(), ending.stage.directory()); }

  std::string numbers() const override {
    return counted(votes_, "vote") + ", " + counted(restarts_, "restart");
  }

 private:
  struct Voter {
    std::uint64_t granted = 0;
    bool kept = false;
    std::string disk;
    SimTime woken{Duration::min()};  // by a vote that came, for the last time
  };
  struct Unsaved {
    SimTime at;
    std::uint64_t record = 0;
    std::string what;
  };

  void see_epoch(const Record& record, const event::EpochChanged& change) {
    using event::EpochCause;
    const bool own = change.cause == EpochCause::kElection ||
                     change.cause == EpochCause::kCollision ||
                     change.cause == EpochCause::kTakeover;
    if (!own || processes_.count(record.machine) > 0) return;
    unsaved_[record.machine] = {record.at, record.sequence,
                                "moved to currentEpoch " + std::to_string(change.current_to) +
                                    " and configEpoch " + std::to_string(change.config_to)};
  }

  // Time has moved on, so the pass is over.
  void expire(SimTime now, const Directory& directory) {
    for (auto it = unsaved_.begin(); it != unsaved_.end();) {
      const auto& [machine, unsaved] = *it;
      if (unsaved.at >= now) {
        ++it;
        continue;
      }
      violation(unsaved.at, unsaved.record,
                std::string{directory.name(machine)} + " " + unsaved.what +
                    " and ended its pass without a synced nodes.conf");
      it = unsaved_.erase(it);
    }
  }

  void see_start(const Record& record, const event::NodeStarted& started, Voter& voter,
                 const Directory& directory) {
    evidence();
    if (started.incarnation == 0) return;
    ++restarts_;
    unsaved_.erase(record.machine);
    const std::string who{directory.name(record.machine)};
    if (voter.kept && started.last_vote_epoch < voter.granted) {
      violation(record, who + " had voted in epoch " + std::to_string(voter.granted) +
                            " and came back remembering only " +
                            std::to_string(started.last_vote_epoch) + " (disk: " + voter.disk +
                            ")");
    }
    voter.granted = started.last_vote_epoch;
  }

  std::vector<Voter> voters_;
  std::map<MachineId, Unsaved> unsaved_;
  std::set<MachineId> processes_;
  std::uint64_t votes_ = 0, restarts_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_persist_before_send(const RunFacts& facts) {
  return std::make_unique<PersistBeforeSend>(facts);
}

}  // namespace sim
