#include "sim/history/window.h"

#include <algorithm>
#include <utility>

#include "sim/history/search.h"

namespace sim::history {
namespace {

// Whether moves that began before `from` took effect before it is anybody's guess, and so is the
// value then: both make more possible, so what is still impossible is impossible in the whole.
std::vector<Move> since(const std::vector<Move>& moves, Line from) {
  std::vector<Move> kept;
  for (Move move : moves) {
    if (move.ended <= from) continue;
    if (move.began < from) {
      move.ended = kNever;
      if (move.observes()) continue;
    }
    kept.push_back(move);
  }
  return kept;
}

// Searches for parts of one history, with a bound on each and on all of them.
class Trials {
 public:
  explicit Trials(Values& values) : values_(values) {}

  bool impossible(std::vector<Move> moves, Line from) {
    Limits limits;
    limits.steps = std::min<std::uint64_t>(20'000, steps_left_);
    Search search(std::move(moves), from == 0 ? kAbsent : kAnyValue, values_);
    const bool answer = search.run(limits) == Search::Answer::kImpossible;
    steps_left_ -= std::min(steps_left_, search.steps());
    return answer;
  }

 private:
  Values& values_;
  std::uint64_t steps_left_ = 200'000;
};

// The beginning of the history that ends at `end`: of what goes on, only the effects matter.
std::vector<Move> until(const std::vector<Move>& moves, Line end) {
  std::vector<Move> kept;
  for (Move move : moves) {
    if (move.began >= end) continue;
    if (move.ended > end) {
      move.ended = kNever;
      if (move.observes()) continue;
    }
    kept.push_back(move);
  }
  return kept;
}

// The last end from which on the rest is still impossible; 0: from the beginning only.
Line last_start(const std::vector<Move>& moves, Line end, Trials& trials) {
  std::vector<Line> starts{0};
  for (const Move& move : moves) {
    if (move.ended < end) starts.push_back(move.ended);
  }
  std::sort(starts.begin(), starts.end());
  // A later start makes more possible.
  const auto first_possible = std::partition_point(
      starts.begin() + 1, starts.end(),
      [&](Line start) { return trials.impossible(since(moves, start), start); });
  return *(first_possible - 1);
}

}  // namespace

Window smallest_window(const std::vector<Move>& moves, Line impossible_at, Values& values) {
  constexpr int kAttempts = 300;
  const std::vector<Move> beginning = until(moves, impossible_at);
  Window window;
  Trials trials(values);
  window.from = last_start(beginning, impossible_at, trials);
  std::vector<Move> left = since(beginning, window.from);
  // Without an observation, or with a change that need not have happened, more is possible.
  int attempts = kAttempts;
  for (std::size_t i = 0; i < left.size() && attempts > 0;) {
    if (left[i].open()) {
      ++i;
      continue;
    }
    --attempts;
    std::vector<Move> fewer = left;
    if (left[i].observes()) {
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      fewer[i].ended = kNever;
    }
    if (trials.impossible(fewer, window.from)) {
      left = std::move(fewer);
    } else {
      ++i;
    }
  }
  for (const Move& move : left) {
    if (move.open()) {
      ++window.others;
    } else {
      window.moves.push_back(move);
    }
  }
  return window;
}

}  // namespace sim::history
