// For pages that tests write and read back.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace sim {

// The cells of a row of a Markdown table, the one before the first '|' too, without the characters
// `around` them.
inline std::vector<std::string> cells(const std::string& line, const char* around = " ") {
  std::vector<std::string> out;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(around), last = cell.find_last_not_of(around);
    out.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return out;
}

}  // namespace sim
