// How often lines of servers' logs were what a scenario expects, or expects not.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/scenario/scenario.h"
#include "sim/trace/fold.h"

namespace sim {

class LogCounts final : public TraceFold {
 public:
  // Those of `patterns` that are of a log are counted. Must outlive this and its copies.
  explicit LogCounts(const std::vector<EventPattern>& patterns);

  void see(const Record& record) override;
  // Of the pattern with this index, on these machines.
  std::uint64_t times(std::size_t pattern, const std::vector<MachineId>& machines) const;

 private:
  const std::vector<EventPattern>* patterns_;
  std::vector<std::map<MachineId, std::uint64_t>> counts_;  // by pattern
};

}  // namespace sim
