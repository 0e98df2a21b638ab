// Results and what is printed of them: JSON and back, the failure line, JUnit, exit codes, seeds.
#include "sim/app/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/app/bites.h"
#include "sim/app/cli.h"
#include "sim/app/judge.h"
#include "sim/app/report.h"

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunResult failed_run() {
  RunResult result;
  result.scenario = "split";
  result.file = "scenarios/split.json";
  result.case_name = "replicas=1, zones=\"2\"";
  result.seed = 18446744073709551615u;
  result.complete = true;
  result.cut_short = "";
  result.end = sim_time(45250ms);
  result.forming = 7450ms;
  result.digest = 0xfedcba9876543210;
  result.events = 5845;
  result.deliveries = 4000;
  result.encoded = 3;
  result.decoded = 2;
  result.memory_bytes = 1u << 20;
  result.cpu_ns = 17;
  result.wall_ns = 18;
  result.checkpoints = {{1024, 0xffffffffffffffff}, {2048, 1}};
  result.watched = {"1 m1 PING"};
  result.invariants = {
      {"election_safety", Judgement::kPass, false, false, "1 election", {}, 0},
      {"slot_ownership_agrees",
       Judgement::kKnownDefect,
       false,
       true,
       "excused",
       {{Judgement::kKnownDefect, sim_time(2s), 7, "row", 31}},
       1},
      {"one_writable_primary",
       Judgement::kFail,
       false,
       false,
       "1 overlap",
       {{Judgement::kFail, sim_time(-1500ms), 99, "m1 & m4 both <write> \"x\"", 0}},
       12}};
  result.expectations = {
      {"reaches fail", false, "never happened", exit_code::kViolation},
      {"reaches promoted", false, "never happened", exit_code::kViolation, true}};
  result.faults = {{1, "crash", "crash m1", "programs killed", sim_time(2s), sim_time(4s), 1}};
  result.warnings = {"fault 2 changed nothing"};
  result.timeline = {{sim_time(-7450ms), "the cluster forms", false},
                     {sim_time(2s), "crash m1", true}};
  result.metrics = {{"promotion", "4.431 s", 4431000000}};
  result.losses =
      LossTable{100,
                3,
                1,
                7,
                2,
                {{"B",
                  "minority",
                  "permitted",
                  3,
                  30'000,
                  2'000'000'000,
                  "m1 -> m4",
                  {"the write 1 to \"k\" is gone", {{"operation", "1"}, {"primary", "m1"}}}}}};
  result.seen.complete = result.seen.converged = true;
  result.seen.primaries = {"a replica of it", "nobody"};
  result.seen.failovers = {
      {1, {{Station::kLoss, sim_time(2s)}, {Station::kPromoted, sim_time(-1ms)}}}};
  result.seen.traffic = {{"m1", 45250, {{"bus_sent_ping", 1u << 20}}}};
  result.seen.has_clients = result.seen.sees_effects = true;
  result.seen.error_replies = {{"MOVED", 7}};
  result.seen.numbers = {{"lost_writes", 3}};
  result.as_declared = true;
  result.code = exit_code::kViolation;
  result.headline = "FAIL one_writable_primary & <more>";
  return result;
}

// ---- JSON ----

TEST(Result, ComesBackFromJsonAsItWas) {
  const RunResult result = failed_run();
  const RunResult back = result_from_json(to_json(result));
  EXPECT_EQ(to_json(back), to_json(result));
  EXPECT_EQ(back.seed, result.seed);
  EXPECT_EQ(back.digest, result.digest);
  EXPECT_EQ(back.checkpoints, result.checkpoints);
  EXPECT_EQ(back.end, result.end);
  EXPECT_EQ(back.forming, result.forming);
  ASSERT_EQ(back.invariants.size(), 3u);
  EXPECT_EQ(back.invariants[2].findings[0].at, sim_time(-1500ms));
  EXPECT_EQ(back.invariants[2].finding_count, 12u);
  EXPECT_TRUE(back.invariants[1].excused);
  EXPECT_EQ(back.faults[0].unit, "programs killed");
  EXPECT_EQ(back.headline, result.headline);
  EXPECT_EQ(back.seen, result.seen);
  EXPECT_EQ(back.losses, result.losses);
  EXPECT_EQ(result_from_json(to_json(RunResult{})).losses, std::nullopt);
}

TEST(Result, KeepsEveryJudgementApart) {
  for (const Judgement judgement : {Judgement::kPass, Judgement::kFail, Judgement::kKnownDefect,
                                    Judgement::kUnknown, Judgement::kNotChecked}) {
    RunResult result;
    result.invariants.push_back({"x", judgement, false, false, "", {}, 0});
    EXPECT_EQ(result_from_json(to_json(result)).invariants[0].judgement, judgement);
  }
}

TEST(Result, WithBytesThatAreNoTextIsStillJson) {
  RunResult result;
  result.warnings = {"got \xff\xfe"};
  EXPECT_THAT(result_from_json(to_json(result)).warnings[0], HasSubstr("got "));
}

// ---- Exit codes ----

TEST(ExitCode, TheMoreSevereWinsInTheFixedOrder) {
  const std::vector<int> order{130, 70, 3, 1, 4, 6, 7, 5, 2, 0};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i; j < order.size(); ++j) {
      EXPECT_EQ(exit_code::worse(order[i], order[j]), order[i]);
      EXPECT_EQ(exit_code::worse(order[j], order[i]), order[i]);
    }
  }
}

// ---- Lines ----

TEST(FailureLine, CarriesAllThatIsNeededToReplayIt) {
  EXPECT_EQ(failure_line(failed_run()),
            "FAIL split[replicas=1, zones=\"2\"] seed=18446744073709551615 "
            "invariant=one_writable_primary t=-1.500s events=5845 digest=fedcba9876543210 "
            "replay=\"sim/run scenarios/split.json --case 'replicas=1, zones=\"2\"' --seed "
            "18446744073709551615\"");
}

TEST(FailureLine, NamesNoInvariantWhereAnExpectationWasMissed) {
  RunResult result = failed_run();
  result.invariants.pop_back();
  EXPECT_THAT(failure_line(result), HasSubstr(" invariant=- t=45.250s "))
      << "an excused one is not the reason";
}

TEST(Report, TellsEverythingInPlainText) {
  Scenario scenario;
  scenario.name = "split";
  scenario.description = "Why: to see. And more.";
  scenario.duration = 45s;
  scenario.cluster.zones = {"a", "b"};
  const std::string report = report_run(scenario, failed_run(), Paint::plain());
  EXPECT_THAT(report, HasSubstr("split  Why: to see.\n"));
  EXPECT_THAT(report, HasSubstr("3 primaries + 3 replicas in 2 zones"));
  EXPECT_THAT(report, HasSubstr("-7.450s    the cluster forms"));
  EXPECT_THAT(report, HasSubstr("FAIL         one_writable_primary"));
  EXPECT_THAT(report, HasSubstr("and 11 more"));
  EXPECT_THAT(report, HasSubstr("[row 31: takeovers on both sides of a split"));
  EXPECT_THAT(report, HasSubstr("known-defect(row 31) slot_ownership_agrees"));
  EXPECT_THAT(report, HasSubstr("NOT MET      reaches fail: never happened"));
  EXPECT_THAT(report, HasSubstr("missed       reaches promoted: never happened"));
  EXPECT_THAT(report, HasSubstr("warning      fault 2 changed nothing"));
  EXPECT_THAT(report, HasSubstr("digest fedcba9876543210"));
  EXPECT_THAT(report, HasSubstr("replay sim/run scenarios/split.json"));
  EXPECT_THAT(report, Not(HasSubstr("\x1b"))) << "no colours";
}

// ---- JUnit ----

// Every tag is closed in order, attributes are quoted, and nothing is left that XML reserves.
void expect_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  std::size_t at = xml.find("?>");
  ASSERT_NE(at, std::string::npos);
  for (at += 2; at < xml.size();) {
    if (xml[at] != '<') {
      ASSERT_NE(xml[at], '>') << xml.substr(at);
      if (xml[at] == '&') {
        ASSERT_LT(xml.find(';', at), at + 7) << xml.substr(at);
      }
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = xml.substr(at + 1, end - at - 1);
    ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
    ASSERT_EQ(std::count(tag.begin(), tag.end(), '"') % 2, 0) << tag;
    if (tag.front() == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  EXPECT_TRUE(open.empty());
}

TEST(Profile, DefectsItDoesNotHaveAreViolations) {
  const auto judged = [](int row, std::string_view profile) {
    InvariantResult invariant{
        "slot_ownership_agrees",
        Judgement::kKnownDefect,
        false,
        false,
        "",
        {{Judgement::kKnownDefect, {}, 1, "a", 31}, {Judgement::kKnownDefect, {}, 2, "b", row}},
        2};
    const auto& rules = find_profile(profile)->deviations;
    hold_to({rules.begin(), rules.end()}, invariant);
    EXPECT_EQ(invariant.findings[0].judgement, Judgement::kKnownDefect) << "they have row 31 both";
    EXPECT_EQ(invariant.findings[1].judgement, invariant.judgement);
    return invariant.judgement;
  };
  EXPECT_EQ(judged(7, "redis-7.0"), Judgement::kKnownDefect);
  EXPECT_EQ(judged(7, "valkey-8"), Judgement::kFail);
  EXPECT_EQ(judged(12, "valkey-8"), Judgement::kFail);
  EXPECT_EQ(judged(47, "valkey-8"), Judgement::kKnownDefect);
}

TEST(Junit, IsWellFormedWhateverTheTextsHold) {
  Scenario scenario;
  scenario.name = "a \"quoted\" <name> & more";
  SeedsSummary summary;
  summary.scenario = &scenario;
  for (int i = 0; i < 3; ++i) {
    RunResult passed;
    passed.end = sim_time(20s);
    passed.forming = 500ms;
    passed.wall_ns = 2'000'000;
    summary.passes(passed);
  }
  summary.failed = 1;
  summary.failures = {failed_run()};
  summary.failures[0].headline += "\x01";
  summary.bounds = {{"promotion_p99 <20s", false, "is 21 s", exit_code::kGate},
                    {"promotion_p50 <20s", true, "is 4 s", exit_code::kGate}};
  const std::string xml = junit_xml({summary}, {{"a<b.json", "there is no program x"}});
  expect_well_formed(xml);
  EXPECT_THAT(xml, HasSubstr("tests=\"4\" failures=\"2\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("classname=\"a&lt;b.json\" name=\"not run\" time=\"0\"><skipped "
                             "message=\"there is no program x\"/>"));
  EXPECT_THAT(xml, HasSubstr("a &quot;quoted&quot; &lt;name&gt; &amp; more"));
  EXPECT_THAT(xml, Not(HasSubstr("\x01")));
  EXPECT_THAT(xml, HasSubstr("name=\"3 seeds as expected\" time=\"0.006\""));
  EXPECT_THAT(xml, HasSubstr("name=\"virtual_seconds\" value=\"61.500\""));
}

// ---- Bounds over seeds ----

// Who misses a bound looks into the seed that is furthest on its wrong side.
TEST(BoundsOverSeeds, NameTheSeedFurthestOnTheirWrongSide) {
  MetricTable table;
  for (const auto& [seed, value] : {std::pair{1, 500}, {2, 100}, {3, 900}}) {
    const std::vector<Metric> metrics{metric("hit_rate", value)};
    table.add(static_cast<std::uint64_t>(seed), metrics);
  }
  for (const auto& [compare, worst] : {std::pair{Compare::kLess, "(worst seed 3)"},
                                       {Compare::kLessEqual, "(worst seed 3)"},
                                       {Compare::kGreater, "(worst seed 2)"},
                                       {Compare::kGreaterEqual, "(worst seed 2)"}}) {
    Scenario scenario;
    scenario.expect.metrics = {{.metric = "hit_rate",
                                .statistic = MetricBound::Statistic::kP50,
                                .compare = compare,
                                .value = 500}};
    const std::vector<Expectation> judged = judge_bounds_over_seeds(scenario, table);
    ASSERT_EQ(judged.size(), 1u);
    EXPECT_THAT(judged.front().detail, HasSubstr(worst));
  }
}

// ---- Seeds on the command line ----

RunResult with_fault(const std::string& kind, std::uint64_t effects) {
  RunResult result;
  FaultResult fault;
  fault.kind = kind;
  fault.effects = effects;
  result.faults = {fault, fault};
  return result;
}

TEST(Bites, CountTheSeedsInWhichAKindOfFaultDidSomething) {
  Scenario scenario;
  scenario.nemesis.emplace().kinds = {"clog", "crash"};
  Bites bites(scenario);
  for (int seed = 0; seed < 18; ++seed) bites.see(RunResult{});
  bites.see(with_fault("crash", 3));
  bites.see(with_fault("crash", 0));
  EXPECT_EQ(bites.table(),
            "     fault              began in      bit in  of 20 seeds\n"
            "     clog                      0           0  0.0 %  seldom\n"
            "     crash                     2           1  5.0 %\n");
  EXPECT_EQ(bites.json(),
            R"({"seeds":20,"faults":{"clog":{"began":0,"bit":0},"crash":{"began":2,"bit":1}}})");
}

TEST(Seeds, AreNumbersOrHexOrCommits) {
  EXPECT_EQ(parse_seed("7"), 7u);
  EXPECT_EQ(parse_seed("0x2a"), 42u);
  EXPECT_EQ(parse_seed("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_seed("deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"), 0xdeadbeefdeadbeefu);
  for (const char* bad : {"", "x", "-1", "7 ", "0x", "1.5", "18446744073709551616", "deadbeef"}) {
    EXPECT_THROW(parse_seed(bad), UsageError) << bad;
  }
}

TEST(Seeds, ComeInRanges) {
  EXPECT_EQ(parse_seeds("1..50").count(), 50u);
  EXPECT_EQ(parse_seeds("7").first, 7u);
  EXPECT_EQ(parse_seeds("7").last, 7u);
  for (const char* bad :
       {"", "..", "1..", "..5", "5..1", "1...5", "1..20000000", "0..18446744073709551615"}) {
    EXPECT_THROW(parse_seeds(bad), UsageError) << bad;
  }
}

}  // namespace
}  // namespace sim
