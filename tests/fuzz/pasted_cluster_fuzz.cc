// Any bytes as a pasted cluster: problems that can be printed, or a scenario without any.
#include <cstdint>
#include <string>

#include "sim/base/check.h"
#include "sim/faults/fault.h"
#include "sim/import/layout.h"
#include "sim/import/scenario_file.h"
#include "sim/scenario/scenario.h"

namespace {

sim::Vocabulary make_vocabulary() {
  sim::Vocabulary words;
  for (const sim::FaultKind& kind : sim::faults()) {
    words.faults.push_back({std::string(kind.name), kind.lasts, kind.make_random != nullptr,
                            [make = kind.make](sim::Options& options) { make(options); }});
  }
  words.workloads = {{"register", [](sim::Options& options) {
                        options.integer("keys", {1, 10'000});
                        options.integer("rate", {1, 10'000});
                      }}};
  words.metrics = {{"lost_unexplained", sim::Vocabulary::Unit::kCount}};
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sim::Vocabulary words = make_vocabulary();
  const std::string text(reinterpret_cast<const char*>(data), size);
  sim::Problems problems("fuzz.txt", text);
  const sim::PastedCluster cluster = sim::read_pasted_cluster(text, problems);
  for (const bool anonymise : {false, true}) {
    if (!problems.empty()) break;
    sim::LayoutOptions options;
    options.anonymise = anonymise;
    const sim::Layout layout = sim::lay_out(cluster, options, problems);
    if (!problems.empty() || layout.nodes() > sim::kNodesMax) break;
    const std::string scenario = sim::scenario_file(
        layout, {"fuzz", anonymise ? "" : "fuzz.txt", std::chrono::seconds(15), anonymise});
    const sim::Loaded loaded = sim::load_scenario("imported.json", scenario, words);
    CHECK(loaded.problems.empty());
    CHECK(sim::planned_servers(loaded.variants.front().cluster).size() == layout.nodes());
  }
  CHECK(problems.empty() == problems.text().empty());
  return 0;
}
