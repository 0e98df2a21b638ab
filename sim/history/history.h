// What clients asked for and were answered, in the order in which it happened.
//
// Time is the number of the line an event stood in: of two events the one that stands first was
// first, and that is all that is taken from clocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/history/values.h"

namespace sim::history {

using Line = std::uint32_t;                 // counts from 1
inline constexpr Line kNever = 0xffffffff;  // of `ended`: nobody knows when, if ever

// What the history is one of: which operations there are, and what they mean.
enum class Model : std::uint8_t { kRegister, kCasRegister, kKv, kListAppend, kCounter, kCache };

enum class Action : std::uint8_t {
  kRead,
  kWrite,
  kCas,          // `value` is there: `argument` takes its place
  kCasMismatch,  // a cas that was told that something else than `value` is there
  kAppend,       // to a text (kv) or to a list (list-append)
  kIncrement,    // by `value`; `argument` is the new value, kAbsent if it was not told
  kDelete,
  kTransaction,  // list-append: `argument` steps of `History::steps` from `value` on
};

// 28 bytes, for there may be ten million.
struct Operation {
  Line began = 0;
  Line ended = kNever;        // kNever also says that it may never have happened
  std::uint32_t process = 0;  // of `History::processes`
  std::uint32_t key = 0;      // of `History::keys`
  // A read's is what it returned; that of a list is its length. An increment's is a number as
  // int32.
  ValueId value = kAbsent;
  ValueId argument = kAbsent;
  Action action{};
  bool failed = false;   // certainly did not happen; kept only where somebody may have seen it
  bool strange = false;  // a list read that is no beginning of `List::elements`
  bool open() const { return ended == kNever; }
};

// One part of a transaction on lists.
struct Step {
  std::uint32_t key = 0;
  ValueId value = kAbsent;  // as that of an operation
  Action action{};
  bool strange = false;
};

// A list read that neither continues the longest one known nor is a beginning of it.
struct StrangeRead {
  Line began = 0;  // of its operation
  std::uint32_t key = 0;
  std::vector<ValueId> elements;
};

// Lists are read over and over: what a read returned is kept as its length wherever it is a
// beginning of the longest list that was read of its key.
struct List {
  std::vector<ValueId> elements;
};

struct History {
  Model model{};
  std::string file;  // for messages
  Names keys, processes;
  Values values;
  std::vector<Operation> operations;  // in the order in which they began; no reads without answer
  std::vector<Step> steps;
  std::vector<List> lists;                 // by key; only of list-append
  std::vector<StrangeRead> strange_reads;  // at most kStrangeReadsKept
  std::uint64_t strange_read_count = 0;
  Line lines = 0;

  // How it came out, for the report.
  std::uint64_t invoked = 0, answered = 0, refused = 0, unknown = 0;
  std::uint64_t never_ended = 0;  // of `unknown`: nothing was said of their end
};
inline constexpr std::size_t kStrangeReadsKept = 1000;

// "process 3, lines 17 to 22: write 4"; without an end "line 17, outcome unknown".
std::string describe(const History& history, const Operation& operation);
// "write 4", "read 4", "cas 1 -> 2".
std::string describe_action(const History& history, const Operation& operation);
// " of key \"x\"", or "" where a history names no key.
std::string of_key(const History& history, std::uint32_t key);

}  // namespace sim::history
