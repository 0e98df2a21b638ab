// The operations of a run's clients as JSON lines, for `slotsim check` (docs/histories.md).
#pragma once

#include <string>

#include "sim/app/files.h"
#include "sim/app/history_events.h"
#include "sim/app/plan.h"
#include "sim/trace/record.h"

namespace sim {

class HistoryFile {
 public:
  // Throws UsageError if the file cannot be written; `plan` outlives this.
  HistoryFile(const std::string& path, const Plan& plan);
  // It is told to by its own address.
  HistoryFile(const HistoryFile&) = delete;
  HistoryFile& operator=(const HistoryFile&) = delete;
  // Records other than of operations are passed over.
  void write(const Record& record) { events_.see(record); }

 private:
  void write_line(const HistoryEvent& event);

  File file_;
  HistoryEvents events_;
};

}  // namespace sim
