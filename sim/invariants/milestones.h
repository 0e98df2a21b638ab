// Milestones: the moments of a run that people talk about.
//
// Scenarios name them in `when` and `expect.reached`, the report prints them as a timeline. The
// names are a literal table: what is not in it cannot be waited for.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/time.h"
#include "sim/trace/directory.h"
#include "sim/trace/record.h"

namespace sim {

struct MilestoneKind {
  std::string_view name;  // "election-won"
  std::string_view description;
};
std::span<const MilestoneKind> milestone_kinds();
const MilestoneKind* find_milestone(std::string_view name);

struct Milestone {
  std::string_view name;  // of milestone_kinds(): static text
  SimTime at;
  std::uint64_t record = 0;        // sequence number of the record that made it
  MachineId machine = kNoMachine;  // whom it is about: who crashed, is suspected, was elected
  MachineId by = kNoMachine;       // who says so: the observer, the voter; often the same
  int shard = -1;                  // of `machine`, at that moment; -1: none
  bool notable =
      true;          // belongs in a short timeline: false for the second observer of the same thing
  std::string text;  // plain words, machines by name: "m3 suspects m1 (PFAIL)"
};

// Does it answer to a trigger? -1 and kNoMachine mean any. `node` is whom it is about.
bool matches(const Milestone& milestone, std::string_view name, int shard = -1,
             MachineId node = kNoMachine);

class Milestones {
 public:
  // `directory` has seen the record.
  void see(const Record& record, const Directory& directory);

  // Those made by the record seen last: what a `when` trigger looks at.
  std::span<const Milestone> latest() const { return latest_; }
  // In order of time; of each kind at most the first kKeptOfEach, so that memory is bounded.
  const std::vector<Milestone>& all() const { return all_; }
  std::uint64_t count(std::string_view name) const;
  std::uint64_t count(std::string_view name, int shard, MachineId node = kNoMachine) const;
  bool reached(std::string_view name, int shard = -1, MachineId node = kNoMachine) const {
    return count(name, shard, node) > 0;
  }

  static constexpr std::size_t kKeptOfEach = 500;

 private:
  void add(std::string_view name, const Record& record, MachineId about, std::string text,
           bool notable = true);
  void keep(Milestone& milestone, const Directory& directory);
  void see_suspicion(const Record& record, const event::SuspicionChanged& change,
                     const Directory& directory);
  void see_operation(const Record& record, const Directory& directory);
  void see_world(const Record& record, const Directory& directory);
  void see_election(const Record& record, const Directory& directory);
  void see_replication(const Record& record, const Directory& directory);
  void see_migration(const Record& record, const Directory& directory);
  // Once for a machine, until it is forgotten: later observers of one thing are not news.
  bool first_for(std::string_view what, MachineId about);
  void forget(std::string_view what, MachineId about);

  std::vector<Milestone> latest_, all_;
  std::map<std::string_view, std::uint64_t> counts_;  // keys are the table's
  std::map<std::string_view, std::map<std::pair<int, MachineId>, std::uint64_t>> reached_;
  std::set<std::uint64_t> writes_in_flight_;
  std::set<std::pair<std::string, MachineId>> told_;
};

}  // namespace sim
