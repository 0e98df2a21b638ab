// The inside of the world: all of its state, as values, and the verbs on it by concern. Only files
// of this folder see it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/base/check.h"
#include "sim/trace/digest.h"
#include "sim/world/clock.h"
#include "sim/world/disk.h"
#include "sim/world/event_queue.h"
#include "sim/world/lever_table.h"
#include "sim/world/serial_table.h"
#include "sim/world/slab.h"
#include "sim/world/tcp.h"
#include "sim/world/world.h"

namespace sim {

inline constexpr SimTime kNever = SimTime::max();

struct Machine {
  MachineId id;
  VertexId vertex;
  std::uint64_t name_hash = 0;
  std::uint32_t ipv4 = 0;
  std::uint32_t next_ipv4 = 0;  // from the next start on
  std::string program;          // likewise; empty: as planned

  std::unique_ptr<Node> node;  // null: no program runs
  bool powered = true;
  std::uint32_t incarnation = 0;
  std::uint32_t starts = 0;
  NodeClock clock;
  Disk disk;
  std::uint64_t disk_changed = 0;  // bytes the last start's DiskChange took away
  ChoiceStream luck;

  SimTime wake_at = kNever;    // of the valid wake-up event
  SimTime wanted_at = kNever;  // when the node asked to be woken, after its last step
  std::uint32_t wake_generation = 0;
  bool deadline_stale = false;  // its clock was moved since its last step, and so what it said then

  std::vector<Input> inbox;   // what arrived while it was paused or busy
  bool tells_unread = false;  // its node is one that says what it has not read
  bool busy = false;          // a slow step is under way, or it is just being resumed
  bool stalled = false;       // a step that takes so long that it was told of is under way
  SimTime busy_until;
  std::uint32_t step_number = 0;
  Effects late;  // of the slow step
  std::vector<LeverId> paused_by, slowed_by, clock_levers;

  SerialTable dialled, accepted;
  std::uint32_t next_accepted = 0;
  std::vector<std::uint16_t> listening;
  std::vector<ConnId> closed_untold;    // their Closed is under way
  std::vector<std::uint32_t> programs;  // tickets of those that run beside the node's own

  Machine() = default;
  Machine(const Machine& other);
  Machine(Machine&&) noexcept = default;
  bool reads() const { return paused_by.empty() && !busy; }
};

// A local happening: the machine gets this input if it is still the same program.
struct Notice {
  std::uint32_t machine = kNil;
  std::uint32_t incarnation = 0;
  Input input;
};

// What is remembered of a direction between two machines that has jitter or loss, or is throttled.
struct Line {
  ChoiceStream luck;
  SimTime free_at;  // when the last bit of what was throttled has left
};

// One direction of a link that carries so much and no more.
struct Hop {
  std::size_t place = 0;  // in `link_free_at`
  std::uint64_t bandwidth = 0;
};

enum class Passage : std::uint8_t { kOpen, kClogged, kCut };

struct World::Impl final : Levers {
  explicit Impl(WorldSpec given);
  Impl(const Impl&) = default;

  // ---- Running (world.cc) ----
  void advance();
  bool within_limits();
  void schedule(SimTime at, DueKind kind, std::uint32_t subject, std::uint32_t detail = 0);
  void carry_out(const Due& due);
  void record(MachineId machine, Source source, Event event);
  std::vector<Event> answers(Machine& machine, bool full);
  std::uint64_t memory_estimate() const;
  Choices choices_of(ChoiceStream& stream) const {
    return Choices(stream, spec->choice_policy.get());
  }

  // ---- Machines (machines.cc) ----
  Machine& at(MachineId id) { return machines.at(id.value); }
  const Machine& at(MachineId id) const { return machines.at(id.value); }
  void boot(Machine& machine);
  void launch(Machine& machine);
  void deliver(Machine& machine, Input input);
  void step(Machine& machine, std::span<Input> inputs);
  void drain(Machine& machine);
  void wake(Machine& machine);
  void be_busy_until(Machine& machine, SimTime over);
  void step_done(Machine& machine);
  void plan_wake(Machine& machine);
  void wake_for_change(Machine& machine);
  void schedule_wake(Machine& machine);
  void obey(Machine& machine, Effects& effects);
  void end_program(Machine& machine);
  void program_ended(Machine& machine, ProgramEnded& ended);
  void notify(Machine& machine, Input input);
  void deliver_notice(std::uint32_t index);
  void digest_input(Machine& machine, Input& input);
  void watch(const Machine& machine, const DigestedInput& input);
  void fold_luck(ChoiceStream& stream, std::uint64_t fingerprint_before);

  // ---- Connections: opening and ending (tcp_open.cc, tcp_close.cc) ----
  void dial(Machine& machine, const Dial& effect);
  void send_syn(std::uint32_t stream);
  void dial_again_later(std::uint32_t stream);
  void dial_again(std::uint32_t stream);
  void syn_arrives(std::uint32_t conn, const Segment& segment);
  void syn_ack_arrives(std::uint32_t conn);
  void ack_arrives(std::uint32_t conn, const Segment& segment);
  void refusal_arrives(std::uint32_t conn);
  void handshake_lost(std::uint32_t conn, const Segment& segment);
  MachineId resolve(const Machine& from, Endpoint remote) const;
  void close(Machine& machine, const Close& effect);
  void fin_arrives(std::uint32_t conn, std::uint8_t sender);
  void rst_arrives(std::uint32_t conn, std::uint8_t sender);
  bool send_rst(std::uint32_t conn, std::uint8_t end);  // false: it was lost
  void reset_both(std::uint32_t conn);
  // The end is no more; its node, if it still held it, is told `why`.
  void lose_end(std::uint32_t conn, std::uint8_t end, CloseReason why);
  void forget_end(std::uint32_t conn, std::uint8_t end, End now_is);
  void free_if_done(std::uint32_t conn);
  void kill_connections(Machine& machine, bool silently);
  std::uint32_t console_ask(Machine& machine, const std::vector<std::string>& command);
  void console_answer(std::uint32_t conn, const Payload* payload);

  // ---- Connections: the stream (tcp_stream.cc, tcp_path.cc) ----
  std::uint32_t find(const Machine& machine, ConnId id) const;
  ConnId conn_id(const Connection& conn, std::uint8_t end) const;
  void send(Machine& machine, ConnId id, PayloadRef payload);
  // False: it was lost on the wire, and `message` is what it was. `exposed`: that can happen to it.
  bool transmit(std::uint32_t conn, std::uint8_t end, Waiting& message, bool exposed = true);
  void transmit_or_keep(std::uint32_t conn, std::uint8_t end, Waiting message);
  void enqueue(std::uint32_t conn, std::uint8_t end, Waiting message);
  void arrive(std::uint32_t segment);
  void data_arrives(std::uint32_t conn, Segment& segment);
  void stray_arrives(std::uint32_t conn, const Segment& segment);
  void take_back(std::uint32_t conn, Segment segment);
  void sight(std::uint32_t conn, std::uint8_t sender, bool arrived, const PayloadRef& payload);
  // tcp_frames.cc: for who listens on the cables.
  std::uint64_t line_of(std::uint32_t conn) const {
    return std::uint64_t{connections[conn].generation} << 32 | conn;
  }
  bool is_listened_to(const Connection& conn) const {
    return (spec->sight_frames & plane_set(conn.plane)) != 0;
  }
  void frame_sets_out(std::uint32_t conn, std::uint8_t sender, const Waiting& message, bool lost);
  void tell_frame(std::uint32_t conn, std::uint8_t sender, Frame::Kind kind);
  void stop_reading(std::uint32_t conn, std::uint8_t receiver);
  void read_by(Machine& machine, std::span<const Input> inputs);
  void left_unread(Machine& machine, const Unread& effect);
  void open_window(std::uint32_t conn, std::uint32_t stream);
  void pump(std::uint32_t stream);
  void stall(Stream& stream);
  void arm_retransmission(Stream& stream);
  void retransmit_at(Stream& stream, SimTime time);
  void retransmit(std::uint32_t stream);
  void tell_unsent(std::uint32_t stream);
  std::uint64_t unsent(const Stream& stream) const;
  std::uint64_t in_flight(const Connection& conn, std::uint8_t end) const;  // not acknowledged
  std::uint32_t stream_of(std::uint32_t conn, std::uint8_t end);            // made if there is none
  // kNil: all is usual on that way.
  std::uint32_t stream_at(const Connection& conn, std::uint8_t end) const {
    return (conn.streams >> end & 1) != 0 ? conn.way[end] : kNil;
  }
  std::uint32_t& tail_of(Connection& conn, std::uint8_t end) {
    const std::uint32_t s = stream_at(conn, end);
    return s == kNil ? conn.way[end] : streams[s].tail;
  }
  void drop_stream(std::uint32_t conn, std::uint8_t end);
  void settle(std::uint32_t stream);  // tells what changed; frees the stream if it is usual again

  const std::optional<PathQuality>& path_of(Connection& conn);
  Duration base_latency(Connection& conn);
  Passage passage(Connection& conn, std::uint8_t end);
  bool host_hears(const Connection& conn, std::uint8_t end) const;
  void count_blocked(const Connection& conn, std::uint8_t end);
  // kNever: it is lost on the way, which happens only to what is `exposed`.
  SimTime arrival_time(Connection& conn, std::uint8_t end, std::uint32_t size, bool exposed);
  SimTime impaired_arrival_time(Connection& conn, std::uint8_t end, std::uint32_t size,
                                const PathQuality& quality, bool exposed);
  bool draw_loss(const Connection& conn, std::uint8_t end, const PathQuality& quality);
  SimTime time_of_last_bit(const Connection& conn, std::uint8_t end, std::uint32_t size,
                           std::uint64_t throttle);
  const std::vector<Hop>& narrow_hops(VertexId from, VertexId to);
  void count_cut_links(const Connection& conn);
  Line& line(MachineId from, MachineId to);
  void classify(Connection& conn, const Payload& payload);
  // Applies message rules; true if the message was dropped with its connection.
  bool touch(std::uint32_t conn, std::uint8_t end, Waiting& message);

  // ---- Levers (world_levers.cc, reachability.cc) ----
  SimTime now() const override { return now_; }
  const Cast& cast() const override { return people; }
  bool is_up(MachineId machine) const override { return at(machine).node != nullptr; }
  const Topology& topology() const override { return graph; }
  bool reaches(MachineId from, MachineId to, Plane plane) const override;
  LeverId cut(std::vector<Direction> directions, PlaneSet planes) override;
  LeverId clog(std::vector<Direction> directions, PlaneSet planes) override;
  LeverId delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                Duration jitter) override;
  LeverId lose(std::vector<Direction> directions, PlaneSet planes, std::uint32_t loss_ppm) override;
  LeverId throttle(std::vector<Direction> directions, PlaneSet planes,
                   std::uint64_t bytes_per_second) override;
  LeverId on_message(const MessageRule& rule) override;
  LeverId cut_link(LinkId link) override;
  std::uint64_t reset_connections(std::vector<Direction> directions, PlaneSet planes) override;
  bool crash(MachineId machine, bool power_lost) override;
  bool terminate(MachineId machine) override;
  bool start(MachineId machine, const DiskChange& disk) override;
  std::uint64_t disk_bytes_changed(MachineId machine) const override {
    return at(machine).disk_changed;
  }
  LeverId pause(MachineId machine) override;
  LeverId slow(MachineId machine, Duration per_step) override;
  void change_address(MachineId machine, std::uint32_t ipv4) override;
  void change_program(MachineId machine, std::string program) override;
  LeverId step_clock(MachineId machine, Duration by) override;
  LeverId skew_clock(MachineId machine, Duration by) override;
  LeverId drift_clock(MachineId machine, std::int32_t ppm) override;
  void step_wall(Machine& machine, Duration by);
  void change_drift(Machine& machine, std::int32_t by_ppm);
  std::uint32_t console(MachineId machine, std::vector<std::string> command) override;
  std::uint32_t run_program(MachineId machine, std::vector<std::string> words) override;
  void release(LeverId lever) override;
  std::uint64_t effects(LeverId lever) const override { return levers[lever].effects; }
  void note(Event event) override { record(kNoMachine, Source::kPlan, std::move(event)); }
  LeverId network_lever(LeverKind kind, std::vector<Direction> directions, PlaneSet planes,
                        Lever lever = {});
  void topology_changed();
  void stir_streams(LeverId released);
  void say_reachability();
  event::Reachability reachability(Plane plane) const;
  // Machines, in order, that nothing that cuts this plane tells apart.
  std::vector<std::vector<MachineId>> alike(Plane plane) const;

  std::shared_ptr<const WorldSpec> spec;
  Cast people;
  SimTime now_;
  EventQueue queue;
  std::uint64_t events_done = 0;
  std::uint64_t events_this_instant = 0;
  std::uint64_t deliveries_done = 0;
  StopReason stop = StopReason::kNone;
  WireCounts wire;
  Digest digest;
  ChoiceStream tie_luck;
  std::uint64_t watch_first = 0, watch_count = 0;
  std::vector<std::string> watched;

  std::vector<Machine> machines;
  std::map<std::uint32_t, std::vector<MachineId>> addresses;
  std::set<std::uint32_t> retired_addresses;
  Slab<Notice> notices;

  Topology graph;
  Slab<Connection> connections;
  Slab<Segment> segments;
  Slab<Stream> streams;
  std::unordered_map<std::uint64_t, Line> lines;  // looked up, never iterated
  LeverTable levers;
  // Which cut links lie on the way two vertices would take if nothing were cut.
  std::map<std::pair<VertexId, VertexId>, std::vector<LeverId>> detours;
  // The links of limited bandwidth on the way from one vertex to another, as it is now.
  std::map<std::pair<VertexId, VertexId>, std::vector<Hop>> narrows;
  std::vector<SimTime> link_free_at;  // when the last bit has left; two directions a link

  std::uint32_t console_tickets = 0;
  std::vector<ConsoleReply> console_replies;
  std::map<std::uint32_t, std::string> half_replies;  // by ticket
  std::uint32_t program_tickets = 0;
  std::vector<ProgramResult> program_results;
  std::vector<Record> records;
  std::vector<Sighting> sightings;
  std::vector<Frame> frames;
  std::uint64_t record_count = 0;
  Effects effects_scratch;
};

}  // namespace sim
