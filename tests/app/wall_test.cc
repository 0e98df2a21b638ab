// Real servers in real time: what is refused, and one failover seen through (where there is a
// redis-server).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "sim/app/vocabulary.h"
#include "sim/app/wall_levers.h"
#include "sim/app/wall_run.h"
#include "sim/hosts/subprocess.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Scenario scenario_with(const std::string& more) {
  const Loaded loaded = load_scenario(
      "x.json", R"({"version": 1, "name": "x", "duration": "5s", )" + more + "}", vocabulary());
  EXPECT_EQ(loaded.problems.text(), "");
  return loaded.variants.empty() ? Scenario{} : loaded.variants.front();
}

constexpr const char* kCrash = R"("cluster": {"config": {"cluster-node-timeout": 1000}},
    "timeline": [{"at": "500ms", "do": "crash", "node": "primary:shard-0", "for": "heal"}],
    "settle": {"within": "20s"})";

RunResult run_with(const std::string& program, const Scenario& scenario,
                   const std::function<bool()>& interrupted) {
  return run_on_the_wall(make_plan(scenario, {}), program, interrupted);
}

TEST(Wall, RefusesWhatSignalsCannotDo) {
  EXPECT_EQ(wall_refusal(scenario_with(kCrash)), "");
  for (const auto& [more, why] :
       {std::pair{R"("cluster": {"spares": 1})", "servers outside the cluster"},
        {R"("cluster": {"form": "meet"})", "are to meet"},
        {R"("cluster": {"config": {"port": 7000}})", "it sets port"},
        {R"("cluster": {"nodes": {"m2": {"clock": {"drift_ppm": 100}}}})",
         "m2 has a clock of its own"},
        {R"("network": {"delay": "20ms"})", "its network"},
        {R"("nemesis": {"kinds": ["crash"], "every": "1s", "for": "1s"})", "nemesis"},
        {R"("timeline": [{"at": "1s", "do": "partition", "groups": [["m1"]], "for": "1s"}])",
         "is a partition, which signals cannot do"},
        {R"("timeline": [{"when": {"event": "fail"}, "do": "pause", "node": "m1", "for": "1s"}])",
         "waits for something to happen"},
        {R"("timeline": [{"at": "1s", "do": "restart", "node": "m1", "disk": "lose"}])",
         "changes a disk"},
        {R"("cluster": {"nodes": {"kind": "process"}}, "timeline": [
            {"at": "1s", "do": "restart", "node": "m1", "program": "valkey-server"}])",
         "changes a program"},
        {R"("timeline": [{"at": "1s", "do": "command", "run": "redis-cli PING"}])",
         "runs a program"},
        {R"("machines": [{"exec": "true"}])", "machines that run commands"}})
    EXPECT_THAT(wall_refusal(scenario_with(more)), HasSubstr(why)) << more;
}

TEST(Wall, AProgramThatIsNoServerIsToldWithWhatItSaid) {
  const RunResult result = run_with("/bin/false", scenario_with(kCrash), [] { return false; });
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.cut_short, StartsWith("m1 ended"));
}

// In real time, so what it sees depends on how busy the machine is: only for who asks for it.
TEST(Wall, ARealFailoverIsObserved) {
  if (std::getenv("SLOTSIM_WALL_TESTS") == nullptr)
    GTEST_SKIP() << "takes real time, and a machine at rest: SLOTSIM_WALL_TESTS=1 runs it";
  if (!run_program("redis-server", {"--version"}, "", {})) GTEST_SKIP() << "no redis-server here";
  const RunResult result = run_with("redis-server", scenario_with(kCrash), [] { return false; });
  ASSERT_TRUE(result.complete) << result.cut_short;
  const Observation& seen = result.seen;
  EXPECT_TRUE(seen.converged);
  ASSERT_EQ(seen.primaries.size(), 3u);
  EXPECT_EQ(seen.primaries[0], "a replica of it");
  ASSERT_EQ(seen.failovers.size(), 1u);
  const auto& at = seen.failovers[0].at;
  ASSERT_EQ(at.size(), static_cast<std::size_t>(Station::kCount));
  EXPECT_GT(at.at(Station::kFail) - at.at(Station::kLoss), 900ms);
  EXPECT_GE(at.at(Station::kElection) - at.at(Station::kFail), 490ms);
  EXPECT_EQ(seen.traffic.size(), 6u);
  EXPECT_FALSE(seen.has_clients);
}

TEST(Wall, AnInterruptionEndsItAndLeavesNobody) {
  if (!run_program("redis-server", {"--version"}, "", {})) GTEST_SKIP() << "no redis-server here";
  int looks = 0;
  const RunResult result =
      run_with("redis-server", scenario_with(kCrash), [&] { return ++looks > 3; });
  EXPECT_EQ(result.cut_short, "interrupted");
}

}  // namespace
}  // namespace sim
