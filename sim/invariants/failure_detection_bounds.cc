// Claim: nobody is suspected early or late, and nobody is held for failed without a majority.
// - PFAIL comes after T of silence, and within 1.5T + 2 ticks + D (bounds.h) of a crash.
// - FAIL by counting needs the reports of a majority, all from the last 2T; FAIL by message needs
//   that somebody counted.
// - FAIL of a primary with slots is not lifted before 2T; of a machine that is back and reachable
//   it is lifted within 3T, as is PFAIL.
//
// - Source: Cluster spec, "Failure detection"; protocol §6, §15.11, 12, 35.
// - Scope: always, where delays are undisturbed.
// - Kills: fail-never-clears, fail-without-reports, fail-on-half, reporter-counts-twice,
//   replicas-report, reports-never-expire, pfail-never-clears, pfail-too-late,
//   fail-clears-too-soon.
//
// Silence between two nodes is: one of them dead or paused, or the bus cut in either direction.
// What is judged late is a crash in an otherwise whole network, because gossip through third nodes
// may put off the detection of a partial cut.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/sent_again.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

class FailureDetectionBounds final : public CopyableVerdict<FailureDetectionBounds> {
 public:
  explicit FailureDetectionBounds(const RunFacts& facts)
      : CopyableVerdict("nobody was ever silent or suspected"),
        facts_(facts),
        timeout_(facts.node_timeout),
        disorder_(clock_slack(facts)),
        earliest_(facts.node_timeout - 2 * facts.one_way_max - 1ms - disorder_),
        latest_(noticed_within(facts)),
        grace_(3 * facts.tick + 4 * facts.one_way_max + disorder_) {}

  void before(const Record& record, const Stage& stage) override {
    look_back(record.at, record.sequence, stage);
  }

  void see(const Record& record, const Stage& stage) override {
    if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      if (claim->role == Role::kPrimary || claim->replica_of.is_none())
        primaries_.insert(record.machine);
    }
    if (stage.forming()) return;
    if (const auto* change = std::get_if<event::SuspicionChanged>(&record.event)) {
      see_suspicion(record, *change, stage);
    } else if (const auto* forgotten = std::get_if<event::PeerForgotten>(&record.event)) {
      if (const auto peer = stage.directory().machine_of(forgotten->peer)) {
        strangers_.insert({record.machine, *peer});
        if (const auto death = waiting_.find(*peer); death != waiting_.end())
          death->second.observers.erase(record.machine);
      }
    } else if (std::holds_alternative<event::MachineCrashed>(record.event)) {
      died_.insert({record.machine, record.at});
      see_crash(record, stage);
    } else if (std::holds_alternative<event::MachineResumed>(record.event)) {
      if (stage.directory().is_cluster_node(record.machine)) refresh(record.at);
    } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
      std::erase_if(held_, [&](const auto& entry) {
        if (entry.first.first != record.machine) return false;
        loaded_.insert(entry.first);
        return true;
      });
      waiting_.erase(record.machine);
      died_.erase(record.machine);
      refresh(record.at);
    }
    if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      const auto old = stage.directory().machine_of(promoted->old_primary);
      if (old) replaced_.insert(*old);
      promoted_.insert(record.machine);
    }
    if (stage.connectivity().changed()) whole_since_ = record.at;
    if (stage.weighed()) watch_silence(record.at, stage);
  }

  void finish(const Ending& ending) override {
    look_back(ending.at, last_record_, ending.stage);
    for (const auto& [pair, held] : held_) check_unlifted(ending.at, pair, held, ending.stage);
    if (disorder_ > timeout_) {
      cannot_check("clocks disagree by " + words(disorder_) + ", so the bounds say nothing");
    }
  }

  std::string numbers() const override {
    return counted(pfails_, "PFAIL") + ", " + counted(fails_, "FAIL") + ", slowest detection " +
           words(slowest_) + " of a crash (allowed " + words(slowest_allowed()) + ")";
  }

 private:
  using Pair = std::pair<MachineId, MachineId>;  // observer, peer
  struct Silence {
    SimTime began;
    std::optional<SimTime> ended;
  };
  using Silences = std::vector<Silence>;  // in order of time

  // Suspicions of a real server may be told late, and FAIL before the PFAIL that it needs.
  Duration told_within(MachineId observer) const { return suspicion_told_within(facts_, observer); }
  Duration slowest_allowed() const {
    Duration late{};
    for (const MachineId process : facts_.processes) late = std::max(late, told_within(process));
    return latest_ + late;
  }

  // What was lost in a silence is sent again after a pause that has doubled for as long as it
  // lasted, or on a new link, of which there is one every T: so long may bytes still be missing.
  SimTime over(const Silence& silence) const {
    return *silence.ended + grace_ + std::min(*silence.ended - silence.began, timeout_);
  }
  bool is_over(const Silence& silence, SimTime now, Duration told_late = {}) const {
    return silence.ended && over(silence) + told_late < now;
  }
  void mark(Silences& silences, bool silent, SimTime now) const {
    if (!silent) {
      if (!silences.empty() && !silences.back().ended) silences.back().ended = now;
      return;
    }
    std::erase_if(silences, [&](const Silence& silence) { return is_past(silence, now); });
    if (silences.empty() || is_over(silences.back(), now)) silences.push_back({now, {}});
    silences.back().ended.reset();
  }
  // Nobody's suspicion reaches back to it.
  bool is_past(const Silence& silence, SimTime now) const {
    return silence.ended && *silence.ended + 4 * timeout_ < now;
  }
  struct Held {
    event::Suspicion level{};
    SimTime until;  // last moment it was held; now, while level is not kNone
  };

  // Cheap for whole networks: only machines that do not serve, or pairs that a cut separates, are
  // kept.
  void watch_silence(SimTime now, const Stage& stage) {
    const std::vector<MachineId> nodes = stage.directory().cluster_nodes();
    for (const MachineId a : nodes) {
      const bool alone = !stage.directory().is_serving(a);
      mark(alone_[a], alone, now);
    }
    if (stage.connectivity().whole() && cuts_.empty()) return;
    for (const MachineId a : nodes) {
      for (const MachineId b : nodes) {
        if (!(a < b)) continue;
        const bool apart = !stage.connectivity().mutual(a, b);
        if (apart || cuts_.count({a, b}) > 0) mark(cuts_[{a, b}], apart, now);
      }
    }
    std::erase_if(cuts_, [&](const auto& entry) { return is_past(entry.second.back(), now); });
  }

  // The last first.
  Silences silences_of(Pair pair) const {
    Silences silences;
    const auto add = [&](const auto& known, const auto& whose) {
      if (const auto found = known.find(whose); found != known.end())
        silences.insert(silences.end(), found->second.begin(), found->second.end());
    };
    add(alone_, pair.first);
    add(alone_, pair.second);
    add(cuts_, Pair{std::minmax(pair.first, pair.second)});
    std::sort(silences.begin(), silences.end(),
              [](const Silence& a, const Silence& b) { return a.began > b.began; });
    return silences;
  }

  // Until a PING lost to a link that flaps has been sent again what else was heard counts, and the
  // last of that may be as old as a heartbeat when the silence begins.
  Duration asked_before(Pair pair, SimTime since) const {
    const Silences silences = silences_of(pair);
    SentAgain ping;
    for (auto silence = silences.rbegin(); silence != silences.rend(); ++silence) {
      if (silence->began >= since || !silence->ended) break;
      ping.see_outage(silence->began, *silence->ended);
    }
    return ping.by() > since ? Duration{1s} : Duration{};
  }

  // When the silence between the two began that is still on or has only just ended, for who might
  // tell of it late. One that began
  // before another was over counts from the beginning of that one: it found the streams stalled.
  std::optional<SimTime> silent_since(Pair pair, SimTime now) const {
    const Silences silences = silences_of(pair);
    std::optional<SimTime> since;
    for (const Silence& silence : silences) {
      const Duration late = since ? Duration{} : told_within(pair.first);
      if (!is_over(silence, since.value_or(now), late)) since = silence.began;
    }
    return since;
  }

  void see_suspicion(const Record& record, const event::SuspicionChanged& change,
                     const Stage& stage) {
    const auto peer = stage.directory().machine_of(change.peer);
    if (!peer) return;
    const Pair pair{record.machine, *peer};
    const event::Suspicion before = change.from;
    if (before == event::Suspicion::kFail) check_lifted(record, pair, held_.find(pair), stage);
    held_[pair] = {change.to, record.at};
    loaded_.erase(pair);
    if (change.to == event::Suspicion::kPfail) {
      evidence();
      ++pfails_;
      check_early(record, pair, stage);
      note_detection(record.at, pair);
    } else if (change.to == event::Suspicion::kFail) {
      evidence();
      ++fails_;
      note_detection(record.at, pair);
      check_fail(record, change, pair, before, stage);
    }
  }

  void check_early(const Record& record, Pair pair, const Stage& stage) {
    if (stage.disturbed() || stage.undisturbed_since() + 2 * timeout_ > record.at) return;
    const std::string what =
        std::string{stage.name(pair.first)} + " suspects " + std::string{stage.name(pair.second)};
    const auto since = silent_since(pair, record.at);
    if (!since) {
      violation(record, what + " although both run and hear each other");
    } else if (record.at - *since + asked_before(pair, *since) < earliest_) {
      violation(record, what + " after only " + words(record.at - *since) + " of silence (" +
                            words(earliest_) + " is the least)");
    }
  }

  void check_fail(const Record& record, const event::SuspicionChanged& change, Pair pair,
                  event::Suspicion before, const Stage& stage) {
    const std::string what = std::string{stage.name(pair.first)} + " holds " +
                             std::string{stage.name(pair.second)} + " for failed";
    if (change.reports == 0) {
      const auto counted_at = counted_.find(pair.second);
      if (counted_at == counted_.end()) {
        violation(record, what + " by a FAIL message although nobody has counted a majority");
      }
      return;
    }
    counted_[pair.second] = record.at;
    if (change.reports < change.quorum) {
      violation(record, what + " on " + counted(change.reports, "report") + ", " +
                            std::to_string(change.quorum) + " are needed");
    }
    if (before != event::Suspicion::kPfail && told_within(pair.first) == Duration{}) {
      violation(record, what + " by counting reports without suspecting it itself");
    }
    // What a fault has kept back brings old reports with it, which are new to who reads them.
    if (!stage.disturbed() && stage.undisturbed_since() + 2 * timeout_ <= record.at)
      check_reporters(record, change, pair, what);
  }

  // Reports come from nodes that hold the peer PFAIL or FAIL, or did within 2T, and that have been
  // primaries, or replicas of nobody, which look like them. (Whom the observer takes for one is its
  // own view, which may be old.)
  void check_reporters(const Record& record, const event::SuspicionChanged& change, Pair pair,
                       const std::string& what) {
    std::uint32_t reporters = 0;
    for (const Pair& holder : loaded_) {
      reporters += holder.second == pair.second && primaries_.count(holder.first) > 0 ? 1 : 0;
    }
    for (const auto& [holder, held] : held_) {
      if (holder.second != pair.second) continue;
      const bool now = held.level != event::Suspicion::kNone;
      const auto died = died_.find(holder.first);
      const SimTime until = !now ? held.until : died != died_.end() ? died->second : record.at;
      const bool recent = until + 2 * timeout_ + grace_ >= record.at;
      reporters += recent && primaries_.count(holder.first) > 0 ? 1 : 0;
    }
    if (reporters >= change.quorum) return;
    violation(record, what + " on " + counted(change.reports, "report") + ", but only " +
                          std::to_string(reporters) + (reporters == 1 ? " primary" : " primaries") +
                          " suspected it in the last " + words(2 * timeout_) + " (" +
                          std::to_string(change.quorum) + " are needed)");
  }

  // ---- Late ----

  void see_crash(const Record& record, const Stage& stage) {
    if (!stage.directory().is_cluster_node(record.machine)) return;
    if (!stage.connectivity().whole()) return;
    evidence();
    std::set<MachineId> observers;
    for (const MachineId node : stage.directory().up()) {
      const Pair pair{node, record.machine};
      const auto held = held_.find(pair);
      const bool suspects = held != held_.end() && held->second.level != event::Suspicion::kNone;
      if (!suspects && stage.directory().is_healthy(node) && strangers_.count(pair) == 0) {
        observers.insert(node);
      }
    }
    waiting_[record.machine] = {record.at, record.at, std::move(observers)};
  }

  // A node that starts takes the PONGs of its nodes.conf for fresh, one that was paused those that
  // have lain about meanwhile, and they tell the others, who PING a dead peer later for it: all
  // timers that have not sent their PING yet run anew.
  void refresh(SimTime now) {
    for (auto& [peer, death] : waiting_) {
      if (now <= death.timed_from + (latest_ - timeout_)) death.timed_from = now;
    }
  }

  void note_detection(SimTime now, Pair pair) {
    const auto found = waiting_.find(pair.second);
    if (found == waiting_.end() || found->second.observers.erase(pair.first) == 0) return;
    slowest_ = std::max(slowest_, now - found->second.at);
  }

  // ---- Lifted ----

  using HeldAt = std::map<Pair, Held>::const_iterator;

  // Only of a peer that has never changed its role can it be said from outside that it is a primary
  // with slots in the observer's view.
  void check_lifted(const Record& record, Pair pair, HeldAt held, const Stage& stage) {
    if (held == held_.end() || held->second.level != event::Suspicion::kFail) return;
    const event::Claim* claim = stage.directory().claim(pair.second);
    if (claim == nullptr || claim->role != Role::kPrimary || claim->slots->count() == 0) return;
    if (replaced_.count(pair.second) > 0 || promoted_.count(pair.second) > 0) return;
    const Duration lasted = record.at - held->second.until;
    if (lasted >= 2 * timeout_ - 1ms - disorder_) return;
    violation(record, std::string{stage.name(pair.first)} + " lifted FAIL from " +
                          std::string{stage.name(pair.second)} + ", a primary with slots, after " +
                          words(lasted) + " (" + words(2 * timeout_) + " is the least)");
  }

  void check_unlifted(SimTime end, Pair pair, const Held& held, const Stage& stage) {
    const bool fail = held.level == event::Suspicion::kFail;
    if (held.level == event::Suspicion::kNone || stage.disturbed()) return;
    if (!fail && facts_.processes.count(pair.first) > 0) return;  // PFAIL ends without a word
    const auto observer = stage.serving_since(pair.first);
    const auto peer = stage.serving_since(pair.second);
    if (!observer || !peer || !stage.connectivity().whole() || strangers_.count(pair) > 0) return;
    const SimTime reachable =
        std::max({*observer, *peer, held.until, whole_since_, stage.undisturbed_since()});
    if (end - reachable <= 3 * timeout_ + grace_) return;
    violation(end, last_record_,
              std::string{stage.name(pair.first)} + " still holds " +
                  std::string{stage.name(pair.second)} + (fail ? " for failed" : " suspected") +
                  " although it has been back for " + words(end - reachable) + " (allowed " +
                  words(3 * timeout_ + grace_) + ")");
  }

  void look_back(SimTime now, std::uint64_t record, const Stage& stage) {
    last_record_ = record;
    if (waiting_.empty()) return;
    for (auto& [peer, death] : waiting_) {
      if (now <= death.timed_from + latest_) continue;
      std::set<MachineId> not_due;
      for (const MachineId observer : death.observers) {
        const Duration allowed = latest_ + told_within(observer);
        if (now <= death.timed_from + allowed) {
          not_due.insert(observer);
          continue;
        }
        const auto serving = stage.serving_since(observer);
        if (!serving || *serving > death.at || !stage.connectivity().whole() ||
            cut_since(death.at) || stage.disturbed() ||
            stage.undisturbed_since() + timeout_ > death.at) {
          continue;
        }
        violation(now, record,
                  std::string{stage.name(observer)} + " does not suspect " +
                      std::string{stage.name(peer)} + " " + words(now - death.at) +
                      " after it died (allowed " + words(allowed) + ")");
      }
      death.observers = std::move(not_due);
    }
    std::erase_if(waiting_, [](const auto& entry) { return entry.second.observers.empty(); });
  }

  bool cut_since(SimTime at) const {
    return std::any_of(cuts_.begin(), cuts_.end(), [&](const auto& entry) {
      return !entry.second.back().ended || *entry.second.back().ended >= at;
    });
  }

  struct Death {
    SimTime at;
    SimTime timed_from;             // later than `at` if news of a PONG may have been relayed
    std::set<MachineId> observers;  // that have not noticed yet
  };

  RunFacts facts_;
  Duration timeout_, disorder_, earliest_, latest_, grace_;
  std::map<Pair, Held> held_;
  std::set<Pair> loaded_;  // suspicions that may have come back with nodes.conf
  std::map<MachineId, Silences> alone_;
  std::map<Pair, Silences> cuts_;         // none of them empty
  std::map<MachineId, SimTime> counted_;  // peers that somebody held FAIL by counting
  std::map<MachineId, Death> waiting_;
  std::map<MachineId, SimTime> died_;  // and has not started since
  std::set<MachineId> primaries_;      // or once were
  std::set<Pair> strangers_;           // observers that have forgotten a peer
  std::set<MachineId> replaced_;       // whose slots somebody has taken over
  std::set<MachineId> promoted_;       // and who has
  SimTime whole_since_{-1h};
  Duration slowest_{};
  std::uint64_t last_record_ = 0;
  std::uint64_t pfails_ = 0, fails_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_failure_detection_bounds(const RunFacts& facts) {
  return std::make_unique<FailureDetectionBounds>(facts);
}

}  // namespace sim
