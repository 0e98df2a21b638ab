#include "sim/app/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "sim/app/comparison_rows.h"

namespace sim {
namespace {

using Kind = ComparedRow::Kind;
using Verdict = ComparedRow::Verdict;

bool all_equal(const ComparedRow& row) {
  const auto same = [&](double value) { return value == row.a.front(); };
  return std::all_of(row.a.begin(), row.a.end(), same) &&
         std::all_of(row.b.begin(), row.b.end(), same);
}

// Two questions to one sample: each may err half as often.
void weigh_time(ComparedRow& row, const Bounds& bounds) {
  row.off = median(row.b) - median(row.a);
  row.distance = distance(row.a, row.b, bounds.resolution_ms);
  const double by_shape = chance_of_distance(distance(row.a, row.b), row.a.size(), row.b.size());
  row.chance = std::min(1.0, 2 * std::min(by_shape, chance_of_ranks(row.a, row.b)));
}

void weigh(ComparedRow& row, const Bounds& bounds) {
  if (row.kind == Kind::kTime) return weigh_time(row, bounds);
  row.off = mean(row.b) - mean(row.a);
  if (row.kind == Kind::kMean) {
    row.chance = chance_of_ranks(row.a, row.b);
    return;
  }
  const auto hits = [](const Sample& sample) {
    return static_cast<std::uint64_t>(std::count(sample.begin(), sample.end(), 1.0));
  };
  row.chance = chance_of_shares(hits(row.a), row.a.size(), hits(row.b), row.b.size());
}

bool beyond(const ComparedRow& row, const Bounds& bounds) {
  const double off = std::abs(row.off);
  switch (row.kind) {
    case Kind::kTime: {
      const double greater = std::max(std::abs(median(row.a)), std::abs(median(row.b)));
      return off > std::max(bounds.median_ms, bounds.median_share * greater) ||
             row.distance > bounds.distance;
    }
    case Kind::kMean:
      return off > bounds.rate * std::max(mean(row.a), mean(row.b));
    case Kind::kShare:
      return off > bounds.distance;
  }
  return true;
}

std::vector<Disagreement> disagreements_of(const SideRuns& a, const SideRuns& b) {
  std::map<std::uint64_t, const Observation*> of_b;
  for (const Observation& run : b.runs) of_b[run.seed] = &run;
  std::vector<Disagreement> found;
  for (const Observation& run : a.runs) {
    const auto other = of_b.find(run.seed);
    if (other == of_b.end() || run.verdict.empty() || other->second->verdict.empty()) continue;
    if (run.as_expected != other->second->as_expected)
      found.push_back({run.seed, run.verdict, other->second->verdict});
  }
  std::sort(found.begin(), found.end(),
            [](const Disagreement& x, const Disagreement& y) { return x.seed < y.seed; });
  return found;
}

}  // namespace

std::size_t Comparison::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::count_if(
      rows.begin(), rows.end(), [&](const ComparedRow& row) { return row.verdict == verdict; }));
}

bool Comparison::equivalent() const {
  return measured && count(Verdict::kDifferent) == 0;
}

Comparison compare(const SideRuns& a, const SideRuns& b, const Bounds& bounds) {
  Comparison comparison;
  comparison.rows = compared_rows(a, b);
  comparison.disagreements = disagreements_of(a, b);
  std::vector<ComparedRow*> tested;
  std::vector<double> chances;
  for (ComparedRow& row : comparison.rows) {
    if (row.a.empty() || row.b.empty()) continue;
    comparison.measured = true;
    if (all_equal(row)) {
      row.verdict = Verdict::kIdentical;
      continue;
    }
    weigh(row, bounds);
    tested.push_back(&row);
    chances.push_back(row.chance);
  }
  comparison.tests = tested.size();
  const std::vector<double> adjusted = holm(chances);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    ComparedRow& row = *tested[i];
    row.adjusted = adjusted[i];
    const bool by_chance = row.adjusted > bounds.alpha;
    row.verdict = !beyond(row, bounds) ? Verdict::kWithin
                  : by_chance          ? Verdict::kChance
                                       : Verdict::kDifferent;
  }
  return comparison;
}

}  // namespace sim
