#include "sim/invariants/metrics.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/base/check.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/work_metrics.h"

namespace sim {
namespace {

constexpr std::int64_t kPerMillion = 1'000'000;

// a * b / c without overflow for what runs measure: c > 0, the result fits.
std::int64_t ratio(std::int64_t a, std::int64_t b, std::int64_t c) {
  return a / c * b + a % c * b / c;
}

bool is_write(event::OpKind kind) {
  return kind == event::OpKind::kWrite || kind == event::OpKind::kIncrement ||
         kind == event::OpKind::kAppend || kind == event::OpKind::kDelete;
}

}  // namespace

struct Metrics::Impl {
  // A primary that died, was paused or was cut off, until its slots are served again.
  struct Outage {
    SimTime began;
    std::optional<SimTime> failed;
    bool suspected = false, replaced = false, ok_again = false;
    MachineId successor = kNoMachine;  // promoted, has not yet applied a write
  };
  struct Operation {
    SimTime began;
    bool write = false, audit = false;
  };
  // What clients saw: all of them, or those of one workload.
  struct Traffic {
    std::int64_t ops = 0, answered = 0, acked_writes = 0, failed = 0, unknown = 0;
    std::int64_t redirects = 0, redirects_max = 0, clusterdowns = 0;
    std::int64_t latency_sum = 0, latency_max = 0, cache_reads = 0, hits = 0;
    std::map<std::string, std::int64_t> measured;
    void complete(const event::OpCompleted& done, const Operation& operation, SimTime at);
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
      : stage(facts.cast),
        work(facts.cast),
        shards(stage.directory().shard_count()),
        buses(facts.cast.size()) {
    const std::vector<std::string> apart = workloads_apart(facts.cast);
    workloads.insert(workloads.end(), apart.begin(), apart.end());
    traffic.resize(workloads.size());
    for (const MachineInfo& machine : facts.cast) {
      const auto found = std::find(workloads.begin() + 1, workloads.end(), machine.workload);
      workload_of.push_back(
          found == workloads.end() ? 0 : static_cast<std::size_t>(found - workloads.begin()));
    }
  }

  void see(const Record& record);
  void see_losses(const Record& record);
  void see_promotion(const Record& record, const event::Promoted& promoted);
  void see_clients(const Record& record);
  // All traffic, and that of the client's own workload where there are several.
  template <class Count>
  void count(MachineId client, Count count) {
    count(traffic.front());
    if (workload_of[client.value] != 0) count(traffic[workload_of[client.value]]);
  }
  void finish_traffic(const std::string& workload, const Traffic& of);
  void see_bus(const Record& record, const event::ViewSnapshot& view);
  void lose(MachineId machine, SimTime at);
  void watch_isolation(SimTime at);
  void watch_health(SimTime at);
  void watch_shards(SimTime at, bool over);
  bool available(int shard) const;
  void longest(const std::string& name, Duration duration);
  void put(std::string name, std::int64_t value);
  void finish(SimTime end, std::span<const Metric> counted_elsewhere);
  void finish_buses();

  Stage stage;
  WorkMetrics work;
  std::map<MachineId, Outage> losses;
  std::map<std::uint64_t, Operation> operations;
  std::vector<Shard> shards;
  std::vector<Bus> buses;
  std::set<MachineId> isolated;
  std::map<std::string, std::int64_t> sums;  // what is counted
  std::map<std::string, std::int64_t> maxima;
  std::optional<SimTime> healed;
  Duration slot_time_lost{}, slot_time{};
  std::vector<std::string> workloads{""};  // all of them together, then one by one
  std::vector<Traffic> traffic;            // likewise
  std::vector<std::size_t> workload_of;    // by machine; 0: none that is told apart
  bool cluster_seen = false, clients_seen = false;
  std::vector<Metric> values;
};

void Metrics::Impl::longest(const std::string& name, Duration duration) {
  auto [found, fresh] = maxima.insert({name, duration.count()});
  if (!fresh) found->second = std::max(found->second, std::int64_t{duration.count()});
}

void Metrics::Impl::see(const Record& record) {
  stage.see(record);
  work.see(record, stage);
  see_losses(record);
  see_clients(record);
  if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    see_bus(record, *view);
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

void Metrics::Impl::lose(MachineId machine, SimTime at) {
  const event::Claim* claim = stage.directory().claim(machine);
  if (stage.forming() || claim == nullptr || claim->role != Role::kPrimary) return;
  if (claim->slots->count() > 0)
    losses.insert({machine, Outage{at, {}, false, false, false, kNoMachine}});
}

void Metrics::Impl::see_losses(const Record& record) {
  const bool may_change = stage.weighed();
  if (std::holds_alternative<event::MachineCrashed>(record.event) ||
      std::holds_alternative<event::MachinePaused>(record.event) ||
      std::holds_alternative<event::ProgramExited>(record.event)) {
    lose(record.machine, record.at);
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
    see_promotion(record, *promoted);
  } else if (std::holds_alternative<event::WriteApplied>(record.event)) {
    for (auto& [machine, lost] : losses) {
      if (lost.successor != record.machine) continue;
      longest("recovery", record.at - lost.began);
      lost.successor = kNoMachine;
    }
  }
  if (may_change) watch_isolation(record.at);
  if (may_change || std::holds_alternative<event::HealthChanged>(record.event)) {
    watch_health(record.at);
    watch_shards(record.at, false);
  }
  std::erase_if(losses, [](const auto& entry) {
    const Outage& lost = entry.second;
    return lost.ok_again && lost.successor == kNoMachine;
  });
}

void Metrics::Impl::see_promotion(const Record& record, const event::Promoted& promoted) {
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

void Metrics::Impl::watch_isolation(SimTime at) {
  for (const MachineId machine : stage.directory().cluster_nodes()) {
    if (!stage.isolated_since(machine)) {
      isolated.erase(machine);
    } else if (isolated.insert(machine).second) {
      lose(machine, at);
    }
  }
}

// All live nodes that reach a majority are ok, and every lost primary has been replaced or is back.
void Metrics::Impl::watch_health(SimTime at) {
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

bool Metrics::Impl::available(int shard) const {
  const auto primary = stage.directory().primary_of(shard);
  return primary && stage.directory().is_serving(*primary) &&
         stage.directory().is_healthy(*primary) && !stage.isolated_since(*primary);
}

void Metrics::Impl::watch_shards(SimTime at, bool over) {
  if (stage.forming()) return;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    Shard& shard = shards[i];
    const bool now = available(static_cast<int>(i));
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

// ---- Clients ----

void Metrics::Impl::see_clients(const Record& record) {
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    clients_seen |= !invoked->final_read;
    operations[invoked->operation] = {record.at, is_write(invoked->kind), invoked->final_read};
  } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    const auto found = operations.find(done->operation);
    if (found == operations.end()) return;
    const Operation operation = found->second;
    operations.erase(found);
    if (operation.audit) return;
    count(record.machine, [&](Traffic& of) { of.complete(*done, operation, record.at); });
  } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
    const std::string& reply = redirected->reply;
    count(record.machine, [&](Traffic& of) {
      of.redirects += reply.starts_with("MOVED") || reply.starts_with("ASK") ? 1 : 0;
      of.clusterdowns += reply.starts_with("CLUSTERDOWN") ? 1 : 0;
    });
  } else if (const auto* read = std::get_if<event::CacheRead>(&record.event)) {
    count(record.machine, [&](Traffic& of) {
      ++of.cache_reads;
      of.hits += read->hit ? 1 : 0;
    });
  } else if (const auto* measured = std::get_if<event::Measured>(&record.event)) {
    const bool known = find_metric(measured->name) != nullptr;
    count(record.machine, [&](Traffic& of) {
      of.measured[known ? measured->name : "measured_" + measured->name] += measured->value;
    });
  }
}

void Metrics::Impl::Traffic::complete(const event::OpCompleted& done, const Operation& operation,
                                      SimTime at) {
  ++ops;
  redirects_max = std::max(redirects_max, std::int64_t{done.redirects});
  failed += done.outcome == event::OpOutcome::kFailed ? 1 : 0;
  unknown += done.outcome == event::OpOutcome::kUnknown ? 1 : 0;
  if (done.outcome != event::OpOutcome::kOk) return;
  ++answered;
  acked_writes += operation.write ? 1 : 0;
  const std::int64_t latency = (at - operation.began).count();
  latency_sum += latency;
  latency_max = std::max(latency_max, latency);
}

void Metrics::Impl::finish_traffic(const std::string& workload, const Traffic& of) {
  const auto tell = [&](std::string_view name, std::int64_t value) {
    put(metric_of(name, workload), value);
  };
  if (clients_seen) {
    tell("ops", of.ops);
    tell("acked_writes", of.acked_writes);
    tell("failed_ops", of.failed);
    tell("unknown_ops", of.unknown);
    tell("redirects", of.redirects);
    tell("clusterdowns", of.clusterdowns);
  }
  if (of.ops > 0) {
    tell("redirects_max", of.redirects_max);
    tell("availability", ratio(of.answered, kPerMillion, of.ops));
  }
  if (of.answered > 0) {
    tell("latency_mean", of.latency_sum / of.answered);
    tell("latency_max", of.latency_max);
  }
  if (of.cache_reads > 0) tell("hit_rate", ratio(of.hits, kPerMillion, of.cache_reads));
  for (const auto& [name, value] : of.measured) tell(name, value);
}

// ---- The bus ----

// Rates are taken between the first and the last full view of a node's last incarnation; with one
// view only, from its start.
void Metrics::Impl::see_bus(const Record& record, const event::ViewSnapshot& view) {
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

void Metrics::Impl::finish(SimTime end, std::span<const Metric> counted_elsewhere) {
  watch_shards(end, true);
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
  for (std::size_t i = 0; i < traffic.size(); ++i) finish_traffic(workloads[i], traffic[i]);
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

void Metrics::see(const Record& record) {
  impl_->see(record);
}
void Metrics::finish(SimTime end, std::span<const Metric> counted_elsewhere) {
  impl_->finish(end, counted_elsewhere);
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
