// Client-side sharding: hash(key) mod n, no redirections, no failover, and what it costs to add a
// node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/client/client_testing.h"

namespace sim::testing {
namespace {

using event::OpCompleted;
using event::OpOutcome;
using ::testing::ElementsAre;
using ::testing::SizeIs;

const KeySpace kKeys{"key:", 20'000, 0};

ClientSetup sharded(std::uint32_t nodes, std::vector<resp::Command> commands) {
  ClientSetup setup;
  setup.name = "client-1";
  setup.routing = RoutingKind::kSharding;
  for (std::uint32_t n = 1; n <= nodes; ++n) setup.servers.push_back(server(n));
  setup.generator = script(std::move(commands));
  setup.keys = kKeys;
  setup.measures_keys = true;
  return setup;
}
std::optional<resp::Value> fine(std::uint32_t, const resp::Command&) {
  return resp::ok();
}

std::vector<resp::Command> reads(std::uint32_t count) {
  std::vector<resp::Command> commands;
  for (std::uint32_t i = 0; i < count; ++i) commands.push_back({"GET", kKeys.key(i)});
  return commands;
}

TEST(Sharding, AsksTheServerTheKeyHashesTo) {
  ClientBench bench(sharded(3, reads(100)), fine);
  bench.run(1s);
  ASSERT_THAT(bench.asked, SizeIs(100));
  for (const Asked& asked : bench.asked) {
    EXPECT_EQ(asked.server, modulo_owner(asked.command[1], 3) + 1);
  }
}

TEST(Sharding, HasNobodyElseToAskWhenAServerDies) {
  ClientBench bench(sharded(3, reads(100)), fine);
  bench.refusing = {2};
  bench.run(600s);
  const auto ends = bench.all<OpCompleted>();
  ASSERT_THAT(ends, SizeIs(100));
  for (std::uint32_t i = 0; i < 100; ++i) {
    const bool dead = modulo_owner(kKeys.key(i), 3) == 1;
    EXPECT_EQ(ends[i].outcome, dead ? OpOutcome::kFailed : OpOutcome::kOk);
  }
}

TEST(Sharding, SaysHowManyKeysADeadServerTakesAway) {
  ClientBench bench(sharded(4, reads(100)), fine);
  bench.run(50ms);
  bench.reset(2);
  bench.run(1s);
  ASSERT_TRUE(bench.measured("keys_unreachable"));
  EXPECT_NEAR(static_cast<double>(*bench.measured("keys_unreachable_percent_x100")), 2500, 100);
  EXPECT_EQ(bench.measured("keys_reachable_again"), bench.measured("keys_unreachable"));
}

TEST(Sharding, AnAddedServerMovesMostKeys) {
  ClientSetup setup = sharded(4, reads(1000));
  setup.additions = {{3s, server(5)}};
  setup.pace.think = 10ms;
  ClientBench bench(setup, fine);
  bench.run(60s);
  const KeysMoved moved = moved_by_modulo(kKeys, 4);
  EXPECT_EQ(bench.measured("keys_moved"), static_cast<std::int64_t>(moved.moved));
  EXPECT_EQ(bench.measured("keys_moved_percent_x100"), moved.percent_x100());
  EXPECT_EQ(bench.measured("keys_moved_by_slots_percent_x100"),
            moved_by_slots(kKeys, 4).percent_x100());
  for (const Asked& asked : bench.asked) {
    const std::uint32_t nodes = asked.at < 3s ? 4 : 5;
    EXPECT_EQ(asked.server, modulo_owner(asked.command[1], nodes) + 1);
  }
}

TEST(Sharding, GrowsWhenToldAtTheConsole) {
  ClientBench bench(sharded(2, {}), fine);
  bench.run(1s);
  bench.console({"SHARDING", "ADD", "10.0.0.3:6379", "m3"});
  bench.console({"SHARDING", "ADD", "nonsense"});
  bench.console({"GET", "x"});
  bench.run(1s);
  const auto moved = static_cast<std::int64_t>(moved_by_modulo(kKeys, 2).moved);
  EXPECT_THAT(bench.console_replies,
              ElementsAre(resp::integer(moved),
                          resp::error("ERR expected SHARDING ADD <ip:port> [name], got nonsense"),
                          resp::ok()));
  EXPECT_EQ(bench.measured("keys_moved"), moved);
  ASSERT_FALSE(bench.asked.empty());
  EXPECT_EQ(bench.asked.back().server, modulo_owner("x", 3) + 1);
}

// Of n servers a key stays with probability 1/(n+1) under mod n; slots move only what the newcomer
// gets.
TEST(KeysMoved, AreNearlyAllUnderModuloAndOneShareUnderSlots) {
  for (std::uint32_t n = 1; n <= 20; ++n) {
    const std::int64_t share = 10'000 / (n + 1);
    EXPECT_NEAR(static_cast<double>(moved_by_modulo(kKeys, n).percent_x100()),
                static_cast<double>(10'000 - share), 150)
        << n;
    EXPECT_NEAR(static_cast<double>(moved_by_slots(kKeys, n).percent_x100()),
                static_cast<double>(share), 150)
        << n;
  }
}

TEST(KeysMoved, KeysOfOneTagMoveTogether) {
  const KeySpace tagged{"key:", 1000, 3};
  std::set<std::uint32_t> owners;
  for (std::uint32_t i = 0; i < tagged.count; i += 3) {
    owners.insert(modulo_owner(tagged.key(i), 7));
  }
  EXPECT_THAT(owners, SizeIs(1));
}

TEST(KeySpace, NamesKeysWithAndWithoutTags) {
  EXPECT_EQ((KeySpace{"a:", 100, 0}.key(42)), "a:42");
  EXPECT_EQ((KeySpace{"a:", 100, 5}.key(42)), "a:{2}:42");
}

}  // namespace
}  // namespace sim::testing
