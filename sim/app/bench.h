// What `slotsim bench` measures. Each measurement first proves that the work is right; otherwise
// its figure is void.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/base/time.h"

namespace sim {

class Run;

// The run forms, then goes on until then.
void run_until(Run& run, SimTime until);

struct Measurement {
  std::string wrong;    // why the work was not right; empty: it was
  std::string skipped;  // why it cannot be measured here; empty: it was
  std::int64_t cpu_ns = 0;
  bool by_wall = false;  // `cpu_ns` is real time instead: the work is done in other processes
  double virtual_seconds = 0;
  std::uint64_t events = 0;
  std::map<std::string, double> more;  // further figures by name
};

// W1, the engine alone: n nodes with a timer each 100 ms, every tenth of which sends to a random
// peer who replies, 1 ms each way. Right if every timer fired and every message that had time to
// was answered.
Measurement measure_engine(std::uint32_t nodes, std::int64_t virtual_seconds);

// W2, steady gossip of the full product (core, digest, invariants), node-timeout 15 s. Right if the
// cluster stays ok and the heartbeat rate is what real nodes of that number send: 1.0 pings a node
// and second at 6, 5.2 at 100, within 3 %.
Measurement measure_gossip(std::uint32_t nodes, std::int64_t virtual_seconds);

// The failover of 3 + 3 nodes, 60 virtual seconds, from reading the scenario to the verdict. Right
// if it passes.
Measurement measure_failover();

// Clients against 3 + 3 nodes with the history recorded and judged. Right if all operations are
// answered.
Measurement measure_requests(std::int64_t virtual_seconds);

// What it costs to judge: a cluster with clients that loses a primary, its run judged by all
// invariants and by none in turn. Right if both come to the same digest and all invariants hold.
Measurement measure_invariants(std::uint32_t nodes, std::int64_t virtual_seconds);

// Real servers in virtual time, half of them replicas, idle but for gossip. Right if all of them
// are well at the end. Quoted beside what a hand-over between two processes costs in the same run,
// of which the speeds asked for (`floor`) are multiples: 1,000 virtual seconds a second at 6 nodes,
// 60 at 30 and 5 at 100, where a hand-over there and back takes 3 us.
Measurement measure_processes(std::uint32_t nodes, std::int64_t virtual_seconds);

// Checking a history of so many operations of ten processes, from JSON lines to the verdict; making
// it up is not counted. Right if it passes, and if one that ends in a stale read does not.
enum class HistoryKind : std::uint8_t {
  kUnique,      // registers whose values are written once: by zones
  kRepeated,    // registers that hold one of five values: by search
  kListAppend,  // lists of fifty elements, read as a whole
};
Measurement measure_history(HistoryKind kind, std::uint64_t operations);

}  // namespace sim
