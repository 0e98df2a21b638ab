// The cluster client's pace: how many operations are under way, how often they come, when they end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/client/scripted_cluster.h"

namespace sim::testing {
namespace {

using event::OpCompleted;
using event::OpInvoked;
using event::OpOutcome;
using event::Redirected;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Client, KeepsAtMostOneOperationOfAProcessInFlight) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(500, {"GET", "a"}));
  setup.processes = 3;
  ClientBench bench(setup, cluster());
  bench.run(10s);
  std::map<std::uint64_t, std::uint32_t> process_of;
  std::set<std::uint32_t> busy;
  std::size_t most = 0;
  for (const auto& [at, event] : bench.notes) {
    if (const auto* invoked = std::get_if<OpInvoked>(&event)) {
      EXPECT_TRUE(process_of.emplace(invoked->operation, invoked->process).second);
      EXPECT_TRUE(busy.insert(invoked->process).second);
    }
    if (const auto* completed = std::get_if<OpCompleted>(&event)) {
      busy.erase(process_of.at(completed->operation));
    }
    most = std::max(most, busy.size());
  }
  EXPECT_EQ(most, 3u);
  EXPECT_THAT(process_of, SizeIs(500));
  EXPECT_THAT(busy, IsEmpty());
}

TEST(Client, OperationIdsDifferBetweenClientsAndIncarnations) {
  EXPECT_EQ(unique_value(std::uint64_t{3} << 40 | 17), "3-17");
  EXPECT_EQ(unique_value(std::uint64_t{3} << 40 | std::uint64_t{2} << 32 | 17), "3.2-17");
}

TEST(Client, OpenLoopKeepsItsRateExactly) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(100'000, {"GET", "a"}));
  setup.pace.rate = 300;  // does not divide a second
  setup.processes = 8;
  ClientBench bench(setup, cluster());
  bench.run(60s);
  std::vector<Duration> starts;
  for (const auto& [at, event] : bench.notes) {
    if (std::holds_alternative<OpInvoked>(event)) starts.push_back(at);
  }
  ASSERT_GT(starts.size(), 17'990u);
  EXPECT_LE(starts.size(), 18'000u);
  for (std::size_t k = 0; k < starts.size(); k += 300) {
    EXPECT_EQ(starts[k] - starts[0], 1s * (k / 300));
  }
}

TEST(Client, OpenLoopCountsArrivalsNobodyCouldServe) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(100'000, {"SET", "a", "1"}));
  setup.pace.rate = 100;
  setup.patience.attempt = setup.patience.operation = 1s;
  setup.stop_after = 10s;
  ClientBench bench(setup, always(silence()));
  bench.run(20s);
  const auto begun = static_cast<std::int64_t>(bench.all<OpInvoked>().size());
  ASSERT_TRUE(bench.measured("arrivals_missed"));
  EXPECT_NEAR(static_cast<double>(begun), 10, 1);  // one process, a second each
  EXPECT_NEAR(static_cast<double>(*bench.measured("arrivals_missed") + begun), 900, 20);
}

TEST(Client, StopsGeneratingWhenToldAndFinishesWhatIsInFlight) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(100'000, {"GET", "a"}));
  setup.pace.think = 10ms;
  setup.start_after = 2s;
  setup.stop_after = 3s;
  ClientBench bench(setup, cluster());
  bench.run(10s);
  for (const auto& [at, event] : bench.notes) {
    if (!std::holds_alternative<OpInvoked>(event)) continue;
    EXPECT_GE(at, 2s);
    EXPECT_LT(at, 3s);
  }
  EXPECT_EQ(bench.all<OpInvoked>().size(), bench.all<OpCompleted>().size());
  EXPECT_TRUE(bench.measured("done"));
}

TEST(Client, GivesUpWhenToldAndSaysSo) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(10, {"GET", "a"}));
  setup.patience.attempt = setup.patience.operation = 60s;
  setup.give_up_after = 5s;
  ClientBench bench(setup, always(silence()));
  bench.run(6s);
  EXPECT_EQ(bench.all<OpInvoked>().size(), bench.all<OpCompleted>().size());
  EXPECT_EQ(bench.measured("done"), 0);
}

TEST(Client, SameSeedSameOperationsOtherSeedOthers) {
  const auto run = [](std::uint64_t seed) {
    ClientSetup setup = setup_for(std::vector<resp::Command>(50, {"SET", "a", "1"}));
    setup.pace.think = 7ms;
    ClientBench bench(setup, always(resp::error("TRYAGAIN later")), seed);
    bench.run(30s);
    return bench.asked;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Client, ACopyContinuesAsTheOriginalDoes) {
  ClientSetup setup = setup_for(std::vector<resp::Command>(2'000, {"GET", "a"}));
  setup.processes = 3;
  setup.pace.think = 3ms;
  const auto sometimes_down = [](std::uint32_t,
                                 const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER" || command.size() < 2) return std::nullopt;
    return resp::error("CLUSTERDOWN The cluster is down");
  };
  for (const Duration at : {1ms, 20ms, 333ms, 2100ms}) {
    ClientBench original(setup, cluster(sometimes_down));
    original.run(at);
    ClientBench copy(original);
    original.run(10s);
    EXPECT_NE(copy.choices_fingerprint(), original.choices_fingerprint());
    copy.run(10s);
    EXPECT_EQ(copy.asked, original.asked);
    EXPECT_EQ(copy.steps(), original.steps());
    EXPECT_EQ(copy.choices_fingerprint(), original.choices_fingerprint());
  }
}

TEST(Client, IsNotWokenWithoutNeed) {
  ClientSetup setup = setup_for({{"GET", "a"}});
  ClientBench bench(setup, cluster());
  bench.run(1s);
  const std::uint64_t steps = bench.steps();
  bench.run(1h);
  EXPECT_LE(bench.steps(), steps + 5);
}

}  // namespace
}  // namespace sim::testing
