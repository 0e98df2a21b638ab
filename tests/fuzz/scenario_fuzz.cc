// Any bytes as a scenario: either problems, each with a place in the file and all of them
// printable, or variants whose servers can be laid out and whose swarm can be drawn.
#include <cstdint>
#include <string>

#include "sim/base/check.h"
#include "sim/faults/fault.h"
#include "sim/scenario/scenario.h"

namespace {

sim::Vocabulary make_vocabulary() {
  sim::Vocabulary words;
  for (const sim::FaultKind& kind : sim::faults()) {
    words.faults.push_back({std::string(kind.name), kind.lasts, kind.make_random != nullptr,
                            [make = kind.make](sim::Options& options) { make(options); }});
  }
  words.workloads = {{"register", nullptr}};
  words.milestones = {"fail", "promoted", "converged"};
  words.invariants = {"election_safety"};
  words.metrics = {{"promotion", sim::Vocabulary::Unit::kTime}};
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sim::Vocabulary words = make_vocabulary();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const sim::Loaded loaded = sim::load_scenario("fuzz.json", text, words);
  CHECK(loaded.problems.empty() != loaded.variants.empty());
  CHECK(loaded.problems.empty() == loaded.problems.text().empty());
  for (const sim::Scenario& scenario : loaded.variants) {
    const std::vector<sim::PlannedServer> servers = sim::planned_servers(scenario.cluster);
    CHECK(!servers.empty());
    CHECK(servers.size() <= sim::kNodesMax);
    sim::ChoiceStream stream(1, "plan:swarm");
    sim::Choices choices(stream);
    sim::Problems problems;
    sim::draw_swarm(scenario, words, choices, problems);
  }
  return 0;
}
