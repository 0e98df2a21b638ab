// What clients saw, in numbers: of all of them, and of each workload where there are several.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/invariants/histogram.h"
#include "sim/invariants/metric.h"
#include "sim/trace/fold.h"

namespace sim {

class ClientMetrics final : public TraceFold {
 public:
  explicit ClientMetrics(const Cast& cast);

  void see(const Record& record) override;
  void finish(std::vector<Metric>& into) const;

 private:
  struct Operation {
    SimTime began;
    bool write = false, audit = false;
  };
  struct Traffic {
    std::int64_t ops = 0, acked_writes = 0, failed = 0, unknown = 0;
    std::int64_t redirects = 0, redirects_max = 0, asks = 0, clusterdowns = 0;
    std::int64_t latency_sum = 0, cache_reads = 0, hits = 0;
    Histogram latencies;  // of what was answered
    std::map<std::string, std::int64_t> measured;
    void complete(const event::OpCompleted& done, const Operation& operation, SimTime at);
    void redirect(const std::string& reply);
  };

  // All traffic, and that of the client's own workload where there are several.
  template <class Count>
  void count(MachineId client, Count count) {
    count(traffic_.front());
    if (workload_of_[client.value] != 0) count(traffic_[workload_of_[client.value]]);
  }
  void finish(const std::string& workload, const Traffic& of, std::vector<Metric>& into) const;

  std::map<std::uint64_t, Operation> operations_;
  std::vector<std::string> workloads_{""};  // all of them together, then one by one
  std::vector<Traffic> traffic_;            // likewise
  std::vector<std::size_t> workload_of_;    // by machine; 0: none that is told apart
  bool seen_ = false;
};

}  // namespace sim
