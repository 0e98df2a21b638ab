#include "sim/app/history_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/app/cli.h"

namespace sim {
namespace {

using Json = nlohmann::json;

// Bytes that are no UTF-8 cannot stand in JSON; values of workloads never have any.
std::string json_text(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

HistoryFile::HistoryFile(const std::string& path, const Plan& plan)
    : plan_(plan), file_(std::fopen(path.c_str(), "wb")) {
  if (file_ == nullptr) throw UsageError{"cannot write the history to " + path};
  const std::string header =
      "{\"slotsim_history\":1,\"scenario\":" + json_text(plan.scenario.name) +
      ",\"seed\":" + std::to_string(plan.seed) + "}\n";
  std::fwrite(header.data(), 1, header.size(), file_.get());
}

void HistoryFile::write(const Record& record) {
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) begin(record, *invoked);
  if (const auto* completed = std::get_if<event::OpCompleted>(&record.event))
    end(record, *completed);
}

std::string_view HistoryFile::function_of(const event::OpInvoked& invoked) const {
  using event::OpKind;
  switch (invoked.kind) {
    case OpKind::kRead:
    case OpKind::kReadList:
      return "read";
    case OpKind::kWrite:
      return "write";
    case OpKind::kIncrement:
      return "increment";
    case OpKind::kAppend:
      return "append";
    case OpKind::kDelete:
      return "delete";
    case OpKind::kOther:
      break;
  }
  // What a cache stores is no write that anybody may count on, but it is one.
  const auto& all = plan_.scenario.workloads;
  const bool cache = std::any_of(all.begin(), all.end(), [&](const WorkloadOptions& one) {
    return one.name == invoked.workload && one.type == "cache";
  });
  return cache && !invoked.value.empty() ? "write" : "other";
}

void HistoryFile::begin(const Record& record, const event::OpInvoked& invoked) {
  Begun begun{function_of(invoked),
              plan_.facts.cast[record.machine.value].name + '/' + std::to_string(invoked.process),
              invoked};
  write_line(record, begun, "invoke", invoked.value.empty() ? "" : json_text(invoked.value));
  begun_.emplace(invoked.operation, std::move(begun));
}

void HistoryFile::end(const Record& record, const event::OpCompleted& completed) {
  const auto found = begun_.find(completed.operation);
  if (found == begun_.end()) return;
  const Begun begun = std::move(found->second);
  begun_.erase(found);
  if (completed.outcome != event::OpOutcome::kOk) {
    const bool failed = completed.outcome == event::OpOutcome::kFailed;
    return write_line(record, begun, failed ? "fail" : "info", {});
  }
  std::string value = begun.invoked.value.empty() ? "" : json_text(begun.invoked.value);
  if (begun.invoked.kind == event::OpKind::kReadList) {
    value = "[";
    for (const std::string& item : completed.list)
      value += (value.size() > 1 ? "," : "") + json_text(item);
    value += ']';
  } else if (begun.invoked.kind == event::OpKind::kRead) {
    value = completed.absent ? "null" : json_text(completed.value);
  } else if (begun.invoked.kind == event::OpKind::kIncrement) {
    value += ",\"result\":" + json_text(completed.value);
  }
  write_line(record, begun, "ok", value);
}

void HistoryFile::write_line(const Record& record, const Begun& begun, std::string_view type,
                             const std::string& value) {
  std::string line = "{\"process\":" + json_text(begun.process) + ",\"type\":\"";
  line += type;
  line += "\",\"f\":\"";
  line += begun.function;
  line += "\",\"key\":" + json_text(begun.invoked.key);
  if (!value.empty()) line += ",\"value\":" + value;
  line += ",\"workload\":" + json_text(begun.invoked.workload);
  line += ",\"time\":" + std::to_string(to_ns(record.at)) + "}\n";
  std::fwrite(line.data(), 1, line.size(), file_.get());
}

}  // namespace sim
