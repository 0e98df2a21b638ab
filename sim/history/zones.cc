#include "sim/history/zones.h"

#include <algorithm>
#include <utility>

namespace sim::history {
namespace {

// The moves on one value: where they stand in the list, and its zone.
struct Cluster {
  std::uint32_t begin = 0, end = 0;
  Line first_end = kNever, last_begin = 0;
  bool forward() const { return first_end < last_begin; }
  Line low() const { return std::min(first_end, last_begin); }
  Line high() const { return std::max(first_end, last_begin); }
};

bool before(const Move& a, const Move& b) {
  if (a.value != b.value) return a.value < b.value;
  if (a.action != b.action) return a.action > b.action;  // the write first
  return a.began < b.began;
}

class Zones {
 public:
  Zones(const History& history, std::vector<Move>& moves) : history_(history), moves_(moves) {}

  std::optional<ZoneProof> check() {
    for (const Move& move : moves_) {
      if (move.action != Action::kRead && move.action != Action::kWrite) return std::nullopt;
    }
    std::sort(moves_.begin(), moves_.end(), before);
    if (!unique()) return std::nullopt;
    for (std::uint32_t begin = 0; begin < moves_.size();) {
      std::uint32_t end = begin + 1;
      while (end < moves_.size() && moves_[end].value == moves_[begin].value) ++end;
      if (moves_[begin].value == kAbsent) {
        add_absent(begin, end);
      } else if (!add(begin, end)) {
        return proof_;
      }
      begin = end;
    }
    look_for_overlap();
    return proof_;
  }

 private:
  bool unique() const {
    bool deletes = false;
    for (std::size_t i = 0; i < moves_.size(); ++i) {
      const bool write = moves_[i].action == Action::kWrite;
      if (moves_[i].value == kAbsent) {
        if (!write && deletes) return false;  // which of them does it see?
        deletes = deletes || write;
      } else if (i > 0 && write && moves_[i - 1].action == Action::kWrite &&
                 moves_[i - 1].value == moves_[i].value) {
        return false;
      }
    }
    return true;
  }

  Cluster cluster(std::uint32_t begin, std::uint32_t end) const {
    Cluster made{begin, end};
    for (std::uint32_t i = begin; i < end; ++i) {
      made.first_end = std::min(made.first_end, moves_[i].ended);
      made.last_begin = std::max(made.last_begin, moves_[i].began);
    }
    return made;
  }

  // Nothing is there before anything began, which is as if it had been written then. Where nothing
  // is written later on, each such write is a value of its own that nobody reads.
  void add_absent(std::uint32_t begin, std::uint32_t end) {
    if (moves_[begin].action == Action::kRead) {
      Cluster made = cluster(begin, end);
      made.first_end = 0;
      return sort_in(made);
    }
    for (std::uint32_t i = begin; i < end; ++i) {
      if (!moves_[i].open()) sort_in(cluster(i, i + 1));
    }
  }

  bool add(std::uint32_t begin, std::uint32_t end) {
    const Move& write = moves_[begin];
    const std::string value = history_.values.text(write.value);
    if (write.action == Action::kRead) {
      proof_ = {
          false, {write}, value + " was read, and it was never written" + failed_write(write)};
      return false;
    }
    if (write.open() && end == begin + 1) return true;  // nobody can tell whether it happened
    for (std::uint32_t i = begin + 1; i < end; ++i) {
      if (moves_[i].ended > write.began) continue;
      proof_ = {false, {moves_[i], write}, value + " was read before anybody began to write it"};
      return false;
    }
    sort_in(cluster(begin, end));
    return true;
  }

  std::string failed_write(const Move& read) const {
    const std::uint32_t key = history_.operations[read.operation].key;
    for (const Operation& one : history_.operations) {
      if (one.failed && one.key == key && one.value == read.value)
        return " (line " + std::to_string(one.began) + " tried, and was told that it failed)";
    }
    return "";
  }

  void sort_in(const Cluster& made) { (made.forward() ? forward_ : backward_).push_back(made); }

  void look_for_overlap() {
    const auto by_low = [](const Cluster& a, const Cluster& b) { return a.low() < b.low(); };
    std::sort(forward_.begin(), forward_.end(), by_low);
    for (std::size_t i = 1; i < forward_.size(); ++i) {
      const Cluster& left = forward_[i - 1];
      const Cluster& right = forward_[i];
      if (right.low() > left.high()) continue;
      return refute(left, right,
                    name(left) + " was there from line " + std::to_string(left.low()) +
                        " to line " + std::to_string(left.high()) + ", and so was " + name(right) +
                        " from line " + std::to_string(right.low()) + " to line " +
                        std::to_string(right.high()));
    }
    for (const Cluster& inner : backward_) {
      const auto after =
          std::upper_bound(forward_.begin(), forward_.end(), inner.low(),
                           [](Line line, const Cluster& one) { return line < one.low(); });
      if (after == forward_.begin()) continue;
      const Cluster& outer = *(after - 1);
      if (inner.high() >= outer.high()) continue;
      return refute(outer, inner,
                    name(outer) + " was there from line " + std::to_string(outer.low()) +
                        " to line " + std::to_string(outer.high()) + ", and yet " + name(inner) +
                        " must have been at some moment between the lines " +
                        std::to_string(inner.low()) + " and " + std::to_string(inner.high()));
    }
  }

  std::string name(const Cluster& one) const {
    const ValueId value = moves_[one.begin].value;
    return value == kAbsent ? "nothing" : history_.values.text(value);
  }

  void refute(const Cluster& a, const Cluster& b, std::string why) {
    proof_.possible = false;
    proof_.why = std::move(why);
    for (const Cluster* one : {&a, &b}) {
      std::vector<std::uint32_t> chosen;
      if (moves_[one->begin].action == Action::kWrite) chosen.push_back(one->begin);
      for (std::uint32_t i = one->begin; i < one->end; ++i) {
        if (moves_[i].ended == one->first_end || moves_[i].began == one->last_begin)
          chosen.push_back(i);
      }
      std::sort(chosen.begin(), chosen.end());
      chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
      for (const std::uint32_t i : chosen) proof_.because.push_back(moves_[i]);
    }
  }

  const History& history_;
  std::vector<Move>& moves_;
  std::vector<Cluster> forward_, backward_;
  ZoneProof proof_;
};

}  // namespace

std::optional<ZoneProof> check_zones(const History& history, std::vector<Move>& moves) {
  return Zones(history, moves).check();
}

}  // namespace sim::history
