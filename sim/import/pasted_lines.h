// The lines of a pasted text that are worth reading, and where in it they were.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/scenario/problems.h"

namespace sim {

struct PastedLine {
  std::uint32_t number = 0;            // from 1
  std::string_view text;               // without its end; trailing blanks gone
  Place at(std::size_t offset) const;  // bytes from its beginning
  Place end() const { return at(text.size()); }
};

// Without prompts, typed commands, code fences, warnings of redis-cli, and blank lines at both
// ends. Blank lines in between are kept.
std::vector<PastedLine> pasted_lines(std::string_view text);

// Without these characters at both ends.
std::string_view trimmed(std::string_view text, std::string_view blanks);

// The words of a line, between blanks, and where they begin.
struct PastedWord {
  std::string_view text;
  std::size_t offset = 0;
};
std::vector<PastedWord> words_of(std::string_view line);

}  // namespace sim
