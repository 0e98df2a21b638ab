// Claim: a primary that loses the majority of primaries accepts no writes later than 1.5T + 2
// ticks + D after that, and once it is back among them not before clamp(T, 500 ms, 5 s) have
// passed; a restarted one not before 2 s.
// - Source: Cluster spec, "Write safety" and "Availability"; protocol §8, §15.5, 36.
// - Scope: always.
// - Kills: minority-keeps-writing, no-rejoin-delay.
//
// Each peer turns PFAIL T after the PING that got no answer, which was sent at most T/2 + 1 tick
// after the last PONG; the next tick sees it. A pause or restart starts the timers anew, and so
// does this bound. Clocks that disagree lengthen it by their disagreement, a one-way cut that lets
// bytes in by T (until the peer drops its link). While faults bend delays, and for as long after,
// it is not applied.
//
// Known defect: row 31 (takeovers without consensus), once somebody has taken over, in the first
// part of the claim.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class MinorityStopsWriting final : public CopyableVerdict<MinorityStopsWriting> {
 public:
  explicit MinorityStopsWriting(const RunFacts& facts)
      : CopyableVerdict("no primary told its cluster state"),
        node_timeout_(facts.node_timeout),
        tick_(facts.tick),
        disorder_(clock_slack(facts)),
        stop_within_(noticed_within(facts)),
        tells_writes_(facts.processes.empty()),
        rejoin_after_(std::clamp<Duration>(facts.node_timeout, 500ms, 5s)),
        nodes_(facts.cast.size()) {}

  void before(const Record& record, const Stage& stage) override {
    if (!turned_ok_.empty() && turned_ok_.front().at < record.at) judge_turned_ok(stage);
    if (!stage.forming()) look_back(record.at, record.sequence, stage);
    was_healthy_ = stage.directory().is_healthy(record.machine);
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* health = std::get_if<event::HealthChanged>(&record.event)) {
      see_health(record, *health, stage);
    } else if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
      see_write(record, *write, stage);
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      if (promoted->takeover && !takeover_) takeover_ = record.at;
    } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
      Node& starting = node(record.machine);  // its isolation was seen when its machine started
      starting.started = record.at;
      starting.failed_in_minority = false;
      refresh(record, stage);
    }
    if (stage.weighed()) watch(stage);
  }

  void finish(const Ending& ending) override {
    judge_turned_ok(ending.stage);
    look_back(ending.at, last_record_, ending.stage);
    if (disorder_ > stop_within_ - disorder_) {
      cannot_check("clocks disagree by " + words(disorder_) + ", so the bounds say nothing");
    }
  }

  std::string numbers() const override {
    return std::to_string(isolations_) + (isolations_ == 1 ? " primary" : " primaries") +
           " cut off from the majority, slowest to stop " + words(slowest_) + " (allowed " +
           words(stop_within_) + ")" +
           (tells_writes_ ? ", " + counted(writes_in_window_, "write") + " applied meanwhile" : "");
  }

 private:
  struct Node {
    std::optional<SimTime> started;
    std::optional<SimTime> isolated_since;  // as last judged
    Duration allowed{};                     // to go on accepting writes in this isolation
    bool told = false;
    bool failed_in_minority = false;  // its last change of state was to fail, in a minority
  };
  struct TurnedOk {
    SimTime at;
    std::uint64_t record = 0;
    MachineId machine;
    bool from_minority = false;
  };
  Node& node(MachineId machine) { return nodes_[machine.value]; }

  bool accepts(MachineId machine, const Stage& stage) const {
    const Directory& directory = stage.directory();
    const event::Claim* claim = directory.claim(machine);
    return claim != nullptr && claim->role == Role::kPrimary && claim->slots->count() > 0 &&
           directory.is_serving(machine) && directory.is_healthy(machine);
  }

  bool bound_holds(SimTime since, const Stage& stage) const {
    return !stage.disturbed() && stage.undisturbed_since() + stop_within_ <= since;
  }

  void watch(const Stage& stage) {
    isolated_.clear();
    for (const MachineId machine : stage.directory().cluster_nodes()) {
      const auto since = stage.isolated_since(machine);
      Node& known = node(machine);
      if (since != known.isolated_since) {
        known.isolated_since = since;
        known.told = false;
        known.allowed = stop_within_;
        if (since && accepts(machine, stage)) ++isolations_;
      }
      if (!since) continue;
      if (stage.hears_unreachable(machine)) known.allowed = stop_within_ + node_timeout_;
      isolated_.push_back(machine);
    }
  }

  // A node that starts takes the PONGs of its nodes.conf for fresh and tells who can hear it;
  // timers that have not sent their PING yet run anew.
  void refresh(const Record& record, const Stage& stage) {
    for (const MachineId machine : isolated_) {
      Node& known = node(machine);
      const Duration since = record.at - *known.isolated_since;
      if (!stage.connectivity().connected(machine, record.machine)) continue;
      if (since <= known.allowed - node_timeout_)
        known.allowed = std::max(known.allowed, since + stop_within_);
    }
  }

  // Up to `now` nothing has changed since the record before: did somebody accept writes beyond the
  // bound?
  void look_back(SimTime now, std::uint64_t record, const Stage& stage) {
    last_record_ = record;
    for (const MachineId machine : isolated_) {
      Node& known = node(machine);
      const SimTime since = *known.isolated_since;
      if (known.told || now <= since + known.allowed || !accepts(machine, stage) ||
          !bound_holds(since, stage))
        continue;
      known.told = true;
      exceeded(now, record,
               std::string{stage.name(machine)} + " has been cut off from the majority since " +
                   moment(since) + " and still accepts writes " + words(now - since) +
                   " later (allowed " + words(known.allowed) + ")");
    }
  }

  void see_write(const Record& record, const event::WriteApplied& write, const Stage& stage) {
    evidence();
    const auto since = stage.isolated_since(record.machine);
    if (!since) return;
    ++writes_in_window_;
    if (record.at <= *since + node(record.machine).allowed || !bound_holds(*since, stage) ||
        node(record.machine).told)
      return;
    node(record.machine).told = true;
    exceeded(record.at, record.sequence,
             std::string{stage.name(record.machine)} + " applied a write for slot " +
                 std::to_string(write.slot.value) + " " + words(record.at - *since) +
                 " after it was cut off from the majority (allowed " +
                 words(node(record.machine).allowed) + ")");
  }

  // A takeover makes primaries out of nothing: each side may count a majority of its own.
  void exceeded(SimTime at, std::uint64_t record, const std::string& what) {
    if (!takeover_) return violation(at, record, what);
    known_defect(
        at, record, 31,
        what + "; somebody took over at " + moment(*takeover_) + " without asking anybody");
  }

  void see_health(const Record& record, const event::HealthChanged& health, const Stage& stage) {
    Node& known = node(record.machine);
    if (stage.directory().role(record.machine) != Role::kPrimary) return;
    evidence();
    const auto since = stage.isolated_since(record.machine);
    if (!health.ok) {
      known.failed_in_minority = since.has_value();
      if (since && was_healthy_) slowest_ = std::max(slowest_, record.at - *since);
      return;
    }
    if (was_healthy_) return;
    turned_ok_.push_back({record.at, record.sequence, record.machine, known.failed_in_minority});
    known.failed_in_minority = false;
  }

  // A node that becomes a replica is ok in the same instant, and says the second before the first:
  // who was primary is asked when the instant is over.
  void judge_turned_ok(const Stage& stage) {
    for (const TurnedOk& turned : turned_ok_) {
      if (stage.directory().role(turned.machine) != Role::kPrimary) continue;
      Record moment;
      moment.at = turned.at;
      moment.sequence = turned.record;
      moment.machine = turned.machine;
      check_restart(moment, node(turned.machine), stage);
      if (turned.from_minority) check_rejoin(moment, stage);
    }
    turned_ok_.clear();
  }

  void check_restart(const Record& record, const Node& known, const Stage& stage) {
    const Duration allowed = 2s - 1ms - disorder_;
    if (!known.started || record.at - *known.started >= allowed) return;
    violation(record, std::string{stage.name(record.machine)} + " was ok " +
                          words(record.at - *known.started) +
                          " after its start (2 s is the least)");
  }

  // The last tick in a minority was at most one tick before the cut healed; unless the isolation
  // was too short to be noticed for certain: then it may have been long before.
  void check_rejoin(const Record& record, const Stage& stage) {
    const auto rejoined = stage.rejoined_at(record.machine);
    const auto serving = stage.serving_since(record.machine);
    if (!rejoined || !serving || *serving + 1s > *rejoined || stage.disturbed()) return;
    if (stage.isolation_lasted(record.machine) < stop_within_) return;
    const Duration waited = record.at - *rejoined;
    if (waited >= rejoin_after_ - 2 * tick_ - disorder_) return;
    violation(record, std::string{stage.name(record.machine)} + " accepted writes again " +
                          words(waited) + " after it came back from a minority (" +
                          words(rejoin_after_) + " is the least)");
  }

  Duration node_timeout_, tick_, disorder_, stop_within_;
  bool tells_writes_;  // of a real server nobody sees when it applies one
  Duration rejoin_after_;
  std::vector<Node> nodes_;
  std::vector<MachineId> isolated_;
  std::vector<TurnedOk> turned_ok_;  // in this instant
  std::optional<SimTime> takeover_;  // the first
  bool was_healthy_ = false;         // the machine of the record, before it
  Duration slowest_{};
  std::uint64_t isolations_ = 0, writes_in_window_ = 0, last_record_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_minority_stops_writing(const RunFacts& facts) {
  return std::make_unique<MinorityStopsWriting>(facts);
}

}  // namespace sim
