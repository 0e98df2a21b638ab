#include "sim/invariants/operation_metrics.h"

#include <algorithm>

namespace sim {

void OperationMetrics::see(const Record& record) {
  if (const auto* began = std::get_if<event::OperationBegan>(&record.event)) {
    began_[began->id] = record.at;
  } else if (const auto* ended = std::get_if<event::OperationEnded>(&record.event)) {
    ++(ended->done ? done_ : failed_);
    const auto found = began_.find(ended->id);
    if (!ended->done || found == began_.end()) return;
    std::int64_t& longest = longest_[ended->name];
    longest = std::max<std::int64_t>(longest, (record.at - found->second).count());
  } else if (const auto* line = std::get_if<event::LogLine>(&record.event)) {
    if (record.machine.value < cast_.size() &&
        cast_[record.machine.value].kind == MachineKind::kProgram)
      see_line(line->text);
  }
}

// "Moving slot 5 from 10.0.0.1:6379 to 10.0.0.4:6379: ..", a point for every key; when rebalancing
// a line of '#', one for every slot. A slot that did not come off has its line too, so the last of
// a failed operation may count for one that is still where it was.
void OperationMetrics::see_line(std::string_view line) {
  if (line.starts_with("Moving slot ")) {
    ++slots_;
    keys_ += static_cast<std::int64_t>(line.size() - (line.find_last_not_of('.') + 1));
  } else if (line.find_first_not_of('#') == std::string_view::npos) {
    slots_ += static_cast<std::int64_t>(line.size());
  }
}

void OperationMetrics::finish(std::vector<Metric>& into) const {
  if (began_.empty()) return;
  into.push_back(metric("operations_done", done_));
  into.push_back(metric("operations_failed", failed_));
  into.push_back(metric("slots_moved", slots_));
  into.push_back(metric("keys_migrated", keys_));
  for (const auto& [name, time] : longest_) into.push_back(metric(name + "_time", time));
}

}  // namespace sim
