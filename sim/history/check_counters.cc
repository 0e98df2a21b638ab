// Counters, key by key, by bounds: a value that is told lies between what is certainly counted when
// it is asked for and what may be counted when the answer comes. Where a counter only grows, it
// never goes back, and no two increments are told the same value.
#include <algorithm>
#include <utility>

#include "sim/history/check.h"
#include "sim/history/partition.h"

namespace sim::history {
namespace {

using Number = std::int64_t;

Number number(ValueId value) {
  return static_cast<std::int32_t>(value);
}

struct Moment {
  Line line = 0;
  std::uint32_t operation = 0;
  bool end = false;
};

class OneCounter {
 public:
  OneCounter(const History& history, std::span<const std::uint32_t> operations, Report& report)
      : history_(history), operations_(operations), report_(report) {}

  void check() {
    std::vector<Moment> moments;
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const Operation& one = operation(i);
      if (one.failed) continue;
      moments.push_back({one.began, i, false});
      if (!one.open()) moments.push_back({one.ended, i, true});
      only_grows_ = only_grows_ && (one.action == Action::kRead || number(one.value) >= 0);
    }
    std::sort(moments.begin(), moments.end(),
              [](const Moment& a, const Moment& b) { return a.line < b.line; });
    at_begin_.resize(operations_.size());
    for (const Moment& moment : moments)
      moment.end ? end(moment.operation) : begin(moment.operation);
    look_for_twins();
  }

 private:
  // What was known when an operation began.
  struct Known {
    Number certain = 0;         // at least so much is counted
    std::uint32_t highest = 0;  // index + 1 of the operation that was told most so far
  };

  const Operation& operation(std::uint32_t index) const {
    return history_.operations[operations_[index]];
  }
  static bool tells(const Operation& one) {
    return one.action == Action::kRead || one.argument != kAbsent;
  }
  static Number told(const Operation& one) {
    return number(one.action == Action::kRead ? one.value : one.argument);
  }

  void begin(std::uint32_t index) {
    const Operation& one = operation(index);
    if (one.action == Action::kIncrement) {
      const Number by = number(one.value);
      (by > 0 ? possible_ : certain_) += by;
    }
    at_begin_[index] = {certain_, highest_};
  }

  void end(std::uint32_t index) {
    const Operation& one = operation(index);
    const Number own = one.action == Action::kRead ? 0 : std::max<Number>(number(one.value), 0);
    if (tells(one)) {
      const Known& known = at_begin_[index];
      if (told(one) < known.certain + own) {
        say("lost-increment",
            "at least " + std::to_string(known.certain + own) +
                " was acknowledged by then, and this was told:",
            {index});
      }
      if (told(one) > possible_) {
        say("read-from-the-future",
            "at most " + std::to_string(possible_) + " was asked for by then, and this was told:",
            {index});
      }
      if (only_grows_ && known.highest != 0 && told(one) < told(operation(known.highest - 1)) + own)
        say("went-back", "the later of these was told less:", {known.highest - 1, index});
      if (highest_ == 0 || told(one) > told(operation(highest_ - 1))) highest_ = index + 1;
    }
    if (one.action == Action::kIncrement) {
      const Number by = number(one.value);
      (by > 0 ? certain_ : possible_) += by;
    }
  }

  void look_for_twins() {
    if (!only_grows_) return;
    std::vector<std::uint32_t> tellers;
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const Operation& one = operation(i);
      if (one.action == Action::kIncrement && !one.open() && !one.failed && tells(one) &&
          number(one.value) > 0)
        tellers.push_back(i);
    }
    std::sort(tellers.begin(), tellers.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::pair(told(operation(a)), a) < std::pair(told(operation(b)), b);
    });
    for (std::size_t i = 1; i < tellers.size(); ++i) {
      if (told(operation(tellers[i - 1])) == told(operation(tellers[i])))
        say("lost-increment", "two increments were told the same value, so one of them is lost:",
            {tellers[i - 1], tellers[i]});
    }
  }

  // After the first loss every read is too low, so the first of a kind stands for all.
  void say(std::string anomaly, std::string text, std::vector<std::uint32_t> indices) {
    if (std::find(said_.begin(), said_.end(), anomaly) != said_.end()) return;
    said_.push_back(anomaly);
    Finding finding{std::move(anomaly), std::string(history_.keys.text(operation(0).key))};
    finding.text = std::move(text) + '\n';
    for (const std::uint32_t index : indices) {
      finding.lines.push_back(operation(index).began);
      finding.text += "    " + describe(history_, operation(index)) + '\n';
    }
    report_.add(std::move(finding));
  }

  const History& history_;
  std::span<const std::uint32_t> operations_;
  Report& report_;
  Number certain_ = 0, possible_ = 0;
  std::uint32_t highest_ = 0;
  bool only_grows_ = true;
  std::vector<Known> at_begin_;
  std::vector<std::string> said_;
};

}  // namespace

Report check_counters(const History& history) {
  Report report;
  report.claim = "each key counts what was acknowledged, and nothing that was not asked for";
  const Partition keys = by_key(history);
  for (std::uint32_t key = 0; key < keys.size(); ++key) {
    if (keys.of(key).empty()) continue;
    ++report.parts;
    OneCounter(history, keys.of(key), report).check();
  }
  return report;
}

}  // namespace sim::history
