// The operations of a run's clients, each as it begins and as it ends, for those who write
// histories.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/app/plan.h"
#include "sim/trace/record.h"

namespace sim {

// The beginning or the end of an operation, in the words of docs/histories.md.
struct HistoryEvent {
  SimTime at;
  std::string_view type;      // "invoke", "ok", "fail", "info"
  std::string_view function;  // "read", "write", "increment", "append", "delete", "other"
  const std::string& process;
  const event::OpInvoked& invoked;
  const event::OpCompleted* completed = nullptr;  // null of an "invoke"
};

class HistoryEvents {
 public:
  // `plan` outlives this.
  HistoryEvents(const Plan& plan, std::function<void(const HistoryEvent&)> tell)
      : plan_(plan), tell_(std::move(tell)) {}
  // Records other than of operations are passed over.
  void see(const Record& record);

 private:
  struct Begun {
    std::string_view function;
    std::string process;
    event::OpInvoked invoked;
  };
  std::string_view function_of(const event::OpInvoked& invoked) const;

  const Plan& plan_;
  std::function<void(const HistoryEvent&)> tell_;
  std::map<std::uint64_t, Begun> begun_;  // by number of the operation
};

}  // namespace sim
