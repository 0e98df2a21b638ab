// What is wrong with lists without any cycle.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "sim/history/lists.h"

namespace sim::history {

void Lists::report_anomalies(Report& report) const {
  report_lists(report);
  report_strange(report);
  report_lost(report);
  report_reads(report);
  for (std::uint32_t i = 0; i < history_.operations.size(); ++i) {
    if (operation(i).action == Action::kTransaction && !operation(i).open() && !operation(i).failed)
      report_inside(report, i);
  }
}

Finding Lists::finding(std::string anomaly, std::uint32_t key, std::string text,
                       std::span<const std::uint32_t> operations) const {
  Finding made{std::move(anomaly), std::string(history_.keys.text(key)), std::move(text) + ":\n"};
  for (const std::uint32_t index : operations) {
    if (index == kNobody) continue;
    made.lines.push_back(operation(index).began);
    made.text += "    " + describe(history_, operation(index)) + '\n';
  }
  return made;
}

std::string Lists::element(std::uint32_t key, std::uint32_t position) const {
  return history_.values.text(history_.lists[key].elements[position]);
}

const Operation& Lists::operation_of_line(Line began) const {
  return *std::lower_bound(history_.operations.begin(), history_.operations.end(), began,
                           [](const Operation& one, Line line) { return one.began < line; });
}

void Lists::report_lists(Report& report) const {
  for (const Doubled& doubled : doubled_) {
    const std::uint32_t writer = writers(doubled.key)[doubled.position];
    report.add(finding("duplicate-element", doubled.key,
                       element(doubled.key, doubled.position) +
                           " was appended once, and stands in the list more than once",
                       std::array{writer}));
  }
  for (std::uint32_t key = 0; key < history_.lists.size(); ++key) {
    const auto of_key = writers(key);
    for (std::uint32_t position = 0; position < of_key.size(); ++position) {
      if (of_key[position] != kNobody) continue;
      report.add(finding("invented-element", key,
                         element(key, position) + " was read, and nobody ever appended it", {}));
    }
  }
}

// Reads that saw what was never, or not yet, to be seen. Of each key the first that did so.
void Lists::report_reads(Report& report) const {
  std::set<std::pair<std::uint32_t, std::uint32_t>> said;  // key and writer
  std::vector<bool> tainted(history_.lists.size());        // has elements of what failed
  for (std::uint32_t key = 0; key < tainted.size(); ++key) {
    const auto by = writers(key);
    tainted[key] = std::any_of(by.begin(), by.end(), [this](std::uint32_t writer) {
      return writer != kNobody && operation(writer).failed;
    });
  }
  for (std::uint32_t i = 0; i < history_.operations.size(); ++i) {
    const Operation& one = operation(i);
    each_step(history_, one, [&](const Step& step) {
      if (!placed_read(one, step) || step.value == 0) return;
      const auto by = writers(step.key);
      const std::uint32_t last = by[step.value - 1];
      if (last != kNobody && last != i && step.value < by.size() && by[step.value] == last &&
          said.emplace(step.key, last).second) {
        report.add(finding("G1b", step.key,
                           "the second of these saw the list in the middle of the first, after " +
                               element(step.key, step.value - 1),
                           std::array{last, i}));
      }
      if (!tainted[step.key]) return;
      for (std::uint32_t position = step.value; position-- > 0;) {
        const std::uint32_t writer = by[position];
        if (writer == kNobody || !operation(writer).failed) continue;
        if (!said.emplace(step.key, writer).second) break;
        report.add(finding("G1a", step.key,
                           "the second of these read " + element(step.key, position) +
                               ", of which the first was told that it failed",
                           std::array{writer, i}));
      }
    });
  }
}

// After one of them every read of its key is such a read, so the first stands for all.
void Lists::report_strange(Report& report) const {
  std::map<std::uint32_t, std::uint64_t> of_key;
  for (const StrangeRead& read : history_.strange_reads) ++of_key[read.key];
  for (const StrangeRead& read : history_.strange_reads) {
    const std::uint64_t count = std::exchange(of_key[read.key], 0);
    if (count == 0) continue;
    const std::vector<ValueId>& known = history_.lists[read.key].elements;
    std::size_t position = 0;
    while (position < known.size() && position < read.elements.size() &&
           known[position] == read.elements[position])
      ++position;
    const Operation& one = operation_of_line(read.began);
    std::string text = "other reads agree on ";
    text += position < known.size() ? history_.values.text(known[position]) : "nothing";
    text += " at position " + std::to_string(position + 1) + ", and this one has ";
    text +=
        position < read.elements.size() ? history_.values.text(read.elements[position]) : "nothing";
    text += " there, so neither is a beginning of the other";
    if (count > 1) text += "; " + std::to_string(count - 1) + " more of its reads are like it";
    report.add(finding("incompatible-order", read.key, std::move(text), std::array{index_of(one)}));
  }
}

// Acknowledged, and yet not seen by a read that began later.
void Lists::report_lost(Report& report) const {
  std::vector<std::uint32_t> last_read(history_.lists.size(), kNobody);
  for (std::uint32_t i = 0; i < history_.operations.size(); ++i) {
    const Operation& one = operation(i);
    if (one.open() || one.failed) continue;
    each_step(history_, one, [&](const Step& step) {
      if (step.action == Action::kRead) last_read[step.key] = i;
    });
  }
  for (const Append& append : appends_) {
    const Operation& writer = operation(append.operation);
    const std::uint32_t reader = last_read[append.key];
    if (append.seen || writer.failed || writer.open() || reader == kNobody) continue;
    if (operation(reader).began < writer.ended) continue;
    report.add(finding("lost-element", append.key,
                       history_.values.text(append.value) +
                           " was acknowledged, and no read ever saw it, not even a later one",
                       std::array{append.operation, reader}));
  }
  std::set<std::uint32_t> said;  // by writer
  for (const StrangeRead& read : history_.strange_reads) {
    const std::uint32_t reader = index_of(operation_of_line(read.began));
    const auto by = writers(read.key);
    for (std::uint32_t position = 0; position < by.size(); ++position) {
      if (by[position] == kNobody) continue;
      const Operation& writer = operation(by[position]);
      const ValueId value = history_.lists[read.key].elements[position];
      if (writer.failed || writer.open() || writer.ended > read.began ||
          std::find(read.elements.begin(), read.elements.end(), value) != read.elements.end())
        continue;
      if (!said.insert(by[position]).second) break;
      report.add(finding(
          "lost-element", read.key,
          history_.values.text(value) + " was acknowledged and read, and is gone in a later read",
          std::array{by[position], reader}));
      break;
    }
  }
}

// Within one transaction: what it read first, with what it appended itself, is what it must read
// next.
void Lists::report_inside(Report& report, std::uint32_t index) const {
  struct Known {
    bool read = false;  // `length` is what the list had
    std::uint32_t length = 0;
    std::vector<ValueId> own;  // appended since then, or at all
  };
  std::map<std::uint32_t, Known> known;
  each_step(history_, operation(index), [&](const Step& step) {
    Known& key = known[step.key];
    if (step.action == Action::kAppend) return key.own.push_back(step.value);
    if (step.strange) return;
    const std::vector<ValueId>& elements = history_.lists[step.key].elements;
    const std::uint32_t own = static_cast<std::uint32_t>(key.own.size());
    const bool fits = step.value >= own && (!key.read || step.value == key.length + own) &&
                      std::equal(key.own.begin(), key.own.end(),
                                 elements.begin() + static_cast<std::ptrdiff_t>(step.value - own));
    if (!fits) {
      report.add(
          finding("internal", step.key,
                  "this transaction read something else than its own steps before left there",
                  std::array{index}));
    }
    key = {true, step.value, {}};
  });
}

}  // namespace sim::history
