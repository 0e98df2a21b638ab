// The operations on one key as a register sees them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/history/history.h"

namespace sim::history {

struct Move {
  Line began = 0;
  Line ended = kNever;  // kNever: may happen at any time after `began`, or never
  Action action{};      // read, write, cas, cas that did not match, append
  ValueId value = kAbsent, argument = kAbsent;
  std::uint32_t operation = 0;  // index in the history
  bool open() const { return ended == kNever; }
  bool observes() const { return action == Action::kRead || action == Action::kCasMismatch; }
};

// Failed operations are left out. To delete is to write that nothing is there; and since a cache
// may forget at any time, to read of a cache that nothing is there is to see that it forgot
// meanwhile: a write as well.
std::vector<Move> moves_of(const History& history, std::span<const std::uint32_t> operations);

// The moves in the order they began, one a line, with bars that show which of them overlap:
//     lines 3-6    process 1  write 2  |----|
//     lines 5-8    process 2  read 1     |----|
std::string draw_moves(const History& history, std::vector<Move> moves);

}  // namespace sim::history
