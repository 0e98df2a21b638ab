// Lists: anomalies of single reads, then cycles among the operations on keys that belong together.
//
// Keys that no transaction ties together are judged apart. Nothing is missed by that: if what is
// known of each such group fits in an order that also keeps real time, then so does all of it, as
// with linearizability (Herlihy and Wing 1990, theorem 1).
#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/history/check.h"
#include "sim/history/list_graph.h"
#include "sim/history/lists.h"
#include "sim/history/partition.h"

namespace sim::history {
namespace {

// Groups of keys, merged as transactions tie them together.
class Groups {
 public:
  explicit Groups(std::uint32_t keys) : parent_(keys) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  std::uint32_t of(std::uint32_t key) {
    while (parent_[key] != key) key = parent_[key] = parent_[parent_[key]];
    return key;
  }
  void merge(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t x = of(a), y = of(b);
    parent_[std::max(x, y)] = std::min(x, y);
  }

 private:
  std::vector<std::uint32_t> parent_;
};

// Why the first end of an edge was before the second, in words.
class Words {
 public:
  Words(const History& history, const Lists& lists, std::span<const std::uint32_t> operations)
      : history_(history), lists_(lists), operations_(operations) {}

  Finding finding(const Cycle& cycle) const {
    Finding made{std::string(cycle.anomaly)};
    made.text = "no order of these fits, for each had to be before the next:\n";
    const std::size_t count = cycle.edges.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Operation& one = operation(cycle.edges[i].from);
      made.lines.push_back(one.began);
      made.text += "    " + name(i) + " = " + describe(history_, one) + '\n';
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string from = name(i), to = name((i + 1) % count);
      made.text += i + 1 < count ? "  " : "  However ";
      made.text += from + " < " + to + ", because " + why(cycle.edges[i], from, to);
      made.text += i + 1 < count ? ".\n" : ": a contradiction.\n";
    }
    return made;
  }

 private:
  static std::string name(std::size_t place) { return 'T' + std::to_string(place + 1); }
  const Operation& operation(std::uint32_t place) const {
    return history_.operations[operations_[place]];
  }
  std::string list(std::uint32_t key) const {
    const std::string_view text = history_.keys.text(key);
    return text.empty() ? "the list" : '"' + std::string(text) + '"';
  }
  std::string element(std::uint32_t key, std::uint32_t position) const {
    return history_.values.text(history_.lists[key].elements[position]);
  }

  std::string why(const Edge& edge, const std::string& from, const std::string& to) const {
    const Operation& first = operation(edge.from);
    const Operation& second = operation(edge.to);
    if (edge.why == Why::kProcess || edge.why == Why::kRealtime) {
      std::string text = edge.why == Why::kProcess ? "the same process ended " : "";
      text += from + (edge.why == Why::kProcess ? "" : " ended");
      return text + " (line " + std::to_string(first.ended) + ") before " +
             (edge.why == Why::kProcess ? "it began " + to : to + " began") + " (line " +
             std::to_string(second.began) + ')';
    }
    if (edge.why == Why::kWw) return appended_behind(edge, from, to);
    return edge.why == Why::kWr ? read_of(edge, from, to) : read_before(edge, from, to);
  }

  std::string appended_behind(const Edge& edge, const std::string& from,
                              const std::string& to) const {
    std::string text;
    each_step(history_, operation(edge.from), [&](const Step& step) {
      const auto by = lists_.writers(step.key);
      for (std::uint32_t i = 1; i < by.size() && text.empty(); ++i) {
        if (by[i - 1] == operations_[edge.from] && by[i] == operations_[edge.to])
          text = to + " appended " + element(step.key, i) + " to " + list(step.key) +
                 " right behind " + element(step.key, i - 1) + " of " + from;
      }
    });
    return text;
  }

  std::string read_of(const Edge& edge, const std::string& from, const std::string& to) const {
    std::string text;
    const Operation& reader = operation(edge.to);
    each_step(history_, reader, [&](const Step& step) {
      if (!placed_read(reader, step) || step.value == 0 || !text.empty()) return;
      if (lists_.writers(step.key)[step.value - 1] == operations_[edge.from])
        text = to + " read " + element(step.key, step.value - 1) + " in " + list(step.key) +
               ", which " + from + " appended";
    });
    return text;
  }

  std::string read_before(const Edge& edge, const std::string& from, const std::string& to) const {
    std::string text;
    const Operation& reader = operation(edge.from);
    each_step(history_, reader, [&](const Step& step) {
      if (!placed_read(reader, step) || !text.empty()) return;
      const auto by = lists_.writers(step.key);
      if (step.value == by.size() || by[step.value] != operations_[edge.to]) return;
      text = from + " read " + list(step.key) + " without " + element(step.key, step.value) +
             ", which " + to + " appended next";
    });
    return text;
  }

  const History& history_;
  const Lists& lists_;
  std::span<const std::uint32_t> operations_;
};

}  // namespace

Report check_lists(const History& history) {
  Report report;
  report.claim = "the operations on lists fit in one order, which keeps real time";
  const Lists lists(history);
  lists.report_anomalies(report);

  const std::uint32_t keys = history.keys.size();
  const auto operations = static_cast<std::uint32_t>(history.operations.size());
  if (keys == 0) return report;  // transactions of nothing
  Groups groups(keys);
  const auto first_key = [&](std::uint32_t index) {
    const Operation& one = history.operations[index];
    if (one.action != Action::kTransaction) return one.key;
    return one.argument == 0 ? 0 : history.steps[one.value].key;
  };
  for (std::uint32_t i = 0; i < operations; ++i) {
    each_step(history, history.operations[i],
              [&](const Step& step) { groups.merge(first_key(i), step.key); });
  }
  const Partition of_group =
      partition(operations, keys, [&](std::uint32_t i) { return groups.of(first_key(i)); });
  const Partition keys_of =
      partition(keys, keys, [&](std::uint32_t key) { return groups.of(key); });
  std::vector<std::uint32_t> places(operations);
  for (std::uint32_t group = 0; group < keys; ++group) {
    const std::span<const std::uint32_t> members = of_group.of(group);
    if (members.empty()) continue;
    ++report.parts;
    const std::vector<Edge> edges = edges_of(history, lists, members, keys_of.of(group), places);
    for (const Cycle& cycle :
         find_cycles(static_cast<std::uint32_t>(members.size()), edges, kFindingsKept))
      report.add(Words(history, lists, members).finding(cycle));
  }
  return report;
}

}  // namespace sim::history
