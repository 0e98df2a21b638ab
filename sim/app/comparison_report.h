// A comparison for people, and for programs.
#pragma once

#include <cstdint>
#include <string>

#include "sim/app/cli.h"
#include "sim/app/comparison.h"

namespace sim {

struct ComparedSide {
  std::string name;   // "sim:late-election"
  std::string seeds;  // "1..200"
  std::size_t runs = 0;
};
struct ComparedSides {
  std::string scenario;
  ComparedSide a, b;
};

std::string report_comparison(const ComparedSides& sides, const Comparison& comparison,
                              const Bounds& bounds, const Paint& paint);
std::string comparison_json(const ComparedSides& sides, const Comparison& comparison,
                            const Bounds& bounds);

}  // namespace sim
