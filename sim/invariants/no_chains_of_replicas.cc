// Claim: once the cluster is quiet, whom a live replica follows is a primary.
// - Source: Cluster spec, "Hash slots configuration propagation"; protocol §7.7, §14 rows 8, 9, 29.
// - Scope: after heal. A liveness claim.
// - Kills: follows-old-primary.
//
// Known defect: row 29 (a packet from before a promotion takes it back: who hears it follows whom
// the new primary once followed, and nothing leads it away again).
//
// A role that changed less than 2T before the end is left out: a chain lasts until its replica
// hears the new owner's claim.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "sim/invariants/final_views.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class NoChainsOfReplicas final : public CopyableVerdict<NoChainsOfReplicas> {
 public:
  explicit NoChainsOfReplicas(const RunFacts& facts)
      : CopyableVerdict("there was no replica at the end"),
        quiet_(std::max<Duration>(facts.node_timeout, 1s)),
        calm_(2 * facts.node_timeout) {}

  void see(const Record& record, const Stage& stage) override {
    if (const auto* rebound = std::get_if<event::SlotsRebound>(&record.event)) {
      see_demotion(record, *rebound, stage.directory());
      return;
    }
    const bool changes = std::holds_alternative<event::Following>(record.event) ||
                         std::holds_alternative<event::Promoted>(record.event);
    if (changes) changed_[record.machine] = record.at;
  }

  void finish(const Ending& ending) override {
    if (const std::string why = ending.views.not_quiescent(quiet_); !why.empty())
      return cannot_check(why);
    for (const auto& [machine, view] : ending.views.views())
      judge(machine, view, ending.views, ending.stage.directory());
  }

  std::string numbers() const override {
    return counted(judged_, "replica") + (judged_ == 1 ? " follows" : " follow") + " a primary";
  }

 private:
  // Somebody believes that who is a primary has stepped down.
  void see_demotion(const Record& record, const event::SlotsRebound& rebound,
                    const Directory& directory) {
    if (rebound.cause != event::RebindCause::kDemotion) return;
    const auto primary = directory.machine_of(rebound.from);
    if (primary && directory.role(*primary) == Role::kPrimary)
      taken_back_[record.machine] = {record.at, rebound.from};
  }

  // It follows whom it follows since it heard the promotion of whom that one follows taken back.
  bool was_misled(MachineId machine, const NodeName& taken_back) const {
    const auto heard = taken_back_.find(machine);
    const auto changed = changed_.find(machine);
    return heard != taken_back_.end() && heard->second.second == taken_back &&
           changed != changed_.end() && changed->second >= heard->second.first;
  }

  bool is_settled(MachineId machine, SimTime at) const {
    const auto changed = changed_.find(machine);
    return changed == changed_.end() || changed->second + calm_ <= at;
  }

  void judge(MachineId machine, const FinalViews::View& view, const FinalViews& views,
             const Directory& directory) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || claim->role != Role::kReplica || claim->replica_of.is_none()) return;
    evidence();
    ++judged_;
    const auto primary = directory.machine_of(claim->replica_of);
    const event::Claim* theirs = primary ? directory.claim(*primary) : nullptr;
    if (theirs == nullptr || theirs->id != claim->replica_of || theirs->role == Role::kPrimary)
      return;
    if (views.views().count(*primary) == 0 || !is_settled(machine, view.at) ||
        !is_settled(*primary, view.at))
      return;
    const std::string what = std::string(directory.name(machine)) + " follows " +
                             std::string(directory.name(*primary)) + ", which is a replica of " +
                             directory.label(theirs->replica_of);
    if (was_misled(machine, theirs->replica_of))
      return known_defect(view.at, view.record, 29, what + ", whose promotion an old packet undid");
    violation(view.at, view.record, what);
  }

  Duration quiet_, calm_;
  std::map<MachineId, SimTime> changed_;  // when its role, or whom it follows, changed last
  std::map<MachineId, std::pair<SimTime, NodeName>> taken_back_;  // by who heard it: when, whose
  std::uint64_t judged_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_no_chains_of_replicas(const RunFacts& facts) {
  return std::make_unique<NoChainsOfReplicas>(facts);
}

}  // namespace sim
