// The bug corpus: each scenario of scenarios/bugs/ shows one row of the table of known defects,
// goes wrong as it says where it says so, and right otherwise; docs/bugs.md tells of each.
//
// The page's figures are those of the two commands that it quotes; they are taken from what these
// wrote when the page is rewritten:
//   REWRITE=1 SIM_JSON=sim.json REAL_JSON=real.json build/tests/whole_tests --gtest_filter='Bugs*'
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/app/run_once.h"
#include "sim/app/vocabulary.h"
#include "sim/core/deviation.h"
#include "sim/invariants/known_defects.h"
#include "tests/markdown_row.h"
#include "tests/read_file.h"
#include "tests/runnable.h"

namespace sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kRoot = SLOTSIM_SOURCE_DIR;
const fs::path kFolder = kRoot / "scenarios" / "bugs";
const fs::path kPage = kRoot / "docs" / "bugs.md";

std::vector<std::string> shipped() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of(const std::string& name) {
  return read(kFolder / (name + ".json"));
}

// Its cases, or itself alone.
std::vector<Scenario> load(const std::string& name) {
  Loaded loaded = load_scenario("scenarios/bugs/" + name + ".json", text_of(name), vocabulary());
  EXPECT_TRUE(loaded.problems.empty()) << loaded.problems.text();
  return std::move(loaded.variants);
}

int row_of(const std::string& name) {
  return std::stoi(name.substr(0, name.find('-')));
}

// It says that something goes wrong.
bool goes_wrong(const Scenario& scenario) {
  const Expectations& expect = scenario.expect;
  return !expect.misses.empty() || !expect.violates.empty() || !expect.shows.empty();
}

// ---- The scenarios ----

class BugScenario : public testing::TestWithParam<std::string> {};

TEST_P(BugScenario, SaysWhatItShows) {
  const KnownDefect* defect = find_known_defect(row_of(GetParam()));
  ASSERT_NE(defect, nullptr) << "no such row";
  bool wrong = false;
  for (const Scenario& scenario : load(GetParam())) {
    EXPECT_EQ(scenario.name, GetParam()) << "a scenario is called as its file";
    EXPECT_TRUE(scenario.description.starts_with("Why: ")) << scenario.description;
    EXPECT_NE(scenario.description.find(" Reached: "), std::string::npos);
    EXPECT_NE(scenario.description.find(" Expected: "), std::string::npos);
    const auto& refs = scenario.refs;
    EXPECT_NE(std::find(refs.begin(), refs.end(), defect->reference), refs.end())
        << "the table names " << defect->reference;
    wrong = wrong || goes_wrong(scenario);
  }
  EXPECT_TRUE(wrong) << "no case goes wrong";
}

// What is another version's bug goes wrong with its rule, and right with nothing but that rule
// taken away.
TEST_P(BugScenario, TurnsOnOneRule) {
  const Json cases = Json::parse(text_of(GetParam())).value("cases", Json::object());
  const KnownDefect& defect = *find_known_defect(row_of(GetParam()));
  const auto rest_of = [](Json changes) {
    for (auto at = changes.begin(); at != changes.end();) {
      const bool rule = at.key() == "cluster.deviations" || at.key().starts_with("expect");
      at = rule ? changes.erase(at) : std::next(at);
    }
    return changes;
  };
  std::vector<Json> plain;
  for (const auto& [name, changes] : cases.items()) {
    if (!changes.contains("cluster.deviations")) plain.push_back(rest_of(changes));
  }
  bool shown = defect.current;
  for (const auto& [name, changes] : cases.items()) {
    if (!changes.contains("cluster.deviations")) continue;
    EXPECT_EQ(changes["cluster.deviations"].size(), 1u) << name;
    EXPECT_NE(std::find(plain.begin(), plain.end(), rest_of(changes)), plain.end())
        << name << " differs from every other case in more than its rule";
    shown = shown || (changes["cluster.deviations"][0] == defect.deviation &&
                      changes.value("expect.verdict", "") == "fail");
  }
  EXPECT_TRUE(shown) << "no case has " << defect.deviation << " and fails";
}

TEST_P(BugScenario, GoesWrongWhereItSaysSo) {
  for (const Scenario& scenario : load(GetParam())) {
    if (const auto why = not_runnable(scenario)) GTEST_SKIP() << *why;
    RunSettings settings;
    settings.plan.seed = scenario.seed;
    const RunResult result = run_once(scenario, settings);
    EXPECT_EQ(result.code, exit_code::kOk) << scenario.variant << ": " << result.headline;
    EXPECT_TRUE(result.as_declared) << scenario.variant << ": " << result.headline;
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = "Row" + info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Bugs, BugScenario, testing::ValuesIn(shipped()), test_name);

TEST(BugsTable, IsSortedAndNamesDeviations) {
  int last = 0;
  for (const KnownDefect& defect : known_defects()) {
    EXPECT_GT(defect.row, last);
    last = defect.row;
    EXPECT_TRUE(defect.deviation.empty() || find_deviation(defect.deviation))
        << defect.row << ": " << defect.deviation;
    EXPECT_TRUE(defect.current || !defect.deviation.empty()) << "nothing brings back " << last;
  }
}

// ---- The page ----

struct Measured {
  std::string first_seed = "not run", virtual_time = "-", caught_by = "-";
};
using Measurements = std::map<std::pair<std::string, std::string>, Measured>;  // scenario, case

// By which excused findings and missed expectations a run showed what it was to show.
std::string caught_by(const Json& run) {
  std::set<std::string> by;
  for (const Json& invariant : run.at("invariants")) {
    const std::string judgement = invariant.at("judgement");
    if (!invariant.at("excused") || (judgement != "fail" && judgement != "known-defect")) continue;
    by.insert("`" + invariant.at("name").get<std::string>() + "`" +
              (judgement == "fail" ? "" : " (known defect)"));
  }
  for (const Json& expectation : run.at("expectations")) {
    if (expectation.at("excused")) by.insert(expectation.at("text").get<std::string>());
  }
  std::string text;
  for (const std::string& one : by) text += (text.empty() ? "" : ", ") + one;
  return text.empty() ? "-" : text;
}

// As `slotsim run --json` wrote it.
Measurements from_json(const std::string& text) {
  Measurements measured;
  const Json results = Json::parse(text);
  for (const Json& run : results.at("runs")) {
    Measured& one =
        measured[{run.at("scenario").get<std::string>(), run.at("case").get<std::string>()}];
    const bool good = run.at("exit_code") == 0 && run.at("as_declared");
    if (one.first_seed != "not run" && one.first_seed != "none") continue;
    one.first_seed = good ? std::to_string(run.at("seed").get<std::uint64_t>()) : "none";
    one.caught_by = good ? caught_by(run) : run.at("headline").get<std::string>();
    std::replace(one.caught_by.begin(), one.caught_by.end(), '|', '/');
    const std::int64_t ns =
        run.at("end_ns").get<std::int64_t>() + run.at("forming_ns").get<std::int64_t>();
    one.virtual_time = std::to_string(ns / 1'000'000'000);
  }
  return measured;
}

// As the page has them.
std::pair<Measurements, Measurements> from_page(const std::string& page) {
  std::pair<Measurements, Measurements> measured;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    const std::vector<std::string> row = cells(line);
    if (row.size() < 9 || !row[1].starts_with('`')) continue;
    const std::pair key{row[1].substr(1, row[1].size() - 2), row[2] == "-" ? "" : row[2]};
    measured.first[key] = {row[4], row[5], row[6]};
    measured.second[key] = {row[7], "-", row[8]};
  }
  return measured;
}

std::string page_of(const Measurements& sim, const Measurements& real) {
  std::string page =
      "# Bugs of Redis Cluster, as scenarios\n\n"
      "*Generated by `tests/bugs_test.cc`; do not edit.*\n\n"
      "Each bug and hazard below is a small scenario in `scenarios/bugs/`. What redis 7.0.15 still "
      "has goes wrong on our node and on redis-server alike; what older or later versions have "
      "goes wrong on our node when it follows their rule (`slotsim list deviations`), and right "
      "when it does not. A case that says \"fail\" is one in which it must go wrong, and a run in "
      "which it does not is a failure (exit code 6). The tables' numbers are those of `slotsim "
      "list known-defects`.\n\n"
      "Measured with these commands; \"seed\" is the first that shows what the case says, \"s\" "
      "the "
      "virtual seconds of that run, \"caught by\" what noticed:\n\n"
      "```\n"
      "sim/run run scenarios/bugs --seeds 1..4 --json > sim.json\n"
      "sim/run run scenarios/bugs --program redis-server --json > real.json\n"
      "REWRITE=1 SIM_JSON=sim.json REAL_JSON=real.json build/tests/whole_tests "
      "--gtest_filter='Bugs*'\n"
      "```\n";
  for (const bool current : {true, false}) {
    page += current ? "\n## What redis 7.0.15 has\n" : "\n## What other versions have\n";
    page += "\n| row | what happens | versions | told in |\n| --- | --- | --- | --- |\n";
    for (const std::string& name : shipped()) {
      const KnownDefect& defect = *find_known_defect(row_of(name));
      if (defect.current != current) continue;
      page += "| " + std::to_string(defect.row) + " | " + std::string(defect.symptom) + " | " +
              std::string(defect.versions) + " | ";
      const std::vector<std::string> refs = load(name).front().refs;
      for (std::size_t i = 0; i < refs.size(); ++i) page += (i == 0 ? "" : ", ") + refs[i];
      page += " |\n";
    }
    page +=
        "\n| scenario | case | verdict | seed | s | caught by | redis-server: seed | caught by "
        "|\n| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const std::string& name : shipped()) {
      if (find_known_defect(row_of(name))->current != current) continue;
      for (const Scenario& scenario : load(name)) {
        const auto measured = [&](const Measurements& all) {
          const auto found = all.find({name, scenario.variant});
          return found == all.end() ? Measured{} : found->second;
        };
        const Measured ours = measured(sim), theirs = measured(real);
        page += "| `" + name + "` | " + (scenario.variant.empty() ? "-" : scenario.variant) +
                " | " + (goes_wrong(scenario) ? "fail" : "pass") + " | " + ours.first_seed + " | " +
                ours.virtual_time + " | " + ours.caught_by + " | " + theirs.first_seed + " | " +
                theirs.caught_by + " |\n";
      }
    }
  }
  std::string unshown;
  for (const KnownDefect& defect : known_defects()) {
    const std::vector<std::string> names = shipped();
    const bool shown = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return row_of(name) == defect.row;
    });
    if (shown) continue;
    unshown += "| " + std::to_string(defect.row) + " | " + std::string(defect.symptom) + " | " +
               std::string(defect.versions) + " | " + std::string(defect.reference) + " |\n";
  }
  page +=
      "\n## Known, and without a scenario\n\n| row | what happens | versions | told in |\n"
      "| --- | --- | --- | --- |\n" +
      unshown;
  page +=
      "\nNot run on redis-server are the cases with rules of other versions, which only a server "
      "of that version has.\n";
  return page;
}

TEST(BugsPage, TellsOfEveryScenario) {
  const auto given = [](const char* name) {
    const char* const file = std::getenv(name);
    return file == nullptr ? std::string() : read(file);
  };
  auto [sim, real] = from_page(fs::exists(kPage) ? read(kPage) : "");
  if (std::getenv("REWRITE") != nullptr) {
    if (const std::string json = given("SIM_JSON"); !json.empty()) sim = from_json(json);
    if (const std::string json = given("REAL_JSON"); !json.empty()) real = from_json(json);
    std::ofstream(kPage, std::ios::binary) << page_of(sim, real);
  }
  EXPECT_EQ(read(kPage), page_of(sim, real))
      << "REWRITE=1 build/tests/whole_tests --gtest_filter='Bugs*'";
  EXPECT_GE(shipped().size(), 25u);
  for (const std::string& name : shipped()) {
    for (const Scenario& scenario : load(name)) {
      const std::pair key{name, scenario.variant};
      const bool plain = scenario.cluster.deviations.empty();
      EXPECT_NE(sim[key].first_seed, "not run") << name << ", " << scenario.variant;
      EXPECT_NE(sim[key].first_seed, "none") << name << ", " << scenario.variant;
      EXPECT_EQ(real[key].first_seed == "not run", !plain) << name << ", " << scenario.variant;
      EXPECT_NE(real[key].first_seed, "none") << name << ", " << scenario.variant;
    }
  }
}

}  // namespace
}  // namespace sim
