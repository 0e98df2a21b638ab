// Claim: a primary that was never silent for T, towards anybody, is not replaced: what is cut and
// heals, or pauses and goes on, before T is over costs no failover.
// - Source: Cluster spec, "Failure detection" and "Write safety"; protocol §15.4.
// - Scope: always, where delays are undisturbed.
// - Kills: pfail-too-early.
//
// Silence is: one of the two dead, paused or busy for long, or the bus cut between them. After a
// cut it may last as long again, at most T, because what was lost is sent again after a pause that
// has doubled meanwhile. Failovers that an operator asked for are his business.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class NoNeedlessFailover final : public CopyableVerdict<NoNeedlessFailover> {
 public:
  explicit NoNeedlessFailover(const RunFacts& facts)
      : CopyableVerdict("no primary was silent or replaced"),
        timeout_(facts.node_timeout),
        disorder_(clock_slack(facts)),
        grace_(3 * facts.tick + 4 * facts.one_way_max + 2 * facts.stall_max + clock_slack(facts)),
        memory_(8 * facts.node_timeout + 10s),
        absences_(facts.cast.size()),
        cuts_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    if (stage.forming()) return;
    if (stage.weighed()) weigh(record.at, stage);
    if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      if (!promoted->takeover && !promoted->manual) see_failover(record, *promoted, stage);
    }
  }

  void finish(const Ending&) override {
    if (disorder_ > timeout_)
      cannot_check("clocks disagree by " + words(disorder_) + ", so the bound says nothing");
  }

  std::string numbers() const override {
    return counted(silences_, "silence") + ", " + counted(failovers_, "failover");
  }

 private:
  struct Stretch {
    SimTime began;
    SimTime ended = SimTime::max();  // it lasts
  };
  using Stretches = std::vector<Stretch>;  // in order of time, apart

  void mark(Stretches& stretches, bool silent, SimTime now) {
    const bool lasts = !stretches.empty() && stretches.back().ended == SimTime::max();
    if (silent == lasts) return;
    if (lasts) {
      stretches.back().ended = now;
      return;
    }
    std::erase_if(stretches, [&](const Stretch& one) {
      return one.ended != SimTime::max() && one.ended + memory_ < now;
    });
    stretches.push_back({now});
    evidence();
    ++silences_;
  }

  void weigh(SimTime now, const Stage& stage) {
    const std::vector<MachineId> nodes = stage.directory().cluster_nodes();
    const bool whole = stage.connectivity().whole();
    for (const MachineId node : nodes) {
      mark(absences_[node.value], !stage.directory().is_serving(node), now);
      const bool cut = !whole && std::any_of(nodes.begin(), nodes.end(), [&](MachineId other) {
        return !stage.connectivity().mutual(node, other);
      });
      mark(cuts_[node.value], cut, now);
    }
  }

  void see_failover(const Record& record, const event::Promoted& promoted, const Stage& stage) {
    evidence();
    ++failovers_;
    const auto old = stage.directory().machine_of(promoted.old_primary);
    if (!old || old->value >= absences_.size()) return;
    if (stage.disturbed() || stage.undisturbed_since() + memory_ > record.at) return;
    const Duration longest = longest_silence(*old, record.at);
    if (longest + grace_ >= timeout_) return;
    violation(record, std::string{stage.name(record.machine)} + " was elected to replace " +
                          std::string{stage.name(*old)} + ", which in the last " + words(memory_) +
                          " was silent for " + words(longest) + " at most (" + words(timeout_) +
                          " is the least)");
  }

  // Of the primary towards any one peer: the two's absences, and its cuts with what follows them.
  Duration longest_silence(MachineId primary, SimTime now) const {
    Stretches own = absences_[primary.value];
    for (Stretch stretch : cuts_[primary.value]) {
      if (stretch.ended != SimTime::max())
        stretch.ended += std::min(stretch.ended - stretch.began, timeout_) + grace_;
      own.push_back(stretch);
    }
    Duration longest = longest_of(own, now);
    for (std::uint32_t peer = 0; peer < absences_.size(); ++peer) {
      if (MachineId{peer} == primary || absences_[peer].empty()) continue;
      Stretches both = own;
      both.insert(both.end(), absences_[peer].begin(), absences_[peer].end());
      longest = std::max(longest, longest_of(std::move(both), now));
    }
    return longest;
  }

  // What touches is one.
  Duration longest_of(Stretches stretches, SimTime now) const {
    std::sort(stretches.begin(), stretches.end(),
              [](const Stretch& a, const Stretch& b) { return a.began < b.began; });
    Duration longest{};
    SimTime began{}, ended{Duration::min() / 2};
    for (const Stretch& one : stretches) {
      if (one.began > ended + grace_) began = one.began;
      ended = std::max(ended, std::min(one.ended, now));
      longest = std::max(longest, ended - began);
    }
    return longest;
  }

  Duration timeout_, disorder_, grace_;
  Duration
      memory_;  // how long a FAIL, and elections that come to nothing, may keep a silence alive
  std::vector<Stretches> absences_, cuts_;  // by machine
  std::uint64_t silences_ = 0, failovers_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_no_needless_failover(const RunFacts& facts) {
  return std::make_unique<NoNeedlessFailover>(facts);
}

}  // namespace sim
