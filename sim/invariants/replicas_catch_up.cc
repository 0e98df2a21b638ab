// Claim: once the cluster is quiet every live replica of a live primary has its link up, and is not
// behind by more than what may be on its way.
// - Source: Redis replication; protocol §10.1-10.3; the convergence claims of §15.1.
// - Scope: after heal. A liveness claim.
// - Kills: demoted-never-syncs.
//
// A link that is refused is tried again each second, and a full synchronisation waits 5 s for more
// replicas: within 15 s all is done, unless work takes time. Nobody writes at the end; on its way
// may be a PING and a request for acknowledgement.
#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/invariants/final_views.h"
#include "sim/invariants/sent_again.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr Duration kWithin = 15s;
constexpr std::int64_t kOnTheWay = 128;  // bytes

class ReplicasCatchUp final : public CopyableVerdict<ReplicasCatchUp> {
 public:
  explicit ReplicasCatchUp(const RunFacts& facts)
      : CopyableVerdict("there was no replica at the end"),
        work_takes_time_(facts.stall_max > Duration{}),
        processes_(facts.processes),
        repl_timeout_(facts.repl_timeout) {}

  void see(const Record& record, const Stage&) override {
    if (std::holds_alternative<event::Converged>(record.event)) converged_ = true;
    const bool changes = std::holds_alternative<event::Following>(record.event) ||
                         std::holds_alternative<event::Promoted>(record.event);
    if (changes) last_change_ = record.at;
    if (std::holds_alternative<event::ReplicationDown>(record.event))
      link_down_[record.machine] = record.at;
    const auto* crashed = std::get_if<event::MachineCrashed>(&record.event);
    if (crashed != nullptr && crashed->power_lost) power_lost_[record.machine] = record.at;
    if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
      began_[began->id] = record.at;
    } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
      see_end(record.at, *ended);
    }
  }

  void finish(const Ending& ending) override {
    // Once all have converged they have caught up, and nothing has changed since.
    if (const std::string why = ending.views.not_quiescent(converged_ ? 1s : kWithin); !why.empty())
      return cannot_check(why);
    if (work_takes_time_) return cannot_check("work takes time, and nothing says how much");
    for (const auto& [machine, view] : ending.views.views())
      judge(machine, view, ending.views, ending.stage.directory());
  }

  std::string numbers() const override {
    return counted(judged_, "replica") + ", at most " + std::to_string(behind_) +
           " bytes behind its primary";
  }

 private:
  void see_end(SimTime at, const event::FaultEnded& fault) {
    const auto began = began_.find(fault.id);
    if (began == began_.end() || fault.momentary) return;
    sent_again_.see_outage(began->second, at);
    began_.erase(began);
  }

  // That a primary which lost its power is not the same any more its replica finds out when it
  // sends again what it had sent in vain.
  bool found_out_lately(MachineId machine, SimTime now) const {
    const auto down = link_down_.find(machine);
    return down != link_down_.end() && down->second <= sent_again_.by() &&
           down->second + kWithin > now;
  }

  // A replica that waits for its first copy says nothing, and so learns by its repl-timeout alone
  // that its primary has lost its power meanwhile.
  bool waits_in_vain(MachineId machine, MachineId primary, SimTime now) const {
    const auto lost = power_lost_.find(primary);
    if (lost == power_lost_.end() || lost->second + repl_timeout_ + kWithin <= now) return false;
    const auto down = link_down_.find(machine);
    return down == link_down_.end() || down->second < lost->second;
  }

  void judge(MachineId machine, const FinalViews::View& view, const FinalViews& views,
             const Directory& directory) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || claim->role != Role::kReplica) return;
    const auto primary = directory.machine_of(claim->replica_of);
    const auto other = primary ? views.views().find(*primary) : views.views().end();
    if (other == views.views().end() || directory.role(*primary) != Role::kPrimary) return;
    if (last_change_ + kWithin > view.at && !converged_) return;
    evidence();
    ++judged_;
    const std::string who = std::string(directory.name(machine));
    if (!view.said.replication_up) {
      if (found_out_lately(machine, view.at) || waits_in_vain(machine, *primary, view.at)) return;
      return violation(view.at, view.record,
                       who + " has no working link to its primary " +
                           std::string(directory.name(*primary)) + " at the end");
    }
    if (processes_.count(machine) + processes_.count(*primary) > 0) return;  // tell no offsets
    if (other->second.at != view.at || view.at < sent_again_.by()) return;
    const std::int64_t behind = other->second.said.offset - view.said.offset;
    behind_ = std::max(behind_, behind);
    if (behind <= kOnTheWay) return;
    violation(view.at, view.record,
              who + " is " + std::to_string(behind) + " bytes behind its primary " +
                  std::string(directory.name(*primary)) + " at the end (" +
                  std::to_string(kOnTheWay) + " allowed)");
  }

  bool work_takes_time_;
  std::set<MachineId> processes_;
  Duration repl_timeout_;
  bool converged_ = false;
  SimTime last_change_{Duration::min()};
  std::map<std::uint32_t, SimTime> began_;   // faults in force
  std::map<MachineId, SimTime> link_down_;   // when it went down last
  std::map<MachineId, SimTime> power_lost_;  // likewise
  SentAgain sent_again_;                     // what was lost to faults
  std::int64_t behind_ = 0;
  std::uint64_t judged_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_replicas_catch_up(const RunFacts& facts) {
  return std::make_unique<ReplicasCatchUp>(facts);
}

}  // namespace sim
