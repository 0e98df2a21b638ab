// The milestones of a run, in plain words. What many nodes say in a row is said once: "m2 and 4
// others (within 0.300s): holds m1 as FAIL" reads better than five lines, and in a cluster of a
// hundred it is the only way to read anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/directory.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

class TimelineFold final : public TraceFold {
 public:
  // Entries after `until` (since t = 0) are left out.
  explicit TimelineFold(Cast cast, std::optional<Duration> until = std::nullopt);
  void see(const Record& record) override;

  struct Entry {
    Duration at{};  // since t = 0; negative while the cluster forms
    std::string text;
    bool of_plan = false;  // something the plan did, as against something that followed
  };
  std::vector<Entry> entries() const;

 private:
  struct Line {
    SimTime first, last;
    std::vector<std::string> speakers;  // machines, in order; nobody for the plan's own
    std::string words;
  };
  void add(const Record& record);

  Directory who_;
  std::optional<Duration> until_;
  std::optional<SimTime> zero_;
  std::vector<Line> lines_;
};

// "     5.000s  * crash m1 (primary of shard-0)": a line an entry, the plan's with a star.
std::string format_timeline(const std::vector<TimelineFold::Entry>& entries);

}  // namespace sim
