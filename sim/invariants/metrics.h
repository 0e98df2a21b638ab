// Numbers of a run, over seeds, and bounds on them.
//
// `Metrics` folds one run into named integers (nanoseconds, counts, parts per million, thousandths
// per second): no floating point, so that a number is the same everywhere. `MetricTable` collects
// them over seeds and answers nearest-rank percentiles with the worst seed. `Bound` is what a
// scenario writes: "promotion_p99": "<20s".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/invariant.h"
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
};
std::span<const MetricKind> metric_kinds();
const MetricKind* find_metric(std::string_view name);  // a family answers for its members

struct Metric {
  std::string name;
  MetricUnit unit{};
  std::int64_t value = 0;
};

// What a run did not have it does not report: no crash, no time_to_fail. Absent is not zero.
class Metrics final : public TraceFold {
 public:
  explicit Metrics(const RunFacts& facts);
  Metrics(const Metrics& other);
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics() override;

  void see(const Record& record) override;
  void finish(SimTime end);
  // Sorted by name. Precondition: finished.
  const std::vector<Metric>& values() const;
  std::optional<std::int64_t> value(std::string_view name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct Distribution {
  std::string name;
  MetricUnit unit{};
  std::uint64_t runs = 0;  // that reported it
  std::int64_t min = 0, p50 = 0, p90 = 0, p99 = 0, max = 0;
  std::uint64_t worst_seed = 0;  // the lowest seed that has the maximum
};

class MetricTable {
 public:
  void add(std::uint64_t seed, std::span<const Metric> metrics);
  std::uint64_t runs() const { return runs_; }
  // Sorted by name.
  std::vector<Distribution> distributions() const;
  std::optional<Distribution> distribution(std::string_view name) const;
  // Nearest rank: the smallest value that at least `percent` of the values do not exceed.
  std::optional<std::int64_t> percentile(std::string_view name, std::uint32_t percent) const;

 private:
  struct Column {
    MetricUnit unit{};
    std::vector<std::pair<std::int64_t, std::uint64_t>> values;  // (value, seed)
  };
  std::uint64_t runs_ = 0;
  std::map<std::string, Column, std::less<>> columns_;
};

enum class Statistic : std::uint8_t { kMin, kP50, kP90, kP99, kMax };
enum class Comparison : std::uint8_t { kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater };

struct Bound {
  std::string metric;
  Statistic statistic = Statistic::kMax;
  Comparison comparison{};
  std::int64_t limit = 0;  // in the metric's unit
  MetricUnit unit{};
  std::string text;  // as written: "promotion_p99 <20s"
};
// `key` is a metric, optionally with _min, _p50, _p90, _p99 or _max (the default); `text` is a
// comparison (< <= == >= >) and a number with a unit: ns us ms s m h, %, ppm, /s, or none. Decimal
// fractions are exact ("1.5s"). Answers the bound, or what is wrong with it in a sentence that says
// what was expected.
std::variant<Bound, std::string> parse_bound(std::string_view key, std::string_view text);

struct BoundResult {
  bool measured = false;  // false: no run reported the metric; the bound then does not hold
  bool holds = false;
  std::int64_t value = 0;
  std::uint64_t seed = 0;  // the worst: the lowest that has the maximum
  std::string sentence;    // "promotion_p99 <20s: is 18.204 s over 50 runs (worst seed 17)"
};
BoundResult evaluate(const Bound& bound, const MetricTable& table);

}  // namespace sim
