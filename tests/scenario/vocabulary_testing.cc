#include "tests/scenario/vocabulary_testing.h"

#include <gtest/gtest.h>

namespace sim {
namespace {

Vocabulary make() {
  Vocabulary words;
  const auto crash = [](Options& options) {
    options.selector("node");
    options.boolean("power", false);
  };
  const auto partition = [](Options& options) { options.selectors("groups"); };
  const auto node = [](Options& options) { options.selector("node"); };
  words.faults = {{"crash", true, true, crash},
                  {"partition", true, true, partition},
                  {"reset", false, true, node},
                  {"meet", false, false, node}};
  words.workloads = {{"register", [](Options& options) {
                        options.integer("keys", 100, {1, 1000});
                      }}};
  words.invariants = {"election_safety", "acked_writes_accounted"};
  words.milestones = {"pfail", "fail", "promoted", "converged"};
  words.metrics = {{"promotion", Vocabulary::Unit::kTime},
                   {"lost_writes", Vocabulary::Unit::kCount},
                   {"hit_rate", Vocabulary::Unit::kRatio, true},
                   {"ping_rate", Vocabulary::Unit::kRate},
                   {"bus_sent_*", Vocabulary::Unit::kCount}};
  words.deviations = {"distinct-ranks", "no-owner-not-claiming"};
  words.defects = {7, 12};
  words.directives = {"cluster-node-timeout", "hz"};
  words.check_directive = [](std::string_view name,
                             std::string_view value) -> std::optional<std::string> {
    if (name != "cluster-node-timeout" && name != "hz" && name != "appendonly" &&
        name != "appendfsync") {
      return "Unknown option";
    }
    if (name == "hz" && value == "0") return "argument must be between 1 and 500 inclusive";
    return std::nullopt;
  };
  words.refuse_for_process = [](std::string_view name,
                                std::string_view) -> std::optional<std::string> {
    if (name == "port") return "the host sets it";
    return std::nullopt;
  };
  return words;
}

}  // namespace

const Vocabulary& small_vocabulary() {
  static const Vocabulary words = make();
  return words;
}

Loaded load(const std::string& more) {
  return load_scenario("test.json", R"({"version": 1, "name": "test")" + more + "}",
                       small_vocabulary());
}

Scenario loaded(const std::string& more) {
  Loaded result = load(more);
  EXPECT_EQ(result.problems.text(), "");
  return result.variants.empty() ? Scenario{} : result.variants.front();
}

std::string messages(const Loaded& result) {
  std::string text;
  for (const Problem& problem : result.problems.sorted()) {
    text += problem.what + (problem.pointer.empty() ? "" : " at " + problem.pointer) +
            (problem.hint.empty() ? "" : "; " + problem.hint) + '\n';
  }
  return text;
}

}  // namespace sim
