// Claim: within the bound that the scenario gives, counted from the heal, each slot that is tried
// has accepted a write and given it back; and in the end all that were healed are healthy, name one
// owner for each slot, know each other's roles, and hold nobody of them for failed.
// - Source: Cluster spec, "Availability"; protocol §15.6, 29.
// - Scope: after heal; of a core, where only a core was healed. A liveness claim.
// - Kills: never-reconnects, unanimous-election.
//
// Who cannot make progress, and the trace proves it (Core::excuses), is excused by name.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/core.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class ProgressAfterHeal final : public CopyableVerdict<ProgressAfterHeal> {
 public:
  explicit ProgressAfterHeal(const RunFacts& facts)
      : CopyableVerdict("nobody tries to make progress (\"settle\": {\"progress\": ...})"),
        core_(facts),
        within_(facts.converge_within) {}

  void see(const Record& record, const Stage&) override {
    core_.see(record);
    if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
      if (invoked->workload == kProgressWorkload) see_try(record, *invoked);
    } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
      const auto found = in_flight_.find(redirected->operation);
      if (found == in_flight_.end()) return;
      Slot& slot = slots_[found->second.slot];
      ++slot.redirects;
      slot.last = redirected->reply;
    } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
      see_end(record, *done);
    } else if (std::holds_alternative<event::ElectionStarted>(record.event)) {
      if (record.at >= core_.healed_at() && core_.includes(record.machine)) {
        ++elections_;
        last_election_ = record.at;
      }
    } else if (const auto* measured = std::get_if<event::Measured>(&record.event)) {
      if (measured->name == "audit_progress_untried") untried_ = measured->value;
    } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
      if (!slots_.empty() && !view->peers.empty()) see_view(record, *view);
    }
  }

  void finish(const Ending& ending) override {
    if (slots_.empty()) return;
    members_ = core_.members(ending.stage.directory()).size();
    if (ending.at - core_.healed_at() < within_ && !all_done())
      return cannot_check("the run ended before the bound after the heal");
    const SlotSet stuck = stuck_slots();
    const std::string trouble = disagreement(ending.stage.directory());
    if (stuck.none() && untried_ == 0 && trouble.empty()) return;
    std::string why;
    SlotSet excused;
    int row = 0;
    for (const Core::Excuse& excuse : core_.excuses(ending.stage)) {
      excused |= excuse.slots;
      why += (why.empty() ? "" : "; ") + excuse.why;
      row = std::max(row, excuse.row);
    }
    const bool all_excused = (stuck & ~excused).none() && (trouble.empty() || excused.all()) &&
                             (untried_ == 0 || excused.any());
    if (!all_excused) return violation(last_at_, last_record_, what(stuck & ~excused, trouble));
    if (row > 0)
      return known_defect(last_at_, last_record_, row, what(stuck, trouble) + ": " + why);
    cannot_check("excused: " + why);
  }

  std::string numbers() const override {
    SimTime last = core_.healed_at();
    for (const auto& [slot, tried] : slots_) last = std::max(last, tried.done_at);
    return counted(slots_.size(), "slot") + " written and read back within " +
           words(last - core_.healed_at()) + " of the heal (" + words(within_) + " allowed)" +
           (core_.is_part() ? " in a core of " + std::to_string(members_) : "");
  }

 private:
  struct Try {
    std::uint16_t slot = 0;
    std::string value;  // of a write
  };
  struct Slot {
    bool done = false;
    SimTime done_at{Duration::min()};
    std::string written, last;  // what must be read; the last answer in vain
    std::uint64_t redirects = 0;
  };
  struct View {
    std::uint64_t record = 0;
    bool healthy = false;
    // By the first slot of each range: the last one, and whose they are.
    std::map<std::uint16_t, std::pair<std::uint16_t, NodeName>> owners;
    std::map<NodeName, Role> roles;
    std::vector<NodeName> failed;
  };

  void see_try(const Record& record, const event::OpInvoked& invoked) {
    evidence();
    last_at_ = record.at;
    last_record_ = record.sequence;
    const std::size_t number = invoked.key.find('}') + 1;
    std::uint16_t slot = 0;
    std::from_chars(invoked.key.data() + number, invoked.key.data() + invoked.key.size(), slot);
    slots_[slot];
    in_flight_[invoked.operation] = {slot, invoked.value};
  }

  void see_end(const Record& record, const event::OpCompleted& done) {
    const auto found = in_flight_.find(done.operation);
    if (found == in_flight_.end()) return;
    const Try tried = std::move(found->second);
    in_flight_.erase(found);
    Slot& slot = slots_[tried.slot];
    if (done.outcome != event::OpOutcome::kOk) {
      slot.last = done.value;
    } else if (!tried.value.empty()) {
      slot.written = tried.value;
    } else if (!slot.done && done.value == slot.written && !slot.written.empty()) {
      slot.done = true;
      slot.done_at = record.at;
    } else if (!slot.done) {
      slot.last = done.absent ? "it is not there" : "another value";
    }
  }

  void see_view(const Record& record, const event::ViewSnapshot& said) {
    View view{record.sequence, said.healthy, {}, {}, {}};
    for (const event::PeerView& peer : said.peers) {
      for (const SlotRange& range : slot_ranges(peer.slots->slots()))
        view.owners[range.first.value] = {range.last.value, peer.id};
      view.roles[peer.id] = peer.role;
      if (peer.suspicion != event::Suspicion::kNone) view.failed.push_back(peer.id);
    }
    views_[record.machine] = std::move(view);
  }

  bool all_done() const {
    return untried_ == 0 && std::all_of(slots_.begin(), slots_.end(),
                                        [](const auto& slot) { return slot.second.done; });
  }

  SlotSet stuck_slots() const {
    SlotSet stuck;
    for (const auto& [slot, tried] : slots_) {
      if (!tried.done || tried.done_at - core_.healed_at() > within_) stuck.set(slot);
    }
    return stuck;
  }

  // Between those of the core, as they were asked last.
  std::string disagreement(const Directory& directory) const {
    const View* first = nullptr;
    MachineId first_machine;
    const std::vector<MachineId> members = core_.members(directory);
    for (const MachineId machine : members) {
      const auto found = views_.find(machine);
      if (!directory.is_serving(machine) || found == views_.end()) continue;
      const View& view = found->second;
      const std::string name{directory.name(machine)};
      if (!view.healthy) return name + " is not healthy";
      for (const NodeName& failed : view.failed) {
        const auto peer = directory.machine_of(failed);
        if (peer && core_.includes(*peer) && directory.is_serving(*peer))
          return name + " holds " + directory.label(failed) + ", which runs, for failed";
      }
      if (first == nullptr) {
        first = &view;
        first_machine = machine;
        continue;
      }
      const std::string other{directory.name(first_machine)};
      if (view.owners != first->owners) return name + " and " + other + " see other owners";
      for (const MachineId peer : members) {
        const event::Claim* claim = directory.claim(peer);
        if (claim == nullptr) continue;
        const auto a = view.roles.find(claim->id), b = first->roles.find(claim->id);
        if (a == view.roles.end() || b == first->roles.end() || a->second != b->second)
          return name + " and " + other + " do not agree on " + directory.label(claim->id);
      }
    }
    return {};
  }

  std::string what(const SlotSet& stuck, const std::string& trouble) const {
    std::string text;
    if (stuck.any()) {
      const auto first = static_cast<std::uint16_t>(stuck._Find_first());
      const Slot& slot = slots_.at(first);
      text = std::to_string(stuck.count()) + " of " + counted(slots_.size(), "slot") +
             " did not give back what was written within " + words(within_) +
             " after the heal; slot " + std::to_string(first) +
             ", last: " + (slot.last.empty() ? "no answer" : slot.last);
      if (slot.redirects > 0) text += ", redirected " + counted(slot.redirects, "time") + " in all";
    } else if (untried_ > 0) {
      text = counted(static_cast<std::uint64_t>(untried_), "slot") + " could not even be tried";
    }
    if (!trouble.empty()) text += (text.empty() ? "" : "; ") + trouble;
    if (elections_ > 0) {
      text += "; " + counted(elections_, "election") + " since the heal, the last at " +
              moment(last_election_);
    }
    return text;
  }

  Core core_;
  std::size_t members_ = 0;  // of what was healed, at the end
  Duration within_;
  std::map<std::uint64_t, Try> in_flight_;
  std::map<std::uint16_t, Slot> slots_;
  std::int64_t untried_ = 0;
  std::map<MachineId, View> views_;
  std::uint64_t elections_ = 0, last_record_ = 0;
  SimTime last_election_, last_at_;
};

}  // namespace

std::unique_ptr<Invariant> make_progress_after_heal(const RunFacts& facts) {
  return std::make_unique<ProgressAfterHeal>(facts);
}

}  // namespace sim
