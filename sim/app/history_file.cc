#include "sim/app/history_file.h"

#include "sim/app/files.h"
#include "sim/app/json_text.h"

namespace sim {
namespace {

// What stands after "value":, and perhaps a "result"; empty: nothing is to be told.
std::string value_of(const HistoryEvent& event) {
  const std::string& given = event.invoked.value;
  if (event.type == "fail" || event.type == "info") return {};
  const std::string asked = given.empty() ? "" : json_text(given);
  if (event.completed == nullptr) return asked;
  const event::OpCompleted& completed = *event.completed;
  switch (event.invoked.kind) {
    case event::OpKind::kReadList: {
      std::string list = "[";
      for (const std::string& item : completed.list)
        list += (list.size() > 1 ? "," : "") + json_text(item);
      return list + ']';
    }
    case event::OpKind::kRead:
      return completed.absent ? "null" : json_text(completed.value);
    case event::OpKind::kIncrement:
      return asked + ",\"result\":" + json_text(completed.value);
    default:
      return asked;
  }
}

}  // namespace

HistoryFile::HistoryFile(const std::string& path, const Plan& plan)
    : file_(open_for_writing(path, "history")),
      events_(plan, [this](const HistoryEvent& event) { write_line(event); }) {
  const std::string header =
      "{\"slotsim_history\":1,\"scenario\":" + json_text(plan.scenario.name) +
      ",\"seed\":" + std::to_string(plan.seed) + "}\n";
  std::fwrite(header.data(), 1, header.size(), file_.get());
}

void HistoryFile::write_line(const HistoryEvent& event) {
  std::string line = "{\"process\":" + json_text(event.process) + ",\"type\":\"";
  line += event.type;
  line += "\",\"f\":\"";
  line += event.function;
  line += "\",\"key\":" + json_text(event.invoked.key);
  const std::string value = value_of(event);
  if (!value.empty()) line += ",\"value\":" + value;
  line += ",\"workload\":" + json_text(event.invoked.workload);
  line += ",\"time\":" + std::to_string(to_ns(event.at)) + "}\n";
  std::fwrite(line.data(), 1, line.size(), file_.get());
}

}  // namespace sim
