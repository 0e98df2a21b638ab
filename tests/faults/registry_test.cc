// What holds of every fault in the registry, and what each does with its example:
// testdata/levers.txt. REWRITE=1 writes that file anew; commit the difference only if you can
// explain it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/scenario/operations.h"
#include "tests/faults/fault_stage_testing.h"
#include "tests/scenario/schema_checker.h"

namespace sim {
namespace {

Vocabulary with_faults() {
  Vocabulary words;
  for (const FaultKind& kind : faults()) {
    words.faults.push_back({std::string(kind.name), kind.lasts, kind.make_random != nullptr,
                            [make = kind.make](Options& options) { make(options); }});
  }
  return words;
}

std::string scenario_with(std::string_view step) {
  return R"({"version": 1, "name": "example", "cluster": {"zones": 3}, "timeline": [)" +
         std::string(step) + "]}";
}

TEST(Registry, EveryExampleIsAScenario) {
  const SchemaChecker schema;
  for (const FaultKind& kind : faults()) {
    const Loaded result =
        load_scenario(std::string(kind.name), scenario_with(kind.example), with_faults());
    EXPECT_EQ(result.problems.text(), "");
    EXPECT_EQ(schema.check(nlohmann::json::parse(scenario_with(kind.example))), "") << kind.name;
    ASSERT_EQ(result.variants.size(), 1u);
    EXPECT_EQ(result.variants[0].timeline[0].fault, kind.name);
    EXPECT_GT(kind.description.size(), 10u) << kind.name;
    EXPECT_EQ(find_fault(kind.name), &kind) << "two faults of one name";
  }
  EXPECT_EQ(find_fault("partiton"), nullptr);
}

// The keys a fault asks for are the keys the schema has for it.
TEST(Registry, TheSchemaHasTheKeysOfEveryFault) {
  const SchemaChecker schema;
  std::set<std::string> in_schema;
  for (const auto& step : schema.root()["definitions"]["step"]["oneOf"]) {
    const std::string name = step["properties"]["do"]["const"];
    const bool of_run = name == "command" || name == "end" || name == "repeat";
    if (of_run || find_operation(name) != nullptr) continue;  // of the scenario language itself
    in_schema.insert(name);
    const FaultKind* kind = find_fault(name);
    ASSERT_NE(kind, nullptr) << name;
    EXPECT_EQ(step["properties"].contains("for"), kind->lasts) << name;
    // What it asks for, however its options are set: the example, and each key of the schema alone.
    std::set<std::string> asked;
    const auto ask = [&](const std::string& text) {
      Problems problems;
      Options options(parse_json(text, problems), "", problems);
      kind->make(options);
      asked.insert(options.asked().begin(), options.asked().end());
    };
    ask(std::string(kind->example));
    for (const auto& [key, property] : step["properties"].items()) {
      const nlohmann::json& field = schema.resolved(property);
      for (const auto& value : field.contains("enum") ? field["enum"] : field["examples"]) {
        ask(nlohmann::json{{key, value}}.dump());
      }
    }
    static const std::set<std::string> kOfStep{"at", "when", "after", "then", "delay", "do", "id",
                                               "note", "for"};
    for (const std::string& own : kOfStep) asked.erase(own);
    for (const std::string& key : asked)
      EXPECT_TRUE(step["properties"].contains(key)) << name << " reads " << key;
    for (const auto& [key, property] : step["properties"].items()) {
      EXPECT_TRUE(kOfStep.count(key) != 0 || asked.count(key) != 0) << name << " does not read " << key;
    }
  }
  EXPECT_EQ(in_schema.size(), faults().size());
}

std::string transcript(const FaultKind& kind) {
  TestStage stage;
  const std::unique_ptr<Fault> fault = make_fault(std::string(kind.example));
  std::ostringstream out;
  out << kind.name << ": " << fault->text() << '\n';
  stage.run(*fault, sim_time(27s));
  for (const std::string& line : stage.levers().log()) out << "  " << line << '\n';
  const Fault::Effects effects = fault->effects(stage.levers());
  out << "  = " << fault->text() << ": " << effects.count << ' ' << effects.unit << "\n\n";
  return out.str();
}

TEST(Registry, EveryFaultPullsItsLeversAndLetsThemGo) {
  std::string all;
  for (const FaultKind& kind : faults()) all += transcript(kind);
  const auto file = std::filesystem::path(SLOTSIM_SOURCE_DIR) / "tests/faults/testdata/levers.txt";
  if (std::getenv("REWRITE") != nullptr) std::ofstream(file) << all;
  std::stringstream expected;
  expected << std::ifstream(file).rdbuf();
  EXPECT_EQ(all, expected.str());
}

TEST(Registry, EveryFaultUndoesWhatLastsAndCountsWhatItDid) {
  for (const FaultKind& kind : faults()) {
    TestStage stage;
    const std::unique_ptr<Fault> fault = make_fault(std::string(kind.example));
    EXPECT_EQ(fault->effects(stage.levers()).count, 0u) << kind.name << " has not fired yet";
    EXPECT_TRUE(fault->targets().empty()) << kind.name;
    stage.run(*fault, sim_time(60s));
    EXPECT_TRUE(stage.levers().held().empty()) << kind.name;
    EXPECT_GT(fault->effects(stage.levers()).count, 0u) << kind.name;
    EXPECT_FALSE(fault->effects(stage.levers()).unit.empty()) << kind.name;
    for (std::uint32_t i = 0; i < 6; ++i)
      EXPECT_TRUE(stage.levers().is_up(MachineId{i})) << kind.name;
  }
}

TEST(Registry, AFaultThatFindsNobodySaysSoAndChangesNothing) {
  for (const char* step :
       {R"({"do": "crash", "node": "m9"})", R"({"do": "pause", "node": "m9"})",
        R"({"do": "partition", "node": "m9"})", R"({"do": "slow", "node": "m9", "by": "1ms"})",
        R"({"do": "message", "label": "bus:PONG", "act": "drop", "from": "m9"})",
        R"({"do": "failover", "node": "m9"})", R"({"do": "restart", "node": "m9"})"}) {
    TestStage stage;
    const std::unique_ptr<Fault> fault = make_fault(step);
    stage.run(*fault, sim_time(60s));
    EXPECT_EQ(fault->effects(stage.levers()).count, 0u) << step;
    EXPECT_TRUE(stage.levers().log().empty()) << step << ": " << stage.levers().log().front();
    EXPECT_NE(fault->text().find("nobody"), std::string::npos) << fault->text();
  }
}

// What a rolling upgrade comes to at the levers.
TEST(Programs, AreChangedBeforeTheStart) {
  for (const char* step :
       {R"({"do": "restart", "node": "m4", "program": "valkey-server"})",
        R"({"do": "rolling-restart", "node": "m4", "program": "valkey-server"})"}) {
    TestStage stage;
    const std::unique_ptr<Fault> fault = make_fault(step);
    stage.run(*fault, sim_time(60s));
    ASSERT_EQ(stage.levers().log().size(), 3u) << step;
    EXPECT_EQ(stage.levers().log()[1].substr(3), "program of m4 valkey-server") << step;
    EXPECT_NE(fault->text().find(" with valkey-server"), std::string::npos) << fault->text();
  }
}

TEST(Programs, AreForProcessesOnly) {
  const auto problems = [](const std::string& nodes, const std::string& node) {
    const std::string text =
        R"({"version": 1, "name": "x", "cluster": {"nodes": {)" + nodes +
        R"(}}, "timeline": [{"at": "1s", "do": "restart", "node": )" + node +
        R"(, "program": "b"}, {"at": "9s", "do": "rolling-restart", "node": )" + node +
        R"(, "program": "b"}]})";
    return load_scenario("x.json", text, with_faults()).problems.size();
  };
  EXPECT_EQ(problems(R"("kind": "process")", R"("all")"), 0u);
  EXPECT_EQ(problems(R"("m2": {"program": "a"})", R"("m2")"), 0u);
  EXPECT_EQ(problems(R"("m2": {"program": "a"}, "m3": {"program": "a"})", R"(["m2", "m3"])"), 0u);
  EXPECT_EQ(problems("", R"("all")"), 2u);
  EXPECT_EQ(problems(R"("m2": {"program": "a"})", R"("m3")"), 2u);
  EXPECT_EQ(problems(R"("m2": {"program": "a"})", R"(["m2", "m3"])"), 2u);
  EXPECT_EQ(problems(R"("m2": {"program": "a"})", R"("primary:shard-1")"), 2u) << "who knows";
  EXPECT_EQ(problems(R"("kind": "process")", R"("clients")"), 2u);
}

// A copy of a fault in full flight goes on by itself: worlds are copied with their faults.
TEST(Registry, ACopyGoesOnByItself) {
  for (const FaultKind& kind : faults()) {
    TestStage stage;
    const std::unique_ptr<Fault> original = make_fault(std::string(kind.example));
    stage.run(*original, sim_time(8s), false);
    const std::unique_ptr<Fault> copy = original->clone();
    EXPECT_EQ(copy->text(), original->text());
    EXPECT_EQ(copy->targets(), original->targets());
    copy->end(stage);
    EXPECT_TRUE(stage.levers().held().empty()) << kind.name;
  }
}

TEST(Nemesis, WhateverItDrawsActsAndEnds) {
  const Cast cast = test_cast();
  for (const FaultKind& kind : faults()) {
    if (kind.make_random == nullptr) continue;
    std::set<std::string> texts;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      ChoiceStream stream(seed, "nemesis");
      Choices choices(stream);
      const std::unique_ptr<Fault> fault = kind.make_random(choices, cast);
      TestStage stage(seed);
      stage.run(*fault, sim_time(20s));
      EXPECT_TRUE(stage.levers().held().empty()) << kind.name << " with seed " << seed;
      texts.insert(fault->text());
    }
    EXPECT_GE(texts.size(), 2u) << kind.name << " is always the same";
  }
}

// Minimising a run means zeroing its choices, so outcome 0 must be the mildest: never a primary,
// never everything.
TEST(Nemesis, OutcomeZeroSparesPrimaries) {
  const Cast cast = test_cast();
  for (const FaultKind& kind : faults()) {
    if (kind.make_random == nullptr || kind.name == "zone-outage") continue;
    std::map<std::tuple<std::uint64_t, Site, std::uint32_t>, std::uint64_t> zeros;
    ChoiceStream stream(1, "nemesis");
    for (const Site site : {Site::kFaultKind, Site::kFaultTarget, Site::kFaultTime}) {
      for (std::uint32_t i = 0; i < 100; ++i) zeros[{stream.scope(), site, i}] = 0;
    }
    ChoicePolicy policy;
    policy.overrides = &zeros;
    Choices choices(stream, &policy);
    const std::unique_ptr<Fault> fault = kind.make_random(choices, cast);
    EXPECT_EQ(fault->text().find("primary"), std::string::npos)
        << kind.name << ": " << fault->text();
  }
}

}  // namespace
}  // namespace sim
