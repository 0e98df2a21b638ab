// An invariant: a claim about every run, judged from the trace alone.
//
// One file each, registered in registry.cc with its claim, where the claim comes from, what it
// needs to see, and at least one mutation of the core that it kills. It streams (bounded memory),
// is copied with the run, and can judge a saved trace. What real servers do not show of what it
// needs it either does without, or it is `not checked` and says why.
//
// Who is who, who reaches whom and what the nodes said last is the same for all of them. It is
// folded once (jury.h), and shown to each with each record; none keeps a copy of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/time.h"
#include "sim/invariants/loss_table.h"
#include "sim/invariants/metric.h"
#include "sim/trace/fold.h"
#include "sim/trace/record.h"

namespace sim {

class FinalViews;
class Stage;

// What the plan tells the judge: the numbers bounds are derived from.
struct RunFacts {
  Cast cast;
  Duration node_timeout = 15s;
  Duration tick = 100ms;  // 1000/hz
  Duration one_way_max =
      1ms;  // D: the longest one-way delay of the undisturbed network, jitter included
  Duration clock_disorder{};  // largest wall-clock disagreement the scenario causes (skews, jumps);
                              // 0: none
  bool drift = false;
  Duration messages_late{};  // how long the longest of its faults delays a message
  Duration stall_max{};  // longest pass of an event loop that is not told; 0: work takes no time
  bool full_coverage = true;               // cluster-require-full-coverage, on every server
  std::int64_t min_replicas_to_write = 0;  // the least of any server
  Duration min_replicas_max_lag{};         // the longest of any server
  bool open_slots_repointed = false;       // some server lets claims take slots that it imports
  Duration repl_timeout = 60s;             // the longest of any server
  bool replica_migration = true;           // cluster-allow-replica-migration, on every server
  std::int64_t migration_barrier = 1;      // the highest of any server
  std::uint32_t replicas_per_shard = 0;
  Duration
      data_age_max{};  // how long its replication may have been down for a replica to stand for
                       // election: T * (factor + 1) + repl-ping-replica-period; 0: any time
  bool replicas_may_stand = true;                 // no server has cluster-replica-no-failover
  std::set<std::string, std::less<>> deviations;  // that some simulated server has
  bool persistent = false;                        // appendonly yes
  bool takeovers =
      false;  // the scenario contains TAKEOVER or FORCE: consensus is bypassed on purpose
  bool operator_commands = false;  // slots or epochs are edited by hand
  Duration converge_within = 30s;  // "settle" bound of the scenario
  SimTime settle_from;             // when everything was healed; end of time if never
  // Machines that run an unmodified server: of these a witness tells what can be seen
  // (docs/real_servers.md), and nothing else is known.
  std::set<MachineId> processes;
  bool suspicions_logged = false;  // processes run at loglevel debug, which tells PFAIL at once
};

enum class Judgement : std::uint8_t {
  kPass,
  kFail,         // the claim is violated
  kKnownDefect,  // what happened is a defect that 7.0.15 really has (protocol §14 `row`), and the
                 // trace shows its pattern
  kUnknown,      // gave up: memory or time
  kNotChecked,   // this run cannot supply what the invariant needs
};

// "pass", "known-defect": as results are written down. Unknown names are read as kUnknown.
std::string_view judgement_name(Judgement judgement);
Judgement judgement_named(std::string_view name);

struct Finding {
  Judgement judgement = Judgement::kFail;
  SimTime at;
  std::uint64_t record = 0;  // sequence number of the record that decided it
  std::string what;          // one sentence, machines by name, with the numbers and the bound
  int row = 0;               // of §14, for a known defect
};

// A run that is over: when, how things stood then, and what its nodes said last.
struct Ending {
  SimTime at;
  const Stage& stage;
  const FinalViews& views;
};

class Invariant {
 public:
  virtual ~Invariant() = default;

  // A record is about to be seen, and `stage` does not know of it yet: the place to judge the time
  // that passed until it, and to remember how things stood. Each record comes here first and to
  // `see` next, in order of `sequence`.
  virtual void before(const Record&, const Stage&) {}
  // `stage` has seen the record.
  virtual void see(const Record& record, const Stage& stage) = 0;
  // The run is over; liveness claims are decided here.
  virtual void finish(const Ending&) {}
  virtual Judgement judgement() const = 0;
  // The first few findings (at most 10 kept), and how many there were.
  virtual const std::vector<Finding>& findings() const = 0;
  virtual std::uint64_t finding_count() const = 0;
  // Numbers for the report beside the verdict, in words: "3 elections, 2 won", "longest overlap 1.2
  // s of 7.7 s allowed".
  virtual std::string summary() const = 0;
  // What it has counted that is of interest beyond its judgement. Precondition: finished.
  virtual std::vector<Metric> metrics() const { return {}; }
  // Acknowledged writes that it found lost, by class; only one invariant looks for them.
  // Precondition: finished.
  virtual std::optional<LossTable> losses() const { return std::nullopt; }
  virtual std::unique_ptr<Invariant> clone() const = 0;
};

struct InvariantKind {
  std::string_view name;    // "election_safety"
  std::string_view claim;   // one sentence
  std::string_view source;  // "Cluster spec, \"Replica election\"; protocol §15.8-10"
  std::string_view scope;   // "always", "after heal"
  std::string_view kills;   // mutations, comma-separated
  std::string_view needs;   // what a run must show, and how it makes do with a real server
  bool liveness = false;    // a failure is exit 4, not 1
  std::unique_ptr<Invariant> (*make)(const RunFacts& facts);
};
std::span<const InvariantKind> invariants();
const InvariantKind* find_invariant(std::string_view name);

}  // namespace sim
