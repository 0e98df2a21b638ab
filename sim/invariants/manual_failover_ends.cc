// Claim: a manual failover is done or given up within 5 s, and the primary that has paused its
// clients for it lets them go on then.
// - Source: CLUSTER FAILOVER, "implementation details"; protocol §7.10, §14 row 34.
// - Scope: always.
// - Kills: pause-not-lifted, manual-failover-never-ends.
//
// A restart, a reset or a new primary ends it as well. While a fault slows a server's event loop it
// looks at its watch late, and is not judged. A primary that is told to forget the replica
// does not know any more whose failover it was, and waits 10 s. Real servers are not asked: their
// logs do not tell when clients go on.
#include <map>
#include <set>
#include <string>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

constexpr Duration kTimeout = 5s;

class ManualFailoverEnds final : public CopyableVerdict<ManualFailoverEnds> {
 public:
  explicit ManualFailoverEnds(const RunFacts& facts)
      : CopyableVerdict("no manual failover was asked for"),
        processes_(facts.processes),
        within_(kTimeout + 2 * (facts.tick + 1ms) + facts.stall_max + clock_slack(facts)) {}

  void see(const Record& record, const Stage& stage) override {
    look_back(record.at, record.sequence, stage);
    if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
      if (began->kind == "slow") slowed_.insert(began->id);
    } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
      if (slowed_.erase(ended->id) > 0) slowed_until_ = record.at;
    }
    if (processes_.count(record.machine) > 0) return;
    if (const auto* manual = std::get_if<event::ManualFailover>(&record.event)) {
      see_manual(record, *manual);
    } else if (std::holds_alternative<event::Promoted>(record.event) ||
               std::holds_alternative<event::Following>(record.event)) {
      asked_.erase(record.machine);
    } else if (std::holds_alternative<event::PeerForgotten>(record.event) ||
               std::holds_alternative<event::NodeStarted>(record.event) ||
               Directory::changes_serving(record.event)) {
      asked_.erase(record.machine);
      paused_.erase(record.machine);
    }
  }

  void finish(const Ending& ending) override { look_back(ending.at, last_record_, ending.stage); }

  std::string numbers() const override {
    return counted(asked_for_, "manual failover") + ", " + counted(pauses_, "pause");
  }

 private:
  struct Begun {
    SimTime at;
    std::uint64_t record = 0;
  };
  using Open = std::map<MachineId, Begun>;

  void see_manual(const Record& record, const event::ManualFailover& manual) {
    const Begun begun{record.at, record.sequence};
    if (manual.phase == "requested") {
      evidence();
      ++asked_for_;
      asked_[record.machine] = begun;
    } else if (manual.phase == "primary paused writes") {
      ++pauses_;
      paused_[record.machine] = begun;
    } else if (manual.phase == "primary resumed writes") {
      paused_.erase(record.machine);
    } else if (manual.phase == "timed out" || manual.phase == "done") {
      asked_.erase(record.machine);
    }
  }

  void look_back(SimTime now, std::uint64_t record, const Stage& stage) {
    last_record_ = record;
    judge(asked_, now, record, " was asked to take over and has neither done so nor given up ",
          stage);
    judge(paused_, now, record, " has paused its clients' writes for a failover and holds them ",
          stage);
  }

  void judge(Open& open, SimTime now, std::uint64_t record, const char* what, const Stage& stage) {
    for (auto it = open.begin(); it != open.end();) {
      if (now <= it->second.at + within_) {
        ++it;
        continue;
      }
      if (slowed_.empty() && slowed_until_ <= it->second.at) {
        violation(now, record,
                  std::string{stage.name(it->first)} + what + words(now - it->second.at) +
                      " later (record " + std::to_string(it->second.record) + ", " +
                      words(within_) + " are allowed)");
      }
      it = open.erase(it);
    }
  }

  std::set<MachineId> processes_;
  Duration within_;
  Open asked_, paused_;  // replicas that were asked to take over, primaries that wait for one
  std::set<std::uint32_t> slowed_;  // faults in force that make servers look at their watches late
  SimTime slowed_until_{Duration::min()};
  std::uint64_t asked_for_ = 0, pauses_ = 0, last_record_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_manual_failover_ends(const RunFacts& facts) {
  return std::make_unique<ManualFailoverEnds>(facts);
}

}  // namespace sim
