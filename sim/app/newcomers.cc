#include "sim/app/newcomers.h"

#include <algorithm>
#include <utility>

namespace sim {
namespace {

bool is_start(const Event& event) {
  return std::holds_alternative<event::MachineStarted>(event) ||
         std::holds_alternative<event::NodeStarted>(event);
}

bool describes_it(const Event& event) {
  return is_start(event) || std::holds_alternative<event::Claim>(event) ||
         std::holds_alternative<event::HealthChanged>(event) ||
         std::holds_alternative<event::StreamAt>(event);
}

bool is_end(const Event& event) {
  return std::holds_alternative<event::MachineCrashed>(event) ||
         std::holds_alternative<event::ProgramExited>(event);
}

}  // namespace

void Newcomers::see(const Record& record) {
  if (is_end(record.event)) last_[record.machine].clear();
  if (describes_it(record.event))
    last_[record.machine].insert_or_assign(record.event.index(), record);
}

std::vector<Record> Newcomers::adopted(const Directory& directory, SimTime now) {
  std::vector<Record> words;
  if (last_.empty() || !directory.has_merged()) return words;
  for (auto node = last_.begin(); node != last_.end();) {
    if (directory.is_foreign(node->first)) {
      ++node;
      continue;
    }
    for (auto& [kind, record] : node->second) {
      if (!is_start(record.event)) record.at = now;
      words.push_back(std::move(record));
    }
    node = last_.erase(node);
  }
  std::sort(words.begin(), words.end(),
            [](const Record& a, const Record& b) { return a.sequence < b.sequence; });
  return words;
}

}  // namespace sim
