#include "sim/app/log_counts.h"

namespace sim {

LogCounts::LogCounts(const std::vector<EventPattern>& patterns)
    : patterns_(&patterns), counts_(patterns.size()) {}

void LogCounts::see(const Record& record) {
  const auto* line = std::get_if<event::LogLine>(&record.event);
  if (line == nullptr) return;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const EventPattern& pattern = (*patterns_)[i];
    if (!pattern.is_in_log(line->text)) continue;
    if (pattern.after && record.at < sim_time(*pattern.after)) continue;
    if (pattern.before && record.at >= sim_time(*pattern.before)) continue;
    ++counts_[i][record.machine];
  }
}

std::uint64_t LogCounts::times(std::size_t pattern, const std::vector<MachineId>& machines) const {
  std::uint64_t sum = 0;
  for (const MachineId machine : machines) {
    const auto found = counts_.at(pattern).find(machine);
    if (found != counts_[pattern].end()) sum += found->second;
  }
  return sum;
}

}  // namespace sim
