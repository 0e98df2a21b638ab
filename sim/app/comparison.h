// Two sides of `slotsim diff` held against each other: what each showed over its seeds, row by row,
// and whether they are equivalent.
//
// A row is different when it lies beyond its bound and is farther off than chance takes two equal
// sides, all rows asked at once (Holm). Beyond the bound but within reach of chance is said so, and
// condemns nobody: more seeds decide. What one side cannot supply is not measured, never equal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/app/observation.h"
#include "sim/app/statistics.h"

namespace sim {

struct Bounds {
  double median_ms = 100;      // medians of times this far apart are alike,
  double median_share = 0.02;  // or within this share of the greater one
  double resolution_ms = 10;   // a tenth of a tick: times closer than this are equal to `distance`
  double distance = 0.15;      // of the distributions of times; of the shares of outcomes
  double rate = 0.03;          // packets and counts: share of the greater mean
  double alpha = 0.05;         // how often equal sides may be called different
};

struct SideRuns {
  std::string name;
  bool ours = true;  // our node, which tells every station it passes: one never seen did not happen
  std::vector<Observation> runs;
};

struct ComparedRow {
  enum class Kind : std::uint8_t {
    kTime,   // milliseconds, one of each run
    kMean,   // packets a second, or a number of each run
    kShare,  // 1 for a run in which it was so, else 0
  } kind{};
  enum class Verdict : std::uint8_t {
    kIdentical,  // one value in all runs of both sides
    kWithin,
    kChance,  // beyond the bound, but chance does that
    kDifferent,
    kNotMeasured,
  } verdict = Verdict::kNotMeasured;
  std::string group, what;
  Sample a, b;          // empty: that side cannot supply it
  double off = 0;       // of medians (ms), means, or shares
  double distance = 0;  // of the distributions of times
  double chance = 1, adjusted = 1;
};

// A seed with which one side is as the scenario expects and the other is not: verdicts in words.
struct Disagreement {
  std::uint64_t seed = 0;
  std::string a, b;
};

struct Comparison {
  std::vector<ComparedRow> rows;            // those of a group are adjacent
  std::vector<Disagreement> disagreements;  // in order of the seeds
  std::size_t tests = 0;                    // rows that chance could have made
  bool measured = false;                    // some row was supplied by both
  bool equivalent() const;
  std::size_t count(ComparedRow::Verdict verdict) const;
};

Comparison compare(const SideRuns& a, const SideRuns& b, const Bounds& bounds);

}  // namespace sim
