// What `slotsim analyse` found, in sentences and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/app/cli.h"
#include "sim/app/drill.h"
#include "sim/scenario/scenario.h"
#include "viz/risks.h"

namespace sim {

struct Analysis {
  std::string scenario;
  ClusterMap map;
  std::vector<std::string> unsaid;  // what the scenario does not say, one sentence each
  Risks risks;
  std::vector<SharedPlace> shared;
  WeakPoints weak;
  std::optional<SmallestCut> cut;
  SeedRange seeds;                  // of the drills
  std::vector<DrillResult> drills;  // of the first single failures; empty: none were asked for
};
Analysis analyse(const Scenario& scenario);

// A place or link whose failure alone leaves slots refused. By kind of failure one each.
std::uint64_t single_points(const Analysis& analysis);

// "losing zone b loses 4 of 6 primaries: no majority (2 votes, 4 needed), no failover, 16,384 slots
// down"
std::string sentence_of(const Analysis& analysis, const Risk& risk);
// "5 seeds: not served for 6.213s (p50), 7.020s (max); 1 failover (p50); 3 writes lost (max)"
std::string sentence_of(const DrillResult& drill);

// Ranked, worst first; the last line is the summary. At most `shown` risks of each kind.
std::string report_analysis(const Analysis& analysis, std::size_t shown, const Paint& paint);
std::string to_json(const Analysis& analysis);

}  // namespace sim
