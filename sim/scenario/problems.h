// What is wrong with a file, all of it at once.
//
// Each problem knows its line and column, the JSON pointer of the value, what was expected, and
// where it can a suggestion:
//
//   failover.json:7:31: error: unknown key "partiton" at /timeline/3; did you mean "partition"?
//       {"at": "5s", "do": "partiton"}
//                          ^
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace sim {

// Where in a file; both count from 1, columns in characters (not bytes). Line 0: nowhere in
// particular.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Place&) const = default;
};

struct Problem {
  Place place;
  std::string pointer;  // RFC 6901; "" for the whole document
  std::string what;     // "expected a duration such as \"5s\", got 5"
  std::string hint;     // "did you mean \"partition\"?", or empty
};

class Problems {
 public:
  Problems() = default;
  // `file` is named in every message; `text` is its content, from which the offending lines are
  // quoted.
  Problems(std::string file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}

  // A problem that is already there (same place, same words) is not added again.
  void add(Problem problem);
  // `did_you_mean` for the next problem. A file with more mistakes than anybody reads about is no
  // slip of the pen, and guessing at each of them takes long: then "".
  std::string guess(std::string_view word, std::span<const std::string_view> candidates) const;
  bool worth_guessing() const { return problems_.size() < kGuessedAt; }
  static constexpr std::size_t kGuessedAt = 50;
  bool empty() const { return problems_.empty(); }
  std::size_t size() const { return problems_.size(); }
  // By position, then in the order found.
  std::vector<Problem> sorted() const;
  const std::string& file() const { return file_; }
  // Ready for a terminal: one paragraph a problem, with the source line and a caret; at most
  // `shown`, then "and N more".
  std::string text(std::size_t shown = 20) const;

 private:
  std::string file_;
  std::string text_;
  std::vector<Problem> problems_;
  std::set<std::tuple<Place, std::string, std::string>> seen_;
};

// Thrown where a scenario is required and the file does not hold one.
class ScenarioError : public std::runtime_error {
 public:
  explicit ScenarioError(Problems problems)
      : std::runtime_error(problems.text()), problems_(std::move(problems)) {}
  const Problems& problems() const { return problems_; }

 private:
  Problems problems_;
};

// The candidate that `word` was probably meant to be: the nearest by edit distance (insert, delete,
// replace, swap), if it is near enough to be worth saying; otherwise "". The first of equals.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
// "did you mean \"partition\"?", or "" when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);
// "a", "b" or "c", each in quotation marks.
std::string list_of_names(std::span<const std::string_view> names);

}  // namespace sim
