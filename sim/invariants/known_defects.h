// Defects and hazards of Redis Cluster that are known: one table of them, by their row in protocol
// §14.
//
// An invariant that finds one of these, by its pattern in the trace, says `known-defect(row N)`
// instead of a plain failure; losses are told by row; scenarios say which rows they show or allow;
// campaigns count them; `scenarios/bugs/NN-*.json` shows row NN. `slotsim list known-defects`
// prints it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sim {

struct KnownDefect {
  int row = 0;
  bool current = false;        // redis 7.0.15 has it
  std::string_view reference;  // where it was told: "redis#12344"
  std::string_view versions;   // "redis before 7.0.13"
  std::string_view symptom;    // what happens, in one sentence
  std::string_view deviation;  // of sim/core/deviation.h: which brings it back, or, if 7.0.15 has
                               // it, which mends it; empty: none
};
// Sorted by row.
std::span<const KnownDefect> known_defects();
// Null: there is no such row.
const KnownDefect* find_known_defect(int row);

}  // namespace sim
