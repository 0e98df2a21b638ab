// The cluster as a screen of a terminal, and as one line: what `slotsim run --watch` shows while a
// run goes on. Plain data: what puts it on a terminal, colours it and paces it is the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "viz/picture.h"
#include "viz/renderer.h"
#include "viz/timeline.h"

namespace sim {

struct ScreenLine {
  // Never the only sign of anything: a line says in words what its mood says.
  enum class Mood : std::uint8_t { kPlain, kStrong, kFaint, kGood, kBad } mood = Mood::kPlain;
  std::string text;
};

struct ScreenSize {
  std::size_t columns = 80, lines = 24;
};

class ScreenFold final : public TraceFold {
 public:
  explicit ScreenFold(const Scene& scene);
  void see(const Record& record) override;

  // The moment `now` (since t = 0) of a run whose faults phase ends at `end`. At most `size.lines`
  // lines, none wider than `size.columns` characters: shards that are not well come first, those
  // that do not fit are counted, and what happened last fills the rest. `pace` is shown as it is.
  std::vector<ScreenLine> screen(Duration now, Duration end, std::string_view pace,
                                 ScreenSize size) const;
  // The same in a line, without its time: "5 of 6 servers up, 2 of 3 shards served, ...".
  std::string summary(Duration now) const;
  // Without what changes all the time.
  std::string state() const;

 private:
  struct Rate {
    std::size_t answers = 0, failures = 0;  // of the last second
  };
  Rate rate(Duration now) const;
  std::string rate_text(Duration now) const;

  PictureFold picture_;
  TimelineFold timeline_;
  Cast cast_;
  event::Phase phase_ = event::Phase::kForming;
  SimTime zero_{};
  std::deque<std::pair<SimTime, bool>> answers_;  // when, and whether it was one
};

}  // namespace sim
