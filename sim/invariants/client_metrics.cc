#include "sim/invariants/client_metrics.h"

#include <algorithm>

#include "sim/invariants/core.h"

namespace sim {

ClientMetrics::ClientMetrics(const Cast& cast) {
  const std::vector<std::string> apart = workloads_apart(cast);
  workloads_.insert(workloads_.end(), apart.begin(), apart.end());
  traffic_.resize(workloads_.size());
  for (const MachineInfo& machine : cast) {
    const auto found = std::find(workloads_.begin() + 1, workloads_.end(), machine.workload);
    workload_of_.push_back(
        found == workloads_.end() ? 0 : static_cast<std::size_t>(found - workloads_.begin()));
  }
}

void ClientMetrics::see(const Record& record) {
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    const bool audit = invoked->final_read || invoked->workload == kProgressWorkload;
    seen_ |= !audit;
    operations_[invoked->operation] = {record.at, changes_data(invoked->kind), audit};
  } else if (const auto* done = std::get_if<event::OpCompleted>(&record.event)) {
    const auto found = operations_.find(done->operation);
    if (found == operations_.end()) return;
    const Operation operation = found->second;
    operations_.erase(found);
    if (operation.audit) return;
    count(record.machine, [&](Traffic& of) { of.complete(*done, operation, record.at); });
  } else if (const auto* redirected = std::get_if<event::Redirected>(&record.event)) {
    count(record.machine, [&](Traffic& of) { of.redirect(redirected->reply); });
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

void ClientMetrics::Traffic::redirect(const std::string& reply) {
  const bool ask = reply.starts_with("ASK");
  asks += ask ? 1 : 0;
  redirects += ask || reply.starts_with("MOVED") ? 1 : 0;
  clusterdowns += reply.starts_with("CLUSTERDOWN") ? 1 : 0;
}

void ClientMetrics::Traffic::complete(const event::OpCompleted& done, const Operation& operation,
                                      SimTime at) {
  ++ops;
  redirects_max = std::max(redirects_max, std::int64_t{done.redirects});
  failed += done.outcome == event::OpOutcome::kFailed ? 1 : 0;
  unknown += done.outcome == event::OpOutcome::kUnknown ? 1 : 0;
  if (done.outcome != event::OpOutcome::kOk) return;
  acked_writes += operation.write ? 1 : 0;
  const std::int64_t latency = (at - operation.began).count();
  latency_sum += latency;
  latencies.add(latency);
}

void ClientMetrics::finish(const std::string& workload, const Traffic& of,
                           std::vector<Metric>& into) const {
  const auto tell = [&](std::string_view name, std::int64_t value) {
    into.push_back(metric(metric_of(name, workload), value));
  };
  if (seen_) {
    tell("ops", of.ops);
    tell("acked_writes", of.acked_writes);
    tell("failed_ops", of.failed);
    tell("unknown_ops", of.unknown);
    tell("redirects", of.redirects);
    tell("asks", of.asks);
    tell("clusterdowns", of.clusterdowns);
  }
  const auto answered = static_cast<std::int64_t>(of.latencies.count());
  if (of.ops > 0) {
    tell("redirects_max", of.redirects_max);
    tell("availability", ratio(answered, kPerMillion, of.ops));
  }
  if (answered > 0) {
    tell("latency_mean", of.latency_sum / answered);
    tell("latency_p50", of.latencies.percentile(50));
    tell("latency_p90", of.latencies.percentile(90));
    tell("latency_p99", of.latencies.percentile(99));
    tell("latency_max", of.latencies.max());
  }
  if (of.cache_reads > 0) tell("hit_rate", ratio(of.hits, kPerMillion, of.cache_reads));
  for (const auto& [name, value] : of.measured) tell(name, value);
}

void ClientMetrics::finish(std::vector<Metric>& into) const {
  for (std::size_t i = 0; i < traffic_.size(); ++i) finish(workloads_[i], traffic_[i], into);
}

}  // namespace sim
