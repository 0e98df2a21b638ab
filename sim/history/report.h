// What came of checking a history.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sim::history {

enum class Verdict : std::uint8_t {
  kPass,
  kFail,
  kUnknown,  // a limit was reached first; never a pass
};

struct Finding {
  std::string anomaly;  // "not-linearizable", "G1c", "lost-increment"
  std::string key;      // as in the history; empty if it is about several, or keys have no names
  std::string text;     // lines that say what was seen and why it cannot be
  std::vector<std::uint32_t> lines;  // of the history, of the operations that prove it
};
inline constexpr std::size_t kFindingsKept = 20;

struct Report {
  Verdict verdict = Verdict::kPass;
  std::string claim;              // what was checked, in words
  std::vector<Finding> findings;  // at most kFindingsKept
  std::uint64_t finding_count = 0;
  std::string unknown_because;       // of kUnknown
  std::uint64_t parts = 0;           // keys, or groups of keys that transactions tie together
  std::uint64_t parts_by_zones = 0;  // registers: decided in n log n
  std::uint64_t steps = 0;           // of searches

  void add(Finding finding);
};

// Limits are counted, not timed, so that a verdict is the same everywhere.
struct Limits {
  std::uint64_t steps = 100'000'000;               // of all searches together
  std::uint64_t bytes = std::uint64_t{512} << 20;  // of one search
  std::function<bool()> stop;  // asked now and then; true ends it with kUnknown; may be empty
};

}  // namespace sim::history
