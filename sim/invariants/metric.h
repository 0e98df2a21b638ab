// A number of a run, and what kinds of them there are. All are integers (nanoseconds, counts, parts
// per million, thousandths per second): no floating point, so that a number is the same everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/fold.h"

namespace sim {

enum class MetricUnit : std::uint8_t {
  kNanoseconds,
  kCount,
  kPpm,             // parts per million: 250,000 is 25 %
  kMilliPerSecond,  // thousandths per second: 1,000 is once a second
};
// "1.204 s", "17", "25.00 %", "1.000/s".
std::string format_metric(std::int64_t value, MetricUnit unit);

struct MetricKind {
  std::string_view name;  // "promotion"; a name ending in '*' is a family: "bus_sent_*"
  MetricUnit unit{};
  std::string_view description;
  // Also told of each workload where there are several, as "hit_rate of sessions".
  bool per_workload = false;
};
std::span<const MetricKind> metric_kinds();
// A family answers for its members, a metric for what it is of a workload.
const MetricKind* find_metric(std::string_view name);

struct Metric {
  std::string name;
  MetricUnit unit{};
  std::int64_t value = 0;
};
// Precondition: there is a metric of that name.
Metric metric(std::string name, std::int64_t value);
inline constexpr std::int64_t kPerMillion = 1'000'000;
// a * b / c without overflow for what runs measure: c > 0, the result fits.
inline std::int64_t ratio(std::int64_t a, std::int64_t b, std::int64_t c) {
  return a / c * b + a % c * b / c;
}
// "hit_rate of sessions"; the name alone for no workload.
std::string metric_of(std::string_view name, std::string_view workload);
// The workloads whose metrics are told one by one: all if there are several, otherwise none.
std::vector<std::string> workloads_apart(const Cast& cast);

}  // namespace sim
