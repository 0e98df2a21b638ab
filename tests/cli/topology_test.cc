// slotsim graph and slotsim analyse as their user meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/cli/scratch_testing.h"
#include "tests/read_file.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using sim::Outcome;
using sim::read;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string last_line(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

// Three seconds of a cluster with a client, and more keys of the scenario.
std::string short_run(const std::string& more) {
  return R"({"version": 1, "name": "x", "duration": "3s",
             "workload": [{"type": "register", "clients": 1, "keys": 20, "rate": 20}],
             )" +
         more + "}\n";
}

class TopologyCli : public sim::ScratchTest {};

TEST_F(TopologyCli, GraphDrawsPlacesShardsAndBeliefs) {
  write("x.json", short_run(R"("cluster": {"zones": 3, "config": {"cluster-node-timeout": 1000}},
      "timeline": [{"at": "500ms", "do": "crash", "node": "m1", "power": true, "for": "heal"}])"));
  const bool has_dot = std::system("command -v dot >/dev/null") == 0;
  for (const auto& [options, words] :
       {std::pair{"--show physical", "zone <B>a</B>"}, std::pair{"--show logical", "0-5460"},
        std::pair{"--belief --at 2900ms", "X FAIL"}, std::pair{"--show both", "0-5460"}}) {
    const Outcome outcome = slotsim("graph x.json " + std::string(options));
    EXPECT_EQ(outcome.code, 0) << options << outcome.err;
    EXPECT_THAT(outcome.out, StartsWith("digraph")) << options;
    EXPECT_THAT(outcome.out, HasSubstr(words)) << options;
    EXPECT_EQ(slotsim("graph x.json " + std::string(options)).out, outcome.out) << options;
    if (!has_dot) continue;
    const Outcome drawn = slotsim("graph x.json --format svg " + std::string(options));
    EXPECT_EQ(drawn.code, 0) << options << drawn.err;
    EXPECT_THAT(drawn.out, HasSubstr("<svg")) << options;
    EXPECT_EQ(drawn.err, "") << options;
  }
}

TEST_F(TopologyCli, GraphWritesAFrameForEachMoment) {
  write("x.json", short_run(R"("cluster": {"config": {"cluster-node-timeout": 1000}},
      "timeline": [{"at": "500ms", "do": "crash", "node": "m1", "for": "heal"}])"));
  const Outcome outcome = slotsim("graph x.json --frames 'my frames'");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const fs::path folder = scratch_ / "my frames";
  const std::string index = read(folder / "index.txt");
  EXPECT_THAT(index, StartsWith("000-0.000s.dot\n"));
  EXPECT_THAT(index, HasSubstr("-0.500s.dot\n  0.500s  fault 1: crash m1"));
  std::size_t pictures = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".dot") continue;
    ++pictures;
    EXPECT_THAT(read(entry.path()), StartsWith("digraph"));
    EXPECT_THAT(index, HasSubstr(entry.path().filename().string() + "\n"));
  }
  EXPECT_GT(pictures, 4u);
  EXPECT_THAT(outcome.out, StartsWith(std::to_string(pictures) + " pictures and index.txt in "));
  EXPECT_THAT(read(folder / "001-0.500s.dot"), HasSubstr("DOWN"));
  EXPECT_THAT(read(folder / "000-0.000s.dot"), Not(HasSubstr("DOWN")));
}

TEST_F(TopologyCli, AnalyseTellsWhatATopologyRisksAndFailsOnDemand) {
  write("sound.json", short_run(R"("cluster": {"zones": 3})"));
  write("weak.json", short_run(R"("cluster": {"zones": 2})"));
  const Outcome sound = slotsim("analyse sound.json --fail-on spof");
  EXPECT_EQ(sound.code, 0) << sound.err;
  EXPECT_THAT(last_line(sound.out), StartsWith("no single point of failure in 12"));
  const Outcome weak = slotsim("analyse weak.json --fail-on spof");
  EXPECT_EQ(weak.code, 1) << weak.err;
  EXPECT_THAT(weak.out, HasSubstr("  1. losing zone a loses 2 of 3 primaries and 1 of 3 replicas: "
                                  "no majority (1 vote left, 2 needed), no failover, 16,384 slots "
                                  "down\n"));
  EXPECT_EQ(slotsim("analyse weak.json").code, 0) << "a risk is no mistake unless asked for";
  EXPECT_EQ(slotsim("analyse weak.json").out, weak.out);
  const Json json = Json::parse(slotsim("analyse weak.json --json").out);
  EXPECT_EQ(json["single_points_of_failure"], 1);
}

// The example of docs/analyse.md, and what is said of it there.
TEST_F(TopologyCli, AnalysesTheClusterOfTheDocumentation) {
  const std::string page = read(fs::path(SLOTSIM_SOURCE_DIR) / "docs" / "analyse.md");
  const std::size_t begin = page.find("```json\n") + 8;
  write("my-cluster.json", page.substr(begin, page.find("```", begin) - begin));
  const Outcome told = slotsim("analyse my-cluster.json --fail-on spof");
  EXPECT_EQ(told.code, 1) << told.err;
  EXPECT_THAT(page, HasSubstr("```\n" + told.out + "```"));
}

TEST_F(TopologyCli, AnalyseSimulatesWhatItSays) {
  write("x.json",
        short_run(R"("cluster": {"zones": 3, "config": {"cluster-node-timeout": 1000}})"));
  const Outcome one = slotsim("analyse x.json --simulate --seeds 2");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("     simulated, 2 seeds: not served for "));
  EXPECT_THAT(one.out, HasSubstr("1 failover (p50)"));
  EXPECT_EQ(slotsim("analyse x.json --simulate --seeds 2 --jobs 2").out, one.out);
}

TEST_F(TopologyCli, AnalyseOfNoClusterSaysSo) {
  write("x.json", R"({"version": 1, "name": "x", "machines": [{"exec": ["true"]}]})");
  const Outcome outcome = slotsim("analyse x.json");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no cluster"));
}

}  // namespace
