// Claim: within the bound that the scenario gives, counted from the moment everything is healed,
// all live nodes agree (equal view fingerprints), are healthy, and hold no live node for failed;
// and it stays so until the end.
// - Source: protocol §15.1, 29; Cluster spec, "Availability".
// - Scope: after heal. A liveness claim.
// - Kills: fail-never-clears.
//
// What cannot recover is not asked for: without a live majority nothing is checked. Known defects:
// row 20 (a replica that was restarted while its primary was dead never stands for election) when
// such a replica is its shard's only hope; row 37 (a wall clock stepped back keeps state fail); and
// those of sim/invariants/defect_patterns.h.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/core.h"
#include "sim/invariants/defect_patterns.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class ConvergesAfterHeal final : public CopyableVerdict<ConvergesAfterHeal> {
 public:
  explicit ConvergesAfterHeal(const RunFacts& facts)
      : CopyableVerdict("no node was asked for its view after the heal"),
        settle_from_(facts.settle_from),
        within_(facts.converge_within),
        needs_coverage_(facts.full_coverage),
        operator_commands_(facts.operator_commands) {}

  void see(const Record& record, const Stage& stage) override {
    patterns_.see(record, stage);
    if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      see_claim(*claim, stage);
    } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
      see_view(record, *view, stage);
    } else if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
      if (phase->phase == event::Phase::kSettling) settle_from_ = record.at;
    } else if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      core_only_ |= fault->kind == kCoreOnlyFault;
    } else if (const auto* clock = std::get_if<event::ClockStepped>(&record.event)) {
      stepped_back_ |= clock->by_ms < 0;
    }
  }

  void finish(const Ending& ending) override {
    if (settle_from_ == SimTime::max()) return cannot_check("the scenario never heals");
    if (ending.at < settle_from_) return cannot_check("the run ended before everything was healed");
    if (core_only_) return cannot_check("only a core was healed: see progress_after_heal");
    if (round_.empty()) return;
    close_round(ending.stage);
    if (live_voters_ < ending.stage.directory().quorum()) {
      return cannot_check("no majority of primaries is alive at the end");
    }
    if (agreed_at_ && *agreed_at_ - settle_from_ <= within_ && trouble_.empty()) return;
    if (!agreed_at_ && ending.at - settle_from_ < within_) {
      return cannot_check("the run ended " + words(ending.at - settle_from_) + " after the heal, " +
                          words(within_) + " are allowed");
    }
    judge(ending.at, ending.stage);
  }

  std::string numbers() const override {
    if (!agreed_at_) return "never agreed";
    return "agreed " + words(*agreed_at_ - settle_from_) + " after the heal, " + words(within_) +
           " allowed";
  }

 private:
  struct View {
    SimTime at;
    std::uint64_t record = 0;
    bool healthy = false;
    std::uint64_t fingerprint = 0;
    std::string holds_failed;  // a live peer, if the view was full
  };

  // Who owns slots of a shard, or follows who did, has its data and could serve them.
  void see_claim(const event::Claim& claim, const Stage& stage) {
    const Directory& directory = stage.directory();
    had_slots_.resize(directory.shard_count());
    for (std::uint32_t shard = 0; shard < had_slots_.size(); ++shard) {
      const SlotSet& home = directory.home(static_cast<int>(shard))->slots();
      const bool owns = claim.slots->count() > 0 && (home & claim.slots->slots()).any();
      if (owns || had_slots_[shard].count(claim.replica_of) > 0) had_slots_[shard].insert(claim.id);
    }
  }

  // Probes of one round have one time; the first view of the next closes it.
  void see_view(const Record& record, const event::ViewSnapshot& view, const Stage& stage) {
    if (record.at < settle_from_) return;
    evidence();
    if (!round_.empty() && round_.begin()->second.at != record.at) {
      close_round(stage);
      round_.clear();
    }
    std::string held;
    for (const event::PeerView& peer : view.peers) {
      if (peer.suspicion != event::Suspicion::kFail) continue;
      const auto machine = stage.directory().machine_of(peer.id);
      if (machine && stage.directory().is_serving(*machine))
        held = stage.directory().label(peer.id);
    }
    round_[record.machine] = {record.at, record.sequence, view.healthy, view.fingerprint, held};
  }

  void close_round(const Stage& stage) {
    trouble_ = find_trouble(stage);
    last_at_ = round_.begin()->second.at;
    if (trouble_.empty() && !agreed_at_) agreed_at_ = last_at_;
    live_voters_ = 0;
    for (const MachineId voter : stage.directory().voting_primaries()) {
      live_voters_ += stage.directory().is_serving(voter) ? 1 : 0;
    }
  }

  std::string find_trouble(const Stage& stage) {
    const View* first = nullptr;
    MachineId first_machine;
    for (const MachineId machine : stage.directory().cluster_nodes()) {
      if (!stage.directory().is_serving(machine)) continue;
      const auto found = round_.find(machine);
      const std::string name{stage.name(machine)};
      if (found == round_.end()) continue;  // not probed: paused, or the round is a partial one
      const View& view = found->second;
      last_record_ = view.record;
      if (!view.healthy) return name + " is not healthy";
      if (!view.holds_failed.empty())
        return name + " still holds " + view.holds_failed + ", which runs, for failed";
      if (first == nullptr) {
        first = &view;
        first_machine = machine;
      } else if (view.fingerprint != first->fingerprint) {
        return name + " sees another cluster than " + std::string{stage.name(first_machine)};
      }
    }
    return {};
  }

  void judge(SimTime end, const Stage& stage) {
    std::string what =
        trouble_.empty()
            ? "the views agreed only " + words(*agreed_at_ - settle_from_) + " after the heal"
            : trouble_ + " " + words(end - settle_from_) + " after the heal";
    what += " (allowed " + words(within_) + ")";
    if (const std::string why = lost_shard(stage); !why.empty()) {
      if (why == "-") return cannot_check("a shard has no live node left, so health cannot return");
      return known_defect(last_at_, last_record_, 20, what + ": " + why);
    }
    if (stepped_back_) {
      return known_defect(last_at_, last_record_, 37, what + ": a wall clock was stepped back");
    }
    if (const auto found = patterns_.find(stage)) {
      return known_defect(last_at_, last_record_, found->row, what + ": " + found->why);
    }
    violation(last_at_, last_record_, what);
  }

  // A shard without a live primary: "-" if nobody can help it, else why nobody stood up.
  std::string lost_shard(const Stage& stage) const {
    const Directory& directory = stage.directory();
    for (std::uint32_t shard = 0; shard < directory.shard_count(); ++shard) {
      const int number = static_cast<int>(shard);
      if (!needs_coverage_ || directory.home(number)->count() == 0) continue;
      if (directory.primary_of(number)) continue;
      const std::vector<MachineId> replicas = directory.replicas_of(number);
      if (replicas.empty() && (operator_commands_ || !somebody_could_serve(shard, stage)))
        return "-";
      if (replicas.empty()) continue;
      const bool all_orphans =
          std::all_of(replicas.begin(), replicas.end(),
                      [&](MachineId replica) { return stage.is_orphan(replica); });
      if (all_orphans) {
        return std::string{directory.name(replicas.front())} +
               " was restarted while its primary was dead and may not stand for election";
      }
    }
    return {};
  }

  // A node that came back with an empty disk has another id, and nothing to serve.
  bool somebody_could_serve(std::uint32_t shard, const Stage& stage) const {
    const Directory& directory = stage.directory();
    const std::vector<MachineId> nodes = directory.cluster_nodes();
    return std::any_of(nodes.begin(), nodes.end(), [&](MachineId node) {
      const event::Claim* claim = directory.claim(node);
      return directory.is_serving(node) && claim != nullptr &&
             had_slots_[shard].count(claim->id) > 0;
    });
  }

  DefectPatterns patterns_;
  SimTime settle_from_;
  Duration within_;
  bool needs_coverage_, operator_commands_, stepped_back_ = false, core_only_ = false;
  std::vector<std::set<NodeName>> had_slots_;  // by shard: who owned its slots or followed an owner
  std::map<MachineId, View> round_;
  std::optional<SimTime> agreed_at_;
  SimTime last_at_;
  std::uint64_t last_record_ = 0;
  std::uint32_t live_voters_ = 0;
  std::string trouble_;  // of the last round; empty: none
};

}  // namespace

std::unique_ptr<Invariant> make_converges_after_heal(const RunFacts& facts) {
  return std::make_unique<ConvergesAfterHeal>(facts);
}

}  // namespace sim
