// What operations came to, in numbers: how long they took, and how much they moved, as their
// programs say line by line in the words of redis-cli.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/invariants/metric.h"
#include "sim/trace/fold.h"

namespace sim {

class OperationMetrics final : public TraceFold {
 public:
  explicit OperationMetrics(Cast cast) : cast_(std::move(cast)) {}

  void see(const Record& record) override;
  void finish(std::vector<Metric>& into) const;

 private:
  void see_line(std::string_view line);

  Cast cast_;
  std::map<std::uint32_t, SimTime> began_;  // by step
  std::int64_t done_ = 0, failed_ = 0, slots_ = 0, keys_ = 0;
  std::map<std::string, std::int64_t> longest_;  // by kind of operation
};

}  // namespace sim
