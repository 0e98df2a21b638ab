// Faults must bite: every fault of the registry, as its example has it, changes something in a real
// cluster of 3+3; and where it can change nothing, the verdict says so.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/app/fault_bites.h"

namespace sim {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const FaultKind& kind : faults()) all.emplace_back(kind.name);
  return all;
}

class Faults : public testing::TestWithParam<std::string> {};

TEST_P(Faults, BiteInARealClusterAndAreMissedWhereTheyCannot) {
  const FaultBite bite = bite_of(*find_fault(GetParam()));
  EXPECT_GT(bite.effects, 0u) << bite.text << ": no " << bite.unit;
  EXPECT_NE(bite.noticed, "") << "nobody notices that it does nothing";
}

INSTANTIATE_TEST_SUITE_P(Registry, Faults, testing::ValuesIn(names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace sim
