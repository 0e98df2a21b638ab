// The operations of a run's clients as JSON lines, for `slotsim check` (docs/histories.md).
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "sim/app/plan.h"
#include "sim/trace/record.h"

namespace sim {

class HistoryFile {
 public:
  // Throws UsageError if the file cannot be written; `plan` outlives this.
  HistoryFile(const std::string& path, const Plan& plan);
  // Records other than of operations are passed over.
  void write(const Record& record);

 private:
  struct Begun {
    std::string_view function;
    std::string process;
    event::OpInvoked invoked;
  };
  void begin(const Record& record, const event::OpInvoked& invoked);
  void end(const Record& record, const event::OpCompleted& completed);
  std::string_view function_of(const event::OpInvoked& invoked) const;
  void write_line(const Record& record, const Begun& begun, std::string_view type,
                  const std::string& value);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const Plan& plan_;
  std::unique_ptr<std::FILE, Close> file_;
  std::map<std::uint64_t, Begun> begun_;  // by number of the operation
};

}  // namespace sim
