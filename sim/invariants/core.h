// What was healed at the end of the faults: all of the cluster, or only a core of it
// ("settle": {"heal": "core"}), the rest being broken for ever. And what excuses a core that does
// not recover.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/invariants/invariant.h"
#include "sim/invariants/stage.h"
#include "sim/trace/directory.h"

namespace sim {

// The kind of FaultBegan that names, by its targets, whom the heal has left out.
inline constexpr std::string_view kCoreOnlyFault = "core-only";

// The workload of the client that asks for progress ("settle": {"progress": ...}).
inline constexpr std::string_view kProgressWorkload = "(progress)";

class Core final : public TraceFold {
 public:
  explicit Core(const RunFacts& facts) : full_coverage_(facts.full_coverage) {}

  void see(const Record& record) override;

  // From when on something good must happen; end of time while nothing is healed.
  SimTime healed_at() const { return healed_at_; }
  bool includes(MachineId machine) const { return left_out_.count(machine) == 0; }
  bool is_part() const { return !left_out_.empty(); }
  // Servers that are in it, members of the cluster, up or not.
  std::vector<MachineId> members(const Directory& directory) const;

  // Why it cannot recover, and the trace proves it. `slots`: whom it concerns; all of them unless
  // slots are served by themselves (cluster-require-full-coverage no). `row`: of §14, if it is a
  // defect that 7.0.15 has.
  struct Excuse {
    std::string why;
    SlotSet slots;
    int row = 0;
  };
  std::vector<Excuse> excuses(const Stage& stage) const;

 private:
  std::optional<Excuse> no_majority(const Directory& directory) const;
  // The shard has nobody in the core who serves it.
  std::optional<Excuse> lost(int shard, const Stage& stage) const;
  std::string why_not(MachineId replica, const Stage& stage, int& row) const;

  bool full_coverage_;
  SimTime healed_at_ = SimTime::max();
  std::set<MachineId> left_out_;
  std::map<MachineId, std::string> hindered_;  // why it does not stand, as it last said
  std::set<MachineId> stood_;                  // for election, after the heal
  std::set<MachineId> never_synced_;           // since it lost its disk
  std::map<MachineId, std::set<std::uint16_t>> open_;
  bool stepped_back_ = false;
};

}  // namespace sim
