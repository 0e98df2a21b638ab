#include "sim/app/history_events.h"

#include <algorithm>
#include <utility>

namespace sim {

void HistoryEvents::see(const Record& record) {
  if (const auto* invoked = std::get_if<event::OpInvoked>(&record.event)) {
    Begun begun{
        function_of(*invoked),
        plan_.facts.cast[record.machine.value].name + '/' + std::to_string(invoked->process),
        *invoked};
    tell_({record.at, "invoke", begun.function, begun.process, begun.invoked});
    begun_.emplace(invoked->operation, std::move(begun));
  } else if (const auto* completed = std::get_if<event::OpCompleted>(&record.event)) {
    const auto node = begun_.extract(completed->operation);
    if (node.empty()) return;
    const Begun& begun = node.mapped();
    const std::string_view type = completed->outcome == event::OpOutcome::kOk       ? "ok"
                                  : completed->outcome == event::OpOutcome::kFailed ? "fail"
                                                                                    : "info";
    tell_({record.at, type, begun.function, begun.process, begun.invoked, completed});
  }
}

std::string_view HistoryEvents::function_of(const event::OpInvoked& invoked) const {
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

}  // namespace sim
