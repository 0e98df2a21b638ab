#include "sim/app/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sim/base/check.h"

namespace sim {
namespace {

// Natural logarithm of n over k.
double log_binomial(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

double kolmogorov_tail(double lambda) {
  // The alternating series says nothing near 0, where the tail is 1 to six digits anyway.
  if (lambda < 0.3) return 1;
  double sum = 0, sign = 1;
  for (int j = 1; j <= 100; ++j, sign = -sign) {
    const double term = std::exp(-2.0 * j * j * lambda * lambda);
    sum += sign * term;
    if (term < 1e-12) break;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

// How far the first distribution function rises above the second, looked at `forgiven` later.
// Preconditions: both are sorted, neither is empty.
double lead(const Sample& a, const Sample& b, double forgiven) {
  double greatest = 0;
  for (std::size_t i = 0, j = 0; i < a.size();) {
    const double at = a[i];
    while (i < a.size() && a[i] <= at) ++i;
    while (j < b.size() && b[j] <= at + forgiven) ++j;
    const double below_a = static_cast<double>(i) / static_cast<double>(a.size());
    const double below_b = static_cast<double>(j) / static_cast<double>(b.size());
    greatest = std::max(greatest, below_a - below_b);
  }
  return greatest;
}

}  // namespace

double quantile(Sample sample, std::uint32_t percent) {
  CHECK(!sample.empty());
  const std::size_t rank = (sample.size() * percent + 99) / 100;
  const std::size_t index = std::clamp<std::size_t>(rank, 1, sample.size()) - 1;
  std::nth_element(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(index),
                   sample.end());
  return sample[index];
}

double median(Sample sample) {
  CHECK(!sample.empty());
  std::sort(sample.begin(), sample.end());
  return (sample[(sample.size() - 1) / 2] + sample[sample.size() / 2]) / 2;
}

double mean(const Sample& sample) {
  CHECK(!sample.empty());
  return std::accumulate(sample.begin(), sample.end(), 0.0) / static_cast<double>(sample.size());
}

double distance(Sample a, Sample b, double forgiven) {
  CHECK(!a.empty() && !b.empty());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return std::max(lead(a, b, forgiven), lead(b, a, forgiven));
}

double chance_of_distance(double d, std::size_t n, std::size_t m) {
  const auto size_n = static_cast<double>(n), size_m = static_cast<double>(m);
  const double root = std::sqrt(size_n * size_m / (size_n + size_m));
  const double tail = kolmogorov_tail((root + 0.12 + 0.11 / root) * d);
  // Of all ways to mix the two, only two keep them wholly apart.
  const double least = 2 * std::exp(-log_binomial(size_n + size_m, size_n));
  return std::clamp(std::max(tail, least), 0.0, 1.0);
}

double critical_distance(double alpha, std::size_t n, std::size_t m) {
  constexpr int kSteps = 1000;
  for (int step = 1; step <= kSteps; ++step) {
    const double d = static_cast<double>(step) / kSteps;
    if (chance_of_distance(d, n, m) <= alpha) return d;
  }
  return 1;
}

double chance_of_ranks(const Sample& a, const Sample& b) {
  CHECK(!a.empty() && !b.empty());
  std::vector<std::pair<double, bool>> all;
  for (const double value : a) all.emplace_back(value, true);
  for (const double value : b) all.emplace_back(value, false);
  std::sort(all.begin(), all.end());
  double ranks_of_a = 0, ties = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].first == all[i].first) ++end;
    const auto equal = static_cast<double>(end - i);
    const double rank = static_cast<double>(i + end + 1) / 2;  // the mean of i + 1 to end
    ties += equal * equal * equal - equal;
    for (; i < end; ++i) ranks_of_a += all[i].second ? rank : 0;
  }
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  const double both = n + m;
  const double variance = n * m / 12 * (both + 1 - ties / (both * (both - 1)));
  if (variance <= 0) return 1;  // all are equal
  const double off = std::abs(ranks_of_a - n * (both + 1) / 2);
  const double z = std::max(0.0, off - 0.5) / std::sqrt(variance);
  const double least = 2 * std::exp(-log_binomial(both, n));
  return std::clamp(std::max(std::erfc(z / std::sqrt(2.0)), least), 0.0, 1.0);
}

double chance_of_shares(std::uint64_t hits_a, std::uint64_t n_a, std::uint64_t hits_b,
                        std::uint64_t n_b) {
  CHECK(hits_a <= n_a && hits_b <= n_b);
  const std::uint64_t hits = hits_a + hits_b;
  const auto log_chance = [&](std::uint64_t of_a) {
    return log_binomial(static_cast<double>(n_a), static_cast<double>(of_a)) +
           log_binomial(static_cast<double>(n_b), static_cast<double>(hits - of_a)) -
           log_binomial(static_cast<double>(n_a + n_b), static_cast<double>(hits));
  };
  // As likely as what was seen, or less: with room for what rounding does to equals.
  const double seen = log_chance(hits_a) + 1e-9;
  double sum = 0;
  for (std::uint64_t of_a = hits > n_b ? hits - n_b : 0; of_a <= std::min(hits, n_a); ++of_a) {
    const double chance = log_chance(of_a);
    if (chance <= seen) sum += std::exp(chance);
  }
  return std::clamp(sum, 0.0, 1.0);
}

std::vector<double> holm(std::span<const double> chances) {
  std::vector<std::size_t> order(chances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return chances[a] < chances[b]; });
  std::vector<double> adjusted(chances.size());
  double floor = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double raw = chances[order[i]] * static_cast<double>(order.size() - i);
    floor = std::max(floor, std::min(1.0, raw));
    adjusted[order[i]] = floor;
  }
  return adjusted;
}

}  // namespace sim
