// The state of a client, as plain data, and the pass in which its concerns act on it.
//
//   routing.cc      which server to ask
//   links.cc        connections: dial, send, lose
//   attempts.cc     one attempt after another, until an operation ends
//   replies.cc      what a reply means
//   operations.cc   operations begin and end; pace; stop
//   refresh.cc      the slot map is asked for again
//   sharding.cc     the group of hash(key) mod n grows, and what that moves
//   console.cc      commands that arrive from outside
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/client/client_setup.h"
#include "sim/client/slot_map.h"
#include "sim/node/node.h"
#include "sim/wire/resp.h"

namespace sim::client {

inline constexpr MonotonicTime kNever = MonotonicTime::max();
using FlightId = std::uint32_t;  // index into Client::flights
using PeerId = std::uint32_t;    // index into Client::peers
inline constexpr PeerId kNoPeer = 0xffffffff;

// An attempt of a flight: a reply that comes for an earlier one is nobody's.
struct Attempt {
  FlightId flight = 0;
  std::uint64_t serial = 0;  // 0: nobody waits for this reply
};

enum class Link : std::uint8_t { kNone, kDialling, kUp };

// A server, and the one connection to it.
struct Peer {
  ServerAddress server;
  Link link = Link::kNone;
  ConnId conn;
  std::deque<Attempt> awaiting;  // sent, in the order of the replies to come
  std::vector<Attempt> waiting;  // to be sent once connected
  resp::ValueReader reader;      // of what comes as bytes
  MonotonicTime shunned_until;   // it failed lately: others are asked first
  bool unreachable = false;      // since it failed last nothing was heard from it
};

enum class Stage : std::uint8_t {
  kIdle,        // open loop: waits for an arrival
  kThinking,    // closed loop: begins its next operation at `timer`
  kBackingOff,  // tries again at `timer`
  kConnecting,  // waits for a connection; nothing was sent
  kSent,        // waits for a reply
  kFinished,    // will do nothing more
};
enum class Purpose : std::uint8_t { kProcess, kConsole, kRefresh };

// Somebody who has at most one operation under way: a logical process, a command from the console,
// or the client itself asking for the slot map.
struct Flight {
  Purpose purpose = Purpose::kProcess;
  Stage stage = Stage::kIdle;
  MonotonicTime timer = kNever;
  MonotonicTime give_up;  // end of the operation's patience

  std::uint64_t operation = 0;
  event::OpKind kind = event::OpKind::kOther;
  boost::intrusive_ptr<const resp::RequestPayload> request;
  std::optional<SlotId> slot;  // none: the command has no key
  bool read_only = false;

  std::uint64_t serial = 0;  // of the attempt under way, 0 for none
  MonotonicTime attempt_over;
  PeerId peer = kNoPeer;      // whom it asks
  PeerId told = kNoPeer;      // where a redirection said to go next
  bool asking = false;        // it was an ASK: ASKING goes before the request
  bool asked_around = false;  // somebody else was asked in place of the owner
  std::uint32_t attempts = 0;
  std::uint32_t redirects = 0;
  std::uint32_t redirects_in_a_row = 0;
  std::uint32_t backoffs = 0;
  bool maybe_happened = false;  // an attempt was sent and never answered
  // The reply to a write, while WAIT asks how many replicas have it; and the write.
  std::optional<resp::Value> written;
  boost::intrusive_ptr<const resp::RequestPayload> write;
  bool asked_replicas = false;  // there was a WAIT,
  std::uint32_t replicas = 0;   // and what it said
  std::string trouble;          // why the last attempt came to nothing
  ConnId console;               // whom to answer
};

// A connection somebody opened to this client. Commands are carried out one after the other.
struct ConsoleSession {
  std::deque<resp::Command> pending;
  bool busy = false;
};

// A generator that is copied with what holds it.
class GeneratorHandle {
 public:
  GeneratorHandle() = default;
  explicit GeneratorHandle(std::unique_ptr<Generator> generator)
      : generator_(std::move(generator)) {}
  GeneratorHandle(const GeneratorHandle& other)
      : generator_(other.generator_ ? other.generator_->clone() : nullptr) {}
  GeneratorHandle(GeneratorHandle&&) noexcept = default;
  GeneratorHandle& operator=(GeneratorHandle&&) noexcept = default;

  explicit operator bool() const { return generator_ != nullptr; }
  Generator* operator->() const { return generator_.get(); }

 private:
  std::unique_ptr<Generator> generator_;
};

struct Client {
  explicit Client(std::shared_ptr<const ClientSetup> with);

  std::shared_ptr<const ClientSetup> setup;
  GeneratorHandle generator;  // empty once finished, or if there never was one
  std::uint32_t incarnation = 0;
  std::uint32_t next_conn_serial = 1;
  std::uint32_t next_serial = 1;  // of operations
  std::uint64_t next_attempt = 1;

  std::vector<Peer> peers;
  std::map<Endpoint, PeerId> peer_at;
  std::map<ConnId, PeerId> peer_of;
  std::map<ConnId, ConsoleSession> consoles;

  // Processes first, in order, then the refresh, then console commands.
  std::vector<Flight> flights;
  // No flight's timer is earlier; it may be later than this says, which costs one look.
  MonotonicTime earliest_timer = kNever;

  SlotMap slots;
  bool refreshing = false;
  bool slots_asked = false;  // and answered, or not in time: operations may begin
  bool refresh_wanted = false;
  MonotonicTime refresh_allowed;

  std::vector<PeerId> shards;  // client-side sharding: owner n is shards[n]
  std::size_t additions_done = 0;

  bool booted = false;
  bool started = false;  // processes have been told when to begin
  MonotonicTime boot_time;
  MonotonicTime start_at, stop_at = kNever, give_up_at = kNever;
  bool exhausted = false;       // the generator has nothing more
  std::vector<FlightId> idle;   // open loop: processes without an operation
  MonotonicTime first_arrival;  // open loop
  std::uint64_t arrivals = 0;   // open loop: begun or given up
  std::uint64_t arrivals_missed = 0;
  std::uint32_t under_way = 0;  // operations of processes
  std::uint64_t answered = 0;   // operations of processes that ended kOk
  std::vector<Event> notes;     // scratch, empty between uses
};

// One step of the client.
struct Pass {
  Client& client;
  const Clocks& now;
  Choices& choices;
  Effects& out;

  MonotonicTime time() const { return now.monotonic; }
  void note(Event event) { out.emplace_back(Note{std::move(event)}); }
};

// ---- client.cc ----
PeerId peer_for(Client& client, Endpoint endpoint);
void set_timer(Client& client, FlightId flight, MonotonicTime at);

// ---- routing.cc ----
// Whom to ask for this operation; kNoPeer if nobody is worth asking now. In place of an owner that
// has just failed somebody else is asked, but only once: if the cluster still names that owner,
// only time helps.
PeerId route(Pass& pass, Flight& flight);
// The slot map says this peer is not the primary of the flight's slot.
bool is_replica_for(const Client& client, const Flight& flight, PeerId peer);

// ---- links.cc ----
// Sends the flight's request to the peer, now or once it is connected.
void ask(Pass& pass, FlightId flight, PeerId peer);
void on_connected(Pass& pass, PeerId peer);
void on_received(Pass& pass, PeerId peer, const Payload& payload);
// The connection is gone, whoever ended it: everything that waits on it has lost its attempt.
void on_lost(Pass& pass, PeerId peer, std::string_view why);
// Gives up a connection on which nothing comes back.
void hang_up(Pass& pass, PeerId peer, std::string_view why);

// ---- attempts.cc ----
void begin_attempt(Pass& pass, FlightId flight);
// Nothing will come of the attempt under way. `sent`: it may have happened, or may yet.
void attempt_lost(Pass& pass, FlightId flight, bool sent, std::string_view why);
void back_off(Pass& pass, FlightId flight, std::string_view why);
void on_timer(Pass& pass, FlightId flight);
// Ends the operation under way as it stands.
void abandon(Pass& pass, FlightId flight, std::string_view why);

// WAIT is over: it counted so many, or nothing was heard of it.
void wait_ended(Pass& pass, FlightId flight, std::uint32_t replicas);

// ---- replies.cc ----
void on_reply(Pass& pass, FlightId flight, const resp::Value& reply);

// ---- operations.cc ----
void on_boot(Pass& pass, const Booted& booted);
// The program ends: whatever is under way ends as it stands.
void shut_down(Pass& pass);
// Begins what is due, notices the end.
void keep_pace(Pass& pass);
MonotonicTime next_due(const Client& client);  // of the pace; timers apart
// A process begins its next operation, if the generator has one and it is not time to stop.
void begin_next(Pass& pass, FlightId flight);
// Ends the operation under way. `reply` null: never answered; `why` then says what happened.
void end_operation(Pass& pass, FlightId flight, event::OpOutcome outcome, const resp::Value* reply,
                   std::string_view why);
// A new operation id.
std::uint64_t mint_operation(Client& client);
// Gives the flight this request, all attempts still before it.
void prepare(Pass& pass, FlightId flight, event::OpKind kind, resp::Command command);

// ---- refresh.cc ----
void want_refresh(Pass& pass);
void refresh_ended(Pass& pass, const resp::Value* reply, PeerId from);

// ---- sharding.cc ----
// The group grows by one; answers how many keys change owner.
KeysMoved add_shard(Pass& pass, const ServerAddress& server);
void note_unreachable(Pass& pass, PeerId peer);
void note_reachable(Pass& pass, PeerId peer);

// ---- console.cc ----
void on_console(Pass& pass, ConnId conn, const Payload& payload);
void console_answered(Pass& pass, FlightId flight, const resp::Value& reply);

// ---- commands.cc ---- Names are in capitals.
event::OpKind kind_of(const resp::Command& command);
bool is_read(event::OpKind kind, std::string_view name);
// Position of the first key; 0 for commands without one.
std::size_t key_position(const resp::Command& command);

}  // namespace sim::client
