// Does each fault do something, and is it noticed if it does not? Every fault of the registry, as
// its example has it, in a small cluster: once as it is, and once with levers that move nothing.
// (FoundationDB's clogging of sends did nothing for years, though the code was there.)
#pragma once

#include <cstdint>
#include <string>

#include "sim/faults/fault.h"

namespace sim {

struct FaultBite {
  std::uint64_t effects = 0;  // as it is
  std::string text, unit;     // what it did in words, and what `effects` counts
  std::string noticed;  // the verdict's warning where it could do nothing; empty: nobody noticed
};
FaultBite bite_of(const FaultKind& kind);

}  // namespace sim
