// Claim: a vote is on disk, synced, before anybody can hear of it: the voter saves within the pass
// that grants it, and a restart that keeps synced data brings the vote back.
// - Source: Cluster spec, "Replica election and promotion" (lastVoteEpoch is saved before the vote
//   is sent); protocol §2.1, §3.3, §15.25.
// - Scope: always.
// - Kills: send-before-save.
//
// Redis' barrier has one hole (an ACK on a connection that already had unsent bytes); that shows
// only on the wire, not here.
#include <map>
#include <string>
#include <vector>

#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class PersistBeforeSend final : public CopyableVerdict<PersistBeforeSend> {
 public:
  explicit PersistBeforeSend(const RunFacts& facts)
      : CopyableVerdict("no node told what it saved"),
        directory_(facts.cast),
        voters_(facts.cast.size()) {}

  void see(const Record& record) override {
    directory_.see(record);
    if (!unsaved_.empty()) expire(record.at);
    if (record.machine.value >= voters_.size()) return;
    Voter& voter = voters_[record.machine.value];
    if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      ++votes_;
      voter.granted = vote->epoch;
      unsaved_[record.machine] = {record.at, record.sequence, vote->epoch, vote->candidate};
    } else if (const auto* saved = std::get_if<event::ConfigSaved>(&record.event)) {
      evidence();
      if (saved->synced) unsaved_.erase(record.machine);
    } else if (const auto* machine = std::get_if<event::MachineStarted>(&record.event)) {
      voter.kept = machine->disk == "kept" || machine->disk == "unsynced lost";
      voter.disk = machine->disk;
    } else if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
      see_start(record, *started, voter);
    }
  }

  void finish(SimTime) override { expire(SimTime::max()); }

  std::string numbers() const override {
    return counted(votes_, "vote") + ", " + counted(restarts_, "restart");
  }

 private:
  struct Voter {
    std::uint64_t granted = 0;
    bool kept = false;
    std::string disk;
  };
  struct Vote {
    SimTime at;
    std::uint64_t record = 0, epoch = 0;
    NodeName candidate;
  };

  // Time has moved on, so the pass that voted is over.
  void expire(SimTime now) {
    for (auto vote = unsaved_.begin(); vote != unsaved_.end();) {
      const auto& [machine, granted] = *vote;
      if (granted.at >= now) {
        ++vote;
        continue;
      }
      violation(granted.at, granted.record,
                std::string{directory_.name(machine)} + " voted for " +
                    directory_.label(granted.candidate) + " in epoch " +
                    std::to_string(granted.epoch) +
                    " and ended its pass without a synced nodes.conf");
      vote = unsaved_.erase(vote);
    }
  }

  void see_start(const Record& record, const event::NodeStarted& started, Voter& voter) {
    evidence();
    if (started.incarnation == 0) return;
    ++restarts_;
    unsaved_.erase(record.machine);
    const std::string who{directory_.name(record.machine)};
    if (voter.kept && started.last_vote_epoch < voter.granted) {
      violation(record, who + " had voted in epoch " + std::to_string(voter.granted) +
                            " and came back remembering only " +
                            std::to_string(started.last_vote_epoch) + " (disk: " + voter.disk +
                            ")");
    }
    voter.granted = started.last_vote_epoch;
  }

  Directory directory_;
  std::vector<Voter> voters_;
  std::map<MachineId, Vote> unsaved_;
  std::uint64_t votes_ = 0, restarts_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_persist_before_send(const RunFacts& facts) {
  return std::make_unique<PersistBeforeSend>(facts);
}

}  // namespace sim
