// Claim: two live machines accept writes for one slot at the same time only while a failover is in
// the making, and not for long.
// - Source: protocol §15.28; Cluster spec, "Write safety".
// - Scope: always.
// - Kills: no-demotion, never-update.
//
// The bound. A primary that is cut off at time 0 is replaced T + 500 ms later at the earliest and
// stops by itself at 1.5T + 2 ticks + D at the latest (each peer turns PFAIL within that time), so
// while the two cannot hear of each other they overlap by at most T/2 + 2 ticks + 3D. One that was
// dead, paused or cut off before may have been replaced sooner after time 0, or before it; it stops
// no later for that, counted from when it was there and cut off. Once the two can hear of each
// other, it takes the old one T/2 + 2 ticks + 3D to hear of its successor: that is how often every
// pair of nodes exchanges headers. A one-way cut adds T: bytes still come in until the peer drops
// the link. Clocks that disagree lengthen both by their disagreement; faults that bend delays are
// not counted.
//
// "Accepts writes" is: runs, is not paused, claims the slot as a primary, and holds the cluster
// state to be ok. Known defects: row 31 (takeover without consensus) when a takeover made the
// second primary; row 28 (two clusters merge) once nodes of another cluster are known here.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class OneWritablePrimary final : public CopyableVerdict<OneWritablePrimary> {
 public:
  explicit OneWritablePrimary(const RunFacts& facts)
      : CopyableVerdict("no node claimed a slot"),
        node_timeout_(facts.node_timeout),
        stop_within_(noticed_within(facts)),
        allowed_(stop_within_ - facts.node_timeout + 2 * facts.one_way_max),
        writable_(facts.cast.size(), no_slots()) {}

  void before(const Record& record, const Stage& stage) override {
    advance(record.at, record.sequence, stage);
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      if (promoted->takeover) takers_[record.machine] = record.at;
    } else if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
      see_write(record, *write, stage);
    }
    const bool changed = std::holds_alternative<event::Claim>(record.event) ||
                         std::holds_alternative<event::HealthChanged>(record.event) ||
                         stage.weighed();
    if (changed && !stage.forming()) refresh(record, stage);
  }

  void finish(const Ending& ending) override { advance(ending.at, last_record_, ending.stage); }

  std::string numbers() const override {
    return counted(overlaps_seen_, "overlap") + ", longest " + words(longest_) + " (allowed " +
           words(allowed_) + " apart and as much again once connected), " +
           counted(writes_in_overlap_, "write") + " applied by the outranked side";
  }

 private:
  using Pair = std::pair<MachineId, MachineId>;
  struct Overlap {
    SlotsRef slots = no_slots();
    SimTime began, checked;
    Duration apart{}, connected{}, total{};
    bool one_way = false, told = false;
  };

  SlotsRef writable_now(MachineId machine, const Stage& stage) const {
    const Directory& directory = stage.directory();
    const event::Claim* claim = directory.claim(machine);
    const bool accepts = claim != nullptr && claim->role == Role::kPrimary &&
                         directory.is_serving(machine) && directory.is_healthy(machine);
    return accepts ? claim->slots : no_slots();
  }

  // Time passes in which nothing about reachability or claims changed.
  void advance(SimTime now, std::uint64_t record, const Stage& stage) {
    for (auto& [pair, overlap] : overlaps_) {
      const SimTime from = std::max(overlap.checked, stage.undisturbed_since());
      const Duration lasted = now > from && !stage.disturbed() ? now - from : Duration{};
      overlap.checked = std::max(overlap.checked, now);
      overlap.total += lasted;
      const Connectivity& net = stage.connectivity();
      overlap.one_way |=
          stage.hears_unreachable(pair.first) || stage.hears_unreachable(pair.second);
      (net.connected(pair.first, pair.second) ? overlap.connected : overlap.apart) += lasted;
      longest_ = std::max(longest_, overlap.total);
      judge(pair, overlap, now, record, stage);
    }
    last_record_ = record;
  }

  // While the two are apart, at most one of them has a majority; the other stops by itself.
  bool is_due_to_end(Pair pair, bool one_way, SimTime now, const Stage& stage) const {
    if (stage.connectivity().connected(pair.first, pair.second)) return false;
    SimTime due = SimTime::max();
    for (const MachineId machine : {pair.first, pair.second}) {
      if (const auto isolated = stage.isolated_since(machine))
        due = std::min(due, std::max(*isolated, stage.undisturbed_since()) + stop_within_);
    }
    return due == SimTime::max() || now > due + (one_way ? node_timeout_ : Duration{});
  }

  void judge(Pair pair, Overlap& overlap, SimTime now, std::uint64_t record, const Stage& stage) {
    const Duration apart_allowed = allowed_ + (overlap.one_way ? node_timeout_ : Duration{});
    // A chain of machines between them passes the news on hop by hop.
    const bool direct = stage.connectivity().mutual(pair.first, pair.second);
    const Duration connected_allowed = direct ? allowed_ : 2 * allowed_;
    const bool too_long_apart =
        overlap.apart > apart_allowed && is_due_to_end(pair, overlap.one_way, now, stage);
    if (overlap.told || (!too_long_apart && overlap.connected <= connected_allowed)) return;
    overlap.told = true;
    const std::string which = overlap.slots->count() == 1 ? "slot " : "slots ";
    const std::string what =
        std::string{stage.name(pair.first)} + " and " + std::string{stage.name(pair.second)} +
        " have both accepted writes for " + which + format_slots(overlap.slots->slots()) +
        " since " + moment(overlap.began) + ": " +
        (too_long_apart
             ? words(overlap.apart) + " while cut off from each other (allowed " +
                   words(apart_allowed)
             : words(overlap.connected) + " although they can hear of each other (allowed " +
                   words(connected_allowed)) +
        ")";
    if (takers_.count(pair.first) > 0 || takers_.count(pair.second) > 0) {
      known_defect(now, record, 31, what + "; one of them took over without asking anybody");
    } else if (stage.directory().has_merged()) {
      known_defect(now, record, 28, what + "; they come of two clusters that have met");
    } else {
      violation(now, record, what);
    }
  }

  void refresh(const Record& record, const Stage& stage) {
    for (const MachineId machine : stage.directory().cluster_nodes()) {
      SlotsRef now = writable_now(machine, stage);
      if (now->count() > 0) evidence();
      if (same_slots(now, writable_[machine.value])) continue;
      writable_[machine.value] = std::move(now);
      pair_up(machine, record);
    }
  }

  void pair_up(MachineId machine, const Record& record) {
    const SlotSet& mine = writable_[machine.value]->slots();
    for (std::uint32_t i = 0; i < writable_.size(); ++i) {
      const MachineId other{i};
      if (other == machine) continue;
      const Pair pair{std::min(machine, other), std::max(machine, other)};
      const bool any = writable_[i]->count() > 0 && (mine & writable_[i]->slots()).any();
      const auto found = overlaps_.find(pair);
      if (!any) {
        if (found != overlaps_.end()) overlaps_.erase(found);
        continue;
      }
      const SlotsRef common = share_slots(mine & writable_[i]->slots());
      if (found != overlaps_.end()) {
        found->second.slots = common;
        continue;
      }
      ++overlaps_seen_;
      overlaps_[pair] = {common, record.at, record.at, {}, {}, {}, false, false};
    }
  }

  void see_write(const Record& record, const event::WriteApplied& write, const Stage& stage) {
    for (const auto& [pair, overlap] : overlaps_) {
      if (pair.first != record.machine && pair.second != record.machine) continue;
      if (!overlap.slots->test(write.slot)) continue;
      const MachineId other = pair.first == record.machine ? pair.second : pair.first;
      const event::Claim* mine = stage.directory().claim(record.machine);
      const event::Claim* theirs = stage.directory().claim(other);
      if (mine->config_epoch < theirs->config_epoch) ++writes_in_overlap_;
    }
  }

  Duration node_timeout_, stop_within_, allowed_;
  std::vector<SlotsRef> writable_;  // by machine: what it accepts writes for
  std::map<Pair, Overlap> overlaps_;
  std::map<MachineId, SimTime> takers_;
  Duration longest_{};
  std::uint64_t overlaps_seen_ = 0, writes_in_overlap_ = 0, last_record_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_one_writable_primary(const RunFacts& facts) {
  return std::make_unique<OneWritablePrimary>(facts);
}

}  // namespace sim
