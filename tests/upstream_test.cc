// The cluster tests of Redis and Valkey as scenarios: each passes on our node and, where there is
// one, on redis-server, and docs/upstream.md says of every one of their files what became of it.
//
// The page's times and verdicts are those of the two commands that it quotes; they are taken from
// what these wrote when the page is rewritten:
//   REWRITE=1 SIM_JUNIT=sim.xml REAL_JUNIT=real.xml build/tests/whole_tests
//   --gtest_filter='Upstream*'
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "sim/app/process_host.h"
#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "tests/markdown_row.h"
#include "tests/read_file.h"
#include "tests/runnable.h"

namespace sim {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = SLOTSIM_SOURCE_DIR;
const fs::path kFolder = kRoot / "scenarios" / "upstream";
// Those that need rules of Valkey 8: our node has them under that profile.
const fs::path kValkeyFolder = kRoot / "scenarios" / "valkey-8";
const fs::path kPage = kRoot / "docs" / "upstream.md";
constexpr std::string_view kRedisTests = "redis 7.0 tests/cluster/tests/";

// Files of redis 7.0's tests/cluster/tests, and why one has no scenario.
struct UpstreamTest {
  std::string_view file;
  std::string_view why_not;  // empty: it has
};
constexpr std::string_view kNotFailover = "neither of failover nor of who owns a slot";
constexpr std::array<UpstreamTest, 31> kTests{{
    {"00-base", ""},
    {"01-faildet", ""},
    {"02-failover", ""},
    {"03-failover-loop", ""},
    {"04-resharding", "it is `scenarios/reshard-under-load.json`"},
    {"05-slave-selection", ""},
    {"06-slave-stop-cond", ""},
    {"07-replica-migration", ""},
    {"08-update-msg", ""},
    {"09-pubsub", kNotFailover},
    {"10-manual-failover", ""},
    {"11-manual-takeover", ""},
    {"12-replica-migration-2", ""},
    {"12.1-replica-migration-3", ""},
    {"13-no-failover-option", ""},
    {"14-consistency-check", kNotFailover},
    {"15-cluster-slots", ""},
    {"16-transactions-on-replica", kNotFailover},
    {"17-diskless-load-swapdb", kNotFailover},
    {"18-info", kNotFailover},
    {"19-cluster-nodes-slots", ""},
    {"20-half-migrated-slot", ""},
    {"21-many-slot-migration", ""},
    {"22-replica-in-sync", ""},
    {"23-multiple-slot-operations", ""},
    {"24-links", kNotFailover},
    {"25-pubsubshard-slot-migration", kNotFailover},
    {"26-pubsubshard", kNotFailover},
    {"27-endpoints", kNotFailover},
    {"28-cluster-shards", ""},
    {"29-slot-migration-response", ""},
}};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}
std::vector<std::string> shipped() {
  return names_in(kFolder);
}

Scenario load(const std::string& name, const fs::path& folder = kFolder) {
  const fs::path file = folder / (name + ".json");
  Loaded loaded = load_scenario(fs::relative(file, kRoot).string(), read(file), vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  EXPECT_EQ(loaded.variants.size(), 1u);
  return loaded.variants.empty() ? Scenario{} : std::move(loaded.variants.front());
}

// ---- The scenarios ----

class UpstreamScenario : public testing::TestWithParam<std::string> {};

TEST_P(UpstreamScenario, SaysWhatItComesFromAndWhatItAsserts) {
  const Scenario scenario = load(GetParam());
  EXPECT_EQ(scenario.name, GetParam()) << "a scenario is called as its file";
  EXPECT_TRUE(scenario.description.starts_with("Why: ")) << scenario.description;
  EXPECT_NE(scenario.description.find(" Reached: "), std::string::npos);
  EXPECT_NE(scenario.description.find(" Expected: "), std::string::npos);
  ASSERT_FALSE(scenario.refs.empty()) << "its file in the suite";
  const auto asserts =
      std::count_if(scenario.timeline.begin(), scenario.timeline.end(), [](const Step& step) {
        return step.what == Step::What::kProgram || step.command.expect.any();
      });
  EXPECT_GT(asserts, 1);
}

TEST_P(UpstreamScenario, PassesOnOurNode) {
  const Scenario scenario = load(GetParam());
  if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
  const RunResult result = run_once(scenario, RunSettings{});
  EXPECT_EQ(result.code, exit_code::kOk) << result.headline;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name;
  for (const char c : info.param) name += c == '-' || c == '.' ? '_' : c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(Scenarios, UpstreamScenario, testing::ValuesIn(shipped()), test_name);

class ValkeyScenario : public testing::TestWithParam<std::string> {};

TEST_P(ValkeyScenario, PassesUnderItsProfileAndFailsUnderThatOf70) {
  const Scenario scenario = load(GetParam(), kValkeyFolder);
  EXPECT_EQ(scenario.name, GetParam()) << "a scenario is called as its file";
  ASSERT_EQ(scenario.cluster.profile, "valkey-8");
  EXPECT_FALSE(scenario.refs.empty());
  if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
  const RunResult ours = run_once(scenario, RunSettings{});
  EXPECT_EQ(ours.code, exit_code::kOk) << ours.headline;
  std::string text = read(kValkeyFolder / (GetParam() + ".json"));
  text = std::regex_replace(text, std::regex("\"profile\": \"valkey-8\""),
                            "\"profile\": \"redis-7.0\"");
  const Loaded older = load_scenario("older.json", text, vocabulary());
  ASSERT_EQ(older.problems.text(), "");
  EXPECT_NE(run_once(older.variants.front(), RunSettings{}).code, exit_code::kOk)
      << "what it asserts is older than Valkey 8";
}
INSTANTIATE_TEST_SUITE_P(Scenarios, ValkeyScenario, testing::ValuesIn(names_in(kValkeyFolder)),
                         test_name);

// ---- The page ----

struct Measured {
  std::string verdict = "not run", wall = "-", virtual_time = "-";
};
using Measurements = std::map<std::string, Measured>;  // by scenario

// As `slotsim run --junit` wrote it.
Measurements from_junit(const std::string& xml) {
  Measurements measured;
  const std::regex one(
      R"re(<testcase classname="([^"]*)" name="[^"]*" time="([^"]*)">([^]*?)</testcase>)re");
  for (std::sregex_iterator at(xml.begin(), xml.end(), one), end; at != end; ++at) {
    Measured& scenario = measured[(*at)[1]];
    const std::string inside = (*at)[3];
    scenario.wall = (*at)[2].str();
    scenario.wall.pop_back();  // hundredths are enough
    std::smatch value;
    const bool failed = inside.find("<failure") != std::string::npos;
    scenario.verdict = failed ? "fails" : "passes";
    if (std::regex_search(inside, value, std::regex(R"re(virtual_seconds" value="([0-9]+))re")))
      scenario.virtual_time = value[1];
  }
  return measured;
}

// As the page has them.
std::pair<Measurements, Measurements> from_page(const std::string& page) {
  std::pair<Measurements, Measurements> measured;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> row = cells(line, " `");
    if (row.size() < 9) continue;
    measured.first[row[2]] = {row[3], row[5], row[4]};
    measured.second[row[2]] = {row[6], row[8], row[7]};
  }
  return measured;
}

std::string page_of(const Measurements& sim, const Measurements& real) {
  std::string page =
      "# The cluster tests of Redis and Valkey, as scenarios\n\n"
      "*Generated by `tests/upstream_test.cc`; do not edit.*\n\n"
      "Each of upstream's tests of failover and of slots is a scenario in `scenarios/upstream/` "
      "that asserts what the test asserts and runs on both kinds of node, in virtual time. The "
      "scenarios are written anew from what the tests assert; their words and ours are "
      "different. Where a file has several parts that begin with a new cluster, each is a "
      "scenario.\n\n"
      "Measured with these commands, in seconds; what is measured differs a little from machine "
      "to machine and is as of the last time somebody wrote it down:\n\n"
      "```\n"
      "sim/run run scenarios/upstream --junit sim.xml\n"
      "sim/run run scenarios/upstream --program redis-server --junit real.xml\n"
      "REWRITE=1 SIM_JUNIT=sim.xml REAL_JUNIT=real.xml build/tests/whole_tests "
      "--gtest_filter='Upstream*'\n"
      "```\n\n"
      "| test | scenario | our node | virtual | wall | redis-server | virtual | wall |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  const auto measured = [](const Measurements& all, const std::string& name) {
    const auto found = all.find(name);
    const Measured one = found == all.end() ? Measured{} : found->second;
    return " | " + one.verdict + " | " + one.virtual_time + " | " + one.wall;
  };
  for (const std::string& name : shipped()) {
    const Scenario scenario = load(name);
    page += "| " + scenario.refs.at(0) + " | `" + name + "`" + measured(sim, name) +
            measured(real, name) + " |\n";
  }
  page +=
      "\nWhere ours differ from the tests they come from:\n\n"
      "* `00-base` asks for no functions or scripts: our node has none.\n"
      "* Who is deaf to its primary in `05-slave-selection`, `06-slave-stop-cond` and "
      "`22-replica-in-sync` is cut off from the replication alone, where the tests kill the "
      "connection and keep it from coming back.\n"
      "* `10-manual-failover-paused`: as in the test, the replica is primary within five seconds, "
      "by "
      "an election; that it was not before its primary was held for failed is said as well.\n"
      "* `12-replica-migration-2` resets the emptied node, which has become a replica, before it "
      "gets "
      "slots back; the test asks the replica for its replicas and is content with any answer.\n"
      "* `21-many-slot-migration` opens 100 slots, not 1000.\n"
      "* `22-replica-in-sync` and `28-cluster-shards` make a replica's first copy slow by a slow "
      "network, not by a slow load, which only a process has.\n";
  page += "\nOf " + std::string(kRedisTests) +
          ", these are no scenarios:\n\n| test | because |\n| --- | --- |\n";
  for (const UpstreamTest& test : kTests) {
    if (!test.why_not.empty())
      page += "| `" + std::string(test.file) + ".tcl` | " + std::string(test.why_not) + " |\n";
  }
  page +=
      "\nWhat Valkey mended after 7.0 is asserted in `scenarios/valkey-8/`: these pass on our node "
      "under the profile `valkey-8` and fail under that of redis 7.0.15, as its servers do. With "
      "`--program valkey-server` they run on Valkey itself.\n\n"
      "| test | scenario |\n| --- | --- |\n";
  for (const std::string& name : names_in(kValkeyFolder))
    page += "| " + load(name, kValkeyFolder).refs.at(0) + " | `" + name + "` |\n";
  return page;
}

TEST(UpstreamPage, TellsOfEveryScenario) {
  const auto given = [](const char* name) {
    const char* const file = std::getenv(name);
    return file == nullptr ? std::string() : read(file);
  };
  auto [sim, real] = from_page(read(kPage));
  if (std::getenv("REWRITE") != nullptr) {
    if (const std::string xml = given("SIM_JUNIT"); !xml.empty()) sim = from_junit(xml);
    if (const std::string xml = given("REAL_JUNIT"); !xml.empty()) real = from_junit(xml);
    std::ofstream(kPage, std::ios::binary) << page_of(sim, real);
  }
  EXPECT_EQ(read(kPage), page_of(sim, real))
      << "REWRITE=1 build/tests/whole_tests --gtest_filter='Upstream*'";
  for (const std::string& name : shipped()) {
    EXPECT_EQ(sim[name].verdict, "passes") << name << " has not been measured";
    EXPECT_EQ(real[name].verdict, "passes") << name << " has not been measured";
  }
}

TEST(UpstreamPage, TellsOfEveryTest) {
  std::vector<std::string> missing;
  for (const UpstreamTest& test : kTests) missing.push_back(std::string(test.file));
  for (const std::string& name : shipped()) {
    const std::string ref = load(name).refs.at(0);
    if (!ref.starts_with(kRedisTests)) continue;
    const std::string file = fs::path(ref.substr(kRedisTests.size())).stem();
    const auto* const known = std::find_if(
        kTests.begin(), kTests.end(), [&](const UpstreamTest& test) { return test.file == file; });
    ASSERT_NE(known, kTests.end()) << name << " is of a test that does not exist: " << ref;
    EXPECT_TRUE(known->why_not.empty()) << name << " exists, though the page says why it does not";
    std::erase(missing, file);
  }
  for (const UpstreamTest& test : kTests) {
    const auto lacking = std::count(missing.begin(), missing.end(), test.file);
    EXPECT_EQ(lacking, test.why_not.empty() ? 0 : 1) << test.file;
  }
}

}  // namespace
}  // namespace sim
