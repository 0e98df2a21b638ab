// Lists that are appended to and read: the order of the appends of each key, as its longest read
// shows it, and who made them. (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from
// Experimental Observations", VLDB 2020.)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/history/history.h"
#include "sim/history/report.h"

namespace sim::history {

inline constexpr std::uint32_t kNobody = 0xffffffff;

// The steps of an operation, be it a transaction or a single one.
template <class Visit>
void each_step(const History& history, const Operation& operation, const Visit& visit) {
  if (operation.action == Action::kTransaction) {
    for (std::uint32_t i = 0; i < operation.argument; ++i)
      visit(history.steps[operation.value + i]);
  } else {
    visit(Step{operation.key, operation.value, operation.action, operation.strange});
  }
}
// A read that can be placed: it is a beginning of its key's list.
inline bool placed_read(const Operation& operation, const Step& step) {
  return step.action == Action::kRead && !step.strange && !operation.open() && !operation.failed;
}

class Lists {
 public:
  // Throws HistoryError if an element was appended to a key twice: then nobody can tell what a read
  // saw.
  explicit Lists(const History& history);

  // Who appended each element of the key's list; kNobody if no operation did.
  std::span<const std::uint32_t> writers(std::uint32_t key) const;

  // What needs no cycle to be wrong: lost, doubled and invented elements, reads of what failed or
  // was not complete, reads that contradict each other, transactions that contradict themselves.
  void report_anomalies(Report& report) const;

 private:
  struct Append {
    std::uint32_t key = 0;
    ValueId value = kAbsent;
    std::uint32_t operation = 0;
    bool seen = false;  // by a read, whichever
  };

  void collect();
  void find_writers();
  Append* find(std::uint32_t key, ValueId value);
  const Operation& operation(std::uint32_t index) const { return history_.operations[index]; }
  const Operation& operation_of_line(Line began) const;
  std::vector<ValueId> elements_after(std::uint32_t key, Line line) const;

  void report_lists(Report& report) const;
  void report_reads(Report& report) const;
  void report_strange(Report& report) const;
  void report_lost(Report& report) const;
  void report_inside(Report& report, std::uint32_t index) const;
  Finding finding(std::string anomaly, std::uint32_t key, std::string text,
                  std::span<const std::uint32_t> operations) const;
  std::string element(std::uint32_t key, std::uint32_t position) const;
  std::uint32_t index_of(const Operation& one) const {
    return static_cast<std::uint32_t>(&one - history_.operations.data());
  }

  const History& history_;
  std::vector<Append> appends_;         // by key and value
  std::vector<std::uint32_t> writers_;  // key after key
  std::vector<std::uint64_t> begin_;    // of each key in writers_, and the end
  struct Doubled {
    std::uint32_t key = 0, position = 0;
  };
  std::vector<Doubled> doubled_;
};

}  // namespace sim::history
