#include "sim/import/pasted_lines.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace sim {
namespace {

constexpr std::string_view kBlank = " \t\r\v\f";

bool contains(std::string_view text, std::string_view words) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), words.begin(), words.end(), same) != text.end();
}

// What surrounds a reply where it was copied: none of it can be a part of one.
bool is_around(std::string_view line) {
  if (line.ends_with('>') || line.starts_with("```")) return true;  // "127.0.0.1:7000>"
  if (line.starts_with("$ ") || line.starts_with("# ") || line.starts_with("Warning: "))
    return true;
  constexpr std::array<std::string_view, 3> kTyped{"cluster nodes", "cluster shards", "nodes.conf"};
  return std::any_of(kTyped.begin(), kTyped.end(),
                     [&](std::string_view typed) { return contains(line, typed); });
}

}  // namespace

std::string_view trimmed(std::string_view text, std::string_view blanks) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Place PastedLine::at(std::size_t offset) const {
  std::uint32_t column = 1;
  for (const char c : text.substr(0, offset)) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column;  // not the rest of a character
  }
  return {number, column};
}

std::vector<PastedLine> pasted_lines(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<PastedLine> lines;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::string_view core = trimmed(line, kBlank);
    if (core.empty() ? lines.empty() : is_around(core)) continue;
    line = line.substr(0, core.empty() ? 0 : line.find_last_not_of(kBlank) + 1);
    lines.push_back({number, line});
  }
  while (!lines.empty() && lines.back().text.empty()) lines.pop_back();
  return lines;
}

std::vector<PastedWord> words_of(std::string_view line) {
  std::vector<PastedWord> words;
  for (std::size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;
       at = line.find_first_not_of(kBlank, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back({line.substr(at, end - at), at});
    at = end;
  }
  return words;
}

}  // namespace sim
