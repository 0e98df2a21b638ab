// The levers that have been pulled in this run: what each does, whether it still does, and how
// often it bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/levers.h"

namespace sim {

// Which directions a lever is about; asked for every message while it is active.
class DirectionSet {
 public:
  DirectionSet() = default;
  DirectionSet(std::vector<Direction> directions, std::size_t machines);
  bool contains(MachineId from, MachineId to) const;
  // Of what begins or ends at the machine. Machines with the same mark are not told apart by the
  // set: it has the same directions from them and to them.
  std::uint64_t mark(MachineId machine) const;

 private:
  std::vector<Direction> few_;        // sorted
  std::vector<bool> many_;            // a matrix, row by row, when there are more than a few
  std::vector<std::uint64_t> marks_;  // by machine, when there are
  std::size_t machines_ = 0;
};

enum class LeverKind : std::uint8_t {
  kCut,
  kClog,
  kDelay,
  kLose,
  kThrottle,
  kMessage,
  kLinkCut,
  kPause,
  kSlow,
  kStepClock,
  kSkewClock,
  kDriftClock
};

struct Lever {
  LeverKind kind{};
  bool active = true;
  std::uint64_t effects = 0;
  // Of network levers:
  PlaneSet planes = kAllPlanes;
  DirectionSet directions;
  std::uint32_t loss_ppm = 0;
  std::uint64_t bandwidth = 0;
  // Of delays; `time` also of levers on machines and clocks:
  Duration time{}, jitter{};
  // Of levers on machines and clocks:
  MachineId machine = kNoMachine;
  std::int32_t drift_ppm = 0;
  // Of message rules:
  MessageRule rule;
  std::uint32_t matched = 0, acted = 0;
  // Of cut links:
  LinkId link;

  bool concerns(MachineId from, MachineId to, Plane plane) const {
    return (planes & plane_set(plane)) != 0 && directions.contains(from, to);
  }
};

class LeverTable {
 public:
  LeverId add(Lever lever);
  // Precondition: the lever exists and is active. It keeps its count.
  void retire(LeverId id);
  bool knows(LeverId id) const { return id.value >= 1 && id.value <= levers_.size(); }
  Lever& operator[](LeverId id) { return levers_.at(id.value - 1); }
  const Lever& operator[](LeverId id) const { return levers_.at(id.value - 1); }

  // Active ones, in the order in which they were pulled.
  const std::vector<LeverId>& on_directions() const { return on_directions_; }  // cut .. throttle
  const std::vector<LeverId>& rules() const { return rules_; }
  const std::vector<LeverId>& cut_links() const { return cut_links_; }

 private:
  std::vector<LeverId>* list_of(LeverKind kind);

  std::vector<Lever> levers_;
  std::vector<LeverId> on_directions_, rules_, cut_links_;
};

// Does this rule mean a message of that label on that direction? (Leaves out `skip` and `count`.)
bool matches(const MessageRule& rule, std::string_view label, MachineId from, MachineId to,
             Plane plane);

}  // namespace sim
