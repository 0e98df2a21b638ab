#include "sim/app/frames.h"

#include <fmt/format.h>

#include "sim/trace/describe.h"

namespace sim {

std::vector<FilmFrame> frames_of(const std::vector<TimelineFold::Entry>& entries) {
  std::vector<FilmFrame> frames = {{}};
  Duration first{};
  for (const TimelineFold::Entry& entry : entries) {
    if (entry.at < Duration{0}) continue;  // while the cluster forms
    if (entry.at >= first + kFrameSpan) {
      frames.emplace_back();
      first = entry.at;
    }
    frames.back().at = entry.at;
    frames.back().lines.push_back(format_time(sim_time(entry.at)) + "  " + entry.text);
  }
  return frames;
}

std::string frame_name(std::size_t number, const FilmFrame& frame, const std::string& format) {
  return fmt::format("{:03}-{}.{}", number, format_time(sim_time(frame.at)), format);
}

}  // namespace sim
