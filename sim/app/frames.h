// A run as a row of pictures: which moments deserve one. Pure functions over a timeline.
#pragma once

#include <string>
#include <vector>

#include "sim/base/time.h"
#include "viz/timeline.h"

namespace sim {

struct FilmFrame {
  Duration at{};                   // since t = 0: when all of it had happened
  std::vector<std::string> lines;  // of the timeline: "5.000s  crash m1 (primary of shard-0)"
};

// One for the beginning, and one for every moment at which something happened. What happens within
// kFrameSpan of the first thing shares its picture.
inline constexpr Duration kFrameSpan = 100ms;
std::vector<FilmFrame> frames_of(const std::vector<TimelineFold::Entry>& entries);

// "003-12.345s.svg": names sort as the frames do.
std::string frame_name(std::size_t number, const FilmFrame& frame, const std::string& format);

}  // namespace sim
