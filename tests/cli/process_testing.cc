#include "tests/cli/process_testing.h"

namespace processes {

std::string scenario(const std::string& cluster, const std::string& steps,
                     const std::string& more) {
  return R"({"version": 1, "name": "made-up", "duration": "20s", "cluster": {)" + cluster +
         (cluster.find("\"nodes\"") == std::string::npos
              ? R"(, "nodes": {"kind": "process", "program": "redis-server"})"
              : "") +
         R"(}, "timeline": [)" + steps + "]" + (more.empty() ? "" : ", " + more) + "}\n";
}

void ProcessRun::SetUp() {
  ScratchTest::SetUp();
  if (shell("command -v redis-server redis-cli redis-benchmark").code != 0)
    GTEST_SKIP() << "no redis-server, redis-cli and redis-benchmark are installed";
  if (shell("unshare --mount --pid --fork true || unshare --user --mount --pid --fork true").code !=
      0) {
    GTEST_SKIP() << "the kernel allows no namespaces for real programs";
  }
}

Outcome ProcessRun::run(const std::string& text, const std::string& options) {
  write("x.json", text);
  return slotsim("run x.json --seed 1 " + options);
}

void ProcessRun::only_with(const std::string& cluster, const std::string& steps,
                           const std::string& fault, const std::string& more) {
  const Outcome with = run(scenario(cluster, steps + ", " + fault, more));
  EXPECT_EQ(with.code, 0) << with.all();
  const Outcome without = run(scenario(cluster, steps, more));
  EXPECT_EQ(without.code, 1) << "without " << fault << "\n" << without.all();
}

}  // namespace processes
