// Registers whose values are written once each: decided in n log n.
//
// All operations on one value must follow each other without another value between. From the first
// end of one of them to the last beginning of one, the value was certainly there: a forward zone.
// If they all overlap at some moment, there is a stretch in which they may all stand: a backward
// zone. The history can be put in an order if and only if no value is read before it is written,
// no two forward zones overlap, and no backward zone lies inside a forward one. (Gibbons and
// Korach, "Testing shared memories", SIAM J. Computing 1997; section 5.)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/history/moves.h"

namespace sim::history {

struct ZoneProof {
  bool possible = true;
  std::vector<Move>
      because;  // of what is not possible: at most six moves that show it by themselves
  std::string why;
};

// nullopt: the moves are not of that kind. A register holds nothing at first; moves are left
// ordered by value.
std::optional<ZoneProof> check_zones(const History& history, std::vector<Move>& moves);

}  // namespace sim::history
