// Claim: a vote is given by a primary with slots, for a replica whose primary it holds for failed
// (or when forced), in an epoch no older than its own, for a claim of slots no older than it knows,
// and within 2T of its own clock only once for the replicas of one primary.
// - Source: Cluster spec, "Replica election and promotion"; protocol §7.2, §15.8, 33.
// - Scope: always.
// - Kills: vote-for-stale-claim, vote-for-old-epoch, vote-without-fail, vote-again-soon,
//   replicas-vote.
//
// When it voted last for whose replicas a node forgets with a restart, or with the primary. What a
// candidate claims nobody tells; but epochs travel by a primary's own word only (protocol §5.3). So
// when a primary has moved to a new epoch, kept its slots, and could not reach a replica ever
// since, that replica claims them with an old one, and whoever heard the primary for T after that
// knows.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class VotesFollowRules final : public CopyableVerdict<VotesFollowRules> {
 public:
  explicit VotesFollowRules(const RunFacts& facts)
      : CopyableVerdict("nobody was asked for a vote"),
        timeout_(facts.node_timeout),
        pause_(2 * facts.node_timeout - 1ms - clock_slack(facts)),
        given_(facts.cast.size()),
        asked_(facts.cast.size()),
        moves_(facts.cast.size()) {}

  void before(const Record& record, const Stage& stage) override {
    if (const auto* claim = std::get_if<event::Claim>(&record.event))
      see_claim(record, *claim, stage);
  }

  void see(const Record& record, const Stage& stage) override {
    if (stage.weighed()) follow_moves(record, stage);
    if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      reconfigured_ |= fault->kind == "config-set";
    }
    if (record.machine.value >= given_.size()) return;
    auto& given = given_[record.machine.value];
    if (std::holds_alternative<event::NodeStarted>(record.event)) {
      given.clear();
      moves_[record.machine.value] = {};
    } else if (const auto* election = std::get_if<event::ElectionStarted>(&record.event)) {
      asked_[record.machine.value].insert(election->epoch);
    } else if (const auto* forgotten = std::get_if<event::PeerForgotten>(&record.event)) {
      given.erase(forgotten->peer);
    } else if (std::holds_alternative<event::VoteRefused>(record.event)) {
      evidence();
      ++refusals_;
    } else if (const auto* vote = std::get_if<event::VoteGranted>(&record.event)) {
      see_vote(record, *vote, given, stage);
    }
  }

  std::string numbers() const override {
    return counted(votes_, "vote") + ", " + counted(refusals_, "refusal");
  }

 private:
  using Given = std::map<NodeName, SimTime>;  // by primary: the last vote for one of its replicas

  void see_vote(const Record& record, const event::VoteGranted& vote, Given& given,
                const Stage& stage) {
    evidence();
    ++votes_;
    const std::string voted = std::string{stage.directory().name(record.machine)} + " voted for " +
                              stage.directory().label(vote.candidate) + " in epoch " +
                              std::to_string(vote.epoch);
    const std::string primary = stage.directory().label(vote.primary);
    if (!vote.primary_failed && !vote.forced) {
      violation(record, voted + " although it does not hold " + primary +
                            " for failed and nobody forced it");
    }
    if (const event::Claim* claim = stage.directory().claim(record.machine);
        claim != nullptr && (claim->role == Role::kReplica || claim->slots->count() == 0)) {
      violation(record, voted + " although it is no primary with slots");
    }
    check_epoch(record, vote, voted, stage);
    check_claim(record, vote, voted, stage);
    const auto [last, first] = given.insert({vote.primary, record.at});
    if (!first && !reconfigured_ && record.at - last->second < pause_) {
      violation(record, voted + " only " + words(record.at - last->second) +
                            " after its last vote for a replica of " + primary + " (" +
                            words(pause_) + " is the least)");
    }
    last->second = record.at;
  }

  // A voter has taken over the epoch of the request before it thinks about it.
  void check_epoch(const Record& record, const event::VoteGranted& vote, const std::string& voted,
                   const Stage& stage) {
    const auto candidate = stage.directory().machine_of(vote.candidate);
    if (!candidate || candidate->value >= asked_.size()) return;
    const std::set<std::uint64_t>& asked = asked_[candidate->value];
    if (asked.empty() || asked.count(vote.epoch) > 0) return;
    violation(record, voted +
                          ", in which it had not been asked (the candidate stood last in epoch " +
                          std::to_string(*asked.rbegin()) + ")");
  }

  void check_claim(const Record& record, const event::VoteGranted& vote, const std::string& voted,
                   const Stage& stage) {
    const auto candidate = stage.directory().machine_of(vote.candidate);
    const auto primary = stage.directory().machine_of(vote.primary);
    if (!candidate || !primary || primary->value >= moves_.size()) return;
    const Move& move = moves_[primary->value];
    if (move.epoch == 0 || move.deaf.count(*candidate) == 0 ||
        move.heard.count(record.machine) == 0)
      return;
    violation(record, voted + " although that has not heard of its primary's epoch " +
                          std::to_string(move.epoch) + " of " + moment(move.at) + " (record " +
                          std::to_string(move.record) + "), and the voter has");
  }

  // A primary that moves to a new configEpoch and keeps its slots.
  void see_claim(const Record& record, const event::Claim& claim, const Stage& stage) {
    if (record.machine.value >= moves_.size()) return;
    const Directory& directory = stage.directory();
    const event::Claim* before = directory.claim(record.machine);
    Move& move = moves_[record.machine.value];
    const bool same = before != nullptr && before->role == Role::kPrimary &&
                      claim.role == Role::kPrimary && before->id == claim.id &&
                      same_slots(before->slots, claim.slots) && claim.slots->count() > 0;
    if (!same) move = {};
    if (!same || claim.config_epoch <= before->config_epoch) return;
    move = {claim.config_epoch, record.at, record.sequence, {}, {}, {}};
    for (const MachineId node : directory.cluster_nodes()) {
      const Connectivity& network = stage.connectivity();
      if (!network.reaches(record.machine, node)) move.deaf.insert(node);
      if (network.mutual(record.machine, node) && directory.is_serving(node))
        move.hears.insert(node);
    }
  }

  void follow_moves(const Record& record, const Stage& stage) {
    for (std::uint32_t i = 0; i < moves_.size(); ++i) {
      Move& move = moves_[i];
      if (move.epoch == 0) continue;
      const MachineId primary{i};
      const bool undisturbed = !stage.disturbed() && stage.undisturbed_since() <= move.at;
      if (move.heard.empty() && record.at >= move.at + timeout_ && undisturbed)
        move.heard = move.hears;
      const bool serves = stage.directory().is_serving(primary);
      std::erase_if(move.hears, [&](MachineId node) {
        return !serves || !stage.directory().is_serving(node) ||
               !stage.connectivity().mutual(primary, node);
      });
      std::erase_if(move.deaf, [&](MachineId node) {
        return serves && stage.connectivity().reaches(primary, node);
      });
    }
  }

  struct Move {
    std::uint64_t epoch = 0;  // 0: none is followed
    SimTime at;
    std::uint64_t record = 0;
    std::set<MachineId> deaf;   // that it could not reach since
    std::set<MachineId> hears;  // in touch with it since,
    std::set<MachineId> heard;  // and were so for T
  };

  Duration timeout_, pause_;
  std::vector<Given> given_;                    // by machine
  std::vector<std::set<std::uint64_t>> asked_;  // by candidate: epochs it stood in
  std::vector<Move> moves_;                     // by primary
  std::uint64_t votes_ = 0, refusals_ = 0;
  bool reconfigured_ = false;
};

}  // namespace

std::unique_ptr<Invariant> make_votes_follow_rules(const RunFacts& facts) {
  return std::make_unique<VotesFollowRules>(facts);
}

}  // namespace sim
