// `slotsim run --watch`: the cluster while the run goes on. On a terminal it is a screen that is
// drawn ten times a second, at a chosen speed; elsewhere it is a line whenever something changes,
// as fast as the run can be.
//
// Looking changes nothing: what is seen are the records of the run, and real time decides only when
// a picture is shown, never what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/app/cli.h"
#include "sim/app/plan.h"
#include "viz/screen.h"

namespace sim {

// How many seconds of the run a second of the beholder takes, in thousandths.
struct WatchSpeed {
  std::uint32_t thousandths = 10'000;
};
// "10x", "0.5x", "2"; from 0.001x to 1000000x. Throws UsageError.
WatchSpeed parse_watch_speed(const std::string& text);

class Watcher final : public TraceFold {
 public:
  Watcher(const Plan& plan, WatchSpeed speed);
  // Leaves the terminal as it was.
  ~Watcher() override;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void see(const Record& record) override { screen_.see(record); }
  // When it wants to look next, since t = 0.
  SimTime next() const { return next_; }
  // The run has come so far. Waits, on a terminal, until it is time for this picture.
  void look();

 private:
  void draw();
  void tell();

  ScreenFold screen_;
  WatchSpeed speed_;
  Duration end_;
  Paint paint_;
  bool on_terminal_;
  SimTime next_{};
  std::int64_t due_ns_ = 0;  // real time of the next picture
  std::string told_;
  Duration told_at_{};
};

}  // namespace sim
