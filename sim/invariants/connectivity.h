// Who reaches whom on the cluster bus, as the trace tells it (event::Reachability).
//
// Crashes and pauses are not cuts: whoever needs both asks the directory as well.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/fold.h"

namespace sim {

class Connectivity final : public TraceFold {
 public:
  explicit Connectivity(const Cast& cast);

  void see(const Record& record) override;

  bool whole() const { return groups_.empty() && cut_.empty(); }
  // One-way, on the bus.
  bool reaches(MachineId from, MachineId to) const;
  bool mutual(MachineId a, MachineId b) const { return reaches(a, b) && reaches(b, a); }
  // Connected by a chain of machines of which each reaches its neighbours both ways.
  bool connected(MachineId a, MachineId b) const;
  // Did the record seen last change anything here?
  bool changed() const { return changed_; }

 private:
  void apply(const event::Reachability& reach);
  void join_components();

  std::map<std::string, MachineId, std::less<>> by_name_;
  std::uint32_t size_ = 0;
  std::vector<std::uint32_t> groups_;  // by MachineId; empty: one group
  std::set<std::pair<MachineId, MachineId>> cut_;
  std::vector<std::uint32_t> component_;  // by MachineId; empty: one component
  bool changed_ = false;
};

}  // namespace sim
