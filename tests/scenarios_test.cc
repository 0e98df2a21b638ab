// The scenarios we ship, one by one: each says why it exists, comes out as it expects, fails when
// what it is about is taken out, and gives the digests and the story written down in tests/golden.
//
// Those with real programs run where there is a redis-server. What they do is as repeatable as all
// else (tests/cli/process_programs_test.cc), but it is that program's doing: it has no golden
// files.
//
// Golden files are rewritten by the command printed when they differ. A new digest is a new
// behaviour of a node, the world or a client: look at the story beside it before committing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "sim/scenario/operations.h"
#include "tests/read_file.h"
#include "tests/runnable.h"

namespace sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kRoot = SLOTSIM_SOURCE_DIR;
const fs::path kGolden = kRoot / "tests" / "golden";
constexpr std::uint64_t kGoldenSeeds = 2;
constexpr std::size_t kStoryLines = 250;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

bool rewriting() {
  return std::getenv("REWRITE") != nullptr;
}

// Unoptimised tests, which are those of slow builds, run the first of them.
std::uint64_t golden_seeds_run_here() {
#ifdef __OPTIMIZE__
  return kGoldenSeeds;
#else
  return rewriting() ? kGoldenSeeds : 1;
#endif
}

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kRoot / "scenarios")) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of(const std::string& name) {
  return read(kRoot / "scenarios" / (name + ".json"));
}

// Those in which work takes its time.
std::vector<std::string> priced() {
  std::vector<std::string> names = shipped();
  std::erase_if(names, [](const std::string& name) {
    return !Json::parse(text_of(name)).at("cluster").contains("costs");
  });
  return names;
}

std::vector<Scenario> load(const std::string& name, const std::string& text) {
  Loaded loaded = load_scenario("scenarios/" + name + ".json", text, vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  return std::move(loaded.variants);
}

RunResult run(const Scenario& scenario, std::uint64_t seed, bool through_wire = false) {
  RunSettings settings;
  settings.plan.seed = seed;
  settings.plan.through_wire = through_wire;
  return run_once(scenario, settings);
}

// ---- Golden files ----

// "failover 1" or "failover[cluster.replicas=2] 1" -> digest.
using Digests = std::map<std::string, std::string>;

std::string digest_key(const std::string& name, const std::string& variant, std::uint64_t seed) {
  return name + (variant.empty() ? "" : "[" + variant + "]") + " " + std::to_string(seed);
}

fs::path story_file(const Scenario& scenario) {
  std::string name = scenario.name;
  for (const char c : scenario.variant.empty() ? "" : "-" + scenario.variant) {
    if (c != ' ') name += c;
  }
  return kGolden / (name + ".txt");
}

std::string digest_text(const RunResult& result) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, result.digest);
  return text;
}

Digests read_digests() {
  Digests digests;
  std::ifstream file(kGolden / "digests.txt");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.rfind(' ');
    digests[line.substr(0, space)] = line.substr(space + 1);
  }
  return digests;
}

void write_digests(const Digests& digests) {
  std::string text = "# scenario[case] seed digest; see tests/scenarios_test.cc\n";
  for (const auto& [key, digest] : digests) text.append(key).append(" ").append(digest) += '\n';
  write(kGolden / "digests.txt", text);
}

// What happened, as a person reads it. Of a large cluster, the beginning.
std::string story(const RunResult& result) {
  std::string text = result.scenario + ", seed " + std::to_string(result.seed) + ": " +
                     std::to_string(result.timeline.size()) + " moments\n";
  std::size_t lines = 0;
  for (const TimelineEntry& entry : result.timeline) {
    if (++lines > kStoryLines) break;
    const std::int64_t ms = to_ns(entry.at) / 1'000'000;
    char at[32];
    std::snprintf(at, sizeof at, "%s%" PRId64 ".%03" PRId64 "s", ms < 0 ? "-" : "",
                  std::abs(ms) / 1000, std::abs(ms) % 1000);
    text += std::string(at) + "  " + entry.text + "\n";
  }
  return text + result.headline + "\n";
}

std::string first_difference(const std::string& expected, const std::string& found) {
  std::istringstream a(expected), b(found);
  std::string x, y;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(a, x));
    const bool more_b = static_cast<bool>(std::getline(b, y));
    if (!more_a && !more_b) return "no difference";
    if (!more_a) x = "(end)";
    if (!more_b) y = "(end)";
    if (x != y) return "line " + std::to_string(line) + "\n  was: " + x + "\n  is:  " + y;
  }
}

constexpr const char* kHowToRewrite =
    "If that is meant: REWRITE=1 build/tests/whole_tests --gtest_filter='*InGolden*'";

bool runs_programs(const Scenario& scenario) {
  return std::any_of(scenario.timeline.begin(), scenario.timeline.end(),
                     [](const Step& step) { return step.what == Step::What::kProgram; });
}

class ShippedScenario : public testing::TestWithParam<std::string> {
 protected:
  const std::string& name() const { return GetParam(); }
};

TEST_P(ShippedScenario, SaysWhyItExistsWhatIsReachedAndWhatIsExpected) {
  for (const Scenario& scenario : load(name(), text_of(name()))) {
    EXPECT_EQ(scenario.name, name()) << "a scenario is called as its file";
    EXPECT_TRUE(scenario.description.starts_with("Why: ")) << scenario.description;
    EXPECT_NE(scenario.description.find(" Reached: "), std::string::npos);
    EXPECT_NE(scenario.description.find(" Expected: "), std::string::npos);
    EXPECT_FALSE(scenario.expect.reached.empty()) << "nothing proves that anything happened";
    EXPECT_TRUE(!scenario.workloads.empty() || runs_programs(scenario)) << "nobody would notice";
    EXPECT_TRUE(scenario.expect.except.empty()) << "an invariant is not looked away from";
  }
}

TEST_P(ShippedScenario, ComesOutAsExpectedAndAsWrittenDownInGolden) {
  Digests digests = read_digests();
  if (rewriting()) {  // cases that are no more
    std::erase_if(digests, [&](const auto& entry) {
      return entry.first.substr(0, entry.first.find_first_of("[ ")) == name();
    });
  }
  for (const Scenario& scenario : load(name(), text_of(name()))) {
    if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
    for (std::uint64_t seed = 1; seed <= golden_seeds_run_here(); ++seed) {
      const RunResult result = run(scenario, seed);
      EXPECT_EQ(result.code, exit_code::kOk) << "seed " << seed << ": " << result.headline;
      if (has_processes(scenario)) continue;
      const fs::path told = story_file(scenario);
      const std::string key = digest_key(scenario.name, scenario.variant, seed);
      if (rewriting()) {
        digests[key] = digest_text(result);
        if (seed == 1) write(told, story(result));
        continue;
      }
      if (seed == 1 && read(told) != story(result)) {
        ADD_FAILURE() << told << " tells another story, first at "
                      << first_difference(read(told), story(result)) << "\n"
                      << kHowToRewrite;
      }
      EXPECT_EQ(digests[key], digest_text(result)) << key << "\n" << kHowToRewrite;
    }
  }
  if (rewriting()) write_digests(digests);
}

// ---- Without its faults ----

bool is_fault(const Json& step) {
  return step.at("do") != "command" && step.at("do") != "end";
}

// Codes of runs that ended and were not what the scenario expects.
bool falls_short(const RunResult& result) {
  const std::set<int> short_of{exit_code::kViolation, exit_code::kLiveness,
                               exit_code::kUnexpectedPass, exit_code::kGate};
  return result.complete && short_of.count(result.code) > 0;
}

// The document without a step. Those that come after it come when it would have come.
Json without_step(const Json& document, std::size_t index) {
  Json changed = document;
  Json& steps = changed["timeline"];
  const Json removed = steps[index];
  steps.erase(index);
  for (Json& step : steps) {
    if (!removed.contains("id") || step.value("after", Json()) != removed["id"]) continue;
    step.erase("after");
    if (removed.contains("at")) step.erase("delay");
    for (const char* trigger : {"at", "when", "after"}) {
      if (removed.contains(trigger)) step[trigger] = removed[trigger];
    }
  }
  return changed;
}

// What a scenario demands to be reached must not happen by itself, nor without any one of its
// steps; of several operations of one kind, which take minutes, the first stands for all.
TEST_P(ShippedScenario, FailsWhenAnyOfItsFaultsIsTakenOut) {
  if (name() == "smoke") GTEST_SKIP() << "nothing goes wrong in it";
  const Json document = Json::parse(text_of(name()));
  std::vector<std::pair<std::string, Json>> cases;
  if (document.contains("nemesis")) {
    cases.emplace_back("the nemesis", document);
    cases.back().second.erase("nemesis");
  }
  const Json steps = document.value("timeline", Json::array());
  std::set<std::string> operations_seen;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!is_fault(steps[i])) continue;
    const auto kind = steps[i].at("do").get<std::string>();
    if (find_operation(kind) != nullptr && !operations_seen.insert(kind).second) continue;
    cases.emplace_back("step " + std::to_string(i + 1) + " (" + kind + ")",
                       without_step(document, i));
  }
  ASSERT_FALSE(cases.empty()) << "no faults: say here why it needs none";
  for (const auto& [what, changed] : cases) {
    for (const Scenario& scenario : load(name(), changed.dump())) {
      if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
      const RunResult result = run(scenario, 1);
      EXPECT_TRUE(falls_short(result)) << "without " << what << ": " << result.headline;
    }
  }
}

// Who puts a price on work expects to see it.
using PricedScenario = ShippedScenario;

TEST_P(PricedScenario, FailsWhenItsWorkCostsNothing) {
  Json document = Json::parse(text_of(name()));
  ASSERT_EQ(document.at("cluster").erase("costs"), 1u);
  for (const Scenario& scenario : load(name(), document.dump())) {
    if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
    const RunResult result = run(scenario, 1);
    EXPECT_TRUE(falls_short(result)) << result.headline;
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name;
  bool upper = true;
  for (const char c : info.param) {
    if (c == '-') {
      upper = true;
      continue;
    }
    name += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ShippedScenario, testing::ValuesIn(shipped()), test_name);
INSTANTIATE_TEST_SUITE_P(Scenarios, PricedScenario, testing::ValuesIn(priced()), test_name);

// ---- Through the wire ----

class ThroughTheWire : public testing::TestWithParam<std::string> {};

TEST_P(ThroughTheWire, EveryMessageIsEncodedDecodedAndStillTheSame) {
  for (const Scenario& scenario : load(GetParam(), text_of(GetParam()))) {
    const RunResult direct = run(scenario, 1), encoded = run(scenario, 1, true);
    EXPECT_EQ(direct.digest, encoded.digest);
    EXPECT_EQ(direct.encoded, 0u);
    EXPECT_GT(encoded.deliveries, 1000u);
    EXPECT_EQ(encoded.encoded, encoded.decoded);
    EXPECT_EQ(encoded.decoded, encoded.deliveries);
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ThroughTheWire,
                         testing::Values("smoke", "failover", "resync-storm"), test_name);

TEST(GoldenFiles, AreOfScenariosThatExistAndOfAllOfThem) {
  std::set<std::string> digests, stories{"digests.txt"};
  for (const std::string& name : shipped()) {
    for (const Scenario& scenario : load(name, text_of(name))) {
      if (has_processes(scenario)) continue;
      stories.insert(story_file(scenario).filename());
      for (std::uint64_t seed = 1; seed <= kGoldenSeeds; ++seed)
        digests.insert(digest_key(scenario.name, scenario.variant, seed));
    }
  }
  std::set<std::string> written, files;
  for (const auto& [key, digest] : read_digests()) written.insert(key);
  for (const fs::directory_entry& entry : fs::directory_iterator(kGolden))
    files.insert(entry.path().filename());
  EXPECT_EQ(written, digests);
  EXPECT_EQ(files, stories);
}

TEST(GoldenFiles, DifferFromEachOther) {
  std::set<std::string> seen;
  for (const auto& [key, digest] : read_digests()) EXPECT_TRUE(seen.insert(digest).second) << key;
}

}  // namespace
}  // namespace sim
