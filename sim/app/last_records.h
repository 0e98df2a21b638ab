// The last few records of a run, for who wants to know what led up to a moment.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/trace/record.h"

namespace sim {

class LastRecords {
 public:
  static constexpr std::size_t kKept = 20;

  // Views are kept without their peers: no sentence about a view names them, and twenty views of a
  // cluster of a thousand are some megabytes.
  void keep(Record record);
  // The oldest first.
  const std::vector<Record>& all() const { return records_; }

 private:
  std::vector<Record> records_;
};

}  // namespace sim
