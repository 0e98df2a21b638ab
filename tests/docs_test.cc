// The documentation keeps up with the program: docs/scenario.md is what the tables and the schema
// say, and what a page points to exists. (That the examples are valid is tested beside the tables.)
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "sim/app/process_directives.h"
#include "sim/core/config.h"
#include "sim/core/deviation.h"
#include "sim/core/mutation.h"
#include "sim/faults/fault.h"
#include "sim/invariants/claims.h"
#include "sim/invariants/invariant.h"
#include "sim/invariants/known_defects.h"
#include "sim/invariants/metrics.h"
#include "sim/invariants/milestones.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/selector.h"
#include "sim/workloads/workload.h"
#include "tests/read_file.h"

namespace sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kRoot = SLOTSIM_SOURCE_DIR;
const fs::path kScenarioPage = kRoot / "docs" / "scenario.md";
const fs::path kInvariantsPage = kRoot / "docs" / "invariants.md";

const Json& schema() {
  static const Json parsed = Json::parse(schema_text());
  return parsed;
}

// What "$ref" or a single "allOf" stands for.
const Json& target(const Json& part) {
  if (part.contains("properties")) return part;
  if (part.contains("$ref")) {
    return schema().at(Json::json_pointer(part["$ref"].get<std::string>().substr(1)));
  }
  if (part.contains("allOf") && part["allOf"].size() == 1) return target(part["allOf"][0]);
  return part;
}

std::string code(const std::string& text) {
  return "`" + text + "`";
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

// {"a": [1, 2]} on one line, as scenarios are written by hand.
std::string one_line(const Json& value) {
  if (value.is_object() || value.is_array()) {
    std::string out;
    for (const auto& [key, part] : value.items()) {
      if (!out.empty()) out += ", ";
      out += (value.is_object() ? Json(key).dump() + ": " : "") + one_line(part);
    }
    return value.is_object() ? "{" + out + "}" : "[" + out + "]";
  }
  return value.dump();
}

// Has a row under "Values"; what steps share is told with the steps.
bool own_entry(std::string_view definition) {
  return definition != "step" && !definition.starts_with("step_") &&
         !definition.starts_with("route_");
}

// "duration", "integer 0..100", "`spread`, `packed`".
std::string type_of(const Json& part) {
  if (part.contains("properties")) return "object";
  if (part.contains("$ref")) {
    const std::string ref = part["$ref"].get<std::string>();
    const std::string name = ref.substr(ref.rfind('/') + 1);
    return own_entry(name) ? name : type_of(target(part));
  }
  if (part.contains("allOf") && part["allOf"].size() == 1) return type_of(part["allOf"][0]);
  if (part.contains("const")) return code(part["const"].dump());
  if (part.contains("enum")) {
    std::string out;
    for (std::size_t i = 0; i < part["enum"].size(); ++i) {
      out += (i == 0 ? "" : ", ") + code(part["enum"][i].get<std::string>());
      if (part.contains("enumDescriptions"))
        out += " (" + part["enumDescriptions"][i].get<std::string>() + ")";
    }
    return out;
  }
  if (part.contains("anyOf")) {
    std::string out;
    for (const Json& way : part["anyOf"]) out += (out.empty() ? "" : " or ") + type_of(way);
    return out;
  }
  const std::string type = part.value("type", "anything");
  if (type == "array")
    return "list of " + (part.contains("items") ? type_of(part["items"]) : "anything");
  if (type == "string") return "text";
  if (part.contains("minimum") && part.contains("maximum"))
    return type + " " + part["minimum"].dump() + ".." + part["maximum"].dump();
  return type;
}

class Page {
 public:
  std::string text() const { return text_; }
  void say(const std::string& paragraph) { text_ += paragraph + "\n\n"; }
  void heading(int level, const std::string& title) {
    say(std::string(static_cast<std::size_t>(level), '#') + " " + title);
  }
  void json(std::string_view example) { say("```json\n" + std::string(example) + "\n```"); }
  void row(const std::vector<std::string>& cells) {
    for (const std::string& content : cells) text_ += "| " + cell(content) + " ";
    text_ += "|\n";
  }
  void table(const std::vector<std::string>& head) {
    row(head);
    row(std::vector<std::string>(head.size(), "---"));
  }
  void end_table() { text_ += "\n"; }

  // One row a property; objects inside follow with a heading of their own.
  void properties(const Json& object, const std::string& path, int level,
                  const std::vector<std::string>& without = {}) {
    std::vector<std::string> required;
    if (object.contains("required")) required = object["required"].get<std::vector<std::string>>();
    const auto among = [](const std::vector<std::string>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    bool any = false;
    for (const auto& [name, property] : object["properties"].items()) {
      if (among(without, name)) continue;
      if (!any) table({"key", "what", "type", "default", "example"});
      any = true;
      const Json& meant = property.contains("description") ? property : target(property);
      const Json* fallback = property.contains("default") ? &property["default"] : nullptr;
      row({code(name), meant.value("description", ""), type_of(property),
           among(required, name) ? "required"
           : fallback != nullptr ? code(one_line(*fallback))
                                 : "",
           meant.contains("examples") ? code(one_line(meant["examples"][0])) : ""});
    }
    if (any) end_table();
    for (const auto& [name, property] : object["properties"].items()) {
      if (!among(without, name)) inside(property, path + name, level);
    }
  }

 private:
  void inside(const Json& part, const std::string& path, int level) {
    const bool elsewhere = part.contains("$ref") || part.contains("allOf");
    if (elsewhere && !part.contains("properties")) return;  // told once, under "Values"
    if (part.contains("properties")) {
      heading(level, code(path));
      say(part.value("description", ""));
      properties(part, path + ".", level + 1);
    }
    if (part.contains("items")) inside(part["items"], path + "[]", level);
    if (part.contains("additionalProperties") && part["additionalProperties"].is_object())
      inside(part["additionalProperties"], path + ".NAME", level);
    if (part.contains("anyOf")) {
      for (const Json& way : part["anyOf"]) inside(way, path, level);
    }
  }

  std::string text_;
};

void add_sections(Page& page) {
  page.heading(2, "The file");
  page.say(
      "Keys that begin with `x-` are yours and are never looked at, wherever they stand. What is "
      "named like `duration` in a column \"type\" is described under [Values](#values).");
  Json top = schema();
  page.properties(top, "", 3, {"workload", "timeline"});
}

void add_workloads(Page& page) {
  page.heading(2, "`workload[]`: what clients do");
  page.table({"type", "what"});
  for (const WorkloadKind& kind : workloads())
    page.row({code(std::string(kind.name)), std::string(kind.description)});
  page.end_table();
  std::string examples;
  for (const WorkloadKind& kind : workloads())
    examples += (examples.empty() ? "" : "\n") + std::string(kind.example);
  page.json(examples);
  page.properties(schema()["properties"]["workload"]["items"], "workload[].", 3, {"type"});
}

void add_steps(Page& page) {
  const std::vector<std::string> common = {"do",   "at",    "when", "after",
                                           "then", "delay", "id",   "note"};
  page.heading(2, "`timeline[]`: what happens");
  page.say(schema()["definitions"]["step"]["description"].get<std::string>() +
           " These keys every step may have:");
  const Json& steps = schema()["definitions"]["step"]["oneOf"];
  Json shared = {{"properties", Json::object()}};
  for (const std::string& name : common) {
    if (name != "do") shared["properties"][name] = steps[0]["properties"][name];
  }
  page.properties(shared, "", 3);
  for (const Json& step : steps) {
    const std::string name = step["properties"]["do"]["const"].get<std::string>();
    page.heading(3, step.value("title", code(name)));
    const FaultKind* fault = find_fault(name);
    std::string about = step["description"].get<std::string>();
    if (fault != nullptr) {
      about += fault->lasts ? " It lasts: `for` says how long." : " It is momentary.";
      if (fault->make_random != nullptr) about += " The nemesis may draw it.";
    }
    page.say(about);
    if (fault != nullptr) page.json(fault->example);
    if (const OperationInfo* operation = find_operation(name)) page.json(operation->example);
    page.properties(step, name + ".", 4, common);
  }
}

void add_values(Page& page) {
  page.heading(2, "Values");
  page.table({"name", "what", "type", "examples"});
  std::vector<std::pair<std::string, const Json*>> objects;
  for (const auto& [name, value] : schema()["definitions"].items()) {
    if (!own_entry(name)) continue;
    std::string examples;
    for (const Json& example : value["examples"])
      examples += (examples.empty() ? "" : ", ") + code(one_line(example));
    page.row({code(name), value.value("description", ""), type_of(value), examples});
    if (!value.contains("anyOf")) continue;
    for (const Json& way : value["anyOf"]) {
      if (way.contains("properties")) objects.emplace_back(name, &way);
    }
  }
  page.end_table();
  for (const auto& [name, object] : objects) {
    page.heading(3, code(name) + " as " + object->value("title", "an object"));
    page.properties(*object, name + ".", 4);
  }
}

std::string_view unit_of(MetricUnit unit) {
  switch (unit) {
    case MetricUnit::kNanoseconds:
      return "time";
    case MetricUnit::kCount:
      return "count";
    case MetricUnit::kPpm:
      return "share";
    case MetricUnit::kMilliPerSecond:
      return "per second";
  }
  return "";
}

bool in_valkey_8(std::string_view deviation) {
  const auto& all = find_profile("valkey-8")->deviations;
  return std::find(all.begin(), all.end(), deviation) != all.end();
}

void add_tables(Page& page) {
  page.heading(2, "Selectors: whom a step means");
  page.say("Resolved when the step fires; the report says to whom.");
  page.table({"form", "means"});
  for (const SelectorForm& form : selector_forms())
    page.row({code(std::string(form.form)), std::string(form.description)});
  page.end_table();

  page.heading(2, "Milestones: for `when`, `reached` and `not_reached`");
  page.say(
      "Lines of a server's log can be waited for, demanded and forbidden in the same places: "
      "`{\"log\": \"Failover election won\"}`. Only processes keep one; where none of those meant "
      "does, the expectation is not met, whichever it is.");
  page.table({"event", "happens when"});
  for (const MilestoneKind& kind : milestone_kinds())
    page.row({code(std::string(kind.name)), std::string(kind.description)});
  page.end_table();

  page.heading(2, "Metrics: for `expect.metrics`");
  page.say(
      "A bound is a metric, optionally with `_min`, `_p50`, `_p90`, `_p99` or `_max` over all "
      "seeds, and a comparison: `\"promotion_p99\": \"<20s\"`. Metrics marked so can be asked of "
      "one "
      "workload, by its name: `\"hit_rate of sessions\": \">90%\"`, `\"hit_rate_p50 of "
      "sessions\"`. "
      "A metric that no run reported breaks its bound.");
  page.table({"metric", "unit", "of a workload", "what"});
  for (const MetricKind& kind : metric_kinds())
    page.row({code(std::string(kind.name)), std::string(unit_of(kind.unit)),
              kind.per_workload ? "yes" : "", std::string(kind.description)});
  page.end_table();

  page.heading(2, "Directives: for `config`");
  page.say(
      "As in redis.conf of redis 7.0, with its units. A simulated server knows no others; a "
      "process "
      "has whatever its program knows, but for those below.");
  page.table({"directive", "default"});
  for (const std::string_view name : directive_names()) {
    const std::string value = get_directive(Config{}, name).value_or("");
    page.row({code(std::string(name)), value.empty() ? "" : code(value)});
  }
  page.end_table();

  page.heading(3, "What a process may not have");
  page.table({"directive", "unless", "because"});
  for (const RefusedDirective& refused : refused_directives())
    page.row({code(std::string(refused.name)),
              refused.harmless.empty() ? "" : code(std::string(refused.harmless)),
              std::string(refused.why)});
  page.end_table();

  page.heading(2, "Deviations: for `cluster.deviations`");
  page.say(
      "Simulated servers are a redis 7.0.15. Each of these makes one rule of it what it is, or "
      "was, "
      "in other versions. The profile `valkey-8` has those marked with a star.");
  page.table({"deviation", "versions", "what such a server does", "source"});
  for (const DeviationInfo& info : deviations())
    page.row({code(std::string(info.name)) + (in_valkey_8(info.name) ? " *" : ""),
              std::string(info.versions), std::string(info.description), std::string(info.source)});
  page.end_table();

  page.heading(2, "Known defects: for `expect.known_defects`");
  page.say(
      "Where an invariant finds one of these, by its pattern in the trace, its verdict is "
      "`known-defect(row N)`: a failure, unless the scenario says that row N may occur "
      "(`expect.invariants.known_defects`) or must (`expect.known_defects`). Campaigns count them. "
      "docs/bugs.md has a scenario for most.");
  page.table({"row", "what happens", "versions", "told in", "deviation that brings or mends it"});
  for (const KnownDefect& defect : known_defects())
    page.row({std::to_string(defect.row), std::string(defect.symptom), std::string(defect.versions),
              std::string(defect.reference),
              defect.deviation.empty() ? ""
                                       : code(std::string(defect.deviation)) +
                                             (defect.current ? ", mends" : ", brings")});
  page.end_table();

  page.heading(2, "Invariants: what every run is judged by");
  page.table({"invariant", "claim", "checked", "source", "mutations it kills"});
  for (const InvariantKind& kind : invariants())
    page.row({code(std::string(kind.name)), std::string(kind.claim), std::string(kind.scope),
              std::string(kind.source), std::string(kind.kills)});
  page.end_table();

  page.heading(2, "Mutations: for `--mutate`");
  page.table({"mutation", "what is broken", "killed by"});
  for (const MutationInfo& info : mutations())
    page.row({code(std::string(info.name)), std::string(info.description),
              code(std::string(info.killed_by))});
  page.end_table();
}

std::string scenario_page() {
  Page page;
  page.heading(1, "The scenario language, version 1");
  page.say(
      "*Generated by `tests/docs_test.cc` from the tables of the program and from "
      "`scenarios/schema/scenario-v1.schema.json`; do not edit. After a change of either: "
      "`REWRITE=1 build/tests/whole_tests --gtest_filter='Docs.*'`.*");
  page.say(
      "A scenario says what a cluster looks like, what goes wrong, and what is expected. "
      "`slotsim validate FILE` tells every mistake at once, with line and column; an editor that "
      "follows `$schema` tells them while you type. One we ship, in full:");
  std::string example = read(kRoot / "scenarios" / "failover.json");
  while (example.ends_with('\n')) example.pop_back();
  page.json(example);
  add_sections(page);
  add_workloads(page);
  add_steps(page);
  add_values(page);
  add_tables(page);
  std::string text = page.text();
  text.pop_back();
  return text;
}

TEST(Docs, ScenarioPageIsWhatTheTablesAndTheSchemaSay) {
  const std::string page = scenario_page();
  if (std::getenv("REWRITE") != nullptr) std::ofstream(kScenarioPage, std::ios::binary) << page;
  EXPECT_TRUE(read(kScenarioPage) == page)
      << "docs/scenario.md is out of date: REWRITE=1 build/tests/whole_tests "
         "--gtest_filter='Docs.*', and read the diff";
}

std::string invariants_page() {
  Page page;
  page.heading(1, "What every run is judged by");
  page.say(
      "*Generated by `tests/docs_test.cc` from the tables of the program; do not edit. After a "
      "change of one: `REWRITE=1 build/tests/whole_tests --gtest_filter='Docs.*'`.*");
  page.say(
      "An invariant is a claim about every run, judged from the trace alone (`sim/invariants/`). "
      "What a run cannot show of what it needs is `not checked`, never `pass`.");
  page.heading(2, "The invariants");
  page.table({"invariant", "claim", "checked", "source", "what it needs", "mutations it kills"});
  for (const InvariantKind& kind : invariants())
    page.row({code(std::string(kind.name)), std::string(kind.claim), std::string(kind.scope),
              std::string(kind.source), std::string(kind.needs), std::string(kind.kills)});
  page.end_table();
  page.heading(2, "Claim by claim");
  page.say(
      "Numbers are those of section 15 of the protocol reference, and of D15 of the techniques. "
      "A claim that no invariant checks says why.");
  page.table({"claim", "in words", "checked by", "remark"});
  for (const ClaimInfo& claim : claims())
    page.row({std::string(claim.number), std::string(claim.text), std::string(claim.checked_by),
              std::string(claim.remark)});
  return page.text();
}

TEST(Docs, InvariantsPageIsWhatTheTablesSay) {
  const std::string page = invariants_page();
  if (std::getenv("REWRITE") != nullptr) std::ofstream(kInvariantsPage, std::ios::binary) << page;
  EXPECT_TRUE(read(kInvariantsPage) == page)
      << "docs/invariants.md is out of date: REWRITE=1 build/tests/whole_tests "
         "--gtest_filter='Docs.*', and read the diff";
}

TEST(Docs, ClaimsNameInvariantsThatExistOrSayWhyNoneDoes) {
  for (const ClaimInfo& claim : claims()) {
    EXPECT_FALSE(claim.checked_by.empty() && claim.remark.empty()) << claim.number;
    std::istringstream names{std::string(claim.checked_by)};
    for (std::string name; std::getline(names >> std::ws, name, ',');)
      EXPECT_NE(find_invariant(name), nullptr) << claim.number << " names " << name;
  }
}

// ---- Pages point to what exists ----

std::vector<fs::path> pages() {
  std::vector<fs::path> found{kRoot / "README.md"};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  return found;
}

TEST(Docs, LinksLeadSomewhere) {
  const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  for (const fs::path& page : pages()) {
    const std::string text = read(page);
    for (std::sregex_iterator found(text.begin(), text.end(), link), end; found != end; ++found) {
      EXPECT_TRUE(fs::exists(page.parent_path() / (*found)[1].str()))
          << page.lexically_relative(kRoot) << " links to " << (*found)[1];
    }
  }
}

TEST(Docs, FilesThatAreNamedExist) {
  const std::regex path(R"(`((?:sim|tests|scenarios|viz|docs)/[A-Za-z0-9_./-]+)`)");
  for (const fs::path& page : pages()) {
    const std::string text = read(page);
    for (std::sregex_iterator found(text.begin(), text.end(), path), end; found != end; ++found) {
      EXPECT_TRUE(fs::exists(kRoot / (*found)[1].str()))
          << page.lexically_relative(kRoot) << " names " << (*found)[1];
    }
  }
}

}  // namespace
}  // namespace sim
