// The vocabulary of what can be seen.
//
// The trace is the only witness: invariants, reports, pictures and statistics are folds over these
// records and nothing else. Nodes speak in Notes (an Event each); the world adds when, where, and
// what it did itself. An Event never changes behaviour and is never part of the digest, so a new
// kind may be added without changing a golden.
//
// Protocol ids (`NodeName`) name what Redis calls itself; `Record::machine` is the box. Both occur:
// a box keeps its name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/time.h"
#include "sim/base/types.h"

namespace sim {

// `machine` of records that belong to no machine (the plan's).
inline constexpr MachineId kNoMachine{0xffffffff};

enum class Role : std::uint8_t { kPrimary, kReplica };

namespace event {

// ---- A cluster node about itself ----

// The program is up and has loaded what its disk gave it.
struct NodeStarted {
  NodeName id;
  std::uint32_t incarnation = 0;
  std::uint64_t current_epoch = 0, last_vote_epoch = 0;
  std::uint64_t keys_loaded = 0;
};
// What the node now says it is; told at start and whenever any of it changes. Selectors are
// resolved from these.
struct Claim {
  NodeName id;
  Role role{};
  NodeName replica_of;          // none for a primary, or a replica that does not know its primary
  SlotsRef slots = no_slots();  // own slots; empty for a replica
  std::uint64_t config_epoch = 0;
  std::uint64_t current_epoch = 0;
};
// Cluster state as this node evaluates it (protocol §8).
struct HealthChanged {
  bool ok = false;
  std::string
      why;  // "slot 5461 is not covered", "minority: 1 of 3 primaries reachable"; empty when ok
};
// Why a slot changes its owner in a node's view.
enum class RebindCause : std::uint8_t {
  kUnknown,       // not told: a real server
  kClaim,         // of the new owner, in a header or an UPDATE
  kCommand,       // SETSLOT NODE, ADDSLOTS, DELSLOTS, FLUSHSLOTS, RESET
  kPromotion,     // this node takes its primary's place
  kDemotion,      // the old owner says that it is a replica
  kForgotten,     // the old owner was removed from the table
  kData,          // nobody's, but this node started with keys of it
  kRelinquished,  // this node imports it, and its owner claims it no more (Valkey 8)
};
// `from` gave way to `to` for these slots in this node's view.
struct SlotsRebound {
  SlotsRef slots = no_slots();
  NodeName from, to;  // none: unassigned
  std::uint64_t epoch = 0;
  RebindCause cause{};
  std::uint64_t from_epoch = 0;  // the configEpoch by which `from` had them, as known here
  // Of the slots, those that `from` has stopped claiming: anybody's to take (protocol §7.7).
  SlotsRef unclaimed = no_slots();
};
// This node's end of a slot on its way between two nodes, in the hands of an operator (protocol
// §9.3).
struct SlotOpened {
  SlotId slot;
  bool importing = false;  // else migrating
  NodeName other;          // from or to whom
};
struct SlotClosed {
  SlotId slot;
  bool importing = false;
};
// A MIGRATE handed keys over. (Protocol §9.4.)
struct KeysMigrated {
  SlotId slot;
  std::uint64_t keys = 0;
  Endpoint target;
  bool copied = false;               // they stay here too
  std::uint64_t held = 0, left = 0;  // keys of the slot here, before and after
};
enum class Suspicion : std::uint8_t { kNone, kPfail, kFail };
// This node changed its mind about a peer.
struct SuspicionChanged {
  NodeName peer;
  Suspicion from{}, to{};
  std::uint32_t reports = 0,
                quorum = 0;  // when set to FAIL by counting; 0 when told by a FAIL message
};
// A peer appeared in, or left, this node's table.
struct PeerLearned {
  NodeName peer;
};
struct PeerForgotten {
  NodeName peer;
  std::string why;
};
enum class EpochCause : std::uint8_t { kSeen, kElection, kCollision, kTakeover, kCommand, kLoaded };
// Own currentEpoch or configEpoch changed.
struct EpochChanged {
  std::uint64_t current_from = 0, current_to = 0;
  std::uint64_t config_from = 0, config_to = 0;
  EpochCause cause{};
};

// ---- Elections (protocol §7) ----

struct ElectionScheduled {
  NodeName primary;  // whom it would replace
  std::int64_t delay_ms = 0;
  std::uint32_t rank = 0;
  std::int64_t offset = 0;
  bool manual = false;
};
struct ElectionStarted {
  NodeName primary;
  std::uint64_t epoch = 0;
  std::uint32_t rank = 0;
  std::uint32_t quorum = 0;
  bool manual = false;
};
struct VoteGranted {  // told by the voter
  NodeName candidate, primary;
  std::uint64_t epoch = 0;
  bool primary_failed = false;  // in the voter's view; false is allowed only when forced
  bool forced = false;
};
struct VoteRefused {
  NodeName candidate;
  std::uint64_t epoch = 0;
  std::string why;
};
struct VoteCounted {  // told by the candidate
  NodeName voter;
  std::uint64_t epoch = 0;
  std::uint32_t votes = 0, quorum = 0;
};
struct ElectionExpired {
  std::uint64_t epoch = 0;
  std::uint32_t votes = 0, quorum = 0;
};
// Why an eligible-looking replica does not stand. Told when the reason changes.
struct ElectionHindered {
  std::string why;
};
struct Promoted {
  NodeName old_primary;
  std::uint64_t epoch = 0;
  std::uint32_t votes = 0, quorum = 0;  // 0 for a takeover
  bool takeover = false;
  bool manual = false;
};
// A primary became a replica, or a replica changed its primary.
struct Following {
  NodeName primary;
  bool was_primary = false;
};
// A replica leaves a shard that can spare it, for a primary that has none. Following comes next.
struct ReplicaMigrated {
  NodeName from, to;         // primaries
  std::uint32_t sound = 0;   // replicas of `from`, with this one, that it holds for sound
  std::int64_t barrier = 0;  // its cluster-migration-barrier: so many have to stay
};
struct ManualFailover {
  // Of the replica: "requested", "offset matched", "timed out", "done". Of its primary: "primary
  // paused writes", "primary resumed writes", "timed out".
  std::string phase;
};

// ---- Data and replication (protocol §10) ----

enum class SyncKind : std::uint8_t { kFull, kPartial };
// Replica side: the link to the primary came up or went down.
struct ReplicationUp {
  NodeName primary;
  SyncKind how{};
  NodeName replid;
  std::int64_t offset = 0;
  std::uint64_t keys = 0;
};
struct ReplicationDown {
  std::string why;
};
// The replication stream as this node holds it, after it appended (primary) or applied (replica) up
// to `offset`. `chain` is a running hash over the stream's commands since its replication id began:
// equal (replid, offset) must mean equal chain; 0: not known. Told once a step in which the offset
// of write commands moved.
struct StreamAt {
  NodeName replid;
  std::int64_t offset = 0;
  std::uint64_t chain = 0;
  Role role{};
};
// A write command took effect on a primary for a client.
struct WriteApplied {
  SlotId slot;
  std::uint64_t operation = 0;  // the client's operation id, 0 if the client gave none
  std::int64_t offset = 0;      // replication offset after it
};
// What this node made of a command that names keys (protocol §9.2), with everything it went by.
// Told unless it serves a slot that is its own and at rest, in a cluster that is ok.
struct Routed {
  SlotId slot;                  // of the first key, as this node computes it
  std::uint64_t operation = 0;  // the client's operation id, 0 if the client gave none
  std::string refusal;          // what it answered; empty: it was served
  NodeName owner;               // whom it holds for the owner; none: nobody
  NodeName migrating_to, importing_from;
  NodeName primary;                         // whom it follows; none: it is a primary
  bool ok = false;                          // the cluster, as it sees it
  bool writes = false;                      // some command it is about does
  bool moves_keys = false;                  // MIGRATE
  bool channels = false;                    // of shards, instead of keys
  bool asking = false, readonly = false;    // ASKING went before it; READONLY was given
  bool crossing = false;                    // the keys are of several slots
  bool several = false;                     // and more than one
  std::uint32_t missing = 0, existing = 0;  // keys, counted only if the slot is open
  bool when_down = false;  // configured to serve such a command while the cluster is down
};
// A WAIT of a client was answered.
struct WaitAnswered {
  std::int64_t offset = 0;  // the place in the stream that replicas had to have reached
  NodeName replid;
  std::uint32_t replicas = 0;  // how many were said to have
};
// Keys left this node other than by command or expiry: a lost slot's keys deleted, a flush before a
// full sync.
struct KeysDropped {
  std::uint64_t keys = 0;
  std::string why;
};
// A command took keys away that no client's history tells of: FLUSHALL, or a DEL typed by hand.
struct KeysRemoved {
  std::uint64_t keys = 0;
  std::string key;  // which; empty: all that the node had
};
// Reading the data set takes this node its time: commands are refused meanwhile.
struct LoadingBegan {
  std::uint64_t bytes = 0;
  std::string from;  // "its disk", "its primary"
};
struct LoadingEnded {};
// A child was forked to write the data set; the node stood still for it.
struct Forked {
  std::int64_t stall_ns = 0;
  std::uint64_t bytes = 0;  // of memory
};
struct ConfigSaved {
  bool synced = false;
};
// One line in plain words that belongs in a timeline but needs no fields ("7.0.15 would assert
// here").
struct Remark {
  std::string text;
};

// How much a server makes of a line of its log: the marks '.', '-', '*' and '#'.
enum class LogLevel : std::uint8_t { kDebug, kVerbose, kNotice, kWarning };
inline std::optional<LogLevel> log_level_of(char mark) {
  switch (mark) {
    case '.':
      return LogLevel::kDebug;
    case '-':
      return LogLevel::kVerbose;
    case '*':
      return LogLevel::kNotice;
    case '#':
      return LogLevel::kWarning;
    default:
      return std::nullopt;
  }
}
// A line of the log of a server that is a process (`Source::kLog`).
struct LogLine {
  LogLevel level{};
  std::string text;  // what comes after the mark
};

// What a node answers when probed.
struct PeerView {
  NodeName id;
  Role role{};
  NodeName replica_of;
  Suspicion suspicion{};
  SlotsRef slots = no_slots();
  std::uint64_t config_epoch = 0;
  bool handshake = false, no_address = false, linked = false;
};
struct ViewSnapshot {
  NodeName id;
  bool healthy = false;   // cluster state ok
  bool writable = false;  // accepts a write for at least one slot
  std::uint64_t fingerprint =
      0;  // of slot owners, roles, FAIL flags and the set of known nodes: equal iff views agree
  std::uint32_t known_nodes = 0;
  std::uint32_t suspected = 0;  // peers held PFAIL or FAIL
  std::uint64_t keys = 0;
  std::uint64_t data_hash = 0;  // order-free hash of the keyspace
  std::int64_t offset = 0;
  bool replication_up = false;  // replicas: the link to the primary is up
  std::uint64_t current_epoch = 0, config_epoch = 0, last_vote_epoch = 0;
  std::map<std::string, std::uint64_t> counters;  // "bus_sent_ping": messages by type since boot
  std::vector<PeerView> peers;                    // full probes only; includes the node itself
  SlotsRef occupied = no_slots();                 // full probes only: slots of which it has keys
};

// ---- Clients ----

enum class OpKind : std::uint8_t { kRead, kWrite, kIncrement, kAppend, kReadList, kDelete, kOther };
inline bool changes_data(OpKind kind) {
  return kind == OpKind::kWrite || kind == OpKind::kIncrement || kind == OpKind::kAppend ||
         kind == OpKind::kDelete;
}
enum class OpOutcome : std::uint8_t {
  kOk,       // answered
  kFailed,   // certainly did not happen (refused before it ran)
  kUnknown,  // may or may not have happened, now or later (timed out, connection lost)
};
struct OpInvoked {
  std::uint64_t operation = 0;  // unique in the run, never 0
  std::uint32_t process = 0;    // logical process of the client: at most one operation at a time
  OpKind kind{};
  std::string key;
  std::string value;        // what is written, appended or added; empty for reads
  bool final_read = false;  // an auditor reading the final data
  std::string workload;     // name of the workload instance
  std::int32_t slot = -1;   // of the key, as the client computes it; -1: it does not
};
struct OpCompleted {
  std::uint64_t operation = 0;
  OpOutcome outcome{};
  std::string value;              // read result ("" with `absent`), new counter, or error text
  bool absent = false;            // a read that found no key
  std::vector<std::string> list;  // kReadList
  std::string node;               // machine name or address that answered
  std::uint32_t redirects = 0, attempts = 1;
  bool from_replica = false;
  std::uint32_t replicas_wanted = 0;  // the WAIT after an acknowledged write asked for so many; 0:
                                      // there was none
  std::uint32_t replicas = 0;         // so many had acknowledged it in time
};
// A client was told to go elsewhere or to wait.
struct Redirected {
  std::uint64_t operation = 0;
  std::string reply;  // "MOVED 5461 10.0.0.2:6379", "CLUSTERDOWN ...", "TRYAGAIN ..."
};
// A cache client's counters for one read: hit or miss.
struct CacheRead {
  bool hit = false;
};
// A workload's own arithmetic, e.g. how many keys a change of n moved.
struct Measured {
  std::string name;
  std::int64_t value = 0;
};

// ---- The world ----

struct MachineCrashed {
  bool power_lost = false;  // the box went down (unsynced writes and all), not just the program
};
struct MachineStarted {
  std::uint32_t incarnation = 0;
  std::string disk;     // "kept", "lost", "nodes.conf lost", "unsynced lost", "torn nodes.conf"
  std::string program;  // another than the plan's, since a restart with it; empty: as planned
};
struct MachinePaused {};
struct MachineResumed {};
// A pass of the program's event loop began that takes so long that others may notice.
struct StallBegan {
  std::int64_t ns = 0;
};
struct StallEnded {};
struct ProgramExited {
  int code = 0;
  std::string why;
};
struct ClockStepped {
  std::int64_t by_ms = 0;
  std::string what;  // "jump", "skew", "drift 200 ppm"
};
// Which machines can reach which, after a change: groups of machine names, told for pictures.
// Empty: all connected.
struct Reachability {
  std::string plane;  // "all", "bus", "client", "replication"
  std::vector<std::vector<std::string>> groups;
  std::vector<std::pair<std::string, std::string>> cut;  // one-way: first does not reach second
};
// A message on its way: dense traces only.
struct Delivered {
  std::string label;
  MachineId from;
  ConnId conn;
  std::uint32_t size = 0;
  std::uint64_t hash = 0;
};
struct Connection {
  std::string what;  // "opened", "refused", "reset", "timed out", "closed"
  MachineId peer;
};
// A message-level fault acted on one message.
struct MessageTouched {
  std::uint32_t fault = 0;
  std::string label;
  MachineId from, to;
  std::string what;  // "held", "delayed 3s", "dropped with its connection"
};

// ---- The plan ----

enum class Phase : std::uint8_t { kForming, kFaults, kSettling, kAudit, kDone };
struct PhaseBegan {
  Phase phase{};
};
// A fault or step of the timeline, nemesis or operator. `id` pairs begin and end.
struct FaultBegan {
  std::uint32_t id = 0;
  std::string kind;  // name in the registry
  std::string text;  // one line in plain words, selectors resolved: "crash m1 (primary of shard-0)"
  std::vector<MachineId> targets;
};
struct FaultEnded {
  std::uint32_t id = 0;
  std::uint64_t effects = 0;  // packets, bytes, wake-ups or clock readings it really changed
  std::string unit;           // "packets held", "messages dropped", "clock readings"
  bool momentary = false;     // it was over when it began; this only tells what it did
  bool never = false;         // the run ends and it holds still; likewise
};
struct StepReply {  // answer to a scripted command
  std::uint32_t id = 0;
  std::string node;     // who was asked; empty if the step meant nobody
  std::string command;  // in words: "CLUSTER INFO"
  std::string reply;
  bool as_expected = true;
  std::string expected;
};
// A program of a step, or the one a machine is there for, ended; or it should have, and did not.
struct ProgramRan {
  std::uint32_t id = 0;  // number of the step, as of StepReply; 0: the machine's own program
  std::string machine;   // where it ran
  std::string command;   // in words
  bool ended = true;
  int exit_code = 0;   // 128 and the signal's number if a signal ended it
  std::string output;  // the end of what it printed
  bool as_expected = true;
  std::string expected;
};
// An operation of the timeline: an operator, with a program after another, does something to the
// whole cluster.
struct OperationBegan {
  std::uint32_t id = 0;  // number of the step, from 1
  std::string name;      // "reshard"
  std::string text;      // in words: "reshard 100 slots to m7"
};
struct OperationEnded {
  std::uint32_t id = 0;
  std::string name;
  bool done = false;  // else it failed, or was stopped
  std::string why;    // how it failed: the end of what the program printed; empty when done
  MachineId left = kNoMachine;  // who is no member of the cluster any more
  bool as_expected = true;
  std::string expected;
};
// Every node's view agrees and is healthy, first time since the settling phase began.
struct Converged {};

}  // namespace event

using AnyEvent = std::variant<
    event::NodeStarted, event::Claim, event::HealthChanged, event::SlotsRebound, event::SlotOpened,
    event::SlotClosed, event::KeysMigrated, event::SuspicionChanged, event::PeerLearned,
    event::PeerForgotten, event::EpochChanged, event::ElectionScheduled, event::ElectionStarted,
    event::VoteGranted, event::VoteRefused, event::VoteCounted, event::ElectionExpired,
    event::ElectionHindered, event::Promoted, event::Following, event::ReplicaMigrated,
    event::ManualFailover, event::ReplicationUp, event::ReplicationDown, event::StreamAt,
    event::WriteApplied, event::Routed, event::WaitAnswered, event::KeysDropped, event::KeysRemoved,
    event::LoadingBegan, event::LoadingEnded, event::Forked, event::ConfigSaved, event::Remark,
    event::LogLine, event::ViewSnapshot, event::OpInvoked, event::OpCompleted, event::Redirected,
    event::CacheRead, event::Measured, event::MachineCrashed, event::MachineStarted,
    event::MachinePaused, event::MachineResumed, event::StallBegan, event::StallEnded,
    event::ProgramExited, event::ClockStepped, event::Reachability, event::Delivered,
    event::Connection, event::MessageTouched, event::PhaseBegan, event::FaultBegan,
    event::FaultEnded, event::StepReply, event::ProgramRan, event::OperationBegan,
    event::OperationEnded, event::Converged>;

// One of these. To copy, to move and to destroy sixty kinds of things is compiled once, in
// record.cc: done anew in every file that has to do with records, it was half of all that was
// compiled.
class Event : public AnyEvent {
 public:
  Event() noexcept;
  template <class Kind>
  requires(!std::is_same_v<std::remove_cvref_t<Kind>, Event>) Event(Kind&& kind)
      : AnyEvent(std::forward<Kind>(kind)) {}
  Event(const Event& other);
  Event(Event&& other) noexcept;
  Event& operator=(const Event& other);
  Event& operator=(Event&& other) noexcept;
  ~Event();
};

// Where a record was witnessed. An invariant names what it needs; a run that cannot supply it is
// `not checked`.
enum class Source : std::uint8_t { kInternal, kWire, kDisk, kLog, kProbe, kWorld, kPlan };

struct Record {
  std::uint64_t sequence = 0;  // position in the run, from 0
  SimTime at;
  MachineId machine = kNoMachine;
  Source source = Source::kInternal;
  Event event;
};

// The people on the stage: told once, before any record. What a fold needs to print names.
enum class MachineKind : std::uint8_t {
  kClusterNode,
  kStandaloneNode,
  kClient,
  kProgram,  // runs programs that are no servers of the cluster: tools, suites
};
inline bool is_server(MachineKind kind) {
  return kind == MachineKind::kClusterNode || kind == MachineKind::kStandaloneNode;
}
struct MachineInfo {
  std::string name;  // "m1", "client-1": the stable name
  MachineKind kind{};
  Endpoint endpoint;
  std::string host, rack, zone, region;  // empty where the topology does not say
  std::string cluster;                   // of a server of another cluster than the one judged
  int shard = -1;                        // the shard it was planned into, -1 for none
  NodeName planned_id;                   // the node id of its generated nodes.conf, none otherwise
  bool planned_primary = false;
  std::string workload;  // whose client or auditor it is, by name; empty for servers
  bool process = false;  // of a server: a program of the operating system, which keeps a log
};

}  // namespace sim
