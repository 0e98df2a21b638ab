// Two sides held against each other: what a run shows of itself, and what comparing makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/comparison.h"
#include "sim/app/comparison_report.h"
#include "sim/app/run_once.h"
#include "sim/app/side.h"
#include "sim/app/vocabulary.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using Verdict = ComparedRow::Verdict;

// A failover of shard 0: PFAIL a second after the loss, FAIL half a second later, and so on.
Observation failed_over(Duration election_delay, const std::string& winner = "a replica of it") {
  Observation seen;
  seen.complete = seen.converged = true;
  seen.primaries = {winner, "as planned"};
  Observation::Failover failover;
  SimTime at = sim_time(10s);
  for (const auto& [station, later] : {std::pair<Station, Duration>{Station::kLoss, 0s},
                                       {Station::kPfail, 1s},
                                       {Station::kFail, 500ms},
                                       {Station::kElection, election_delay},
                                       {Station::kPromoted, 1ms}}) {
    at = at + later;
    failover.at[station] = at;
  }
  seen.failovers = {failover};
  seen.traffic = {{"m1", 10'000, {{"bus_sent_ping", 100}, {"bus_received_ping", 90}}}};
  seen.has_clients = seen.sees_effects = true;
  seen.error_replies = {{"MOVED", 3}};
  seen.numbers = {{"acked_writes", 50}, {"lost_writes", 0}, {"lost_async", 0}};
  return seen;
}

// Election delays spread over half a second, as real ones are; moved by `by`.
SideRuns spread(std::size_t count, Duration by = {}) {
  SideRuns side{"sim", true, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto step = static_cast<std::int64_t>((i * 7919) % 500);
    side.runs.push_back(failed_over(500ms + std::chrono::milliseconds(step) + by));
  }
  return side;
}

const ComparedRow* row_of(const Comparison& comparison, const std::string& what) {
  const auto found = std::find_if(comparison.rows.begin(), comparison.rows.end(),
                                  [&](const ComparedRow& row) { return row.what == what; });
  return found == comparison.rows.end() ? nullptr : &*found;
}
Verdict verdict_of(const Comparison& comparison, const std::string& what) {
  const ComparedRow* row = row_of(comparison, what);
  if (row == nullptr) ADD_FAILURE() << "no row '" << what << "'";
  return row == nullptr ? Verdict::kNotMeasured : row->verdict;
}

constexpr const char* kElection = "election begins, after FAIL";

// ---- Verdicts ----

TEST(Diff, EqualSidesAreEquivalent) {
  const Comparison comparison = compare(spread(100), spread(100), {});
  EXPECT_TRUE(comparison.equivalent());
  EXPECT_EQ(comparison.count(Verdict::kDifferent) + comparison.count(Verdict::kChance), 0u);
  EXPECT_EQ(verdict_of(comparison, "FAIL, after PFAIL"), Verdict::kIdentical);
  EXPECT_EQ(verdict_of(comparison, kElection), Verdict::kWithin);
}

TEST(Diff, ALaterElectionIsFlagged) {
  const Comparison comparison = compare(spread(200), spread(200, 100ms), {});
  EXPECT_FALSE(comparison.equivalent());
  EXPECT_EQ(verdict_of(comparison, kElection), Verdict::kDifferent);
  EXPECT_NEAR(row_of(comparison, kElection)->off, 100, 5);
  EXPECT_NEAR(row_of(comparison, kElection)->distance, 0.2, 0.02);
  EXPECT_EQ(verdict_of(comparison, "PFAIL, after the fault"), Verdict::kIdentical);
}

TEST(Diff, AFewSeedsProveNothing) {
  const Comparison comparison = compare(spread(4), spread(4, 150ms), {});
  EXPECT_EQ(verdict_of(comparison, kElection), Verdict::kChance);
  EXPECT_TRUE(comparison.equivalent()) << "nobody is condemned by chance";
}

TEST(Diff, BoundsCanBeOverridden) {
  Bounds wide;
  wide.median_ms = 200;
  wide.distance = 0.5;
  EXPECT_EQ(verdict_of(compare(spread(200), spread(200, 100ms), wide), kElection),
            Verdict::kWithin);
}

TEST(Diff, RatesAreHeldToTheirBound) {
  for (const auto& [pings, verdict] :
       {std::pair{102, Verdict::kWithin}, {104, Verdict::kDifferent}}) {
    SideRuns other = spread(100);
    for (Observation& run : other.runs)
      run.traffic[0].messages["bus_sent_ping"] = static_cast<std::uint64_t>(pings);
    EXPECT_EQ(verdict_of(compare(spread(100), other, {}), "ping"), verdict) << pings;
  }
}

// A run that goes on for longer has no more elections in it.
TEST(Diff, WhatAnEventCausesIsCountedPerRun) {
  SideRuns a = spread(50), b = spread(50);
  for (SideRuns* side : {&a, &b}) {
    for (std::size_t i = 0; i < side->runs.size(); ++i) {
      Observation::Traffic& node = side->runs[i].traffic[0];
      const std::uint64_t length = side == &b ? 2 : 1;
      node.messages["bus_sent_ping"] *= length;
      node.messages["bus_sent_fail"] = 1 + i % 2;
      node.milliseconds *= static_cast<std::int64_t>(length);
    }
  }
  const Comparison comparison = compare(a, b, {});
  EXPECT_EQ(verdict_of(comparison, "ping"), Verdict::kIdentical);
  EXPECT_EQ(verdict_of(comparison, "fail"), Verdict::kWithin);
}

// ---- What cannot be compared ----

ComparedScenario scenario_of(const Comparison& comparison) {
  return {"failover", "failover.json", {}, {}, 0, comparison};
}
std::string report_of(const Comparison& comparison) {
  return report_comparison(scenario_of(comparison), {}, Paint::plain());
}

TEST(Diff, WhatOneSideCannotSupplyIsNotMeasured) {
  SideRuns other = spread(50);
  other.ours = false;
  for (Observation& run : other.runs) {
    run.traffic.clear();
    run.numbers.clear();
    run.has_clients = run.sees_effects = false;
    run.error_replies.clear();
    run.failovers[0].at.erase(Station::kPfail);
  }
  const Comparison comparison = compare(spread(50), other, {});
  for (const char* what : {"ping", "writes acknowledged", "MOVED", "PFAIL, after the fault",
                           "a primary is suspected (PFAIL)"})
    EXPECT_EQ(verdict_of(comparison, what), Verdict::kNotMeasured) << what;
  EXPECT_TRUE(comparison.equivalent());
  EXPECT_THAT(report_of(comparison), HasSubstr("not measured"));
}

// Our own node tells every station: what it never told did not happen.
TEST(Diff, WhatOurNodeNeverTellsDidNotHappen) {
  SideRuns other = spread(50);
  for (Observation& run : other.runs) run.failovers.clear();
  EXPECT_EQ(verdict_of(compare(spread(50), other, {}), "a replica is promoted"),
            Verdict::kDifferent);
}

TEST(Diff, LossesWithoutEffectsHaveNoClasses) {
  SideRuns other = spread(50);
  for (Observation& run : other.runs) run.sees_effects = false;
  const Comparison comparison = compare(spread(50), other, {});
  EXPECT_EQ(verdict_of(comparison, "of these lost"), Verdict::kIdentical);
  EXPECT_EQ(verdict_of(comparison, "lost: not replicated in time"), Verdict::kNotMeasured);
}

TEST(Diff, NothingIsNotEquivalentToAnything) {
  const Comparison comparison = compare({"sim", true, {}}, spread(10), {});
  EXPECT_FALSE(comparison.equivalent());
  EXPECT_THAT(report_of(comparison), HasSubstr("NOTHING TO COMPARE"));
}

// ---- Outcomes ----

TEST(Diff, OutcomesThatDifferAreFrequencies) {
  SideRuns a = spread(100), b = spread(100);
  for (std::size_t i = 0; i < 40; ++i) b.runs[i].primaries[0] = "as planned";
  const Comparison comparison = compare(a, b, {});
  EXPECT_EQ(verdict_of(comparison, "primary of shard 0: as planned"), Verdict::kDifferent);
  EXPECT_EQ(verdict_of(comparison, "primary of shard 0: a replica of it"), Verdict::kDifferent);
  EXPECT_EQ(verdict_of(comparison, "primary of shard 1: as planned"), Verdict::kIdentical);
  const std::string report = report_of(comparison);
  EXPECT_THAT(report, HasSubstr("100 of 100"));
  EXPECT_THAT(report, HasSubstr("60 of 100"));
}

TEST(Diff, ShardsWithOneOutcomeAreOneRow) {
  SideRuns a = spread(1);
  a.runs[0].primaries = {"as planned", "as planned", "gone", "as planned", "as planned",
                         "as planned", "gone",       "gone", "as planned"};
  const Comparison comparison = compare(a, a, {});
  EXPECT_EQ(verdict_of(comparison, "primary of shards 0, 1, 3-5, 8: as planned"),
            Verdict::kIdentical);
  EXPECT_EQ(verdict_of(comparison, "primary of shards 2, 6, 7: gone"), Verdict::kIdentical);
}

TEST(Diff, SeveralShardsHaveAFirstAndALast) {
  SideRuns a = spread(60), b = spread(60);
  for (SideRuns* side : {&a, &b}) {
    for (Observation& run : side->runs) {
      run.failovers.push_back(run.failovers[0]);
      run.failovers[1].shard = 1;
      run.failovers[1].at[Station::kElection] += side == &b ? 900ms : 0ms;
    }
  }
  const Comparison comparison = compare(a, b, {});
  EXPECT_EQ(verdict_of(comparison, std::string(kElection) + ", first shard"), Verdict::kWithin);
  EXPECT_EQ(verdict_of(comparison, std::string(kElection) + ", last shard"), Verdict::kDifferent);
}

SideRuns judged(const std::vector<std::pair<std::uint64_t, std::string>>& verdicts) {
  SideRuns side = spread(verdicts.size());
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    side.runs[i].seed = verdicts[i].first;
    side.runs[i].verdict = verdicts[i].second;
    side.runs[i].as_expected = verdicts[i].second == "PASS";
  }
  return side;
}

TEST(Diff, NamesTheSeedsInWhichOneSideFails) {
  const Comparison comparison =
      compare(judged({{3, "PASS"}, {1, "PASS"}, {2, "FAIL x"}, {4, "FAIL x"}}),
              judged({{1, "FAIL y"}, {2, "FAIL y"}, {3, "PASS"}, {9, "FAIL y"}}), {});
  ASSERT_EQ(comparison.disagreements.size(), 1u);
  EXPECT_EQ(comparison.disagreements.front().seed, 1u);
  EXPECT_EQ(verdict_of(comparison, "the run is as its scenario expects"), Verdict::kChance);
  EXPECT_THAT(report_of(comparison),
              HasSubstr("  1            a: PASS\n               b: FAIL y\n"));
  EXPECT_THAT(comparison_json(scenario_of(comparison), {}), HasSubstr("\"seed\": 1"));
}

// On the wall there are no clients, and nobody asks what the scenario expects.
TEST(Diff, WhoIsNotJudgedDisagreesWithNobody) {
  const Comparison comparison = compare(judged({{1, "FAIL x"}}), judged({{1, ""}}), {});
  EXPECT_TRUE(comparison.disagreements.empty());
  EXPECT_EQ(verdict_of(comparison, "the run is as its scenario expects"), Verdict::kNotMeasured);
}

// ---- The report ----

TEST(DiffReport, TellsWhatTheSampleSizeAllows) {
  ComparedScenario scenario = scenario_of(compare(spread(3), spread(3), {}));
  scenario.a = {"sim", "1..3", 3};
  scenario.b = {"wall:redis-server", "1..3", 3};
  const std::string report = report_comparison(scenario, {}, Paint::plain());
  EXPECT_THAT(report, HasSubstr("a = sim, seeds 1..3; b = wall:redis-server, seeds 1..3"));
  EXPECT_THAT(report, HasSubstr("From 3 and 3 runs"));
  EXPECT_THAT(report, HasSubstr("D >= 1.000 where one row is asked"));
  EXPECT_THAT(report, Not(HasSubstr("\x1b")));
}

// Of many, only what condemns one is told in full.
TEST(DiffReport, TellsALineForEachOfMany) {
  SideRuns late = spread(100);
  for (Observation& run : late.runs) run.failovers[0].at[Station::kElection] += 900ms;
  ComparedScenario different = scenario_of(compare(spread(100), late, {}));
  ComparedScenario equal = scenario_of(compare(spread(100), spread(100), {}));
  EXPECT_THAT(comparison_line(different, Paint::plain()),
              MatchesRegex("DIFFERENT    failover \\(2 DIFFERENT of [0-9]+ rows\\)\n"
                           "  DIFFERENT    election begins[^\n]*\n"
                           "  DIFFERENT    promotion[^\n]*\n"));
  EXPECT_THAT(comparison_line(equal, Paint::plain()),
              MatchesRegex("equivalent   failover[^\n]*\n"));
  equal.died = 2;
  EXPECT_THAT(comparison_line(equal, Paint::plain()), HasSubstr("\n  runs that died: 2\n"));
  const ComparedScenario nothing = scenario_of(compare({"sim", true, {}}, spread(10), {}));
  EXPECT_EQ(report_comparisons({equal, different, equal, nothing}, 5, {}, Paint::plain()),
            "\neach scenario by itself at 0.05: of 4 equal ones 0.2 may be called different by "
            "chance\n2 equivalent, 1 different, 1 with nothing to compare, 5 skipped\n");
}

TEST(DiffReport, CountsTheSeedsInWhichOneSideFails) {
  const auto seeds = judged({{7, "PASS"}, {8, "PASS"}, {9, "PASS"}});
  const auto some = judged({{7, "PASS"}, {8, "FAIL x"}, {9, "FAIL x"}});
  EXPECT_THAT(comparison_line(scenario_of(compare(seeds, some, {})), Paint::plain()),
              HasSubstr("\n  as its scenario expects on one side only: 2 seeds, the first 8\n"));
}

// ---- A run shows itself ----

TEST(Observer, FollowsAFailoverFromStationToStation) {
  const Loaded loaded = load_scenario("x.json", R"({
    "version": 1, "name": "x", "duration": "15s",
    "cluster": {"config": {"cluster-node-timeout": 2000}},
    "workload": [{"type": "register", "clients": 2, "rate": 50}],
    "timeline": [{"at": "2s", "do": "crash", "node": "m1", "for": "10s"}]})",
                                      vocabulary());
  ASSERT_EQ(loaded.problems.text(), "");
  const Observation seen = run_once(loaded.variants.front(), {}).seen;
  EXPECT_TRUE(seen.complete && seen.converged && seen.has_clients && seen.sees_effects);
  EXPECT_EQ(seen.primaries,
            (std::vector<std::string>{"a replica of it", "as planned", "as planned"}));
  ASSERT_EQ(seen.failovers.size(), 1u);
  EXPECT_EQ(seen.failovers[0].shard, 0);
  const auto& at = seen.failovers[0].at;
  ASSERT_EQ(at.size(), static_cast<std::size_t>(Station::kCount));
  EXPECT_EQ(at.at(Station::kLoss), sim_time(2s));
  for (auto next = std::next(at.begin()); next != at.end(); ++next)
    EXPECT_LT(std::prev(next)->second, next->second);
  ASSERT_EQ(seen.traffic.size(), 6u);
  EXPECT_GT(seen.traffic[1].messages.at("bus_sent_ping"), 10u);
  EXPECT_GT(seen.error_replies.at("MOVED"), 0u);
  EXPECT_EQ(seen.numbers.at("lost_unexplained"), 0);
}

// ---- Sides ----

TEST(Side, IsASimAMutantAProgramOrTheWall) {
  EXPECT_EQ(parse_side("--a", "sim").kind, Side::Kind::kSim);
  EXPECT_EQ(parse_side("--a", "sim:late-election").mutation, Mutation::kLateElection);
  EXPECT_EQ(parse_side("--a", "sh").kind, Side::Kind::kProgram);
  const Side wall = parse_side("--a", "wall:/bin/sh");
  EXPECT_EQ(wall.kind, Side::Kind::kWall);
  EXPECT_EQ(wall.program, "/bin/sh");
}

TEST(Side, MistakesAreToldWithWhatWasMeant) {
  const auto told = [](const std::string& text) {
    try {
      parse_side("--b", text);
    } catch (const UsageError& error) {
      return error.what;
    }
    return std::string();
  };
  EXPECT_THAT(told("sim:late-electoin"), HasSubstr("did you mean \"late-election\"?"));
  EXPECT_THAT(told("sin"), HasSubstr("did you mean \"sim\"?"));
  EXPECT_THAT(told("wall:/no/such"), HasSubstr("there is no program '/no/such'"));
  EXPECT_THAT(told("/tmp"), HasSubstr("there is no program '/tmp'"));
  EXPECT_THAT(told(""), HasSubstr("a side is sim, sim:MUTATION, a program, or wall:PROGRAM"));
}

}  // namespace
}  // namespace sim
