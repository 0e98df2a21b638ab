// slotsim diff as its user meets it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/cli/scratch_testing.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::last_line;
using sim::Outcome;
using sim::quiet;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

using CliDiff = sim::ScratchTest;

// No clients, a short node timeout: sanitizers make every run a hundred times slower.
constexpr const char* kQuickFailover = R"({
    "version": 1, "name": "failover", "duration": "5s",
    "cluster": {"shards": 3, "replicas": 1, "config": {"cluster-node-timeout": 1000}},
    "timeline": [{"at": "500ms", "do": "crash", "node": "primary:shard-0", "for": "heal"}]})";

// By a tenth of a second: the node is another one, and diff must say so.
TEST_F(CliDiff, FlagsALaterElection) {
  write("failover.json", kQuickFailover);
  const std::string failover = "diff failover.json --jobs 2 ";
  const Outcome mutant = slotsim(failover + "--a sim --b sim:late-election --seeds 1..70");
  EXPECT_EQ(mutant.code, 1) << mutant.out << mutant.err;
  EXPECT_THAT(mutant.out, HasSubstr("DIFFERENT    election begins, after FAIL"));
  EXPECT_THAT(last_line(mutant.out), StartsWith("DIFFERENT in "));
  const Outcome same = slotsim(failover + "--a sim --b sim --seeds 1..5 --seeds-b 1001..1005");
  EXPECT_EQ(same.code, 0) << same.out << same.err;
  EXPECT_THAT(last_line(same.out), StartsWith("EQUIVALENT within the bounds"));
}

TEST_F(CliDiff, ARunOfItCanBeRunAlone) {
  write("failover.json", kQuickFailover);
  const auto promoted_ms = [&](const std::string& options) {
    const Json run = Json::parse(slotsim("run failover.json --seed 4 --json " + options).out);
    const Json& failover = run["seen"]["failovers"][0];
    return (failover["promoted_ns"].get<double>() - failover["loss_ns"].get<double>()) / 1e6;
  };
  const Json diff =
      Json::parse(slotsim("diff failover.json --a sim --b sim --seeds 4..4 --json").out);
  double median = 0;
  for (const Json& row : diff["rows"]) {
    if (row["what"] == "promotion, after the fault") median = row["a"]["median"];
  }
  EXPECT_DOUBLE_EQ(promoted_ms("--as-in-diff"), median);
  EXPECT_NE(promoted_ms(""), median);
  EXPECT_THAT(slotsim("run failover.json --as-in-diff").out,
              HasSubstr("failover.json --seed 1 --as-in-diff\n"));
}

TEST_F(CliDiff, OfDebugLogsOnlySuspicionsAreKept) {
  if (std::system("command -v redis-server >/dev/null") != 0) GTEST_SKIP() << "no redis-server";
  write("failover.json", kQuickFailover);
  const auto debug_lines = [&](const std::string& more) {
    const Outcome run = slotsim("run failover.json --program redis-server --trace t.jsonl " + more);
    EXPECT_EQ(run.code, 0) << run.all();
    std::istringstream lines(file("t.jsonl"));
    std::map<bool, int> count;  // by whether they tell a suspicion
    for (std::string line; std::getline(lines, line);) {
      if (line.find("\"level\":\"debug\"") != std::string::npos)
        ++count[line.find("possibly failing") != std::string::npos];
    }
    return count;
  };
  EXPECT_TRUE(debug_lines("").empty());
  const auto kept = debug_lines("--as-in-diff");
  EXPECT_EQ(kept.count(false), 0u);
  EXPECT_GT(kept.at(true), 0);
  std::string verbose = kQuickFailover;
  verbose.replace(verbose.find("\"config\": {"), 11, "\"config\": {\"loglevel\": \"debug\", ");
  write("failover.json", verbose);
  EXPECT_GT(debug_lines("--as-in-diff")[false], 100);  // who asks for them has them
}

TEST_F(CliDiff, TellsItsRowsAsJson) {
  write("x.json", quiet("x"));
  const Outcome outcome = slotsim("diff x.json --a sim --b sim --seeds 1..3 --json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["slotsim_diff"], 1);
  EXPECT_EQ(json["equivalent"], true);
  EXPECT_EQ(json["a"]["runs"], 3);
  EXPECT_GT(json["rows"].size(), 5u);
  for (const Json& row : json["rows"]) EXPECT_NE(row["verdict"], "different") << row;
}

TEST_F(CliDiff, OfSeveralTellsALineForEach) {
  write("folder/a.json", quiet("a"));
  write("folder/b.json", quiet("b", R"("matrix": {"/cluster/replicas": [0, 1]})"));
  write("folder/c.json", quiet("c", R"("cluster": {"nodes": {"program": "no-such-server"}})"));
  write("folder/failover.json", kQuickFailover);
  const std::string sides = " --a sim --b sim:late-election --seeds 1..70 --jobs 2";
  const Outcome many = slotsim("diff folder" + sides);
  EXPECT_EQ(many.code, 1) << many.out << many.err;
  EXPECT_EQ(many.err, "skipped folder/c.json: there is no program no-such-server to run on m1\n");
  EXPECT_THAT(many.out,
              MatchesRegex("a = sim, seeds 1..70; b = sim:late-election, seeds 1..70\n"
                           "equivalent   a[^\n]*\n"
                           "equivalent   b \\[replicas=0\\][^\n]*\n"
                           "equivalent   b \\[replicas=1\\][^\n]*\n"
                           "DIFFERENT    failover \\([^\n]*\\)\n(  DIFFERENT [^\n]*\n)+\n"
                           "each scenario [^\n]*\n3 equivalent, 1 different, 1 skipped\n"));
  const Json json =
      Json::parse(slotsim("diff folder --json --case replicas=1 --a sim --b sim --seeds 1..2").out);
  ASSERT_EQ(json["scenarios"].size(), 1u);
  EXPECT_EQ(json["scenarios"][0]["scenario"], "b [replicas=1]");
  EXPECT_EQ(json["scenarios"][0]["equivalent"], true);
  EXPECT_EQ(json["skipped"][0]["file"], "folder/c.json");
}

TEST_F(CliDiff, ReadsStandardInputForBothSides) {
  write("x.json", quiet("x"));
  const Outcome outcome = slotsim("diff - --a sim --b redis-server --seeds 1..1 <x.json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(CliDiff, TakesTwoSides) {
  write("x.json", quiet("x"));
  for (const auto& [arguments, told] :
       {std::pair{"--a sim --b sim:late-elections --seeds 1..3", "did you mean \"late-election\"?"},
        {"--a sim --seeds 1..3", "--b is required"},
        {"--a sim --b /no/such --seeds 1..3", "there is no program '/no/such'"},
        {"--a sim --b sim --seeds 3..1", "backwards"},
        {"--a sim --b sim --seeds 1..3 --case x", "no case is called 'x'"},
        {"--a sim --b sim --seeds 1..3 --bound medain=5ms", "did you mean \"median\"?"},
        {"--a sim --b sim --seeds 1..3 --bound rate=5", "told in %"},
        {"--a sim --b sim --seeds 1..3 --bound distance=x", "--bound expects"}}) {
    const Outcome outcome = slotsim(std::string("diff x.json ") + arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_THAT(outcome.err, HasSubstr(told)) << arguments;
    EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 2) << outcome.err;
  }
}

TEST_F(CliDiff, RefusesWhatTheWallCannotDo) {
  write("x.json", R"({"version": 1, "name": "x", "duration": "3s", "timeline": [
      {"at": "1s", "do": "partition", "groups": [["m1"]], "for": "1s"}]})");
  const Outcome outcome = slotsim("diff x.json --a sim --b wall:sh --seeds 1..3");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("x.json cannot be run as wall:sh: step step-1 is a partition"));
}

TEST_F(CliDiff, LeavesNothingBehindOnTheWall) {
  if (std::system("command -v redis-server >/dev/null") != 0) GTEST_SKIP() << "no redis-server";
  write("x.json", quiet("x"));
  const std::string command = "cd '" + scratch_.string() +
                              "' && mkdir tmp && TMPDIR=$PWD/tmp timeout --foreground " +
                              "--preserve-status -s INT 2 '" SLOTSIM_BINARY
                              "' diff x.json --a wall:redis-server --b sim --seeds 1..9 2>.err";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 130);
  EXPECT_EQ(file(".err"), "");
  EXPECT_TRUE(fs::is_empty(scratch_ / "tmp")) << "servers or their files are left";
  const std::string left =
      "readlink /proc/[0-9]*/cwd 2>/dev/null | grep -qF '" + (scratch_ / "tmp").string() + "'";
  EXPECT_NE(std::system(left.c_str()), 0);
}

}  // namespace
