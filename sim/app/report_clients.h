// What clients met, for a report: counted in stretches of time, because nobody looks at ten
// thousand operations one by one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/app/report_tables.h"
#include "sim/trace/fold.h"

namespace sim {

class ReportClients final : public TraceFold {
 public:
  // A quarter of a second, or as much as makes some 480 of a run's `length`.
  explicit ReportClients(Duration length);

  void see(const Record& record) override;
  // {"width": us, "from": number of the first stretch, "ok": [...], "failed", "unknown",
  //  "p50": us or null, "p99", "max", "replies": {"MOVED": [...], ...}, "errors": {...}}
  nlohmann::ordered_json json() const;

 private:
  struct Stretch {
    std::uint32_t ok = 0, failed = 0, unknown = 0;
    std::vector<std::int64_t> took;  // us, of those answered
    std::map<std::string, std::uint32_t> replies, errors;
  };

  Duration width_;
  bool auditing_ = false;
  std::map<std::uint64_t, SimTime> invoked_;
  std::map<std::int64_t, Stretch> stretches_;
};

}  // namespace sim
