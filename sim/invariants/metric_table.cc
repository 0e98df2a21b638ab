// Metrics over seeds, and bounds on them.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/base/check.h"
#include "sim/invariants/metrics.h"

namespace sim {
namespace {

std::string thousandths(std::int64_t value, std::int64_t unit, std::string_view suffix) {
  std::string fraction = std::to_string(value % unit * 1000 / unit);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(value / unit) + "." + fraction + std::string{suffix};
}

}  // namespace

std::string format_metric(std::int64_t value, MetricUnit unit) {
  if (value < 0) return "-" + format_metric(-value, unit);
  switch (unit) {
    case MetricUnit::kCount:
      return std::to_string(value);
    case MetricUnit::kMilliPerSecond:
      return thousandths(value, 1000, "/s");
    case MetricUnit::kPpm: {
      const std::string cents = std::to_string(value / 100 % 100);
      return std::to_string(value / 10'000) + "." + (cents.size() < 2 ? "0" : "") + cents + " %";
    }
    case MetricUnit::kNanoseconds:
      break;
  }
  if (value == 0) return "0 s";
  if (value < 1'000'000) return thousandths(value, 1000, " us");
  if (value < 1'000'000'000) return thousandths(value, 1'000'000, " ms");
  return thousandths(value, 1'000'000'000, " s");
}

// ---- Over seeds ----

void MetricTable::add(std::uint64_t seed, std::span<const Metric> metrics) {
  ++runs_;
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

std::vector<Distribution> MetricTable::distributions() const {
  std::vector<Distribution> all;
  for (const auto& [name, column] : columns_) all.push_back(*distribution(name));
  return all;
}

std::optional<Distribution> MetricTable::distribution(std::string_view name) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return std::nullopt;
  const Values& values = found->second.values;
  Distribution result;
  result.name = std::string{name};
  result.unit = found->second.unit;
  result.runs = values.size();
  result.min = values.front().first;
  result.p50 = nearest_rank(values, 50).first;
  result.p90 = nearest_rank(values, 90).first;
  result.p99 = nearest_rank(values, 99).first;
  result.max = values.back().first;
  result.worst_seed = first_seed_of(values, result.max);
  return result;
}

std::optional<std::int64_t> MetricTable::percentile(std::string_view name,
                                                    std::uint32_t percent) const {
  const auto found = columns_.find(name);
  if (found == columns_.end()) return std::nullopt;
  return nearest_rank(found->second.values, percent).first;
}

// ---- Bounds ----

namespace {

struct Suffix {
  std::string_view text;
  MetricUnit unit;
  std::int64_t scale;
};
constexpr Suffix kSuffixes[] = {
    {"ns", MetricUnit::kNanoseconds, 1},
    {"us", MetricUnit::kNanoseconds, 1'000},
    {"ms", MetricUnit::kNanoseconds, 1'000'000},
    {"s", MetricUnit::kNanoseconds, 1'000'000'000},
    {"m", MetricUnit::kNanoseconds, 60'000'000'000},
    {"h", MetricUnit::kNanoseconds, 3'600'000'000'000},
    {"%", MetricUnit::kPpm, 10'000},
    {"ppm", MetricUnit::kPpm, 1},
    {"/s", MetricUnit::kMilliPerSecond, 1'000},
    {"", MetricUnit::kCount, 1},
};

constexpr std::pair<std::string_view, Comparison> kComparisons[] = {
    {"<=", Comparison::kLessOrEqual}, {">=", Comparison::kGreaterOrEqual},
    {"==", Comparison::kEqual},       {"<", Comparison::kLess},
    {">", Comparison::kGreater},
};

constexpr std::pair<std::string_view, Statistic> kStatistics[] = {
    {"_min", Statistic::kMin}, {"_p50", Statistic::kP50}, {"_p90", Statistic::kP90},
    {"_p99", Statistic::kP99}, {"_max", Statistic::kMax},
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// A decimal number times `scale`, exactly; nullopt if it is none, is too big, or is finer than the
// unit.
std::optional<std::int64_t> scaled(std::string_view digits, std::int64_t scale) {
  const std::size_t dot = digits.find('.');
  std::string_view whole = digits.substr(0, dot);
  std::string_view fraction = dot == std::string_view::npos ? "" : digits.substr(dot + 1);
  if (whole.empty() || (dot != std::string_view::npos && fraction.empty())) return std::nullopt;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::int64_t value = 0;
  for (const char digit : whole) {
    if (digit < '0' || digit > '9' || value > (kMax - 9) / 10) return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  if (value > kMax / scale) return std::nullopt;
  value *= scale;
  for (const char digit : fraction) {
    if (digit < '0' || digit > '9') return std::nullopt;
    if (scale % 10 != 0 && digit != '0') return std::nullopt;
    scale = scale % 10 == 0 ? scale / 10 : 1;
    const std::int64_t part = (digit - '0') * scale;
    if (value > kMax - part) return std::nullopt;
    value += part;
  }
  return value;
}

std::string_view unit_examples(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kNanoseconds:
      return "a duration such as \"<20s\" or \"<=1.5s\"";
    case MetricUnit::kPpm:
      return "a share such as \">=95%\" or \"<100ppm\"";
    case MetricUnit::kMilliPerSecond:
      return "a rate such as \"<5.2/s\"";
    case MetricUnit::kCount:
      return "a plain number such as \"==0\" or \"<100\"";
  }
  return "";
}

bool compare(std::int64_t value, Comparison comparison, std::int64_t limit) {
  switch (comparison) {
    case Comparison::kLess:
      return value < limit;
    case Comparison::kLessOrEqual:
      return value <= limit;
    case Comparison::kEqual:
      return value == limit;
    case Comparison::kGreaterOrEqual:
      return value >= limit;
    case Comparison::kGreater:
      return value > limit;
  }
  return false;
}

}  // namespace

std::variant<Bound, std::string> parse_bound(std::string_view key, std::string_view text) {
  Bound bound;
  bound.text = std::string{key} + " " + std::string{text};
  std::string_view name = key;
  if (find_metric(name) == nullptr) {
    for (const auto& [suffix, statistic] : kStatistics) {
      if (!name.ends_with(suffix)) continue;
      name.remove_suffix(suffix.size());
      bound.statistic = statistic;
      break;
    }
  }
  const MetricKind* kind = find_metric(name);
  if (kind == nullptr) {
    return "no metric is called \"" + std::string{name} +
           "\"; expected one of `slotsim list metrics`, with _min, _p50, _p90, _p99 or _max or "
           "without";
  }
  bound.metric = std::string{name};
  bound.unit = kind->unit;
  const std::string expected = "expected " + std::string{unit_examples(kind->unit)} + " for " +
                               bound.metric + ", got \"" + std::string{text} + "\"";
  std::string_view rest = trimmed(text);
  bool found = false;
  for (const auto& [sign, comparison] : kComparisons) {
    if (found || !rest.starts_with(sign)) continue;
    rest = trimmed(rest.substr(sign.size()));
    bound.comparison = comparison;
    found = true;
  }
  if (!found) return expected + " (a bound begins with <, <=, ==, >= or >)";
  const std::size_t number_end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const std::string_view suffix = trimmed(rest.substr(number_end));
  for (const Suffix& candidate : kSuffixes) {
    if (candidate.text != suffix || candidate.unit != kind->unit) continue;
    const auto limit = scaled(rest.substr(0, number_end), candidate.scale);
    if (!limit) return expected;
    bound.limit = *limit;
    return bound;
  }
  return expected;
}

BoundResult evaluate(const Bound& bound, const MetricTable& table) {
  BoundResult result;
  const std::optional<Distribution> distribution = table.distribution(bound.metric);
  if (!distribution) {
    result.sentence = bound.text + ": no run measured " + bound.metric;
    return result;
  }
  const std::array values{distribution->min, distribution->p50, distribution->p90,
                          distribution->p99, distribution->max};
  result.measured = true;
  result.value = values[static_cast<std::size_t>(bound.statistic)];
  result.holds = compare(result.value, bound.comparison, bound.limit);
  result.seed = distribution->worst_seed;
  result.sentence = bound.text + ": is " + format_metric(result.value, bound.unit) + " over " +
                    std::to_string(distribution->runs) + " runs (worst seed " +
                    std::to_string(distribution->worst_seed) + ")";
  return result;
}

}  // namespace sim
