#include "sim/wire/split_arguments.h"

namespace sim {
namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What follows a backslash inside double quotes; `at` is on the character after it and ends on the
// last one used.
char unescape(std::string_view line, std::size_t& at) {
  switch (line[at]) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    case 'x':
      if (at + 2 < line.size() && hex_digit(line[at + 1]) >= 0 && hex_digit(line[at + 2]) >= 0) {
        at += 2;
        return static_cast<char>(16 * hex_digit(line[at - 1]) + hex_digit(line[at]));
      }
      return 'x';
    default:
      return line[at];
  }
}

// Reads from an opening quote at `at` to after the closing one. False if there is none, or if it
// touches the next word.
bool read_quoted(std::string_view line, std::size_t& at, std::string& word) {
  const char quote = line[at];
  for (++at; at < line.size(); ++at) {
    if (line[at] == quote) {
      ++at;
      return at == line.size() || line[at] == '\0' || is_space(line[at]);
    }
    const bool escapes = line[at] == '\\' && at + 1 < line.size();
    if (escapes && quote == '"') {
      word += unescape(line, ++at);
    } else if (escapes && line[at + 1] == '\'') {
      word += line[++at];
    } else {
      word += line[at];
    }
  }
  return false;
}

bool ends_word(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

}  // namespace

std::optional<std::vector<std::string>> split_arguments(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && is_space(line[at])) ++at;
    if (at == line.size() || line[at] == '\0') return words;
    std::string word;
    while (at < line.size() && !ends_word(line[at])) {
      if (line[at] == '"' || line[at] == '\'') {
        if (!read_quoted(line, at, word)) return std::nullopt;
        break;
      }
      word += line[at++];
    }
    words.push_back(std::move(word));
  }
}

}  // namespace sim
