// Claim: a node that has been told to forget a peer does not learn of it again from others' gossip
// within 60 s; and a peer that all have forgotten within 60 s, and that is gone, stays forgotten.
// - Source: CLUSTER FORGET; protocol §5.7, §15.22.
// - Scope: always.
// - Kills: forget-has-no-blacklist.
//
// An introduction (CLUSTER MEET, or an operator's tool that types it) ends what was forgotten, and
// the blacklist does not outlive the program that holds it.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

constexpr Duration kBlacklisted = 60s;
constexpr Duration kWholeSeconds = 1s;  // the list is kept in them

class ForgottenStayAway final : public CopyableVerdict<ForgottenStayAway> {
 public:
  explicit ForgottenStayAway(const RunFacts& facts)
      : CopyableVerdict("nobody was told to forget anybody"),
        away_(kBlacklisted - kWholeSeconds - clock_slack(facts)) {}

  void see(const Record& record, const Stage& stage) override {
    if (const auto* forgotten = std::get_if<event::PeerForgotten>(&record.event)) {
      if (forgotten->why == "CLUSTER FORGET") see_forgotten(record, forgotten->peer, stage);
    } else if (const auto* learned = std::get_if<event::PeerLearned>(&record.event)) {
      see_learned(record, learned->peer, stage);
    } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
      std::erase_if(told_, [&](const auto& entry) { return entry.first.first == record.machine; });
    } else if (introduces(record)) {
      told_.clear();
      gone_.clear();
    }
  }

  std::string numbers() const override {
    return counted(forgotten_, "peer") + " forgotten, " + std::to_string(gone_.size()) + " by all";
  }

 private:
  static bool introduces(const Record& record) {
    if (const auto* reply = std::get_if<event::StepReply>(&record.event))
      return reply->command.starts_with("CLUSTER MEET");
    if (const auto* fault = std::get_if<event::FaultBegan>(&record.event))
      return fault->kind == "meet";
    return std::holds_alternative<event::OperationBegan>(record.event) ||
           std::holds_alternative<event::OperationEnded>(record.event) ||
           std::holds_alternative<event::ProgramRan>(record.event);
  }

  void see_forgotten(const Record& record, const NodeName& peer, const Stage& stage) {
    evidence();
    ++forgotten_;
    told_[{record.machine, peer}] = {record.at, record.sequence};
    const Directory& directory = stage.directory();
    const auto machine = directory.machine_of(peer);
    if (machine && directory.is_up(*machine)) return;
    const std::vector<MachineId> nodes = directory.cluster_nodes();
    const bool by_all = std::all_of(nodes.begin(), nodes.end(), [&](MachineId node) {
      if (machine && node == *machine) return true;
      const auto told = told_.find({node, peer});
      return told != told_.end() && told->second.at + away_ >= record.at;
    });
    if (by_all) gone_[peer] = record.at;
  }

  void see_learned(const Record& record, const NodeName& peer, const Stage& stage) {
    const Directory& directory = stage.directory();
    const std::string learned = std::string{stage.name(record.machine)} + " came to know " +
                                directory.label(peer) + " again";
    if (const auto gone = gone_.find(peer); gone != gone_.end()) {
      violation(record, learned + ", which all had forgotten by " + moment(gone->second) +
                            " and which is gone");
      return;
    }
    const auto told = told_.find({record.machine, peer});
    if (told == told_.end() || record.at >= told->second.at + away_) return;
    violation(record, learned + " " + words(record.at - told->second.at) +
                          " after it was told to forget it (record " +
                          std::to_string(told->second.record) + ", " + words(away_) +
                          " is the least)");
  }

  struct Told {
    SimTime at;
    std::uint64_t record = 0;
  };

  Duration away_;
  std::map<std::pair<MachineId, NodeName>, Told> told_;  // who, whom
  std::map<NodeName, SimTime> gone_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_forgotten_stay_away(const RunFacts& facts) {
  return std::make_unique<ForgottenStayAway>(facts);
}

}  // namespace sim
