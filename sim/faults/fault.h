// A fault: something that goes wrong in the world, from a timeline or from the nemesis.
//
// One file each, registered in registry.cc. A fault reads its options when the scenario is loaded
// (so that all mistakes are reported at once), chooses its targets when it fires (selectors mean
// whoever is primary *then*), pulls levers, and can undo itself. It counts what it did: a fault
// that changed nothing is a warning in the verdict.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/scenario/options.h"
#include "sim/scenario/selector.h"
#include "sim/world/levers.h"

namespace sim {

// The longest time by which the nemesis delays a message.
inline constexpr Duration kNemesisDelaysMessages = 10s;

// What a fault sees when it acts. `resolve` answers the machines a selector means at this moment
// (never clients unless the selector says so); empty when nobody fits.
class FaultStage {
 public:
  virtual ~FaultStage() = default;
  virtual Levers& levers() = 0;
  virtual Choices& choices() = 0;
  virtual std::vector<MachineId> resolve(const Selector& selector) = 0;
  // Every id by which the machine has called itself so far.
  virtual std::vector<NodeName> ids_of(MachineId machine) = 0;
};

class Fault {
 public:
  virtual ~Fault() = default;

  // Acts now. Called when the fault fires, and again at each time it answers, until it answers
  // nullopt (a rolling restart or a flapping link acts many times). Must not be called after `end`.
  virtual std::optional<SimTime> act(FaultStage& stage) = 0;
  // Undoes what lasts. Called once, when its "for" is over or everything heals. A crashed machine
  // that the fault was to restart is restarted here.
  virtual void end(FaultStage& stage) = 0;
  // What it really changed so far, and the unit: {17, "packets held"}.
  struct Effects {
    std::uint64_t count = 0;
    std::string_view unit;
  };
  virtual Effects effects(const Levers& levers) const = 0;
  // One line in plain words once it has fired, machines by name: "cut m1 off from m2 m3 (bus)".
  // Before: what it would do.
  virtual std::string text() const = 0;
  // Whom it hit, for the trace.
  virtual std::vector<MachineId> targets() const = 0;
  virtual std::unique_ptr<Fault> clone() const = 0;
};

struct FaultKind {
  std::string_view name;         // "partition"
  std::string_view description;  // one line, for `list faults` and the docs
  std::string_view example;      // a timeline step as JSON, complete and valid
  bool lasts = true;             // has a duration: needs "for" (or "forever"); false: momentary
  // Reads and checks the options of one timeline step ("at", "when", "after", "for", "do", "id" are
  // already taken).
  std::unique_ptr<Fault> (*make)(Options& options);
  // A random one for the nemesis, with outcome 0 of every choice the mildest. Null: not for the
  // nemesis.
  std::unique_ptr<Fault> (*make_random)(Choices& choices, const Cast& cast);
};
std::span<const FaultKind> faults();
const FaultKind* find_fault(std::string_view name);

}  // namespace sim
