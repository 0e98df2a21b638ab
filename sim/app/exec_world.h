// A world of one machine on which a command runs: what `slotsim exec` is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/base/time.h"

namespace sim {

struct ExecSettings {
  std::vector<std::string> command;
  std::uint64_t seed = 1;
  Duration limit = 600s;  // of virtual time
  std::string trace_file;
  std::function<bool()> interrupted = [] { return false; };
};

struct ExecResult {
  int code = 0;           // the command's, or why it has none
  std::string complaint;  // what slotsim has to say about it; empty if nothing
  std::uint64_t digest = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;  // real time: the only number that differs between equal runs
  std::uint64_t programs = 0;
  std::vector<std::string> watched;  // a line for each of the first events
};

// Runs it. Enters a sandbox, so it comes back in another process: to be called in a child.
ExecResult exec_once(const ExecSettings& settings);

std::string to_json(const ExecResult& result);
// Precondition: `json` came from `to_json`.
ExecResult exec_result_from_json(const std::string& json);

}  // namespace sim
