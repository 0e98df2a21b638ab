#include "sim/invariants/metrics.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/invariants/client_metrics.h"
#include "sim/invariants/operation_metrics.h"
#include "sim/invariants/work_metrics.h"

namespace sim {

struct Metrics::Impl {
  // A primary that died, was paused or was cut off, until its slots are served again.
  struct Outage {
    SimTime began;
    std::optional<SimTime> failed;
    bool suspected = false, replaced = false, ok_again = false;
    MachineId successor = kNoMachine;  // promoted, has not yet applied a write
  };
  struct Shard {
    SimTime changed;
    bool available = false, known = false;
  };
  struct Bus {
    std::map<std::string, std::uint64_t> last;
    SimTime from, until;
    std::uint32_t incarnation = 0;
    bool started = false;
  };

  explicit Impl(const RunFacts& facts)
      : work(facts.cast),
        clients(facts.cast),
        administration(facts.cast),
        buses(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage);
  void see_losses(const Record& record, const Stage& stage);
  void see_promotion(const Record& record, const event::Promoted& promoted, const Stage& stage);
  void see_bus(const Record& record, const event::ViewSnapshot& view, const Stage& stage);
  void lose(MachineId machine, SimTime at, const Stage& stage);
  void watch_isolation(SimTime at, const Stage& stage);
  void watch_health(SimTime at, const Stage& stage);
  void watch_shards(SimTime at, const Stage& stage, bool over);
  static bool available(int shard, const Stage& stage);
  void longest(const std::string& name, Duration duration);
  void put(std::string name, std::int64_t value);
  void finish(SimTime end, const Stage& stage, std::span<const Metric> counted_elsewhere);
  void finish_buses();

  WorkMetrics work;
  ClientMetrics clients;
  OperationMetrics administration;
  std::map<MachineId, Outage> losses;
  std::vector<Shard> shards;
  std::vector<Bus> buses;
  std::set<MachineId> isolated;
  std::map<std::string, std::int64_t> sums;  // what is counted
  std::map<std::string, std::int64_t> maxima;
  std::optional<SimTime> healed;
  Duration slot_time_lost{}, slot_time{};
  bool cluster_seen = false;
  std::vector<Metric> values;
};

void Metrics::Impl::longest(const std::string& name, Duration duration) {
  auto [found, fresh] = maxima.insert({name, duration.count()});
  if (!fresh) found->second = std::max(found->second, std::int64_t{duration.count()});
}

void Metrics::Impl::see(const Record& record, const Stage& stage) {
  work.see(record, stage);
  see_losses(record, stage);
  clients.see(record);
  administration.see(record);
  if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    see_bus(record, *view, stage);
  } else if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    if (phase->phase == event::Phase::kSettling) healed = record.at;
  } else if (std::holds_alternative<event::Converged>(record.event)) {
    if (healed) longest("convergence", record.at - *healed);
  } else if (const auto* up = std::get_if<event::ReplicationUp>(&record.event)) {
    ++sums[up->how == event::SyncKind::kFull ? "full_syncs" : "partial_syncs"];
  } else if (std::holds_alternative<event::ElectionStarted>(record.event)) {
    ++sums["elections"];
  } else if (std::holds_alternative<event::ElectionExpired>(record.event)) {
    ++sums["elections_expired"];
  } else if (std::holds_alternative<event::VoteGranted>(record.event)) {
    ++sums["votes"];
  } else if (const auto* change = std::get_if<event::EpochChanged>(&record.event)) {
    sums["epoch_collisions"] += change->cause == event::EpochCause::kCollision ? 1 : 0;
  } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
    cluster_seen |= stage.directory().is_cluster_node(record.machine);
  }
}

// ---- Primaries that are lost, and what becomes of their slots ----

void Metrics::Impl::lose(MachineId machine, SimTime at, const Stage& stage) {
  const event::Claim* claim = stage.directory().claim(machine);
  if (stage.forming() || claim == nullptr || claim->role != Role::kPrimary) return;
  if (claim->slots->count() > 0)
    losses.insert({machine, Outage{at, {}, false, false, false, kNoMachine}});
}

void Metrics::Impl::see_losses(const Record& record, const Stage& stage) {
  const bool may_change = stage.weighed();
  if (std::holds_alternative<event::MachineCrashed>(record.event) ||
      std::holds_alternative<event::MachinePaused>(record.event) ||
      std::holds_alternative<event::ProgramExited>(record.event)) {
    lose(record.machine, record.at, stage);
  } else if (const auto* change = std::get_if<event::SuspicionChanged>(&record.event)) {
    const auto peer = stage.directory().machine_of(change->peer);
    const auto loss = peer ? losses.find(*peer) : losses.end();
    if (loss != losses.end() && change->to != event::Suspicion::kNone) {
      Outage& lost = loss->second;
      if (!lost.suspected) longest("time_to_pfail", record.at - lost.began);
      lost.suspected = true;
      if (change->to == event::Suspicion::kFail && !lost.failed) {
        longest("time_to_fail", record.at - lost.began);
        lost.failed = record.at;
      }
    }
  } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
    see_promotion(record, *promoted, stage);
  } else if (std::holds_alternative<event::WriteApplied>(record.event)) {
    for (auto& [machine, lost] : losses) {
      if (lost.successor != record.machine) continue;
      longest("recovery", record.at - lost.began);
      lost.successor = kNoMachine;
    }
  }
  if (may_change) watch_isolation(record.at, stage);
  if (may_change || std::holds_alternative<event::HealthChanged>(record.event)) {
    watch_health(record.at, stage);
    watch_shards(record.at, stage, false);
  }
  std::erase_if(losses, [](const auto& entry) {
    const Outage& lost = entry.second;
    return lost.ok_again && lost.successor == kNoMachine;
  });
}

void Metrics::Impl::see_promotion(const Record& record, const event::Promoted& promoted,
                                  const Stage& stage) {
  ++sums["promotions"];
  sums["takeovers"] += promoted.takeover ? 1 : 0;
  const auto old = stage.directory().machine_of(promoted.old_primary);
  const auto loss = old ? losses.find(*old) : losses.end();
  if (loss == losses.end() || loss->second.replaced) return;
  Outage& lost = loss->second;
  longest("promotion", record.at - lost.began);
  if (lost.failed) longest("election", record.at - *lost.failed);
  lost.replaced = true;
  lost.successor = record.machine;
}

void Metrics::Impl::watch_isolation(SimTime at, const Stage& stage) {
  for (const MachineId machine : stage.directory().cluster_nodes()) {
    if (!stage.isolated_since(machine)) {
      isolated.erase(machine);
    } else if (isolated.insert(machine).second) {
      lose(machine, at, stage);
    }
  }
}

// All live nodes that reach a majority are ok, and every lost primary has been replaced or is back.
void Metrics::Impl::watch_health(SimTime at, const Stage& stage) {
  if (losses.empty()) return;
  const Directory& directory = stage.directory();
  for (const MachineId machine : directory.cluster_nodes()) {
    if (directory.is_serving(machine) && !stage.isolated_since(machine) &&
        !directory.is_healthy(machine))
      return;
  }
  for (auto& [machine, lost] : losses) {
    const bool back = directory.is_serving(machine) && !stage.isolated_since(machine);
    if (lost.ok_again || (!lost.replaced && !back)) continue;
    longest("state_ok_again", at - lost.began);
    lost.ok_again = true;
  }
}

bool Metrics::Impl::available(int shard, const Stage& stage) {
  const auto primary = stage.directory().primary_of(shard);
  return primary && stage.directory().is_serving(*primary) &&
         stage.directory().is_healthy(*primary) && !stage.isolated_since(*primary);
}

void Metrics::Impl::watch_shards(SimTime at, const Stage& stage, bool over) {
  if (stage.forming()) return;
  shards.resize(stage.directory().shard_count());
  for (std::size_t i = 0; i < shards.size(); ++i) {
    Shard& shard = shards[i];
    const bool now = available(static_cast<int>(i), stage);
    if (!shard.known && !now) continue;  // counted from the first moment it was there
    if (shard.known && (now != shard.available || over)) {
      const auto slots = stage.directory().home(static_cast<int>(i))->count();
      const Duration lasted = at - shard.changed;
      slot_time += lasted * slots;
      if (!shard.available) {
        slot_time_lost += lasted * slots;
        longest("unavailability_max", lasted);
        sums["unavailability_total"] += lasted.count();
      }
    }
    if (!shard.known || now != shard.available || over) shard.changed = at;
    shard.known = true;
    shard.available = now;
  }
}

// ---- The bus ----

// Rates are taken between the first and the last full view of a node's last incarnation; with one
// view only, from its start.
void Metrics::Impl::see_bus(const Record& record, const event::ViewSnapshot& view,
                            const Stage& stage) {
  if (view.counters.empty() || record.machine.value >= buses.size()) return;
  Bus& bus = buses[record.machine.value];
  const std::uint32_t incarnation = stage.directory().incarnation(record.machine);
  if (!bus.started || bus.incarnation != incarnation) {
    bus = {};
    bus.from = stage.serving_since(record.machine).value_or(record.at);
    bus.incarnation = incarnation;
    bus.started = true;
  }
  bus.last = view.counters;
  bus.until = record.at;
}

void Metrics::Impl::finish_buses() {
  std::map<std::string, std::int64_t> messages;
  std::int64_t milliseconds = 0;
  for (const Bus& bus : buses) {
    if (!bus.started || bus.until <= bus.from) continue;
    milliseconds += (bus.until - bus.from) / 1ms;
    for (const auto& [name, count] : bus.last) {
      if (name.starts_with("bus_")) messages[name] += static_cast<std::int64_t>(count);
    }
  }
  if (milliseconds == 0) return;
  for (const auto& [name, count] : messages) put(name, ratio(count, 1'000'000, milliseconds));
}

// ---- The end ----

void Metrics::Impl::put(std::string name, std::int64_t value) {
  values.push_back(metric(std::move(name), value));
}

void Metrics::Impl::finish(SimTime end, const Stage& stage,
                           std::span<const Metric> counted_elsewhere) {
  watch_shards(end, stage, true);
  if (cluster_seen) {
    for (const char* name :
         {"promotions", "takeovers", "elections", "elections_expired", "votes", "epoch_collisions",
          "full_syncs", "partial_syncs", "unavailability_total"}) {
      sums.insert({name, 0});
    }
    maxima.insert({"unavailability_max", 0});
    const std::int64_t total = slot_time / 1us;
    if (total > 0) put("slot_unavailability_ppm", ratio(slot_time_lost / 1us, kPerMillion, total));
  }
  clients.finish(values);
  administration.finish(values);
  for (const auto& [name, value] : sums) put(name, value);
  for (const auto& [name, value] : maxima) put(name, value);
  finish_buses();
  work.finish(end, stage, values);
  values.insert(values.end(), counted_elsewhere.begin(), counted_elsewhere.end());
  std::sort(values.begin(), values.end(),
            [](const Metric& a, const Metric& b) { return a.name < b.name; });
}

Metrics::Metrics(const RunFacts& facts) : impl_(std::make_unique<Impl>(facts)) {}
Metrics::Metrics(const Metrics& other) : impl_(std::make_unique<Impl>(*other.impl_)) {}
Metrics::~Metrics() = default;

void Metrics::see(const Record& record, const Stage& stage) {
  impl_->see(record, stage);
}
void Metrics::finish(SimTime end, const Stage& stage, std::span<const Metric> counted_elsewhere) {
  impl_->finish(end, stage, counted_elsewhere);
}
const std::vector<Metric>& Metrics::values() const {
  return impl_->values;
}

std::optional<std::int64_t> Metrics::value(std::string_view name) const {
  for (const Metric& metric : impl_->values) {
    if (metric.name == name) return metric.value;
  }
  return std::nullopt;
}

}  // namespace sim
