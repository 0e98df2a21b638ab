// Metrics over seeds.
#include <algorithm>
#include <utility>

#include "sim/invariants/metrics.h"

namespace sim {

void MetricTable::add(std::uint64_t seed, std::span<const Metric> metrics) {
  for (const Metric& metric : metrics) {
    Column& column = columns_[metric.name];
    column.unit = metric.unit;
    const std::pair entry{metric.value, seed};
    column.values.insert(std::upper_bound(column.values.begin(), column.values.end(), entry),
                         entry);
  }
}

namespace {
using Values = std::vector<std::pair<std::int64_t, std::uint64_t>>;

// Nearest rank: ceil(percent/100 * n), counted from 1. Precondition: not empty.
const std::pair<std::int64_t, std::uint64_t>& nearest_rank(const Values& values,
                                                           std::uint32_t percent) {
  const std::size_t rank = (values.size() * percent + 99) / 100;
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

// The lowest seed that has the value.
std::uint64_t first_seed_of(const Values& values, std::int64_t value) {
  return std::lower_bound(values.begin(), values.end(), std::pair{value, std::uint64_t{0}})->second;
}
}  // namespace

std::optional<Distribution> MetricTable::distribution(std::string_view name) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return std::nullopt;
  const Values& values = found->second.values;
  Distribution result;
  result.unit = found->second.unit;
  result.runs = values.size();
  result.min = values.front().first;
  result.p50 = nearest_rank(values, 50).first;
  result.p90 = nearest_rank(values, 90).first;
  result.p99 = nearest_rank(values, 99).first;
  result.max = values.back().first;
  result.min_seed = first_seed_of(values, result.min);
  result.max_seed = first_seed_of(values, result.max);
  return result;
}

}  // namespace sim
