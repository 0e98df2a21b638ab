// Claim: a primary gives at most one vote in each epoch, also across restarts that keep its disk;
// at most one replica wins an epoch; whoever wins was voted for by a majority of the primaries
// that own slots, and counts no vote of an earlier election.
// - Source: Cluster spec, "Replica election and promotion"; protocol §15.8, 9, 34.
// - Scope: always.
// - Kills: vote-twice-per-epoch, win-without-majority, win-with-half, count-old-votes.
//
// A takeover asks nobody and is counted apart. Votes are remembered for the newest 256 epochs.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr std::uint64_t kEpochsKept = 256;

class ElectionSafety final : public CopyableVerdict<ElectionSafety> {
 public:
  explicit ElectionSafety(const RunFacts& facts)
      : CopyableVerdict("no node told anything"),
        slots_are_edited_(facts.operator_commands),
        stood_in_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (std::holds_alternative<event::NodeStarted>(record.event)) {
      evidence();
      if (record.machine.value < stood_in_.size()) stood_in_[record.machine.value] = 0;
    } else if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      see_vote(record, *vote, directory);
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      see_promotion(record, *promoted, directory);
    } else if (const auto* counted_vote = std::get_if<event::VoteCounted>(&record.event)) {
      see_counted(record, *counted_vote, directory);
    } else if (const auto* election = std::get_if<event::ElectionStarted>(&record.event)) {
      ++elections_;
      if (record.machine.value < stood_in_.size())
        stood_in_[record.machine.value] = election->epoch;
    }
  }

  std::string numbers() const override {
    return counted(elections_, "election") + ", " + std::to_string(won_) + " won, " +
           counted(votes_seen_, "vote") +
           (takeovers_ > 0 ? ", " + counted(takeovers_, "takeover") : "");
  }

 private:
  struct Epoch {
    std::map<NodeName, NodeName> votes;  // voter -> candidate
    NodeName winner;
    MachineId winner_machine = kNoMachine;
  };

  NodeName id_of(MachineId machine, const Directory& directory) const {
    const event::Claim* claim = directory.claim(machine);
    return claim != nullptr ? claim->id : NodeName{};
  }

  void see_vote(const Record& record, const event::VoteGranted& vote, const Directory& directory) {
    evidence();
    ++votes_seen_;
    const std::string voter{directory.name(record.machine)};
    const std::string candidate = directory.label(vote.candidate);
    const std::string in_epoch = " in epoch " + std::to_string(vote.epoch);
    const NodeName id = id_of(record.machine, directory);
    std::map<NodeName, NodeName>& votes = epoch(vote.epoch).votes;
    if (const auto [earlier, fresh] = votes.insert({id, vote.candidate}); !fresh) {
      violation(record, voter + " voted twice" + in_epoch + ": for " +
                            directory.label(earlier->second) + " and for " + candidate);
    }
  }

  // Votes of a later epoch count as well.
  void see_counted(const Record& record, const event::VoteCounted& vote,
                   const Directory& directory) {
    if (record.machine.value >= stood_in_.size()) return;
    const std::uint64_t epoch = stood_in_[record.machine.value];
    if (vote.epoch >= epoch) return;
    violation(record, std::string{directory.name(record.machine)} + " counted a vote of " +
                          directory.label(vote.voter) + " in epoch " + std::to_string(vote.epoch) +
                          " for its election in epoch " + std::to_string(epoch));
  }

  void see_promotion(const Record& record, const event::Promoted& promoted,
                     const Directory& directory) {
    evidence();
    if (promoted.takeover) {
      ++takeovers_;
      return;
    }
    ++won_;
    const std::string winner{directory.name(record.machine)};
    const std::string in_epoch = " epoch " + std::to_string(promoted.epoch);
    const NodeName id = id_of(record.machine, directory);
    Epoch& contest = epoch(promoted.epoch);
    if (!contest.winner.is_none() && contest.winner != id) {
      violation(record, winner + " won" + in_epoch + ", which " +
                            std::string{directory.name(contest.winner_machine)} +
                            " had won before");
    }
    contest.winner = id;
    contest.winner_machine = record.machine;
    if (promoted.votes < promoted.quorum) {
      violation(record, winner + " won" + in_epoch + " with " + counted(promoted.votes, "vote") +
                            ", by its own count " + std::to_string(promoted.quorum) +
                            " are a majority");
    }
    check_voters(record, contest, id, promoted, winner + " won" + in_epoch, directory);
  }

  // Who really voted for it, as the voters tell, against the majority that the claims of the moment
  // demand.
  void check_voters(const Record& record, const Epoch& contest, const NodeName& id,
                    const event::Promoted& promoted, const std::string& who_won,
                    const Directory& directory) {
    std::uint32_t voters = 0;
    std::string names;
    for (const auto& [voter, candidate] : contest.votes) {
      if (candidate != id) continue;
      ++voters;
      names += " " + directory.label(voter);
    }
    const std::uint32_t needed = slots_are_edited_ ? promoted.quorum : directory.quorum();
    if (voters >= needed) return;
    violation(record, who_won + " with the " + counted(voters, "vote") + " of" +
                          (names.empty() ? " nobody" : names) + ", a majority of the " +
                          std::to_string(directory.voters()) + " primaries with slots" + " is " +
                          std::to_string(needed));
  }

  Epoch& epoch(std::uint64_t number) {
    Epoch& found = epochs_[number];
    while (epochs_.size() > kEpochsKept) {
      if (epochs_.begin()->first == number) break;  // older than all we keep: judged alone
      epochs_.erase(epochs_.begin());
    }
    return found;
  }

  bool slots_are_edited_;
  std::map<std::uint64_t, Epoch> epochs_;
  std::vector<std::uint64_t> stood_in_;  // by candidate: the epoch of its last election
  std::uint64_t elections_ = 0, won_ = 0, votes_seen_ = 0, takeovers_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_election_safety(const RunFacts& facts) {
  return std::make_unique<ElectionSafety>(facts);
}

}  // namespace sim
