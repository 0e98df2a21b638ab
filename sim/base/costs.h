// What a server's work costs: the time that its program is busy with it, and how fast it reads and
// writes its data. All integers; zero, which is the default, means that it takes no time.
#pragma once

#include <cstdint>

#include "sim/base/time.h"

namespace sim {

// Data that a server holds beyond the keys of the simulation: nobody reads it, but it has to be
// forked over, sent, loaded and thrown away.
struct Weight {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;      // in memory
  std::uint64_t rdb_bytes = 0;  // in an RDB file, and so on the wire
  bool empty() const { return keys == 0 && bytes == 0 && rdb_bytes == 0; }
  bool operator==(const Weight&) const = default;
};

// Of the one thread that serves everybody.
struct CpuCosts {
  Duration per_command{};      // of a client or of the replication stream, refused ones too
  Duration per_kilobyte{};     // read from or written to a socket; of 1,000 bytes
  Duration per_slots_reply{};  // a description of the whole cluster: CLUSTER SLOTS, SHARDS, NODES
  Duration per_slots_entry{};  // each server listed in one
  Duration per_bus_packet{};   // of the cluster bus, read or written
  Duration per_connection{};   // accepted
  bool operator==(const CpuCosts&) const = default;
};

struct Costs {
  CpuCosts cpu;
  Duration fork_per_gigabyte{};       // of memory; the program stands still
  Duration flush_per_million_keys{};  // the same
  std::uint64_t save_rate = 0;        // bytes a second into an RDB file; 0: at once
  std::uint64_t load_rate = 0;        // bytes a second out of one; 0: see sim/core/loading.h
  bool operator==(const Costs&) const = default;
};

// `each` for every `per` of an amount, rounded up. Precondition: per > 0; the result fits.
inline Duration cost_of(std::uint64_t amount, std::uint64_t per, Duration each) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{amount} * static_cast<std::uint64_t>(each.count());
  return Duration{static_cast<Duration::rep>((product + per - 1) / per)};
}
// How long so many bytes take at a rate of bytes a second, rounded up; at rate 0 they take no time.
inline Duration time_at(std::uint64_t bytes, std::uint64_t rate) {
  return rate == 0 ? Duration{} : cost_of(bytes, rate, Duration{1'000'000'000});
}
// How many bytes a rate makes of a time. Precondition: not negative.
inline std::uint64_t bytes_in(Duration time, std::uint64_t rate) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{rate} * static_cast<std::uint64_t>(time.count()) /
                                    1'000'000'000u);
}

}  // namespace sim
