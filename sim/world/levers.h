// All that a fault may pull, and nothing else of the world.
//
// Levers that last (cuts, delays, holds, ...) answer a LeverId; `release` undoes exactly that one,
// so overlapping faults do not undo each other. Every lever counts what it actually changed, at the
// packet, byte, wake-up or clock reading it changed: `effects(id)`. A fault that changed nothing is
// a warning in the verdict.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/choices.h"
#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/trace/fold.h"
#include "sim/world/topology.h"

namespace sim {

// Three planes can be cut and delayed apart. A connection's plane is told by the port it was
// dialled to; replication shares the client port and is told by the first message that is labelled
// as replication's.
enum class Plane : std::uint8_t { kBus = 1, kClient = 2, kReplication = 4 };
using PlaneSet = std::uint8_t;  // or-ed Planes
inline constexpr PlaneSet kAllPlanes = 7;
inline constexpr PlaneSet plane_set(Plane plane) {
  return static_cast<PlaneSet>(plane);
}

struct LeverId {
  std::uint32_t value = 0;
  auto operator<=>(const LeverId&) const = default;
};

// One direction between two machines.
struct Direction {
  MachineId from, to;
  auto operator<=>(const Direction&) const = default;
};

// Message-level faults: which messages, and what becomes of them.
struct MessageRule {
  std::string label;  // exact ("bus:FAILOVER_AUTH_REQUEST"), or a prefix ending in '*' ("bus:*")
  std::vector<MachineId> from, to;  // empty: any
  PlaneSet planes = kAllPlanes;
  std::uint32_t skip = 0;   // let the first `skip` matches pass: skip 1, count 1 is "the second"
  std::uint32_t count = 0;  // act on at most so many; 0: on all
  enum class Act : std::uint8_t {
    kHold,   // until the lever is released; what follows on the connection waits behind it, as on
             // TCP
    kDelay,  // by `delay`; the same
    kDrop,   // the message is lost with its connection: both ends see a reset
  } act = Act::kHold;
  Duration delay{};
};

// What becomes of a machine's files when it starts again.
struct DiskChange {
  enum class What : std::uint8_t {
    kKeep,          // as the crash left them
    kLoseAll,       // an empty directory
    kLoseFile,      // `file` is gone
    kLoseUnsynced,  // back to what was synced (what a power loss does)
    kTearFile,      // the last unsynced or last write to `file` stopped half-way, at a chosen byte
  } what = What::kKeep;
  std::string file;
};

class Levers {
 public:
  virtual ~Levers() = default;

  virtual SimTime now() const = 0;
  virtual const Cast& cast() const = 0;
  virtual bool is_up(MachineId machine) const = 0;
  virtual const Topology& topology() const = 0;
  // Does `from` reach `to` right now on this plane, as far as cuts and topology go?
  virtual bool reaches(MachineId from, MachineId to, Plane plane) const = 0;

  // ---- The network. Directions are one-way; cut both to cut a pair. ----
  // Silence: nothing passes, nobody is told; streams stall and flush on release, or time out.
  virtual LeverId cut(std::vector<Direction> directions, PlaneSet planes) = 0;
  // Clog: as cut for the duration, but new connections also wait instead of failing, and nothing is
  // lost or timed out.
  virtual LeverId clog(std::vector<Direction> directions, PlaneSet planes) = 0;
  virtual LeverId delay(std::vector<Direction> directions, PlaneSet planes, Duration extra,
                        Duration jitter) = 0;
  virtual LeverId lose(std::vector<Direction> directions, PlaneSet planes,
                       std::uint32_t loss_ppm) = 0;
  virtual LeverId throttle(std::vector<Direction> directions, PlaneSet planes,
                           std::uint64_t bytes_per_second) = 0;
  virtual LeverId on_message(const MessageRule& rule) = 0;
  // A physical link of the topology goes down.
  virtual LeverId cut_link(LinkId link) = 0;
  // RST on every open connection between the pairs; answers how many there were.
  virtual std::uint64_t reset_connections(std::vector<Direction> directions, PlaneSet planes) = 0;

  // ---- Machines ----
  // The program dies at once. `power_lost`: the box with it; peers get no RST, only silence, and
  // unsynced writes are lost.
  virtual bool crash(MachineId machine, bool power_lost) = 0;
  // SIGTERM; the program saves what a graceful shutdown saves and exits.
  virtual bool terminate(MachineId machine) = 0;
  virtual bool start(MachineId machine, const DiskChange& disk) = 0;
  // Bytes that the disk change of the last start took away or altered; 0: it found nothing to do.
  virtual std::uint64_t disk_bytes_changed(MachineId machine) const = 0;
  // SIGSTOP and SIGCONT: the kernel still acknowledges and buffers for it. Released by `release`.
  virtual LeverId pause(MachineId machine) = 0;
  // Every pass of its event loop takes this much longer.
  virtual LeverId slow(MachineId machine, Duration per_step) = 0;
  // From the next start on, the machine has another address. Old connections die with the program.
  virtual void change_address(MachineId machine, std::uint32_t ipv4) = 0;

  // From the next start on, the machine runs this program. Only for a server that is a process.
  virtual void change_program(MachineId machine, std::string program) = 0;

  // ---- Clocks ----
  virtual LeverId step_clock(MachineId machine,
                             Duration by) = 0;  // wall clock only; releasing does not step back
  virtual LeverId skew_clock(MachineId machine,
                             Duration by) = 0;  // wall clock; releasing takes the skew away
  virtual LeverId drift_clock(MachineId machine, std::int32_t ppm) = 0;  // both clocks, from now on

  // ---- Operators ----
  // A command typed at the machine's own console (loopback, not subject to the network). The answer
  // comes later, as text, from `World::take_console_replies`.
  virtual std::uint32_t console(MachineId machine, std::vector<std::string> command) = 0;

  // A program run on the machine, beside what it runs there. How it ended comes later, from
  // `World::take_program_results`.
  virtual std::uint32_t run_program(MachineId machine, std::vector<std::string> words) = 0;

  virtual void release(LeverId lever) = 0;
  virtual std::uint64_t effects(LeverId lever) const = 0;
  virtual void note(Event event) = 0;
};

}  // namespace sim
