// Faults must bite: every fault of the registry, as its example has it, changes something in a real
// cluster of 3+3. (FoundationDB's send-clogging was a no-op for years, though the code was there.)
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const FaultKind& kind : faults()) all.emplace_back(kind.name);
  return all;
}

class Faults : public testing::TestWithParam<std::string> {};

TEST_P(Faults, BiteInARealCluster) {
  const std::string text = R"({"version": 1, "name": "bite", "duration": "25s",
      "cluster": {"zones": 3, "persistence": "aof", "config": {"cluster-node-timeout": 3000}},
      "workload": [{"type": "register", "clients": 2, "keys": 50, "rate": 50}],
      "timeline": [)" + std::string(find_fault(GetParam())->example) +
                           "]}";
  const Loaded loaded = load_scenario("bite.json", text, vocabulary());
  ASSERT_EQ(loaded.problems.text(), "");
  const RunResult result = run_once(loaded.variants.front(), RunSettings{});
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_EQ(result.faults[0].kind, GetParam());
  EXPECT_GT(result.faults[0].effects, 0u)
      << result.faults[0].text << ": no " << result.faults[0].unit;
}

INSTANTIATE_TEST_SUITE_P(Registry, Faults, testing::ValuesIn(names()), [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace sim
