// The words of `redis-cli --cluster ...` as an operator types them, read as far as our operator
// goes. What it carries out is what redis-cli 7.0 carries out for the same words. (Protocol §11.4.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"

namespace sim::operation {

struct CommandLine {
  std::string command;                 // "reshard"
  std::vector<std::string> arguments;  // what follows it and is no option
  std::string from, to;                // node ids; of `from` several with commas, or "all"
  std::uint32_t slots = 0;
  // Ours alone, "--slot-ranges 0-99,200": these slots, from whoever has them.
  std::vector<SlotRange> ranges;
  std::uint32_t pipeline = 10;        // keys in a MIGRATE
  std::uint32_t timeout_ms = 60'000;  // of a MIGRATE
  std::uint32_t threshold = 2;        // per cent
  // By node id, or the beginning of one. redis-cli takes fractions too; here they are whole.
  std::vector<std::pair<std::string, std::uint32_t>> weights;
  bool use_empty = false, replace = false, as_replica = false;
  std::string master_id;
};

// The sentence with which the program ends at once, instead.
using CommandLineRefused = std::string;
std::variant<CommandLine, CommandLineRefused> read_command_line(
    const std::vector<std::string>& words);

}  // namespace sim::operation
