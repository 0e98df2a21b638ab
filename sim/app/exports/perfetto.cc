// A run as a trace for Perfetto or Chrome, from t = 0 on: each server a process, and beside them
// the cluster, its faults, its operators and its clients.
//
// Of a server: what it is, whether it finds the cluster ok, its part in elections, its messages
// with an arrow for each that arrived, its epochs as counters; and, since there are several at a
// time, whom it suspects and which of its pings are not answered yet. Of the cluster: the failovers
// of each shard, with their phases.
#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/app/exports/csv_row.h"
#include "sim/app/exports/export.h"
#include "sim/app/exports/trace_events.h"
#include "sim/base/check.h"
#include "sim/trace/directory.h"
#include "sim/trace/event_fields.h"

namespace sim {
namespace {

constexpr std::uint32_t kCluster = 1, kFaults = 2, kOperators = 3, kClients = 4, kFirstServer = 10;
constexpr std::uint32_t kRole = 1, kHealth = 2, kElections = 3, kBus = 4;
constexpr std::uint32_t kPhases = 1, kFirstShard = 2;
constexpr std::string_view kPing = "ping", kSuspicion = "suspicion";
const std::string kPfail = "PFAIL";  // the first phase of a failover

std::uint32_t process_of(MachineId machine) {
  return kFirstServer + machine.value;
}
TrackId track_of(MachineId machine, std::uint32_t thread) {
  return {process_of(machine), thread};
}

std::string_view without_plane(std::string_view label) {
  constexpr std::string_view kPlane = "bus:";
  return label.starts_with(kPlane) ? label.substr(kPlane.size()) : label;
}

class Perfetto final : public Exporter {
 public:
  Perfetto(ExportFile file, const Plan& plan) : events_(std::move(file)), who_(plan.facts.cast) {}

  void see(const Record& record) override {
    who_.see(record);
    remember(record);
    if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
      if (phase->phase == event::Phase::kFaults) begin(record.at);
      if (begun_) phase_began(record.at, phase->phase);
    }
    if (!begun_) return;
    rates_until(record.at);
    std::visit([&](const auto& event) { tell(record, event); }, record.event);
    if (is_told(record.machine)) states(record.machine, record.at);
  }

  void see(const Sighting& sighting) override;

  void end(const RunResult& result) override {
    if (begun_) rates_until(result.end);
    events_.close(std::max(last_, result.end), {{"scenario", result.scenario},
                                                {"case", result.case_name},
                                                {"seed", std::to_string(result.seed)},
                                                {"verdict", result.headline}});
  }

 private:
  struct Epochs {
    std::uint64_t current = 0, config = 0;
  };
  struct State {  // as it is told
    std::string role, health;
    Epochs epochs;
    bool epochs_told = false;
  };
  struct Failover {
    std::set<MachineId> suspecting;
    NodeName primary;
    std::string phase;  // empty: there is none
  };
  struct Rates {
    std::uint64_t ok = 0, failed = 0, unknown = 0, redirects = 0;
  };

  bool is_told(MachineId machine) const {
    return machine != kNoMachine && is_server(who_.cast()[machine.value].kind);
  }

  // ---- What is known from before t = 0 ----

  void remember(const Record& record) {
    last_ = std::max(last_, record.at);
    if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
      epochs_[record.machine] = {claim->current_epoch, claim->config_epoch};
    } else if (const auto* changed = std::get_if<event::EpochChanged>(&record.event)) {
      epochs_[record.machine] = {changed->current_to, changed->config_to};
    } else if (const auto* health = std::get_if<event::HealthChanged>(&record.event)) {
      health_[record.machine] = health->ok ? "" : "FAIL: " + health->why;
    }
  }

  void begin(SimTime at) {
    begun_ = true;
    events_.name_process(kCluster, "cluster");
    events_.name_track({kCluster, kPhases}, "phases");
    for (std::uint32_t shard = 0; shard < who_.shard_count(); ++shard)
      events_.name_track({kCluster, kFirstShard + shard}, "shard-" + std::to_string(shard));
    events_.name_process(kFaults, "faults");
    events_.name_process(kOperators, "operators");
    events_.name_process(kClients, "clients");
    for (std::uint32_t i = 0; i < who_.size(); ++i) {
      const MachineId machine{i};
      if (!is_told(machine)) continue;
      events_.name_process(process_of(machine), who_.name(machine));
      events_.name_track(track_of(machine, kRole), "role");
      events_.name_track(track_of(machine, kHealth), "cluster state");
      events_.name_track(track_of(machine, kElections), "elections");
      events_.name_track(track_of(machine, kBus), "bus");
      states(machine, at);
    }
  }

  // ---- Servers ----

  std::string role_of(MachineId machine) const {
    if (!who_.is_up(machine)) return "down";
    if (who_.is_paused(machine)) return "paused";
    const event::Claim* claim = who_.claim(machine);
    if (claim == nullptr) return "up";
    if (claim->role == Role::kReplica)
      return claim->replica_of.is_none() ? "replica of nobody"
                                         : "replica of " + who_.label(claim->replica_of);
    const std::size_t slots = claim->slots->slots().count();
    return "primary of " + std::to_string(slots) + (slots == 1 ? " slot" : " slots");
  }

  void set(TrackId track, SimTime at, std::string& shown, const std::string& now) {
    if (shown == now) return;
    events_.shut_all(track, at);
    if (!now.empty()) events_.open(track, at, now);
    shown = now;
  }

  void states(MachineId machine, SimTime at) {
    State& shown = shown_[machine];
    const bool up = who_.is_up(machine);
    set(track_of(machine, kRole), at, shown.role, role_of(machine));
    set(track_of(machine, kHealth), at, shown.health, up ? health_[machine] : "");
    const Epochs& epochs = epochs_[machine];
    const std::uint32_t process = process_of(machine);
    if (!shown.epochs_told || shown.epochs.current != epochs.current)
      events_.counter(process, at, "currentEpoch", std::to_string(epochs.current));
    if (!shown.epochs_told || shown.epochs.config != epochs.config)
      events_.counter(process, at, "configEpoch", std::to_string(epochs.config));
    shown.epochs = epochs;
    shown.epochs_told = true;
  }

  // What ends with a program: its elections, its suspicions, its pings.
  void died(MachineId machine, SimTime at) {
    if (!is_told(machine)) return;
    events_.shut_all(track_of(machine, kElections), at);
    for (std::uint32_t i = 0; i < who_.size(); ++i) {
      events_.shut_apart(process_of(machine), kSuspicion, i, at);
      events_.shut_apart(process_of(machine), kPing, i, at);
    }
    pings_.erase(pings_.lower_bound({machine, MachineId{0}}),
                 pings_.upper_bound({machine, MachineId{0xffffffff}}));
    health_[machine].clear();
    for (auto& [shard, failover] : failovers_) cleared(shard, failover, machine, at);
  }

  template <class Event>
  void tell(const Record&, const Event&) {}

  void tell(const Record& record, const event::MachineCrashed&) { died(record.machine, record.at); }
  void tell(const Record& record, const event::ProgramExited&) { died(record.machine, record.at); }

  void tell(const Record& record, const event::SuspicionChanged& change) {
    const auto peer = who_.machine_of(change.peer);
    if (!peer) return;
    const std::uint32_t process = process_of(record.machine);
    events_.shut_apart(process, kSuspicion, peer->value, record.at);
    if (change.to != event::Suspicion::kNone) {
      const bool pfail = change.to == event::Suspicion::kPfail;
      events_.open_apart(process, kSuspicion, peer->value, record.at,
                         (pfail ? "PFAIL " : "FAIL ") + std::string(who_.name(*peer)));
    }
    suspicion_of_a_primary(record, change, *peer);
  }

  // ---- Elections: who stands, and who votes ----

  TrackId elections(const Record& record) const { return track_of(record.machine, kElections); }

  void tell(const Record& record, const event::ElectionScheduled& it) {
    events_.shut_all(elections(record), record.at);
    events_.open(
        elections(record), record.at,
        "waits " + std::to_string(it.delay_ms) + " ms to stand, rank " + std::to_string(it.rank));
    phase_of_failover(it.primary, record.at, "waits to stand");
  }
  void tell(const Record& record, const event::ElectionStarted& it) {
    events_.shut_all(elections(record), record.at);
    const std::string name = "election, epoch " + std::to_string(it.epoch);
    events_.open(elections(record), record.at, name);
    phase_of_failover(it.primary, record.at, name);
  }
  void tell(const Record& record, const event::VoteCounted& it) {
    events_.instant(elections(record), record.at,
                    "vote of " + who_.label(it.voter) + ", " + std::to_string(it.votes) + " of " +
                        std::to_string(it.quorum));
  }
  void tell(const Record& record, const event::VoteGranted& it) {
    events_.instant(
        elections(record), record.at,
        "votes for " + who_.label(it.candidate) + ", epoch " + std::to_string(it.epoch));
  }
  void tell(const Record& record, const event::VoteRefused& it) {
    events_.instant(elections(record), record.at,
                    "no vote for " + who_.label(it.candidate) + ": " + it.why);
  }
  void tell(const Record& record, const event::ElectionHindered& it) {
    events_.instant(elections(record), record.at, "does not stand: " + it.why);
  }
  void tell(const Record& record, const event::ElectionExpired& it) {
    events_.shut_all(elections(record), record.at);
    events_.instant(elections(record), record.at, "epoch " + std::to_string(it.epoch) + " expired");
  }
  void tell(const Record& record, const event::Following&) {
    events_.shut_all(elections(record), record.at);
  }
  void tell(const Record& record, const event::Promoted& it) {
    events_.shut_all(elections(record), record.at);
    events_.instant(elections(record), record.at, "promoted, epoch " + std::to_string(it.epoch));
    for (auto& [shard, failover] : failovers_) {
      if (failover.primary == it.old_primary) over(shard, failover, record.at);
    }
  }

  // ---- The failover of a shard: from the first suspicion to the promotion, or to the last end
  // ----

  static TrackId shard_track(int shard) {
    return {kCluster, kFirstShard + static_cast<std::uint32_t>(shard)};
  }

  void suspicion_of_a_primary(const Record& record, const event::SuspicionChanged& change,
                              MachineId peer) {
    const int shard = who_.shard_of(peer);
    if (shard < 0 || who_.last_primary_of(shard) != peer) return;
    Failover& failover = failovers_[shard];
    if (change.to == event::Suspicion::kNone)
      return cleared(shard, failover, record.machine, record.at);
    failover.suspecting.insert(record.machine);
    if (failover.phase.empty()) {
      failover.primary = change.peer;
      events_.open(shard_track(shard), record.at, "failover of " + std::string(who_.name(peer)));
    }
    const bool failed = change.to == event::Suspicion::kFail;
    const bool news = failover.phase.empty() || (failed && failover.phase == kPfail);
    if (news) set_phase(shard, failover, record.at, failed ? "FAIL" : kPfail);
  }

  void set_phase(int shard, Failover& failover, SimTime at, const std::string& phase) {
    if (events_.depth(shard_track(shard)) > 1) events_.shut(shard_track(shard), at);
    events_.open(shard_track(shard), at, phase);
    failover.phase = phase;
  }

  void phase_of_failover(const NodeName& primary, SimTime at, const std::string& phase) {
    for (auto& [shard, failover] : failovers_) {
      const bool is_of_it = !failover.phase.empty() && failover.primary == primary;
      if (is_of_it && failover.phase != phase) set_phase(shard, failover, at, phase);
    }
  }

  void cleared(int shard, Failover& failover, MachineId machine, SimTime at) {
    failover.suspecting.erase(machine);
    if (failover.suspecting.empty()) over(shard, failover, at);
  }

  void over(int shard, Failover& failover, SimTime at) {
    events_.shut_all(shard_track(shard), at);
    failover = Failover{};
  }

  // ---- The plan ----

  void phase_began(SimTime at, event::Phase phase) {
    const TrackId track{kCluster, kPhases};
    auditing_ = phase == event::Phase::kAudit;
    events_.shut_all(track, at);
    if (phase != event::Phase::kDone) events_.open(track, at, enum_name(phase));
  }
  void tell(const Record& record, const event::FaultBegan& it) {
    const TrackId track{kFaults, it.id};
    events_.name_track(track, "fault " + std::to_string(it.id) + ": " + it.kind);
    if (lasts(it)) {
      events_.open(track, record.at, it.text);
    } else {
      events_.instant(track, record.at, it.text);
    }
  }
  void tell(const Record& record, const event::FaultEnded& it) {
    if (!it.never) events_.shut_all({kFaults, it.id}, record.at);
  }
  void tell(const Record& record, const event::OperationBegan& it) {
    const TrackId track{kOperators, it.id};
    events_.name_track(track, "step " + std::to_string(it.id) + ": " + it.name);
    events_.open(track, record.at, it.text);
  }
  void tell(const Record& record, const event::OperationEnded& it) {
    events_.shut_all({kOperators, it.id}, record.at);
  }

  // ---- Clients: how many operations ended in each second, and how ----

  void tell(const Record&, const event::OpCompleted& it) {
    if (auditing_) return;
    switch (it.outcome) {
      case event::OpOutcome::kOk:
        ++rates_.ok;
        return;
      case event::OpOutcome::kFailed:
        ++rates_.failed;
        return;
      case event::OpOutcome::kUnknown:
        ++rates_.unknown;
        return;
    }
  }
  void tell(const Record&, const event::Redirected&) {
    if (!auditing_) ++rates_.redirects;
  }

  void rates_until(SimTime at) {
    for (; second_ + 1s <= at; second_ += 1s) {
      events_.counter(kClients, second_, "ok per second", std::to_string(rates_.ok));
      events_.counter(kClients, second_, "failed per second", std::to_string(rates_.failed));
      events_.counter(kClients, second_, "unknown per second", std::to_string(rates_.unknown));
      events_.counter(kClients, second_, "redirects per second", std::to_string(rates_.redirects));
      const std::uint64_t all = rates_.ok + rates_.failed + rates_.unknown;
      if (all > 0) {
        events_.counter(kClients, second_, "availability (%)",
                        decimal(static_cast<std::int64_t>(rates_.ok * 10'000 / all), 2));
      }
      rates_ = Rates{};
    }
  }

  // ---- The bus ----

  SimTime sent(const Sighting& sighting, std::string_view label);
  void arrived(const Sighting& sighting, std::string_view label, SimTime left);

  TraceEvents events_;
  Directory who_;
  SimTime last_, second_;
  bool begun_ = false, auditing_ = false;
  std::map<MachineId, Epochs> epochs_;
  std::map<MachineId, std::string> health_;  // empty: ok
  std::map<MachineId, State> shown_;
  std::map<int, Failover> failovers_;  // by shard
  Rates rates_;
  // By line and sender: those under way, oldest first, by where their slices begin; negative if
  // they left before t = 0, and have none.
  std::map<std::pair<std::uint64_t, MachineId>, std::deque<SimTime>> under_way_;
  std::map<std::pair<MachineId, MachineId>, std::uint64_t> pings_;  // lines of those not answered
};

void Perfetto::see(const Sighting& sighting) {
  const std::string_view label = without_plane(sighting.payload->label());
  const bool told = begun_ && sighting.at >= SimTime{};
  if (told) last_ = std::max(last_, sighting.at);
  std::deque<SimTime>& under_way = under_way_[{sighting.line, sighting.from}];
  if (!sighting.arrived) {
    under_way.push_back(told ? sent(sighting, label) : SimTime::min());
    return;
  }
  CHECK(!under_way.empty());
  const SimTime left = under_way.front();
  under_way.pop_front();
  if (under_way.empty()) under_way_.erase({sighting.line, sighting.from});
  if (told) arrived(sighting, label, left);
}

// Where its slice begins.
SimTime Perfetto::sent(const Sighting& sighting, std::string_view label) {
  const std::string to(who_.name(sighting.to));
  if (label == "PING" || label == "MEET") {
    pings_[{sighting.from, sighting.to}] = sighting.line;
    events_.open_apart(process_of(sighting.from), kPing, sighting.to.value, sighting.at,
                       "PING " + to);
  }
  return events_.tick(track_of(sighting.from, kBus), sighting.at, std::string(label) + " to " + to,
                      sighting.payload->size());
}

void Perfetto::arrived(const Sighting& sighting, std::string_view label, SimTime left) {
  const TrackId track = track_of(sighting.to, kBus);
  const std::string from(who_.name(sighting.from));
  const SimTime at = events_.tick(track, sighting.at, std::string(label) + " from " + from,
                                  sighting.payload->size());
  if (left >= SimTime{}) events_.arrow(track_of(sighting.from, kBus), left, track, at);
  const auto ping = pings_.find({sighting.to, sighting.from});
  if (label != "PONG" || ping == pings_.end() || ping->second != sighting.line) return;
  events_.shut_apart(process_of(sighting.to), kPing, sighting.from.value, sighting.at);
  pings_.erase(ping);
}

}  // namespace

std::unique_ptr<Exporter> make_perfetto(ExportFile file, const Plan& plan) {
  return std::make_unique<Perfetto>(std::move(file), plan);
}

}  // namespace sim
