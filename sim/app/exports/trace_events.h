// Trace events in JSON, as Perfetto and Chrome read them: tracks with slices, counters, arrows.
//
// (The format: "Trace Event Format", Google, 2016. Times are microseconds with three decimals.)
// Promised whatever is asked for: slices of a track nest and end, every arrow has both its ends,
// and the times of a track never go back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sim/app/exports/export.h"
#include "sim/base/time.h"

namespace sim {

// A row of the picture: a thread of a process, in the words of the format.
struct TrackId {
  std::uint32_t process = 0, thread = 0;
  auto operator<=>(const TrackId&) const = default;
};

class TraceEvents {
 public:
  explicit TraceEvents(ExportFile file);

  // Processes and tracks are shown in the order of their numbers.
  void name_process(std::uint32_t process, std::string_view name);
  void name_track(TrackId track, std::string_view name);

  // Begins a slice inside the one that is open there, if there is one.
  void open(TrackId track, SimTime at, std::string_view name);
  // Ends the innermost. Nothing happens if there is none.
  void shut(TrackId track, SimTime at);
  // Ends all that are open there.
  void shut_all(TrackId track, SimTime at);
  std::uint32_t depth(TrackId track) const;
  // A slice of a microsecond, after the last one of these if that is not over; where it begins.
  SimTime tick(TrackId track, SimTime at, std::string_view name, std::uint64_t bytes);
  void instant(TrackId track, SimTime at, std::string_view name);
  // From one tick to another.
  void arrow(TrackId from, SimTime left, TrackId to, SimTime arrived);

  // Slices that may overlap: one at a time for each `number` of a category and process.
  void open_apart(std::uint32_t process, std::string_view category, std::uint64_t number,
                  SimTime at, std::string_view name);
  void shut_apart(std::uint32_t process, std::string_view category, std::uint64_t number,
                  SimTime at);

  // From `at` on until the next of its name.
  void counter(std::uint32_t process, SimTime at, std::string_view name, const std::string& value);

  // Ends what is open, and the file with what is told of the whole run.
  void close(SimTime at, const std::map<std::string, std::string>& about);

 private:
  struct Apart {
    std::uint32_t process = 0;
    std::string category;
    std::uint64_t number = 0;
    auto operator<=>(const Apart&) const = default;
  };
  void event(char phase, TrackId track, SimTime at, std::string_view name, const std::string& more);
  void event_apart(char phase, const Apart& apart, SimTime at, std::string_view name);
  void metadata(std::string_view what, TrackId track, const std::string& argument);
  void line(const std::string& json);

  ExportFile file_;
  bool first_ = true;
  std::map<TrackId, std::uint32_t> open_;    // how many slices
  std::map<TrackId, SimTime> ticks_end_;     // of the last one
  std::map<Apart, std::string> open_apart_;  // their names
  std::uint64_t arrows_ = 0;
};

}  // namespace sim
