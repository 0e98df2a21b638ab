// Numbers of a run about work: how long servers were out of sync, loading, forking or busy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/metric.h"
#include "sim/invariants/stage.h"

namespace sim {

class WorkMetrics {
 public:
  explicit WorkMetrics(const Cast& cast) : servers_(cast.size()) {}

  // `stage` has seen the record.
  void see(const Record& record, const Stage& stage);
  // Adds what was measured; of what never happened, nothing.
  void finish(SimTime end, const Stage& stage, std::vector<Metric>& values);

 private:
  struct Server {
    std::optional<SimTime> out_of_sync, loading;
    SimTime started;  // its present incarnation
    std::int64_t busy_ppm = 0;
    std::uint64_t map_replies = 0;
  };

  void see_sync(const Record& record, const Stage& stage, Server& server);
  void see_loading(const Record& record, Server& server);
  void see_view(const Record& record, const event::ViewSnapshot& view, Server& server);
  void longest(const char* name, std::int64_t value);

  std::vector<Server> servers_;
  std::map<std::string, std::int64_t> maxima_;
  bool counts_work_ = false;
};

}  // namespace sim
