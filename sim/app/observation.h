// What a run shows of itself to somebody who holds it against a run of another kind of node: who is
// primary in the end, when each shard lost and regained its primary, what went over the bus, what
// clients were told.
//
// Only what a real server shows too, so that both sides of `slotsim diff` can be asked for it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/milestones.h"
#include "sim/trace/fold.h"

namespace sim {

// The stations of a failover, in order. Times are those of the first witness.
enum class Station : std::uint8_t { kLoss, kPfail, kFail, kElection, kPromoted, kCount };
std::string_view station_name(Station station);

// The metrics of a run that an observation takes over.
std::span<const std::string_view> compared_metrics();

struct Observation {
  // One failover: the first of its shard. A station that was not seen is absent.
  struct Failover {
    int shard = 0;
    std::map<Station, SimTime>
        at;  // kLoss: what the plan did last before the primary was suspected
    bool operator==(const Failover&) const = default;
  };
  struct Traffic {
    std::string node;
    std::int64_t milliseconds = 0;                  // that its program has run
    std::map<std::string, std::uint64_t> messages;  // by type: "bus_sent_ping"
    bool operator==(const Traffic&) const = default;
  };
  std::uint64_t seed = 0;
  std::string verdict;  // the run's headline; empty: nobody judged it against its scenario
  bool as_expected = false;
  bool complete = false;  // the run came to its end, so that `primaries` is an end state
  bool converged = false;
  // By shard: "as planned", "a replica of it", or the name of a machine from elsewhere; "nobody".
  // The replicas of a shard are equivalent: which of them won is chance.
  std::vector<std::string> primaries;
  std::vector<Failover> failovers;  // by shard
  std::vector<Traffic> traffic;     // by machine; of nodes that count what they send
  bool has_clients = false;
  std::map<std::string, std::uint64_t> error_replies;  // by kind: "MOVED"; auditors apart
  bool sees_effects = false;  // nodes tell which write took effect where: losses have classes
  std::map<std::string, std::int64_t> numbers;  // metrics of the run that are compared
  bool operator==(const Observation&) const = default;
};

// The fold that makes it. Looks at few records, for it is part of every run.
class Observer {
 public:
  // `milestones` and `directory` have seen the record too.
  void see(const Record& record, const Milestones& milestones, const Directory& directory);
  // Precondition: the run is over.
  Observation finish(const Milestones& milestones, const Directory& directory) const;

 private:
  struct Counted {
    SimTime from, until;
    std::map<std::string, std::uint64_t> messages;  // as it counts them itself
    std::map<std::string, std::uint64_t> arrived;   // in dense traces: those that got there
  };
  void see_milestone(const Milestone& milestone, const Directory& directory);
  void see_client(const Record& record);

  SimTime last_cause_;
  std::map<int, Observation::Failover> failovers_;
  std::map<MachineId, Counted> counted_;
  std::map<std::string, std::uint64_t> error_replies_;
  bool auditing_ = false, has_clients_ = false, sees_effects_ = false;
};

}  // namespace sim
