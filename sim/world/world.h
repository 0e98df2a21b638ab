// The world: virtual time, machines, network, disks, clocks. It drives nodes and does not know
// Redis.
//
// The world is a value. Events are data, nodes clone, so a running world can be copied at any event
// and both copies finish equal. A world that holds a node which cannot be copied says so
// (`copyable()`).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/node/node.h"
#include "sim/trace/record.h"
#include "sim/world/disk.h"
#include "sim/world/levers.h"
#include "sim/world/topology.h"

namespace sim {

// A pass of an event loop that takes so long is told (event::StallBegan): a peer's timers may
// notice it.
inline constexpr Duration kStallTold = 100ms;

struct MachineSpec {
  MachineInfo info;
  std::shared_ptr<const NodeFactory> factory;
  FirstDisk disk;   // what it finds at first boot, all synced
  VertexId vertex;  // where it stands
  SimTime boot_at;
  std::vector<std::pair<std::uint16_t, Plane>>
      ports;  // plane of connections dialled to these ports; others: client
  Duration clock_skew{};
  std::int32_t drift_ppm = 0;
};

// The words of the console: how a typed command becomes a payload, and how a reply payload reads.
class ConsoleWords {
 public:
  virtual ~ConsoleWords() = default;
  virtual PayloadRef request(const std::vector<std::string>& command) const = 0;
  // `so_far` keeps the beginning of a reply that comes in pieces. nullopt: it is not whole yet.
  virtual std::optional<std::string> reply_text(const Payload& payload,
                                                std::string& so_far) const = 0;
};
struct ConsoleReply {
  std::uint32_t ticket = 0;
  MachineId machine;
  std::string text;  // errors start with '-'; "(connection lost)" if the program died first
};

struct ProgramResult {
  std::uint32_t ticket = 0;  // 0: the program the machine is there for
  MachineId machine;
  std::optional<int> exit_code;  // none: it went down with its machine, or never began
  std::string output;            // the end of what it printed
};

struct WorldLimits {
  std::uint64_t events = 2'000'000'000;                 // in all
  std::uint64_t events_per_instant = 1'000'000;         // livelock: so many without time moving
  std::uint64_t memory_bytes = std::uint64_t{8} << 30;  // estimated: payloads in flight, disks
};
enum class StopReason : std::uint8_t { kNone, kEventLimit, kLivelock, kMemoryLimit };

// A message of the bus sets out, or arrives. What a machine sends on a line, a connection as the
// world counts them, arrives in the order in which it was sent, or not at all.
struct Sighting {
  SimTime at;
  MachineId from, to;
  std::uint64_t line = 0;
  bool arrived = false;
  PayloadRef payload;  // labelled "bus:PING"
};

// What whoever listens on every cable sees of a connection: a segment is put on the wire, with all
// that a message is in one. In each of the two directions data arrive in the order in which they
// set out, or set out again.
struct Frame {
  enum class Kind : std::uint8_t {
    kSyn,
    kSynAck,
    kAck,  // the third of the handshake; those of data are not simulated
    kData,
    kFin,
    kRst,
    // Of what `from` has put on the wire, and nothing that is seen itself:
    kArrived,    // the foremost data, or FIN, under way is there
    kReturned,   // all data under way, and the FIN, got nowhere; they will set out again, in order
    kForgotten,  // both hosts have forgotten the connection; its line does not come again
  };
  SimTime at;
  MachineId from, to;
  std::uint64_t line = 0;  // as of a Sighting
  Kind kind{};
  bool by_dialler = false;     // `from` is who dialled
  bool lost = false;           // it sets out, and gets nowhere
  Endpoint dialler, listener;  // of a SYN
  PayloadRef payload;          // of data
};

struct WorldSpec {
  std::uint64_t seed = 1;
  Topology topology;
  std::vector<MachineSpec> machines;
  std::shared_ptr<const ConsoleWords> console;
  // Labels that make a client-port connection a replication one, as prefixes: {"repl:",
  // "cmd:PSYNC", "cmd:REPLCONF"}.
  std::vector<std::string> replication_labels;
  WorldLimits limits;
  bool through_wire = false;       // --wire: every payload is encoded and decoded on its way
  bool random_tie_break = false;   // simultaneous events in seeded instead of FIFO order
  bool every_tick = false;         // wake nodes for ticks that have nothing to do, too
  bool record_deliveries = false;  // dense trace: Delivered and Connection records
  bool sight_bus = false;          // take_sightings() tells of the messages between servers
  PlaneSet sight_frames = 0;       // take_frames() tells of the connections of these planes
  std::shared_ptr<const ChoicePolicy> choice_policy;
  Duration tcp_timeout = 900s;  // a silent connection with unacknowledged data dies after this long
  Duration connect_timeout = 127s;              // a dial into silence
  std::uint64_t send_buffer_bytes = 2'500'000;  // what a kernel takes before it pushes back
};

// How many payloads were encoded, decoded and delivered: equal in a --wire run.
struct WireCounts {
  std::uint64_t encoded = 0, decoded = 0, delivered = 0;
};

class World final {
 public:
  explicit World(WorldSpec spec);
  World(const World&);
  World& operator=(const World&) = delete;
  World(World&&) noexcept;
  ~World();
  bool copyable() const;

  SimTime now() const;
  // When the next event is due; nullopt: nothing will ever happen again.
  std::optional<SimTime> next_event() const;
  // Carries out the next event. Precondition: there is one. False when a limit was hit (see
  // `stopped()`).
  bool advance() { return advance(SimTime::min(), 1); }
  // The same, and goes on while the next one is due before `limit`, there are no records, console
  // replies or program results to take, and fewer than `most` are done.
  bool advance(SimTime limit, std::uint64_t most);
  // Lets time pass to `until`, carrying out nothing. Precondition: no event is due before it.
  void skip_to(SimTime until);
  StopReason stopped() const;

  Levers& levers();
  const Cast& cast() const;
  // Where the machine's program listens for clients, since its last start; before the first, as
  // planned.
  Endpoint endpoint(MachineId machine) const;
  // Records since the last call, in order.
  std::vector<Record> take_records();
  // Whether there are records, console replies or program results to take.
  bool has_news() const;
  std::vector<ConsoleReply> take_console_replies();
  std::vector<ProgramResult> take_program_results();
  // Asks the node on a machine what it believes; its notes appear among the records with
  // Source::kProbe. Down: nothing.
  void probe(MachineId machine, bool full);
  // The same with `full` and without a record. Down: nullopt.
  std::optional<event::ViewSnapshot> look(MachineId machine);
  // Who runs there, for who can ask it in its own tongue; null: nobody.
  const Node* node(MachineId machine) const;
  // Since the last call, in order; empty unless the spec says `sight_bus`.
  std::vector<Sighting> take_sightings();
  // Likewise; empty unless the spec says `sight_frames`.
  std::vector<Frame> take_frames();
  void note(Event event);  // a record of the plan's own (Source::kPlan)

  std::uint64_t digest() const;
  // Digest after every 2^k events, k growing so that there are never more than 4,096: (event
  // number, digest).
  const std::vector<std::pair<std::uint64_t, std::uint64_t>>& checkpoints() const;
  // From event number `first` on, a line of text for each digested event, up to `count` (for naming
  // a divergence).
  void watch_events(std::uint64_t first, std::uint64_t count);
  const std::vector<std::string>& watched() const;

  std::uint64_t events() const;      // carried out so far
  std::uint64_t deliveries() const;  // messages delivered so far
  WireCounts wire_counts() const;
  std::uint64_t memory_estimate() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim
