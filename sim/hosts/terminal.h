// The terminal that standard output may be.
#pragma once

#include <cstddef>
#include <optional>

namespace sim {

struct TerminalSize {
  std::size_t columns = 0, lines = 0;
};

// Of standard output; 80 by 24 if it does not tell. nullopt: it is no terminal.
std::optional<TerminalSize> terminal_size();

}  // namespace sim
