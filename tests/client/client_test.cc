// The cluster client against scripted servers: redirections, refusals, and what it may claim about
// an outcome.
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

TEST(Client, LearnsTheSlotMapAndAsksTheOwner) {
  ClientBench bench(setup_for({{"SET", "a", "1"}, {"GET", "b"}, {"GET", "c"}}), cluster());
  bench.run(1s);
  const auto ends = bench.all<OpCompleted>();
  ASSERT_THAT(ends, SizeIs(3));
  for (const OpCompleted& end : ends) {
    EXPECT_EQ(end.outcome, OpOutcome::kOk);
    EXPECT_EQ(end.redirects, 0u);
    EXPECT_EQ(end.attempts, 1u);
  }
  EXPECT_EQ(ends[1].value, "value of b");
  EXPECT_EQ(ends[1].node, "m" + std::to_string(owner_of("b")));
  EXPECT_EQ(bench.measured("done"), 3);
}

TEST(Client, UnderstandsARealServerByteByByte) {
  const std::uint32_t new_owner = owner_of("a") % kShards + 1;
  const auto play = [&](bool raw) {
    ClientBench bench(setup_for({{"SET", "a", "1"}, {"GET", "b"}, {"GET", "a"}}),
                      cluster([=](std::uint32_t n, const resp::Command& command) {
                        const bool moved = command[0] == "SET" && n != new_owner;
                        return moved ? std::optional(resp::error(moved_to("a", new_owner)))
                                     : std::nullopt;
                      }));
    bench.raw = raw;
    bench.run(1s);
    return std::pair(bench.asked, bench.all<OpCompleted>().size());
  };
  EXPECT_EQ(play(true), play(false));
  EXPECT_EQ(play(true).second, 3u);
}

TEST(Client, FollowsMovedAndRemembersIt) {
  const std::uint32_t new_owner = owner_of("a") % kShards + 1;
  const auto a_has_moved = [=](std::uint32_t n,
                               const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;  // and nobody updates what CLUSTER SLOTS says
    if (n == new_owner) return resp::bulk("here");
    return resp::error(moved_to(command[1], new_owner));
  };
  ClientSetup setup = setup_for({{"GET", "a"}, {"GET", "a"}});
  setup.patience.refresh_min = 1h;
  ClientBench bench(setup, cluster(a_has_moved));
  bench.run(1s);
  const auto ends = bench.all<OpCompleted>();
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_EQ(ends[0].value, "here");
  EXPECT_EQ(ends[0].node, server(new_owner).name);
  EXPECT_EQ(ends[0].redirects, 1u);
  EXPECT_EQ(ends[0].attempts, 2u);
  EXPECT_EQ(ends[1].redirects, 0u);
  const auto redirected = bench.all<Redirected>();
  ASSERT_THAT(redirected, SizeIs(1));
  EXPECT_EQ(redirected[0].reply, moved_to("a", new_owner));
  EXPECT_EQ(redirected[0].operation, ends[0].operation);
}

std::string ask_at(const std::string& key, std::uint32_t n) {
  return "ASK" + moved_to(key, n).substr(5);
}

TEST(Client, FollowsAskWithAskingAndForgetsIt) {
  const std::uint32_t importer = owner_of("a") % kShards + 1;
  bool asking = false;
  const auto migrating = [&](std::uint32_t n,
                             const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    if (n != importer) return resp::error(ask_at("a", importer));
    const bool asked = std::exchange(asking, command[0] == "ASKING");
    if (command[0] == "ASKING") return resp::ok();
    return asked ? resp::bulk("here") : resp::error(moved_to("a", owner_of("a")));
  };
  ClientBench bench(setup_for({{"GET", "a"}, {"GET", "a"}}), cluster(migrating));
  bench.run(1s);
  const auto ends = bench.all<OpCompleted>();
  ASSERT_THAT(ends, SizeIs(2));
  for (const OpCompleted& end : ends) {  // the second one, too, asks the owner first
    EXPECT_EQ(end.value, "here");
    EXPECT_EQ(end.redirects, 1u);
  }
  const auto told = bench.all<Redirected>();
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].reply, ask_at("a", importer));
}

TEST(Client, WaitsAfterTryAgain) {
  std::uint32_t tries = 0;
  const auto half_moved = [&](std::uint32_t,
                              const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER" || ++tries > 3) return std::nullopt;
    return resp::error("TRYAGAIN Multiple keys request during rehashing of slot");
  };
  ClientBench bench(setup_for({{"GET", "a"}}), cluster(half_moved));
  bench.run(2s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kOk);
  EXPECT_EQ(end.attempts, 4u);
  EXPECT_EQ(end.redirects, 0u);
}

TEST(Client, AsksForTheSlotMapAgainAfterMoved) {
  std::uint32_t refreshes = 0;
  const auto wrong_once = [&](std::uint32_t,
                              const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] != "CLUSTER") return std::nullopt;
    // The first map is of an older cluster, in which server 1 had everything.
    return slots_reply(++refreshes == 1 ? 1 : kShards);
  };
  std::vector<resp::Command> commands;
  for (int i = 0; i < 100; ++i) commands.push_back({"GET", "k" + std::to_string(i)});
  ClientSetup setup = setup_for(commands);
  setup.pace.think = 10ms;
  ClientBench bench(setup, cluster(wrong_once));
  bench.run(5s);
  EXPECT_EQ(refreshes, 2u);
  EXPECT_THAT(bench.all<OpCompleted>(), SizeIs(100));
  // Only until the new map arrived; each slot of its own would have taken some 65.
  EXPECT_LT(bench.all<Redirected>().size(), 25u);
  EXPECT_GT(bench.all<Redirected>().size(), 0u);
}

TEST(Client, EndsARedirectionLoopAtItsLimit) {
  const auto loop = [](std::uint32_t n,
                       const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    return resp::error(moved_to(command[1], n % kShards + 1));
  };
  ClientSetup setup = setup_for({{"SET", "a", "1"}});
  setup.patience.redirects_max = 5;
  ClientBench bench(setup, cluster(loop));
  bench.run(1s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kFailed);
  EXPECT_EQ(end.redirects, 6u);
  EXPECT_THAT(end.value, ::testing::StartsWith("too many redirections"));
  EXPECT_THAT(bench.asked, SizeIs(6));
}

TEST(Client, BacksOffLongerAndLongerWhileTheClusterIsDown) {
  ClientBench bench(setup_for({{"SET", "a", "1"}}),
                    always(resp::error("CLUSTERDOWN The cluster is down")));
  bench.run(20s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kFailed);  // refused each time: it never happened
  EXPECT_EQ(bench.all<Redirected>().size(), bench.asked.size());
  ASSERT_GT(bench.asked.size(), 6u);
  ASSERT_LT(bench.asked.size(), 20u);
  std::size_t later_than_base = 0;
  for (std::size_t i = 1; i < bench.asked.size(); ++i) {
    const Duration wait = bench.asked[i].at - bench.asked[i - 1].at - 1ms;  // an answer takes 1 ms
    const Duration base = std::min<Duration>(10ms * (1 << (i - 1)), 500ms);
    EXPECT_GE(wait, base) << i;
    EXPECT_LE(wait, 2 * base) << i;
    later_than_base += wait > base ? 1 : 0;
  }
  EXPECT_GT(later_than_base, bench.asked.size() / 2);
}

TEST(Client, SucceedsOnceTheClusterIsBack) {
  int refusals = 4;
  const auto down_at_first = [&](std::uint32_t,
                                 const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER" || refusals-- <= 0) return std::nullopt;
    return resp::error("CLUSTERDOWN Hash slot not served");
  };
  ClientBench bench(setup_for({{"SET", "a", "1"}}), cluster(down_at_first));
  bench.run(5s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kOk);
  EXPECT_EQ(end.attempts, 5u);
}

TEST(Client, CallsAnUnansweredWriteUnknown) {
  ClientBench bench(setup_for({{"SET", "a", "1"}}), always(silence()));
  bench.run(10s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kUnknown);
  EXPECT_EQ(end.value, "timed out");
  EXPECT_EQ(end.attempts, 1u);  // it is not sent twice
  EXPECT_THAT(bench.asked, SizeIs(1));
}

TEST(Client, CallsAWriteUnknownWhenTheConnectionIsLostAfterSending) {
  ClientBench bench(setup_for({{"INCR", "a"}}), always(silence()));
  bench.run(100ms);
  ASSERT_THAT(bench.asked, SizeIs(1));
  bench.reset(owner_of("a"));
  bench.run(10s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kUnknown);
  EXPECT_EQ(end.value, "connection reset");
}

TEST(Client, CallsAWriteFailedThatWasNeverSent) {
  ClientSetup setup = setup_for({{"SET", "a", "1"}});
  ClientBench bench(setup, cluster());
  bench.refusing = {1, 2, 3};
  bench.run(30s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kFailed);
  EXPECT_THAT(bench.asked, IsEmpty());
}

TEST(Client, CallsAWriteFailedWhenNoConnectionCameAbout) {
  ClientBench bench(setup_for({{"SET", "a", "1"}}), cluster());
  bench.silent = {1, 2, 3};
  bench.run(30s);
  EXPECT_EQ(only_end(bench).outcome, OpOutcome::kFailed);
}

TEST(Client, CallsAWriteFailedOnAnyOtherError) {
  ClientBench bench(setup_for({{"INCR", "a"}}),
                    always(resp::error("WRONGTYPE Operation against a key")));
  bench.run(1s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kFailed);
  EXPECT_EQ(end.value, "WRONGTYPE Operation against a key");
  EXPECT_EQ(end.attempts, 1u);
}

TEST(Client, RepeatsAReadThatWasNotAnswered) {
  int silences = 2;
  const auto silent_at_first = [&](std::uint32_t,
                                   const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER" || silences-- <= 0) return std::nullopt;
    return silence();
  };
  ClientBench bench(setup_for({{"GET", "a"}}), cluster(silent_at_first));
  bench.run(10s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kOk);
  EXPECT_EQ(end.value, "value of a");
}

TEST(Client, RepeatsAnUnknownWriteOnlyWhenTold) {
  int silences = 1;
  const auto silent_at_first = [&](std::uint32_t,
                                   const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER" || silences-- <= 0) return std::nullopt;
    return silence();
  };
  ClientSetup setup = setup_for({{"SET", "a", "1"}});
  setup.patience.repeat_unknown_writes = true;
  ClientBench bench(setup, cluster(silent_at_first));
  bench.run(10s);
  EXPECT_EQ(only_end(bench).outcome, OpOutcome::kOk);
  const auto redirected = bench.all<Redirected>();
  ASSERT_FALSE(redirected.empty());
  EXPECT_EQ(redirected[0].reply, "RETRY timed out, may have happened");
}

// The server answers the write; what it answers to WAIT is the case's.
OpCompleted end_with_wait(std::optional<resp::Value> counted,
                          std::vector<resp::Command> commands = {{"SET", "a", "1"}},
                          std::vector<resp::Command>* asked = nullptr) {
  const auto answer = [=](std::uint32_t,
                          const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    return command[0] == "WAIT" ? (counted ? counted : silence()) : resp::ok();
  };
  ClientSetup setup = setup_for(std::move(commands));
  setup.wait = {2, 300ms};
  ClientBench bench(setup, cluster(answer));
  bench.run(10s);
  if (asked != nullptr) {
    for (const Asked& one : bench.asked) asked->push_back(one.command);
  }
  return only_end(bench);
}

TEST(Client, WaitsForReplicasAfterAWriteIfTold) {
  std::vector<resp::Command> asked;
  const OpCompleted end = end_with_wait(resp::integer(1), {{"SET", "a", "1"}}, &asked);
  EXPECT_EQ(asked, (std::vector<resp::Command>{{"SET", "a", "1"}, {"WAIT", "2", "300"}}));
  EXPECT_EQ(end.outcome, OpOutcome::kOk);
  EXPECT_EQ(end.replicas_wanted, 2u);
  EXPECT_EQ(end.replicas, 1u);
  const OpCompleted unheard = end_with_wait(std::nullopt);
  EXPECT_EQ(unheard.outcome, OpOutcome::kOk) << "the write was acknowledged, whatever WAIT says";
  EXPECT_EQ(unheard.replicas, 0u);
  EXPECT_EQ(end_with_wait(resp::integer(1), {{"GET", "a"}}).replicas_wanted, 0u);
}

TEST(Client, AnErrorAfterAnUnknownAttemptLeavesTheOutcomeUnknown) {
  int asked = 0;
  const auto then_an_error = [&](std::uint32_t,
                                 const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    return ++asked == 1 ? silence() : resp::error("OOM command not allowed");
  };
  ClientSetup setup = setup_for({{"SET", "a", "1"}});
  setup.patience.repeat_unknown_writes = true;
  ClientBench bench(setup, cluster(then_an_error));
  bench.run(10s);
  EXPECT_EQ(only_end(bench).outcome, OpOutcome::kUnknown);
}

TEST(Client, AsksAnotherNodeWhenTheOwnerIsGoneAndFollowsItsWord) {
  const std::uint32_t gone = owner_of("a");
  const std::uint32_t heir = gone % kShards + 1;
  const auto failed_over = [=](std::uint32_t n,
                               const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    if (n == heir) return resp::bulk("inherited");
    return resp::error(moved_to(command[1], heir));
  };
  ClientBench bench(setup_for({{"GET", "a"}}), cluster(failed_over));
  bench.refusing = {gone};
  bench.run(2s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kOk);
  EXPECT_EQ(end.value, "inherited");
}

TEST(Client, AsksAroundOnlyOnceWhenTheOwnerIsGone) {
  ClientBench bench(setup_for({{"GET", "a"}}), cluster());  // all still name the dead owner
  bench.refusing = {owner_of("a")};
  bench.run(30s);
  const OpCompleted end = only_end(bench);
  EXPECT_EQ(end.outcome, OpOutcome::kFailed);
  EXPECT_EQ(end.redirects, 1u);
  EXPECT_THAT(bench.asked, SizeIs(1));
  EXPECT_GT(end.attempts, 5u);  // it goes on trying the owner
}

TEST(Client, GoesToTheNewOwnerAsSoonAsAMapNamesIt) {
  const std::uint32_t gone = owner_of("a");
  bool failed_over = false;
  const auto heir = [&](std::uint32_t, const resp::Command& command) -> std::optional<resp::Value> {
    if (!failed_over) return std::nullopt;
    if (command[0] != "CLUSTER") return resp::bulk("inherited");
    resp::Value map = slots_reply(kShards);  // with server 4 in place of the one that is gone
    auto& ranges = std::get<resp::Array>(map.data).items;
    auto& primary =
        std::get<resp::Array>(std::get<resp::Array>(ranges[gone - 1].data).items[2].data);
    primary.items[0] = resp::bulk("10.0.0.4");
    return map;
  };
  ClientSetup setup = setup_for({{"GET", "a"}});
  setup.patience.operation = 60s;
  ClientBench bench(setup, cluster(heir));
  bench.silent = {gone};
  bench.run(20s);
  EXPECT_THAT(bench.all<OpCompleted>(), IsEmpty());
  failed_over = true;
  bench.run(5s);
  EXPECT_EQ(only_end(bench).node, "10.0.0.4:6379");
}

TEST(Client, ReadsFromReplicasAfterReadonly) {
  const auto with_replicas = [](std::uint32_t n,
                                const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return slots_reply(kShards, {{1, {4}}, {2, {5}}, {3, {6}}});
    if (command[0] == "READONLY") return resp::ok();
    if (command[0] == "GET" && n == owner_of(command[1]) + kShards) return resp::bulk("replica's");
    return std::nullopt;
  };
  ClientSetup setup = setup_for({{"SET", "a", "1"}, {"GET", "a"}, {"GET", "b"}});
  setup.read_from = ReadFrom::kReplica;
  ClientBench bench(setup, cluster(with_replicas));
  bench.run(1s);
  const auto ends = bench.all<OpCompleted>();
  ASSERT_THAT(ends, SizeIs(3));
  EXPECT_FALSE(ends[0].from_replica);  // writes go to the primary
  EXPECT_EQ(ends[0].node, server(owner_of("a")).name);
  EXPECT_TRUE(ends[1].from_replica);
  EXPECT_EQ(ends[1].value, "replica's");
  std::map<std::uint32_t, std::string> first_asked;
  for (const Asked& asked : bench.asked) first_asked.try_emplace(asked.server, asked.command[0]);
  for (const auto& [which, command] : first_asked) EXPECT_EQ(command, "READONLY") << which;
}

TEST(Client, ReadsFromAnyReachPrimaryAndReplica) {
  const auto with_replica = [](std::uint32_t,
                               const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return slots_reply(1, {{1, {2}}});
    return resp::ok();
  };
  ClientSetup setup = setup_for(std::vector<resp::Command>(200, {"GET", "a"}));
  setup.read_from = ReadFrom::kAny;
  ClientBench bench(setup, with_replica);
  bench.run(1s);
  const auto ends = bench.all<OpCompleted>();
  const auto from_replica = std::count_if(ends.begin(), ends.end(),
                                          [](const OpCompleted& end) { return end.from_replica; });
  EXPECT_GT(from_replica, 60);
  EXPECT_LT(from_replica, 140);
}

TEST(Client, CarriesOutConsoleCommandsThroughRedirections) {
  const std::uint32_t new_owner = owner_of("a") % kShards + 1;
  const auto a_has_moved = [=](std::uint32_t n,
                               const resp::Command& command) -> std::optional<resp::Value> {
    if (command[0] == "CLUSTER") return std::nullopt;
    if (n == new_owner) return resp::bulk("found");
    return resp::error(moved_to(command[1], new_owner));
  };
  ClientSetup setup = setup_for({});
  setup.generator = nullptr;
  ClientBench bench(setup, cluster(a_has_moved));
  bench.run(100ms);
  bench.console({"GET", "a"});
  bench.console({"GET", "a"});
  bench.run(1s);
  EXPECT_THAT(bench.console_replies, ElementsAre(resp::bulk("found"), resp::bulk("found")));
  const auto invoked = bench.all<OpInvoked>();
  ASSERT_THAT(invoked, SizeIs(2));
  EXPECT_EQ(invoked[0].workload, "console");
  EXPECT_EQ(invoked[0].kind, event::OpKind::kRead);
}

TEST(Client, TellsTheConsoleWhenNobodyAnswers) {
  ClientSetup setup = setup_for({});
  ClientBench bench(setup, always(silence()));
  bench.run(100ms);
  bench.console({"set", "a", "1"});
  bench.run(10s);
  EXPECT_THAT(bench.console_replies,
              ElementsAre(resp::error("NOANSWER timed out; it may have happened")));
}

}  // namespace
}  // namespace sim::testing
