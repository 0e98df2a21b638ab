// A scenario as plain data: what a file says, read, checked, and with every default filled in.
//
// The language knows neither faults nor workloads nor invariants: their names and how to read their
// options come in through a `Vocabulary`, and their options are kept as a `Section` for whoever
// makes them. What each key means in full is told by scenarios/schema/scenario-v1.schema.json,
// which tests hold against this reader.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/costs.h"
#include "sim/base/slot_set.h"
#include "sim/base/time.h"
#include "sim/scenario/expected_reply.h"
#include "sim/scenario/operations.h"
#include "sim/scenario/options.h"
#include "sim/scenario/problems.h"
#include "sim/scenario/profile.h"
#include "sim/scenario/programs.h"
#include "sim/scenario/selector.h"

namespace sim {

inline constexpr std::uint32_t kNodesMax = 10'000;
// Of every workload that does not say "clients": the language must know who client-4 is.
inline constexpr std::uint32_t kClientsDefault = 3;

using Directives =
    std::vector<std::pair<std::string, std::string>>;  // as in redis.conf, in order of the file

// ---- The cluster ----

// Of a simulated server: what its work costs, and what it holds when the cluster comes about,
// beyond the keys of the simulation.
struct ServerCosts {
  Costs costs;
  Weight dataset;
};

struct NodeOptions {
  Directives config;
  Duration clock_skew{};                // wall clock, from the first boot on
  std::int32_t drift_ppm = 0;           // both clocks
  std::string zone, rack, host;         // where it stands; empty: as placed
  std::optional<ServerProgram> server;  // none of these four: as all servers
  std::optional<ProcessModel> model;
  std::optional<std::vector<std::string>> deviations;  // none: as all servers
  std::optional<ServerCosts> costs;
};
// Another cluster, which runs beside the one that is judged and comes about like it.
struct OtherCluster {
  std::string name;
  std::uint32_t shards = 1, replicas = 0;
};
struct ClusterOptions {
  std::uint32_t shards = 3;
  std::uint32_t replicas = 1;  // of each shard; where they differ, the most that one has
  std::vector<std::uint32_t> uneven_replicas;  // by shard; empty: they do not differ
  std::uint32_t standalone =
      0;  // servers with cluster-enabled no, for clients that shard by themselves
  std::uint32_t spares = 0;  // empty nodes that run from the start and know nobody
  std::vector<OtherCluster> others;
  std::vector<std::string> zones;  // at least one; "a", "b", ... if given as a number
  std::vector<std::pair<std::string, std::vector<std::string>>>
      regions;                       // region -> zones; empty: none
  std::uint32_t racks_per_zone = 0;  // 0: no racks
  std::uint32_t hosts_per_rack = 0;  // or per zone without racks; 0: one for every machine
  enum class Placement : std::uint8_t {
    kSpread,  // primaries round robin over zones, the replicas of a shard in other zones than its
              // primary
    kPacked,  // a shard stays in one zone
  } placement = Placement::kSpread;
  std::string profile = std::string(profiles().front().name);
  // Of simulated servers that name none: the profile's, then those of the file.
  std::vector<std::string> deviations;
  ServerProgram server;  // of servers that say nothing else
  ProcessModel model;    // likewise, of those that are processes
  ServerCosts costs;     // likewise, of those that are simulated
  enum class Form : std::uint8_t {
    kBooted,  // from generated nodes.conf; t = 0 is the first moment all are ok
    kMeet,    // empty nodes meet over the wire
  } form = Form::kBooted;
  Directives config;                                      // of every server
  std::map<std::uint32_t, std::string> names;             // of servers that are not called mN
  std::map<std::string, NodeOptions, std::less<>> nodes;  // by machine name
  std::vector<std::vector<SlotRange>>
      slots;  // by shard; empty: split evenly as redis-cli --cluster create does

  std::uint32_t replicas_of(std::uint32_t shard) const {
    return uneven_replicas.empty() ? replicas : uneven_replicas.at(shard);
  }
  std::uint64_t replica_count() const;
  // Of the N-th server, from 1: "m7", or the name that it was given.
  std::string server_name(std::uint32_t number) const;
};

// A server of the cluster as the shape alone decides it. Machines are m1..mN: the shards' primaries
// in order, then the replicas in rounds (the first one of each shard, then the second ones), then
// the standalone servers, then the spares. Those of another cluster b are b-m1..b-mN, and come
// last.
struct PlannedServer {
  enum class Part : std::uint8_t { kMember, kStandalone, kSpare, kOther } part = Part::kMember;
  std::string name;
  std::string cluster;  // of kOther
  int shard = -1;       // of a member: of its own cluster, if that is another one
  bool primary = false;
  std::uint32_t primary_index = 0;       // index of its primary among the servers; else its own
  std::string host, rack, zone, region;  // host is never empty
};
std::vector<PlannedServer> planned_servers(const ClusterOptions& cluster);
// What a server is, what its computing costs, and its directives: all servers' and its own. The
// data set is that of a shard, as its primary has it.
ServerProgram program_of(const ClusterOptions& cluster, std::string_view machine);
ProcessModel model_of(const ClusterOptions& cluster, std::string_view machine);
ServerCosts costs_of(const ClusterOptions& cluster, std::string_view machine);
Directives directives_of(const ClusterOptions& cluster, std::string_view machine);
// Rules of other versions that a simulated server follows, by name.
const std::vector<std::string>& deviations_of(const ClusterOptions& cluster,
                                              std::string_view machine);

// ---- The network ----

// One way, between two machines.
struct Quality {
  Duration delay{};
  Duration jitter{};
  enum class Distribution : std::uint8_t {
    kUniform,
    kExponential,
    kNormal
  } distribution = Distribution::kUniform;
  std::uint32_t loss_ppm = 0;
  std::uint64_t bandwidth = 0;  // bytes per second, 0: unlimited
  bool operator==(const Quality&) const = default;
};
// A vertex of the topology by kind and name; `kind` is "host", "rack", "zone", "region", "switch"
// or "machine".
struct VertexName {
  std::string kind, name;
  bool operator==(const VertexName&) const = default;
};
struct LinkOptions {
  std::string name;  // for the fault `cut-link`; "a-b" if not given
  VertexName a, b;
  Quality quality;  // keys not given: no delay, jitter or loss of its own, unlimited
};
// `machines` is between any two machines that share a zone: half of the delay and jitter lies on
// each machine's own link. Its bandwidth is that of each such link, shared by all who are at its
// other end. A link between zones, regions or switches adds its own quality to that.
// Without `switches`, zones that no link connects are joined directly by a link that adds nothing;
// with `switches` only the links given exist between zones.
struct NetworkOptions {
  Quality machines{.delay = std::chrono::microseconds{500}};
  std::vector<std::string> switches;
  std::vector<LinkOptions> links;
};

// ---- What happens ----

struct WorkloadOptions {
  std::string type;  // name in the workload registry
  std::string name;  // unique; the type, or "type-2" for a second one
  std::uint32_t clients = kClientsDefault;
  std::string zone;  // where its clients stand; empty: spread over the zones
  Section options;   // the rest, read by the workload
};

// A milestone, or a line of a server's log, of some shard, node or time.
struct EventPattern {
  std::string event;  // name in the vocabulary's milestones
  std::string log;    // instead: what a line of a log contains
  std::optional<std::uint32_t> shard;
  std::optional<Selector> node;
  std::uint32_t count = 1;  // the count-th time it happens; in expectations: at least so often
  std::optional<Duration> after, before;  // of the run's own time, for expectations
  Place place;
  bool is_in_log(std::string_view line) const;  // false: it is a milestone's
  std::string text() const;                     // "promoted of shard 0 before 30s"
};

struct Trigger {
  enum class Kind : std::uint8_t {
    kAt,
    kWhen,
    kAfter,
    kThen  // the step before this one in the timeline is done
  } kind = Kind::kAt;
  Duration at{};      // kAt
  EventPattern when;  // kWhen
  std::string after;  // kAfter: id of an earlier step that has fired
  Duration delay{};   // kWhen, kAfter, kThen: so much later
};

struct Lifetime {
  enum class Kind : std::uint8_t {
    kMomentary,
    kFor,        // `length`, or until everything heals if that is sooner
    kUntilHeal,  // "for": "heal"
    kForever,    // "for": "forever": stays when the rest is healed
  } kind = Kind::kMomentary;
  Duration length{};
};

// A word, of a command or of what it must be answered with, that stands for what nobody knows
// beforehand: a node's id ("id-of:primary:shard-0") or its address ("ip-of:m2").
struct NodeReference {
  enum class What : std::uint8_t { kId, kIp } what = What::kId;
  std::string_view selector;  // a part of the word
};
std::optional<NodeReference> node_reference(std::string_view word);
struct CommandStep {
  Selector node;  // typed at each such node's console, or asked by that client of the cluster
  std::vector<std::string> words;
  ReplyExpectation expect;
  Duration within{};     // how long the replies may take
  Duration every{};      // asked again so often until the replies are as expected; 0: asked once
  std::string remember;  // the part looked at is remembered so; empty: not
};

struct Step {
  std::string id;  // unique; "step-3" (counting from 1) if not given
  Trigger trigger;
  enum class What : std::uint8_t {
    kFault,
    kCommand,
    kProgram,
    kOperation,
    kEnd
  } what = What::kFault;
  std::string fault;        // kFault: name in the fault registry
  Lifetime lifetime;        // kFault
  Section options;          // kFault: the rest, read by the fault
  CommandStep command;      // kCommand
  ProgramStep program;      // kProgram
  OperationStep operation;  // kOperation
  std::string ends;         // kEnd: id of the lasting step that ends now
  Place place;
};

struct NemesisOptions {
  std::vector<std::string>
      kinds;         // fault names, sorted as given; "all" is filled in from the vocabulary
  Duration every{};  // mean time between two faults
  Range<Duration> lasting{};  // how long each lasts
  std::uint32_t max_concurrent = 1;
  bool keep_majority =
      true;            // never has more than a minority of the primaries down or cut off at once
  bool swarm = false;  // each seed draws its own subset of the kinds
  Range<Duration> active{};  // from, until, in the run's own time
};

// ---- What is expected ----

struct MetricBound {
  std::string metric;  // name in the vocabulary, without its statistic: "hit_rate", or of one
                       // workload among several: "hit_rate of sessions"
  enum class Statistic : std::uint8_t {
    kEach,
    kP50,
    kP90,
    kP99,
    kMin,
    kMax
  } statistic = Statistic::kEach;
  Compare compare{};
  std::int64_t value = 0;  // nanoseconds, parts per million or a plain number, by the metric's unit
  Place place;
  std::string text() const;  // as written: "promotion_p99 <20s"
  bool met_by(std::int64_t measured) const;
  std::string written;
};
struct Expectations {
  enum class Verdict : std::uint8_t { kPass, kFail } verdict = Verdict::kPass;
  enum class Seeds : std::uint8_t { kEvery, kSome } in = Seeds::kEvery;
  std::vector<std::string> except;           // invariants whose failure is not looked at
  std::vector<std::uint32_t> known_defects;  // rows that may occur
  std::vector<std::uint32_t> shows;          // rows that must occur
  std::vector<std::string> violates;         // invariants that must fail (with verdict "fail")
  // Parts of what the report calls expectations that must not be met (likewise).
  std::vector<std::string> misses;
  std::vector<EventPattern> reached, not_reached;
  std::vector<MetricBound> metrics;  // the budget of losses among them
  std::vector<CommandStep> final;    // asked when the cluster has settled
  Place place;
};

struct LimitOptions {
  std::uint64_t events = 2'000'000'000;
  std::uint64_t events_per_instant = 1'000'000;
  std::uint64_t memory_bytes = std::uint64_t{8} << 30;
};

struct Scenario {
  std::string file;  // as it was named
  std::string name;
  std::string variant;  // of cases and of a matrix: "cluster.replicas=2"; empty otherwise
  std::string description;
  std::vector<std::string> tags, refs;
  std::uint64_t seed = 1;
  Duration duration{};  // of the faults phase
  ClusterOptions cluster;
  std::vector<ExecMachine> machines;  // with any, there need be no cluster
  NetworkOptions network;
  std::vector<WorkloadOptions> workloads;
  std::vector<Step> timeline;  // in order of the file, what repeats as often as it does
  std::optional<NemesisOptions> nemesis;
  bool heal = true;  // at the end of `duration` everything ends and is mended, "forever" excepted
  Duration settle_within{};     // after healing, views must agree within this
  bool heal_core_only = false;  // only a majority of primaries, and a replica for each lost shard
  // After healing, one slot in so many must accept a write and give it back within the same bound;
  // 0: nobody tries.
  std::uint32_t progress_every = 0;
  Expectations expect;
  LimitOptions limits;

  // Names of machines and places, for reading options again.
  KnownNames known;
  JsonRef document;  // the variant's own document, for swarm draws and for exporting
  // What each seed draws for itself: a dotted path and its values. Empty: nothing.
  std::vector<std::pair<std::string, std::vector<JsonRef>>> swarm;
};

// ---- Loading ----

// What the rooms above the language know: names, and how to check what only they understand.
struct Vocabulary {
  struct Fault {
    std::string name;
    bool lasts = true;
    bool random = true;                   // the nemesis may use it
    std::function<void(Options&)> check;  // reads the options of a step; need not call finish
  };
  struct Workload {
    std::string name;
    std::function<void(Options&)> check;  // reads the options of an entry
  };
  enum class Unit : std::uint8_t {
    kCount,
    kTime,   // nanoseconds, written as times
    kRatio,  // parts per million, written as "80%"
    kRate,   // thousandths per second, written as "1.5/s"
  };
  struct Metric {
    std::string name;  // "promotion"; the language adds _p50, _p90, _p99, _min and _max;
                       // "bus_sent_*" is a family
    Unit unit = Unit::kCount;
    bool per_workload = false;  // the language adds " of NAME"
  };
  std::vector<Fault> faults;
  std::vector<Workload> workloads;
  std::vector<std::string> invariants;
  std::vector<std::string> milestones;  // what can be waited for, demanded and forbidden
  std::vector<Metric> metrics;
  std::vector<std::string> directives;
  std::vector<std::string> deviations;  // rules of other versions, for simulated servers
  std::vector<std::uint32_t> defects;   // rows of known defects that an invariant can tell
  // The words a server refuses a directive with; nullopt: fine. Empty: not checked.
  std::function<std::optional<std::string>(std::string_view name, std::string_view value)>
      check_directive;
  // Why a process may not have a directive, as a sentence; nullopt: it may.
  std::function<std::optional<std::string>(std::string_view name, std::string_view value)>
      refuse_for_process;
};

struct Loaded {
  std::vector<Scenario> variants;  // one, or one for every case and for every combination of the
                                   // matrix; none if there are problems
  Problems problems;
  // Cases that the given program cannot be.
  struct LeftOut {
    std::string name, why;
  };
  std::vector<LeftOut> left_out;
};
// `file` is what messages call it. With a `program`, all servers that do not say themselves what
// they are run it, whatever the file says of all. Never throws.
Loaded load_scenario(std::string file, std::string text, const Vocabulary& vocabulary,
                     const std::string& program = "");

// The scenario with its "swarm" values drawn (`Site::kSwarm`; the first value is outcome 0).
// `problems` tells when a drawn combination makes no sense, which loading cannot have seen; the
// scenario is then returned undrawn.
Scenario draw_swarm(const Scenario& scenario, const Vocabulary& vocabulary, Choices& choices,
                    Problems& problems);

// The published schema (draft-07), as in scenarios/schema/scenario-v1.schema.json.
std::string_view schema_text();

}  // namespace sim
