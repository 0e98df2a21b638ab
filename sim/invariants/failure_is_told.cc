// Claim: who finds that a majority reports a peer tells everybody, and whoever can hear it holds
// the peer for failed at once.
// - Source: Cluster spec, "Failure detection" (a FAIL message forces all who receive it to flag the
//   node); protocol §6.2, 3.
// - Scope: where delays are undisturbed.
// - Kills: fail-not-told.
//
// Who cannot hear: the dead, the paused, those whom a cut separates or has just separated, who came
// back less than 2T ago and may have no link yet, and who does not know the peer. Versions in which
// replicas keep it to themselves are only asked for primaries.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class FailureIsTold final : public CopyableVerdict<FailureIsTold> {
 public:
  explicit FailureIsTold(const RunFacts& facts)
      : CopyableVerdict("nobody was found to have failed"),
        processes_(facts.processes),
        replicas_tell_(facts.deviations.count("replicas-keep-failure") == 0),
        timeout_(facts.node_timeout),
        within_(2 * facts.one_way_max + facts.tick + facts.stall_max) {}

  void before(const Record& record, const Stage& stage) override {
    look_back(record.at, record.sequence, stage);
  }

  void see(const Record& record, const Stage& stage) override {
    if (stage.connectivity().changed()) whole_since_ = calm_since_ = record.at;
    if (Directory::changes_serving(record.event)) calm_since_ = record.at;
    if (std::holds_alternative<event::NodeStarted>(record.event)) {
      calm_since_ = record.at;
      std::erase_if(held_, [&](const auto& one) { return one.first == record.machine; });
    } else if (const auto* forgotten = std::get_if<event::PeerForgotten>(&record.event)) {
      strangers_.insert({record.machine, forgotten->peer});
      for (Told& told : waiting_) {
        if (told.peer == forgotten->peer) told.listeners.erase(record.machine);
      }
    } else if (const auto* change = std::get_if<event::SuspicionChanged>(&record.event)) {
      see_suspicion(record, *change, stage);
    }
  }

  void finish(const Ending& ending) override { look_back(ending.at, last_record_, ending.stage); }

  std::string numbers() const override {
    return std::to_string(found_) + " times a majority was found, " + counted(judged_, "message") +
           " expected";
  }

 private:
  struct Told {
    MachineId by;
    NodeName peer;
    SimTime at;
    std::uint64_t record = 0;
    std::set<MachineId> listeners;  // that do not hold the peer for failed yet
  };

  void see_suspicion(const Record& record, const event::SuspicionChanged& change,
                     const Stage& stage) {
    if (change.to != event::Suspicion::kFail) {
      held_.erase({record.machine, change.peer});
      return;
    }
    held_.insert({record.machine, change.peer});
    for (Told& told : waiting_) {
      if (told.peer == change.peer) told.listeners.erase(record.machine);
    }
    if (change.reports == 0) return;
    evidence();
    ++found_;
    if (!replicas_tell_ && stage.directory().role(record.machine) == Role::kReplica) return;
    Told told{record.machine, change.peer, record.at, record.sequence, {}};
    const auto failed = stage.directory().machine_of(change.peer);
    for (const MachineId node : stage.directory().up()) {
      if (node == record.machine || node == failed || held_.count({node, change.peer}) > 0)
        continue;
      if (strangers_.count({node, change.peer}) == 0 &&
          can_hear(record.machine, node, record.at, stage))
        told.listeners.insert(node);
    }
    judged_ += told.listeners.size();
    if (!told.listeners.empty()) waiting_.push_back(std::move(told));
  }

  bool can_hear(MachineId speaker, MachineId listener, SimTime now, const Stage& stage) const {
    if (stage.forming() || stage.disturbed() || processes_.count(listener) > 0) return false;
    if (stage.undisturbed_since() + 2 * timeout_ > now) return false;
    const auto speaks = stage.serving_since(speaker), hears = stage.serving_since(listener);
    return speaks && hears && *speaks + 2 * timeout_ <= now && *hears + 2 * timeout_ <= now &&
           stage.connectivity().whole() && whole_since_ + 2 * timeout_ <= now &&
           stage.directory().is_member(listener) && stage.directory().is_healthy(listener);
  }

  void look_back(SimTime now, std::uint64_t record, const Stage& stage) {
    last_record_ = record;
    while (!waiting_.empty() && now > waiting_.front().at + within_) {
      const Told told = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      if (calm_since_ > told.at || stage.disturbed()) continue;
      for (const MachineId listener : told.listeners) {
        violation(now, record,
                  std::string{stage.name(listener)} + " does not hold " +
                      stage.directory().label(told.peer) + " for failed " + words(now - told.at) +
                      " after " + std::string{stage.name(told.by)} +
                      " had found a majority (record " + std::to_string(told.record) + ", " +
                      words(within_) + " are allowed)");
      }
    }
  }

  std::set<MachineId> processes_;
  bool replicas_tell_;
  Duration timeout_, within_;
  std::set<std::pair<MachineId, NodeName>> held_, strangers_;  // who, whom
  std::vector<Told> waiting_;                                  // in order of time
  SimTime whole_since_{Duration::min() / 2}, calm_since_{Duration::min() / 2};
  std::uint64_t found_ = 0, judged_ = 0, last_record_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_failure_is_told(const RunFacts& facts) {
  return std::make_unique<FailureIsTold>(facts);
}

}  // namespace sim
