// THE SEAM. A node is told what happened and answers with what it wants done; everything else
// either is a node or drives nodes.
//
//   is a Node:     ClusterNode (sim/core), ClientNode (sim/client), later ServerProcess (sim/hosts)
//   drives Nodes:  World (sim/world, virtual time), later TcpHost (sim/hosts, real time)
//
// One `step` is one pass of an event loop over all that is ready: the inputs in order, then timers,
// then the work before sleeping. Effects are one ordered list, to be carried out in the order
// given: "persist, then send" needs no prose.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/bytes.h"
#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/node/payload.h"
#include "sim/trace/record.h"

namespace sim {

// What this node believes the time is.
struct Clocks {
  WallTime wall;
  MonotonicTime monotonic;
};

// The files of a node's data directory as it finds them at boot.
using DiskImage = std::map<std::string, SharedBytes, std::less<>>;

// ---- Inputs: what can happen to a node ----

// The program starts. First input of every incarnation; nothing is remembered from before but the
// disk.
struct Booted {
  std::uint32_t incarnation = 0;  // 0 for the first start of a machine; every ConnId carries it
  std::shared_ptr<const DiskImage> disk;
  Endpoint self;  // where the machine will deliver connections: client port; the bus port is the
                  // node's own business
  std::string program;  // another than planned, for a node that runs one; empty: as planned
};
// SIGTERM: save what a graceful shutdown saves, then ask for `Exit`.
struct Terminated {};
// Somebody connected to `local`. The id is even, minted by the driver.
struct Accepted {
  ConnId conn;
  Endpoint local, remote;
};
// A dial of this node succeeded.
struct Connected {
  ConnId conn;
  Endpoint local, remote;
};
struct Received {
  ConnId conn;
  PayloadRef payload;
};
// How much of what the node sent on this connection the kernel has not taken yet. Told when that
// becomes non-zero, changes, or returns to zero; a connection never heard of here has all its sends
// taken at once.
struct Sent {
  ConnId conn;
  std::uint64_t unsent_bytes = 0;
};
enum class CloseReason : std::uint8_t {
  kPeerClosed,    // orderly end from the other side
  kReset,         // RST: the peer's program died, or it forgot this connection
  kRefused,       // answer to a dial: nobody listens there (asynchronous, as a non-blocking connect
                  // reports it)
  kTimedOut,      // the kernel gave up retransmitting
  kUnreachable,   // no such address in this world
  kFailedAtOnce,  // the dial failed synchronously (EADDRNOTAVAIL and its kin)
};
// The connection is gone; the id is dead. Not told for connections this node closed itself.
struct Closed {
  ConnId conn;
  CloseReason why{};
};
// The time asked for by `deadline()` has come. Spurious ones are harmless.
struct DeadlinePassed {
  bool late = false;  // the program was stopped or busy when it came
};
// "Say what you believe": answered with Notes only, in this step. Changes nothing and is not part
// of the digest.
struct Probed {
  bool full = false;  // true: a complete ViewSnapshot; false: its fingerprint
};
// "Run this beside what you run": only to nodes that run programs of the operating system. Answered
// by ProgramEnded with the same ticket.
struct RunProgram {
  std::uint32_t ticket = 0;  // never 0
  std::vector<std::string> words;
};

using Input = std::variant<Booted, Terminated, Accepted, Connected, Received, Sent, Closed,
                           DeadlinePassed, Probed, RunProgram>;

// ---- Effects: what a node can ask for, in the order given ----

// Connect to `remote`; answered by Connected or Closed under the id the node minted (odd).
struct Dial {
  ConnId conn;
  Endpoint remote;
};
struct Send {
  ConnId conn;
  PayloadRef payload;
};
// Close: what was sent before is still delivered, then the peer is told. With `reset`, at once and
// with RST.
struct Close {
  ConnId conn;
  bool reset = false;
};
// How much of what arrived on this connection the program has left in its socket. Told, by a node
// that is a real program, when that becomes non-zero, changes, or returns to zero; a node that
// never tells it reads all it is given.
struct Unread {
  ConnId conn;
  std::uint64_t bytes = 0;
};
// File effects change the page cache; only Sync makes them survive a power loss. A file is created
// by its first Write.
struct WriteFile {
  std::string file;
  std::uint64_t offset = 0;
  SharedBytes data;
};
struct TruncateFile {
  std::string file;
  std::uint64_t size = 0;
};
struct RenameFile {
  std::string from, to;
};
struct RemoveFile {
  std::string file;
};
struct SyncFile {
  std::string file;
};
// Listen on, or stop listening on, a port of this machine.
struct Listen {
  std::uint16_t port = 0;
  bool on = true;
};
// Never changes behaviour: the trace is the only witness. `source` is where it was seen: a node of
// ours tells what it did itself, a real server is only seen from outside.
struct Note {
  Event event;
  Source source = Source::kInternal;
};
// The program ends by itself. Non-zero codes are crashes by assertion (protocol §14 knows some);
// `why` is for people.
struct Exit {
  int code = 0;
  std::string why;
};

// The pass took so long, on the node's own monotonic clock: nothing of it shows before that is
// over, and what arrives meanwhile waits for the next. The last effect of a pass, if there is one.
struct Busy {
  Duration time{};  // more than zero
};

// A program that it was asked to run has ended, or (ticket 0) the one it is there for.
struct ProgramEnded {
  std::uint32_t ticket = 0;
  int exit_code = 0;   // 128 and the signal's number if a signal ended it
  std::string output;  // the end of what it printed
};

using Effect = std::variant<Dial, Send, Close, Unread, WriteFile, TruncateFile, RenameFile,
                            RemoveFile, SyncFile, Listen, Note, Exit, ProgramEnded, Busy>;
using Effects = std::vector<Effect>;

class Node {
 public:
  virtual ~Node() = default;

  // One pass of the event loop. Appends to `effects`, which the driver carries out in order.
  virtual void step(const Clocks& now, std::span<const Input> inputs, Choices& choices,
                    Effects& effects) = 0;
  // When this node wants to be stepped even if nothing happens; on its own monotonic clock.
  // nullopt: never.
  virtual std::optional<MonotonicTime> deadline() const = 0;
  // When its event loop would go round even for nothing. A driver for whom each round counts (a
  // slow machine pays for every one) goes by this, others by `deadline()`. Never later than that.
  virtual std::optional<MonotonicTime> tick() const { return deadline(); }
  // What a host knows of its program beyond what it asked for; folded into the digest after each
  // step. 0: nothing.
  virtual std::uint64_t fingerprint() const { return 0; }
  // An equal, independent node. Null if this node cannot be copied (a real process), and the world
  // then says so.
  virtual std::unique_ptr<Node> clone() const = 0;
};

// Makes the node that runs on a machine; called at each boot, because a new incarnation remembers
// nothing. Copyable data behind a shared_ptr: a copied world shares it.
class NodeFactory {
 public:
  virtual ~NodeFactory() = default;
  virtual std::unique_ptr<Node> make() const = 0;
};

}  // namespace sim
