// slotsim as its user meets it: exit codes, words, files. Scenarios are short and made up here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/cli/scratch_testing.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::last_line;
using sim::Outcome;
using sim::quiet;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Cli : public sim::ScratchTest {
 protected:
  Outcome run(const std::string& scenario, const std::string& options = "") {
    write("x.json", scenario);
    return slotsim("run x.json " + options);
  }
};

// ---- Exit codes ----

TEST_F(Cli, ZeroWhenAllIsAsExpected) {
  const Outcome outcome = run(quiet("fine"));
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, EndsWith("\nPASS\n"));
  EXPECT_THAT(outcome.out, HasSubstr("replay sim/run x.json --seed 1\n"));
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Cli, OneWhenAnExpectationIsNotMet) {
  const Outcome outcome = run(quiet("unmet", R"("expect": {"reached": ["promoted"]})"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("NOT MET      reaches promoted"));
  EXPECT_THAT(last_line(outcome.out), StartsWith("FAIL "));
}

TEST_F(Cli, OneWhenAnInvariantIsViolated) {
  const Outcome outcome = run(
      R"({"version": 1, "name": "broken", "duration": "10s",
          "cluster": {"config": {"cluster-node-timeout": 2000}},
          "timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "heal"}]})",
      "--mutate win-without-majority --quiet");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, StartsWith("FAIL broken seed=1 invariant=election_safety t="));
}

TEST_F(Cli, FourWhenTheClusterDoesNotConverge) {
  const Outcome outcome = run(
      R"({"version": 1, "name": "stuck", "duration": "12s",
          "cluster": {"config": {"cluster-node-timeout": 2000}},
          "timeline": [{"at": "1s", "do": "partition", "groups": [["m1"]], "for": "8s"}],
          "expect": {"invariants": {"except": ["failure_detection_bounds"]}}})",
      "--mutate fail-never-clears");
  EXPECT_EQ(outcome.code, 4) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("FAIL         converges_after_heal"));
}

TEST_F(Cli, FiveWhenALimitEndsTheRun) {
  const Outcome outcome = run(quiet("limited", R"("limits": {"events": 400})"));
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(last_line(outcome.out), HasSubstr("event limit reached"));
}

TEST_F(Cli, ALivelockEndsTheRunWithAWord) {
  const Outcome outcome = run(quiet("spinning", R"("limits": {"events_per_instant": 1})"));
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(last_line(outcome.out), HasSubstr("livelock: too many events in no time"));
}

TEST_F(Cli, SixWhenAFailureWasExpectedAndNoneCame) {
  const Outcome outcome =
      run(quiet("hopeful", R"("expect": {"verdict": "fail", "violates": ["election_safety"]})"));
  EXPECT_EQ(outcome.code, 6) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("election_safety held"));
}

TEST_F(Cli, SevenWhenABoundOnAMetricIsBroken) {
  EXPECT_EQ(run(quiet("slow", R"("expect": {"metrics": {"acked_writes": "==1"}})")).code, 7);
}

// ---- Mistakes of the user ----

TEST_F(Cli, SuggestsTheSubCommandThatWasMeant) {
  const Outcome outcome = slotsim("rnu x.json");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("unknown sub-command 'rnu'"));
  EXPECT_THAT(outcome.err, HasSubstr("run"));
}

TEST_F(Cli, SuggestsTheOptionThatWasMeant) {
  const Outcome outcome = slotsim("run x.json --sedes 1..3");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("unknown option --sedes; did you mean --seeds?"));
}

TEST_F(Cli, SuggestsTheMutationThatWasMeant) {
  const Outcome outcome = run(quiet("x"), "--mutate no-demotoin");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no-demotion"));
}

TEST_F(Cli, RefusesWhatMakesNoSense) {
  write("x.json", quiet("x"));
  for (const char* arguments : {"run",
                                "run x.json --seed 1 --seeds 1..2",
                                "run x.json --seeds 5..1",
                                "run x.json --seed x",
                                "run x.json --until soon",
                                "run x.json --until=-1s",
                                "run - --verify <x.json",
                                "run x.json --verify --json",
                                "run x.json --verify --junit j.xml",
                                "run x.json --verify --out o",
                                "run x.json --verify --trace t",
                                "run x.json --verify --jobs 2",
                                "run x.json --json --quiet",
                                "run x.json --jobs 0",
                                "run x.json --case nobody",
                                "run x.json --seeds 1..2 --trace t",
                                "graph x.json --format gif",
                                "graph x.json --at -1s",
                                "graph x.json --view m77",
                                "graph x.json --show everything",
                                "graph x.json --belief --show logical",
                                "graph x.json --belief --view m1",
                                "graph x.json --frames f --at 1s",
                                "graph x.json --frames f -o p.dot",
                                "analyse x.json --fail-on rain",
                                "analyse x.json --seeds 3",
                                "analyse x.json --jobs 2",
                                "analyse x.json --simulate --seeds 0",
                                "analyse x.json --json --all",
                                "analyse x.json --case nobody",
                                "list nonsense",
                                "run x.json --trace /nowhere/t.jsonl"}) {
    const Outcome outcome = slotsim(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_THAT(outcome.err, StartsWith("slotsim")) << arguments;
    EXPECT_EQ(outcome.out, "") << arguments;
  }
}

TEST_F(Cli, SaysWhichFileIsMissing) {
  for (const char* command : {"run ", "validate ", "graph ", "analyse "}) {
    const Outcome outcome = slotsim(std::string(command) + "missing.json");
    EXPECT_EQ(outcome.code, 2) << command;
    EXPECT_THAT(outcome.err, HasSubstr("missing.json")) << command;
  }
}

TEST_F(Cli, SaysWhereJsonBreaksOff) {
  const Outcome outcome = run("{\"version\": 1,\n  \"name\":");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, StartsWith("x.json:2:"));
}

TEST_F(Cli, ValidateTellsEveryMistakeWithLineAndColumn) {
  write("x.json",
        "{\"version\": 1, \"name\": \"x\",\n  \"durration\": \"3s\", \"duration\": \"3s\",\n"
        "  \"cluster\": {\"shards\": -1}}\n");
  const Outcome outcome = slotsim("validate x.json");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("x.json:2:3: error: unknown key \"durration\""));
  EXPECT_THAT(outcome.err, HasSubstr("\"duration\""));
  EXPECT_THAT(outcome.err, HasSubstr("x.json:3:"));
  EXPECT_THAT(outcome.err, HasSubstr("/cluster/shards"));
  EXPECT_EQ(slotsim("validate '" SLOTSIM_SOURCE_DIR "'/scenarios/smoke.json").code, 0);
  write("folder/more/y.json", quiet("y"));
  EXPECT_EQ(slotsim("validate folder").out, "folder/more/y.json: fine\n");
  EXPECT_THAT(slotsim("validate .").err, HasSubstr("./x.json:"));
  fs::create_directory(scratch_ / "empty");
  EXPECT_EQ(slotsim("validate empty").code, 2);
}

// ---- Many runs ----

TEST_F(Cli, ADirectoryIsAllItsScenariosButNoSchema) {
  write("all/a.json", quiet("first"));
  write("all/deeper/b.json", quiet("second"));
  write("all/schema/s.json", "{}");
  write("all/notes.txt", "no scenario");
  const Outcome outcome = slotsim("run all");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("PASS first"));
  EXPECT_THAT(outcome.out, HasSubstr("PASS second"));
  EXPECT_EQ(last_line(outcome.out), "2 passed, 0 failed, 0 skipped");
}

TEST_F(Cli, TheNumberOfJobsChangesNothing) {
  write("x.json", quiet("x", R"("expect": {"metrics": {"acked_writes": "<31"}})"));
  const Outcome one = slotsim("run x.json --seeds 1..6 --jobs 1");
  const Outcome two = slotsim("run x.json --seeds 1..6 --jobs 2");
  EXPECT_EQ(one.out, two.out);
  EXPECT_EQ(one.code, two.code);
  EXPECT_THAT(last_line(one.out), MatchesRegex("[0-9]+ passed, [0-9]+ failed, 0 skipped"));
}

TEST_F(Cli, TheWorstCodeWins) {
  write("all/a.json", quiet("gate", R"("expect": {"metrics": {"acked_writes": "==1"}})"));
  write("all/b.json", quiet("unmet", R"("expect": {"reached": ["promoted"]})"));
  write("all/c.json", quiet("fine"));
  const Outcome outcome = slotsim("run all");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(last_line(outcome.out), "1 passed, 2 failed, 0 skipped");
}

TEST_F(Cli, NothingRunsUnlessEverythingIsRight) {
  write("all/a.json", quiet("fine"));
  write("all/b.json", "{");
  const Outcome outcome = slotsim("run all");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
}

// ---- For machines ----

TEST_F(Cli, JsonIsOneDocument) {
  const Json one = Json::parse(run(quiet("x"), "--json").out);
  EXPECT_EQ(one["slotsim_result"], 1);
  EXPECT_EQ(one["headline"], "PASS");
  const Json many = Json::parse(run(quiet("x"), "--seeds 1..3 --json").out);
  EXPECT_EQ(many["passed"], 3);
  ASSERT_EQ(many["runs"].size(), 3u);
  EXPECT_EQ(many["runs"][0]["digest"], one["digest"]) << "a child runs as we do";
}

TEST_F(Cli, JunitTellsFailures) {
  const Outcome outcome =
      run(quiet("x", R"("expect": {"reached": ["promoted"]})"), "--seeds 1..2 --junit j.xml");
  EXPECT_EQ(outcome.code, 1);
  const std::string xml = contents(scratch_ / "j.xml");
  EXPECT_THAT(xml, StartsWith("<?xml version=\"1.0\""));
  EXPECT_THAT(xml, HasSubstr("tests=\"2\" failures=\"2\""));
  EXPECT_THAT(xml, EndsWith("</testsuite>\n"));
}

TEST_F(Cli, ATraceIsJsonLineByLine) {
  EXPECT_EQ(run(quiet("x"), "--trace t.jsonl").code, 0);
  std::ifstream trace(scratch_ / "t.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(trace, line));
  EXPECT_EQ(Json::parse(line)["slotsim_trace"], 1);
  std::size_t records = 0;
  for (; std::getline(trace, line); ++records) ASSERT_TRUE(Json::accept(line)) << line;
  EXPECT_GT(records, 100u);
}

TEST_F(Cli, OutKeepsReportResultAndTrace) {
  EXPECT_EQ(run(quiet("x"), "--out kept").code, 0);
  for (const char* file : {"report.txt", "result.json", "trace.jsonl"})
    EXPECT_NE(contents(scratch_ / "kept" / "x" / "seed-1" / file), "") << file;
}

TEST_F(Cli, UntilCutsTheRunShort) {
  const std::string file = quiet("x");
  const Outcome outcome = run(file, "--until 1s");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(last_line(outcome.out), "CUT SHORT (stopped at 1.000s (--until))");
  const Json told = Json::parse(run(file, "--until 1s --json").out);
  EXPECT_THAT(told.dump(), HasSubstr("the run was cut short"));
}

// A run that stops after a second has fewer events than one of three seconds.
TEST_F(Cli, VerifyStopsWhereItIsToldTo) {
  const auto events = [&](const std::string& options) {
    const Outcome outcome = run(quiet("x"), "--verify " + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, StartsWith("SAME x seed=1 digest="));
    return std::stoi(outcome.out.substr(outcome.out.rfind(", ") + 2));
  };
  EXPECT_LT(events("--until 1s"), events(""));
}

TEST_F(Cli, QuietLeavesOutPercentiles) {
  EXPECT_THAT(run(quiet("x"), "--seeds 1..2").out, HasSubstr("p50"));
  EXPECT_THAT(run(quiet("x"), "--seeds 1..2 --quiet").out, Not(HasSubstr("p50")));
}

TEST_F(Cli, NoColourUnlessSomebodyLooks) {
  EXPECT_THAT(run(quiet("x")).out, Not(HasSubstr("\x1b")));
  if (std::system("command -v script >/dev/null") != 0) GTEST_SKIP() << "no 'script' here";
  const std::string tty = "cd '" + scratch_.string() +
                          "' && script -qec '" SLOTSIM_BINARY
                          " run x.json' /dev/null </dev/null >.tty";
  ASSERT_EQ(std::system(tty.c_str()), 0);
  EXPECT_THAT(contents(scratch_ / ".tty"), HasSubstr("\x1b[32mPASS"));
  ASSERT_EQ(std::system(("export NO_COLOR=1; " + tty).c_str()), 0);
  EXPECT_THAT(contents(scratch_ / ".tty"), Not(HasSubstr("\x1b[32m")));
}

// What a folder holds for another place is no reason not to run the rest; what is named has to run.
TEST_F(Cli, LeavesOutOfAFolderWhatCannotRunHere) {
  write("folder/a.json", quiet("a"));
  write("folder/b.json", quiet("b", R"("cluster": {"nodes": {"program": "no-such-server"}})"));
  write("folder/c.json",
        quiet("c", R"("cluster": {"profile": "valkey-8", "nodes": {"kind": "process"}})"));
  const Outcome folder = slotsim("run folder");
  EXPECT_EQ(folder.code, 0) << folder.out << folder.err;
  EXPECT_EQ(last_line(folder.out), "1 passed, 0 failed, 2 skipped");
  EXPECT_THAT(folder.err, HasSubstr("skipped folder/b.json: there is no program no-such-server"));
  write("folder/d.json", quiet("d", R"("cluster": {"costs": {"fork_per_gigabyte": "10ms"}})"));
  write("folder/e.json", quiet("e", R"("cluster": {"shard": 3})"));
  const Outcome other = slotsim("run folder --program redis-server");
  EXPECT_THAT(other.err, HasSubstr("skipped folder/d.json: no server is simulated"));
  EXPECT_THAT(other.err, HasSubstr("folder/e.json:3:"));  // wrong for everybody
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("skipped folder/c.json: it is about valkey-8"));
  const Outcome named = slotsim("run folder/b.json");
  EXPECT_EQ(named.code, 2) << named.out;
}

// ---- Pictures, tables, help ----

TEST_F(Cli, GraphDrawsTheCluster) {
  write("x.json", quiet("x"));
  const Outcome outcome = slotsim("graph x.json --at 1s --format dot");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("digraph"));
  EXPECT_THAT(outcome.out, HasSubstr("0-5460"));
  EXPECT_EQ(slotsim("graph x.json --at 1s -o p.dot").code, 0);
  EXPECT_EQ(contents(scratch_ / "p.dot"), outcome.out);
  if (std::system("command -v dot >/dev/null") != 0) return;
  EXPECT_THAT(slotsim("graph x.json --at 1s --format svg").out, HasSubstr("<svg"));
}

TEST_F(Cli, EveryTableHasRows) {
  for (const char* table :
       {"faults", "invariants", "workloads", "selectors", "mutations", "milestones", "metrics"}) {
    const Outcome outcome = slotsim(std::string("list ") + table);
    EXPECT_EQ(outcome.code, 0) << table;
    EXPECT_GT(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 4) << table;
  }
}

TEST_F(Cli, HelpComesWithExamplesFirst) {
  EXPECT_THAT(slotsim("--help").out, HasSubstr("\n\nExamples:\n  slotsim run"));
  for (const char* command :
       {"run", "graph", "analyse", "diff", "validate", "list", "bench", "schema"}) {
    const Outcome outcome = slotsim(std::string(command) + " --help");
    EXPECT_EQ(outcome.code, 0) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Example")) << command;
    EXPECT_THAT(outcome.out, HasSubstr("\n\nUsage: slotsim " + std::string(command))) << command;
    EXPECT_THAT(outcome.out, Not(HasSubstr(" TEXT"))) << command << ": a text of what?";
    EXPECT_THAT(slotsim("--help").out, HasSubstr("\n  " + std::string(command) + " "));
  }
}

TEST_F(Cli, SchemaIsTheOneThatIsShipped) {
  EXPECT_EQ(slotsim("schema").out,
            contents(SLOTSIM_SOURCE_DIR "/scenarios/schema/scenario-v1.schema.json"));
}

// ---- Histories ----

// The example of docs/histories.md, and what is said of it there.
TEST_F(Cli, ChecksTheHistoryOfTheDocumentation) {
  const std::string page = contents(fs::path(SLOTSIM_SOURCE_DIR) / "docs" / "histories.md");
  const std::size_t begin = page.find("```json\n") + 8;
  write("example.jsonl", page.substr(begin, page.find("```", begin) - begin));
  const Outcome told = slotsim("check example.jsonl --model register");
  EXPECT_EQ(told.code, 1);
  EXPECT_THAT(page, HasSubstr("```\n" + told.out + "```"));
  EXPECT_THAT(slotsim("check example.jsonl --model cache").out,
              StartsWith("example.jsonl: 5 operations"));
  const Json json = Json::parse(slotsim("check example.jsonl --model register --json").out);
  EXPECT_EQ(json["histories"][0]["verdict"], "fail");
  EXPECT_EQ(json["histories"][0]["findings"][0]["lines"], Json({1, 5, 7, 9}));
}

TEST_F(Cli, ChecksWhatARunWrote) {
  EXPECT_EQ(run(quiet("q"), "--history h.jsonl").code, 0);
  const Outcome checked = slotsim("check h.jsonl --model register");
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_THAT(last_line(checked.out), "PASS h.jsonl: each key is linearizable");
  std::string text = contents(scratch_ / "h.jsonl");
  // A value that nobody wrote.
  const std::size_t ok = text.rfind("\"type\":\"ok\",\"f\":\"read\"");
  text.insert(text.find("\"value\":\"", ok) + 9, "no");
  write("bad.jsonl", text);
  EXPECT_EQ(slotsim("check h.jsonl bad.jsonl --model register -q").code, 1);
  EXPECT_EQ(slotsim("check h.jsonl --model register --workload register").code, 0);
  EXPECT_EQ(run(quiet("q"), "--history h.jsonl --seeds 1..2").code, 2);
}

TEST_F(Cli, ChecksCountersListsAndCaches) {
  const std::string scenario = R"({"version": 1, "name": "all", "duration": "3s", "workload": [
      {"type": "counter", "clients": 2, "keys": 2}, {"type": "list-append", "clients": 2},
      {"type": "cache", "clients": 2, "keys": 5, "ttl": "1s"}]})";
  EXPECT_EQ(run(scenario, "--history h.jsonl").code, 0);
  for (const std::string model : {"counter", "list-append", "cache"}) {
    const Outcome checked = slotsim("check h.jsonl --model " + model + " --workload " + model);
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
    EXPECT_THAT(checked.out, Not(HasSubstr(": 0 operations")));
  }
}

TEST_F(Cli, SaysWhatIsWrongWithAHistory) {
  write("cut.jsonl", R"({"process":1,"type":"inv)");
  const Outcome cut = slotsim("check cut.jsonl --model register");
  EXPECT_EQ(cut.code, 2);
  EXPECT_THAT(cut.err, StartsWith("cut.jsonl:1:25: error: the file ends inside this operation"));
  write("empty.jsonl", "");
  const Outcome empty = slotsim("check empty.jsonl --model register");
  EXPECT_EQ(empty.code, 2);
  EXPECT_EQ(empty.err, "empty.jsonl: error: the file is empty: there is nothing to check\n");
  const Outcome model = slotsim("check empty.jsonl --model regster");
  EXPECT_EQ(model.code, 2);
  EXPECT_THAT(model.err, HasSubstr("did you mean \"register\"?"));
  EXPECT_EQ(slotsim("check nowhere.jsonl --model register").code, 2);
}

TEST_F(Cli, ALimitThatIsReachedIsNoPass) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += R"({"process":)" + std::to_string(i) +
            R"(,"type":"invoke","f":"write","value":1})"
            "\n";
  }
  for (int i = 0; i < 10; ++i) {
    text += R"({"process":)" + std::to_string(i) +
            R"(,"type":"ok","f":"write","value":1})"
            "\n";
  }
  write("h.jsonl", text);
  EXPECT_EQ(slotsim("check h.jsonl --model register").code, 0);
  const Outcome limited = slotsim("check h.jsonl --model register --steps 3");
  EXPECT_EQ(limited.code, 5);
  EXPECT_THAT(limited.out,
              HasSubstr("UNKNOWN h.jsonl: the limit of 3 steps is reached; 1 key is undecided"));
}

// ---- Mutants ----

constexpr const char* kPrimaryDies = R"({"version": 1, "name": "shows", "duration": "6s",
    "cluster": {"config": {"cluster-node-timeout": 1000}},
    "timeline": [{"at": "1s", "do": "crash", "node": "m1", "for": "heal"}]})";

TEST_F(Cli, AMutationThatIsKilledIsInTheTable) {
  write("scenarios/broken/failover.json", kPrimaryDies);
  const Outcome outcome = slotsim("mutants win-without-majority --seeds 1..5 --json m.json");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("win-without-majority           killed   election_safety"));
  EXPECT_THAT(last_line(outcome.out), StartsWith("1 mutations, 1 killed, 0 survived in "));
  const Json table = Json::parse(contents(scratch_ / "m.json"));
  EXPECT_EQ(table["mutations"][0]["by"], Json({"election_safety"}));
  EXPECT_EQ(table["mutations"][0]["scenario"], "failover");
}

TEST_F(Cli, AMutationThatNoScenarioShowsSurvives) {
  write("calm/failover.json", quiet("calm"));
  const Outcome outcome = slotsim("mutants win-without-majority --seeds 1..2 --scenarios calm");
  EXPECT_EQ(outcome.code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("win-without-majority           SURVIVED -"));
  EXPECT_THAT(outcome.out, HasSubstr("invariants that killed nothing: election_safety\n"));
  EXPECT_THAT(last_line(outcome.out),
              StartsWith("1 mutations, 0 killed, 1 survived (win-without-majority) in "));
}

TEST_F(Cli, MutantsSayWhichScenariosTheyMiss) {
  Outcome outcome = slotsim("mutants");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("there is no folder scenarios/broken here"));
  EXPECT_THAT(outcome.err, HasSubstr("--scenarios DIR"));
  write("calm/x.json", quiet("calm"));
  outcome = slotsim("mutants no-demotion --scenarios calm");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("calm has no minority.json, which shows no-demotion"));
  outcome = slotsim("mutants no-demotoin --scenarios calm");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"no-demotion\"?"));
}

}  // namespace
