// What the log of a real server tells of its cluster, in the words of the trace.
//
// Lines as redis 6 and 7 and their forks write them, with the time in UTC; suspicions (PFAIL) are
// there only with "loglevel debug". Lines that say nothing to us are passed over.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/record.h"

namespace sim {

struct LogEntry {
  std::int64_t wall_ms = 0;  // since 1970
  MachineId machine;
  std::string text;
};
std::vector<LogEntry> read_server_log(std::string_view log, MachineId machine);

// Follows who claims what while it reads, because a log line tells a change and not what it was.
class LogTeller {
 public:
  // What each node claims when the cluster has formed.
  explicit LogTeller(std::map<MachineId, event::Claim> claims) : claims_(std::move(claims)) {}

  // Entries of all servers, in order of time.
  std::vector<Event> tell(const LogEntry& entry);

 private:
  std::vector<Event> tell_election(const LogEntry& entry);
  std::vector<Event> promote(MachineId machine);
  std::vector<Event> follow(MachineId machine, const NodeName& primary);

  std::map<MachineId, event::Claim> claims_;
  std::map<MachineId, std::uint64_t> epochs_;  // of the last election each has begun
};

}  // namespace sim
