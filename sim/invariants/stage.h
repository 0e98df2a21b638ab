// What a run is judged against: who is who, who is up, who is cut off from the majority and since
// when, and whether the network keeps its usual delays. All invariants and metrics of a run share
// one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/connectivity.h"
#include "sim/trace/directory.h"
#include "sim/trace/fold.h"

namespace sim {

// Does a fault of this kind change how long messages or passes of an event loop take, without being
// visible as a cut, a crash or a pause? Unknown kinds do.
bool bends_delays(std::string_view fault_kind);
// Is a server configured anew: by a fault, or by a command of the timeline?
bool changes_config(const Event& event);

class Stage final : public TraceFold {
 public:
  // `messages_late`: how long a fault may delay a message, and the stream behind it.
  explicit Stage(const Cast& cast, Duration messages_late = {});

  void see(const Record& record) override;

  const Directory& directory() const { return directory_; }
  const Connectivity& connectivity() const { return connectivity_; }

  // The machine runs, but a majority of the primaries that own slots is dead, paused, or out of its
  // reach on the bus. Since when; a restart or a resumption of the machine counts anew, because its
  // own timers do.
  std::optional<SimTime> isolated_since(MachineId machine) const;
  // When the last isolation of the machine ended, and how long it was.
  std::optional<SimTime> rejoined_at(MachineId machine) const;
  Duration isolation_lasted(MachineId machine) const;
  // Bytes of some node still come in although nothing goes out to it: a one-way cut, which hides a
  // silence.
  bool hears_unreachable(MachineId machine) const;
  // Since when the machine runs without a pause or anything that keeps it busy for long; nullopt
  // while it does not.
  std::optional<SimTime> serving_since(MachineId machine) const;

  // And since when it does not.
  std::optional<SimTime> silent_since(MachineId machine) const;

  // A replica that was restarted while its primary was down, and has not synchronised since: it has
  // no data age to show (protocol §7.1 step 3).
  bool is_orphan(MachineId machine) const { return orphans_.count(machine) > 0; }

  // The cluster is still being formed: operators edit slots and epochs.
  bool forming() const { return forming_; }
  // Could the record seen last have changed who serves, or who reaches a majority?
  bool weighed() const { return weighed_; }
  // A fault bends delays now, or timeouts are no longer what the plan says.
  bool disturbed() const { return !bending_.empty() || reconfigured_ || undisturbed_since_ > now_; }
  // Since when no fault has bent delays: bounds that reach back further than this do not hold.
  // Later than now while a fault is over and its messages may be still to come.
  SimTime undisturbed_since() const { return undisturbed_since_; }
  std::string_view name(MachineId machine) const { return directory_.name(machine); }

 private:
  struct Life {
    std::optional<SimTime> serving_since, silent_since, isolated_since, rejoined_at;
    Duration isolation_lasted{};
  };

  bool may_change_majority(const Record& record) const;
  bool makes_orphan(const Record& record) const;
  void see_faults(const Record& record);
  void see_life(const Record& record);
  void weigh(SimTime now);

  Directory directory_;
  Connectivity connectivity_;
  std::vector<Life> lives_;
  std::set<MachineId> orphans_;
  std::map<std::uint32_t, Duration> bending_;  // in force; how long they outlast their end
  Duration messages_late_;
  SimTime now_{Duration::min()};
  SimTime undisturbed_since_{Duration::min()};
  bool forming_ = false, weighed_ = false, reconfigured_ = false;
};

}  // namespace sim
