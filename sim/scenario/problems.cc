#include "sim/scenario/problems.h"

#include <algorithm>
#include <numeric>

namespace sim {
namespace {

// Damerau's distance with adjacent swaps; gives up beyond `limit`.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// A terminal is shown no control characters, and of what is not UTF-8 a question mark.
std::string printable(const std::string& character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? " " : character;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  const bool c1_control =
      lead == 0xc2 && character.size() > 1 && static_cast<unsigned char>(character[1]) < 0xa0;
  return character.size() == length && lead <= 0xf4 && !c1_control ? character : "?";
}

// The part of a long line round the column, and the column within that part.
struct Excerpt {
  std::string text;
  std::size_t column = 1;
};
Excerpt excerpt(std::string_view line, std::size_t column) {
  constexpr std::size_t kWhole = 110, kBefore = 60, kShown = 100;
  std::vector<std::string> characters;
  for (const char c : line) {
    if (!characters.empty() && continues_character(c)) {
      characters.back() += c;
    } else {
      characters.emplace_back(1, c);
    }
    if (characters.size() > std::max(column + kShown, kWhole)) break;
  }
  const bool whole = characters.size() <= kWhole;
  const std::size_t first = !whole && column > kBefore ? column - kBefore : 0;
  Excerpt part{first > 0 ? "..." : "", column - first + (first > 0 ? 3 : 0)};
  for (std::size_t i = first; i < characters.size() && (whole || i < first + kShown); ++i) {
    part.text += printable(characters[i]);
  }
  if (!whole && characters.size() > first + kShown) part.text += "...";
  return part;
}

}  // namespace

void Problems::add(Problem problem) {
  if (!seen_.emplace(problem.place, problem.pointer, problem.what).second) return;
  problems_.push_back(std::move(problem));
}

std::string Problems::guess(std::string_view word,
                            std::span<const std::string_view> candidates) const {
  return worth_guessing() ? did_you_mean(word, candidates) : "";
}

std::vector<Problem> Problems::sorted() const {
  std::vector<Problem> result = problems_;
  std::stable_sort(result.begin(), result.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
  return result;
}

std::string Problems::text(std::size_t shown) const {
  std::string out;
  std::size_t count = 0;
  for (const Problem& problem : sorted()) {
    if (count++ == shown) break;
    out += file_;
    if (problem.place.line != 0) {
      out += ':' + std::to_string(problem.place.line) + ':' + std::to_string(problem.place.column);
    }
    out += ": error: " + problem.what;
    if (!problem.pointer.empty()) out += " at " + problem.pointer;
    if (!problem.hint.empty()) out += "; " + problem.hint;
    out += '\n';
    const std::string_view line =
        problem.place.line == 0 ? std::string_view{} : line_of(text_, problem.place.line);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const Excerpt part = excerpt(line, problem.place.column);
    out += "    " + part.text.substr(0, part.text.find_last_not_of(" \r") + 1) + '\n';
    out += "    " + std::string(part.column - 1, ' ') + "^\n";
  }
  if (problems_.size() > shown) {
    out += file_ + ": and " + std::to_string(problems_.size() - shown) + " more\n";
  }
  return out;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  // A third of the word may be wrong; of a very short one, a letter.
  std::size_t best_distance =
      std::max<std::size_t>(1, std::min<std::size_t>(word.size() / 3, 5)) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate, best_distance);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty() || word.size() < 4) return best;
  // "replica" for "replicas-of"; "timeout" for "cluster-node-timeout".
  for (const std::string_view candidate : candidates) {
    if (candidate.size() >= 4 && (candidate.find(word) != std::string_view::npos ||
                                  word.find(candidate) != std::string_view::npos)) {
      return candidate;
    }
  }
  return {};
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view found = nearest(word, candidates);
  return found.empty() ? "" : "did you mean \"" + std::string(found) + "\"?";
}

std::string list_of_names(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += '"' + std::string(names[i]) + '"';
  }
  return text;
}

}  // namespace sim
