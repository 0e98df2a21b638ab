// Numbers of a run and over seeds.
//
// `Metrics` folds one run into named integers; what an invariant counts anyway (the lost writes) it
// is given instead of counting it again. `MetricTable` collects them over seeds and answers
// nearest-rank percentiles with the seeds of the extremes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/metric.h"
#include "sim/invariants/stage.h"
#include "sim/trace/record.h"

namespace sim {

// What a run did not have it does not report: no crash, no time_to_fail. Absent is not zero.
class Metrics {
 public:
  explicit Metrics(const RunFacts& facts);
  Metrics(const Metrics& other);
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  // `stage` has seen the record.
  void see(const Record& record, const Stage& stage);
  // `counted_elsewhere`: what the invariants have counted.
  void finish(SimTime end, const Stage& stage, std::span<const Metric> counted_elsewhere = {});
  // Sorted by name. Precondition: finished.
  const std::vector<Metric>& values() const;
  std::optional<std::int64_t> value(std::string_view name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Distribution {
  MetricUnit unit{};
  std::uint64_t runs = 0;  // that reported it
  std::int64_t min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
  std::uint64_t min_seed = 0, max_seed = 0;  // the lowest seeds that have the extremes
};

class MetricTable {
 public:
  void add(std::uint64_t seed, std::span<const Metric> metrics);
  // By nearest rank: the smallest value that at least so many percent of the values do not exceed.
  std::optional<Distribution> distribution(std::string_view name) const;

 private:
  struct Column {
    MetricUnit unit{};
    std::vector<std::pair<std::int64_t, std::uint64_t>> values;  // (value, seed)
  };
  std::map<std::string, Column, std::less<>> columns_;
};

}  // namespace sim
