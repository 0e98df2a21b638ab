// The milestones of a run, in plain words. What many nodes say within a moment is said once: "m2,
// m3, m5 and 4 others (within 0.300s): hold m1 as FAIL" reads better than seven lines, and in a
// cluster of a hundred it is the only way to read anything.
#pragma once

#include <cstddef>
#include <map>
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
  // In order of time; of one instant, what the plan did comes first.
  std::vector<Entry> entries() const;

 private:
  struct Line {
    SimTime first, last;
    std::vector<MachineId> speakers;  // in the order in which they spoke; nobody: no node says it
    std::vector<bool> spoke;          // by machine
    std::string words, words_of_many;
    std::optional<event::SuspicionChanged> suspicion;
    std::map<MachineId, std::string> peers;  // whom it is about, with their names
    bool some = false;                       // not every speaker speaks of every peer
    bool of_plan = false;
  };
  void add(const Record& record);
  Line line_of(const Record& record) const;
  bool join_earlier(SimTime at, MachineId speaker, const std::string& words);
  std::vector<Line> lines_over_peers() const;
  std::string text_of(const Line& line) const;
  static bool belong_together(const Line& one, const Line& other);
  static void merge(Line& into, const Line& other);

  Directory who_;
  std::optional<Duration> until_;
  std::optional<SimTime> zero_;
  std::vector<Line> lines_;
  std::map<std::string, std::size_t> latest_;  // words of many -> the last line that has them
};

// "     5.000s  * crash m1 (primary of shard-0)": a line an entry, the plan's with a star.
std::string format_timeline(const std::vector<TimelineFold::Entry>& entries);
// One of these lines, without its end.
std::string format_entry(Duration at, const std::string& text, bool of_plan);

}  // namespace sim
