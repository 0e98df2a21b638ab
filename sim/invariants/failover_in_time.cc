// Claim: a primary that falls silent in an otherwise healthy cluster, and has a replica in sync, is
// replaced in time: detection (bounds.h), T/2 and some ticks until a majority's reports have met,
// 1 s and another one a further sibling until a replica stands, and the votes' way.
// - Source: Cluster spec, "Availability"; protocol §15.6, 7, 37.
// - Scope: where nothing else goes wrong meanwhile.
// - Kills: winner-hesitates, silent-voter.
//
// What excuses the cluster is that the trace shows something else: another fault, death, pause,
// start or operation before the time is over, or two siblings that stood so close together that the
// votes were split. Known defect: row 14 (the replica has not heard of its primary's last epoch and
// is refused for ever).
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class FailoverInTime final : public CopyableVerdict<FailoverInTime> {
 public:
  explicit FailoverInTime(const RunFacts& facts)
      : CopyableVerdict("no primary with a replica in sync fell silent in a healthy cluster"),
        facts_(facts),
        within_(noticed_within(facts) + facts.node_timeout / 2 + 4 * (facts.tick + 1ms) +
                6 * facts.one_way_max + 1s + 4 * facts.stall_max),
        synced_with_(facts.cast.size()) {}

  void before(const Record& record, const Stage& stage) override {
    look_back(record.at, record.sequence, stage);
    const bool falls_silent = std::holds_alternative<event::MachineCrashed>(record.event) ||
                              std::holds_alternative<event::MachinePaused>(record.event);
    lost_ = falls_silent && !stage.forming() ? begin(record, stage) : std::nullopt;
  }

  void see(const Record& record, const Stage& stage) override {
    see_data(record);
    if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      edited_ |= fault->kind == "config-set" || fault->kind == "forget" || fault->kind == "meet";
    } else if (std::holds_alternative<event::StepReply>(record.event)) {
      calm_since_ = record.at;
    }
    if (waiting_) see_meanwhile(record, stage);
    if (disturbs(record)) calm_since_ = record.at;
    if (std::holds_alternative<event::ElectionScheduled>(record.event)) last_election_ = record.at;
    if (lost_) waiting_ = lost_;
  }

  void finish(const Ending& ending) override {
    look_back(ending.at, last_record_, ending.stage);
    if (clock_slack(facts_) > facts_.node_timeout)
      cannot_check("clocks disagree by " + words(clock_slack(facts_)) +
                   ", so the bound says nothing");
  }

  std::string numbers() const override {
    return counted(judged_, "failover") + " judged, slowest " + words(slowest_) + " (allowed " +
           words(within_) + " and 1 s a further replica), " + std::to_string(excused_) + " excused";
  }

 private:
  struct Waiting {
    MachineId primary;
    NodeName id;
    SimTime at;
    Duration allowed{};
    std::uint64_t record = 0;
    std::set<MachineId> replicas;  // in sync, serving
    std::optional<SimTime> stood;  // the last to stand, and when
    MachineId candidate = kNoMachine;
    std::string refused;  // a voter knows better than the candidate
  };

  // Anything that may lengthen what is waited for, or is a death of its own.
  static bool disturbs(const Record& record) {
    const Event& event = record.event;
    return Directory::changes_serving(event) ||
           std::holds_alternative<event::MachineStarted>(event) ||
           std::holds_alternative<event::Reachability>(event) ||
           std::holds_alternative<event::ClockStepped>(event) ||
           std::holds_alternative<event::OperationBegan>(event) ||
           std::holds_alternative<event::OperationEnded>(event) ||
           std::holds_alternative<event::ManualFailover>(event) ||
           std::holds_alternative<event::MessageTouched>(event) ||
           std::holds_alternative<event::Promoted>(event) ||
           std::holds_alternative<event::PhaseBegan>(event);
  }

  void see_data(const Record& record) {
    if (record.machine.value >= synced_with_.size()) return;
    NodeName& with = synced_with_[record.machine.value];
    if (const auto* up = std::get_if<event::ReplicationUp>(&record.event)) {
      with = up->primary;
    } else if (std::holds_alternative<event::ReplicationDown>(record.event) ||
               std::holds_alternative<event::NodeStarted>(record.event) ||
               std::holds_alternative<event::Promoted>(record.event)) {
      with = {};
    }
  }

  // Is this the loss of a primary that the cluster has to make good?
  std::optional<Waiting> begin(const Record& record, const Stage& stage) const {
    const Directory& directory = stage.directory();
    const event::Claim* claim = directory.claim(record.machine);
    if (waiting_ || !directory.is_member(record.machine) || claim == nullptr) return std::nullopt;
    if (claim->role != Role::kPrimary || claim->slots->count() == 0) return std::nullopt;
    if (!facts_.replicas_may_stand || facts_.operator_commands || edited_) return std::nullopt;
    if (record.at < calm_since_ + 2 * facts_.node_timeout) return std::nullopt;
    // Who has stood lately must not yet again, and voters must not for one of its siblings.
    const Duration again = std::max<Duration>(4 * facts_.node_timeout, 4s) + 2s;
    if (last_election_ && record.at < *last_election_ + again) return std::nullopt;
    if (stage.disturbed() || !stage.connectivity().whole() ||
        record.at < stage.undisturbed_since() + 2 * facts_.node_timeout) {
      return std::nullopt;
    }
    const std::vector<MachineId> voters = directory.voting_primaries();
    if (std::find(voters.begin(), voters.end(), record.machine) == voters.end() ||
        voters.size() - 1 < voters.size() / 2 + 1) {
      return std::nullopt;
    }
    Waiting waiting{record.machine, claim->id, record.at, within_, record.sequence, {}, {},
                    kNoMachine,     {}};
    std::uint32_t siblings = 0;
    for (const MachineId node : directory.cluster_nodes()) {
      if (!directory.is_serving(node) || !directory.is_healthy(node)) return std::nullopt;
      const event::Claim* other = directory.claim(node);
      if (other == nullptr || other->role != Role::kReplica || other->replica_of != claim->id)
        continue;
      ++siblings;
      if (synced_with_[node.value] == claim->id) waiting.replicas.insert(node);
    }
    if (waiting.replicas.empty()) return std::nullopt;
    waiting.allowed += (siblings - 1) * 1s;
    return waiting;
  }

  void see_meanwhile(const Record& record, const Stage& stage) {
    if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      if (promoted->old_primary != waiting_->id) return excuse();
      evidence();
      ++judged_;
      slowest_ = std::max(slowest_, record.at - waiting_->at);
      waiting_.reset();
    } else if (std::holds_alternative<event::ElectionStarted>(record.event)) {
      const bool split = waiting_->stood && waiting_->candidate != record.machine &&
                         record.at - *waiting_->stood <= 2 * (facts_.one_way_max + facts_.tick);
      if (split) return excuse();
      waiting_->stood = record.at;
      waiting_->candidate = record.machine;
    } else if (const auto* refused = std::get_if<event::VoteRefused>(&record.event)) {
      if (refused->why.starts_with("slot ")) waiting_->refused = refused->why;
    } else if (disturbs(record) || stage.disturbed()) {
      excuse();
    }
  }

  void excuse() {
    ++excused_;
    waiting_.reset();
  }

  void look_back(SimTime now, std::uint64_t record, const Stage& stage) {
    last_record_ = record;
    if (!waiting_ || now <= waiting_->at + waiting_->allowed) return;
    evidence();
    ++judged_;
    std::string replicas;
    for (const MachineId replica : waiting_->replicas)
      replicas += (replicas.empty() ? "" : ", ") + std::string{stage.name(replica)};
    const std::string what = std::string{stage.name(waiting_->primary)} + " fell silent at " +
                             moment(waiting_->at) + " (record " + std::to_string(waiting_->record) +
                             ") and nobody has replaced it within " + words(waiting_->allowed) +
                             ", although " + replicas + " had its data";
    if (waiting_->refused.empty()) {
      violation(now, record, what);
    } else {
      known_defect(now, record, 14, what + "; refused: " + waiting_->refused);
    }
    waiting_.reset();
  }

  RunFacts facts_;
  Duration within_;
  std::vector<NodeName> synced_with_;  // by machine: the primary it replicates from, none: nobody
  std::optional<Waiting> lost_;        // by the record about to be seen
  std::optional<Waiting> waiting_;
  std::optional<SimTime> last_election_;
  SimTime calm_since_{Duration::min() / 2};
  Duration slowest_{};
  std::uint64_t judged_ = 0, excused_ = 0, last_record_ = 0;
  bool edited_ = false;
};

}  // namespace

std::unique_ptr<Invariant> make_failover_in_time(const RunFacts& facts) {
  return std::make_unique<FailoverInTime>(facts);
}

}  // namespace sim
