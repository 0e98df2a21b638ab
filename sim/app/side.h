// A side of `slotsim diff`: whose nodes a scenario is run with.
#pragma once

#include <string>

#include "sim/core/mutation.h"

namespace sim {

struct Side {
  enum class Kind : std::uint8_t {
    kSim,      // "sim", "sim:MUTATION": our node
    kProgram,  // "redis-server", "/usr/bin/valkey-server": that program in virtual time
    kWall,     // "wall:PROGRAM": that program on this machine's loopback, in real time
  } kind{};
  std::string text;  // as it was written
  Mutation mutation = Mutation::kNone;
  std::string program;  // of kProgram and kWall
};

// Throws UsageError, which begins with the option, if there is none.
Mutation mutation_named(const std::string& option, const std::string& name);

// Throws UsageError: unknown mutations, programs that are not there.
Side parse_side(const std::string& option, const std::string& text);

}  // namespace sim
