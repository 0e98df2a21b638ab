// Pattern matching of KEYS, SCAN and CONFIG GET, and comparison of words.
#include <algorithm>

#include "sim/core/commands.h"

namespace sim {
namespace {

// One character class, "[^a-c]", whose '[' is already taken off `pattern`. Takes the class off, up
// to its ']'.
bool matches_class(std::string_view& pattern, char c) {
  const bool negated = !pattern.empty() && pattern[0] == '^';
  if (negated) pattern.remove_prefix(1);
  bool matched = false;
  while (!pattern.empty() && pattern[0] != ']') {
    if (pattern[0] == '\\' && pattern.size() >= 2) {
      matched |= pattern[1] == c;
      pattern.remove_prefix(2);
    } else if (pattern.size() >= 3 && pattern[1] == '-') {
      const auto [low, high] = std::minmax(pattern[0], pattern[2]);
      matched |= c >= low && c <= high;
      pattern.remove_prefix(3);
    } else {
      matched |= pattern[0] == c;
      pattern.remove_prefix(1);
    }
  }
  if (!pattern.empty()) pattern.remove_prefix(1);
  return matched != negated;
}

// Takes one element off `pattern` and tells whether `c` matches it. Precondition: it is not a star.
bool matches_one(std::string_view& pattern, char c) {
  const char first = pattern[0];
  pattern.remove_prefix(1);
  if (first == '?') return true;
  if (first == '[') return matches_class(pattern, c);
  if (first == '\\' && !pattern.empty()) {
    const char literal = pattern[0];
    pattern.remove_prefix(1);
    return literal == c;
  }
  return first == c;
}

}  // namespace

// Only the last star needs to be tried again: linear in memory, at worst quadratic in time.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::string_view after_star, text_at_star;
  bool starred = false;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      text_at_star = text;
      starred = true;
      continue;
    }
    if (text.empty() && pattern.empty()) return true;
    if (!text.empty() && !pattern.empty() && matches_one(pattern, text[0])) {
      text.remove_prefix(1);
      continue;
    }
    if (!starred || text_at_star.empty()) return false;
    text_at_star.remove_prefix(1);
    text = text_at_star;
    pattern = after_star;
  }
}

}  // namespace sim
