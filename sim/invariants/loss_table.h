// What a run lost of what it had acknowledged, as a table: one row for each class of losses.
//
// A class says what became of a write (techniques D14 and the Cluster spec's "Write safety" are
// where they come from); its standing says whether that is permitted, a defect that this version is
// known to have, or a violation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/time.h"

namespace sim {

enum class LossClass : std::uint8_t {
  kAsync,      // A: its primary failed before the replica that was elected had it
  kMinority,   // B: taken by a primary cut off from the majority, or deposed without having heard
  kBeyond,     // C: taken by such a primary when it should have stopped long ago
  kWait,       // D: replicas had acknowledged it (WAIT), one of them could stand, another won
  kMigration,  // E: its slot was on the move
  kRetaken,    // F: an old primary took its slots back, and the successor's data went
  kForced,     // T: an operator had a replica take over without waiting for it
  kRestart,    // R: its primary came back from a disk that did not have it
  kMerge,      // M: two clusters came together
  kUnexplained,
  kCount
};
inline constexpr std::size_t kLossClasses = static_cast<std::size_t>(LossClass::kCount);

enum class LossStanding : std::uint8_t { kPermitted, kDefect, kViolation };

struct LossKind {
  LossClass kind{};
  std::string_view letter;  // "A"
  std::string_view name;    // "async": metrics are called lost_async, budgets "async"
  bool permitted = false;   // can it ever be? Then a scenario may have a budget for it
  std::string_view meaning;
};
std::span<const LossKind> loss_kinds();
const LossKind& loss_kind(LossClass kind);

// One loss in full.
struct LossExample {
  std::string what;  // one sentence
  // What proves it, in order, in words: {"operation", "2199023255563"}, {"acknowledged", "6.000
  // s"}.
  std::vector<std::pair<std::string, std::string>> evidence;
  bool operator==(const LossExample&) const = default;
};
struct LossRow {
  std::string letter, name;
  std::string standing;  // "permitted", "known defect 47", "VIOLATION"
  std::uint64_t count = 0;
  std::int64_t share_ppm = 0;  // of the acknowledged writes
  std::int64_t window_ns = 0;  // the longest, see Loss::window
  std::string who;             // "m1 -> m4, m2": who took the writes, and who came after
  LossExample example;         // the one with the longest window
  bool operator==(const LossRow&) const = default;
};
struct LossTable {
  std::uint64_t acked = 0;  // writes that clients were told of, on keys that were read at the end
  std::uint64_t lost = 0;
  std::uint64_t removed = 0;  // G: missing because a client flushed them; no loss
  std::uint64_t waited = 0;   // writes that as many replicas had as their clients' WAIT asked for
  std::uint64_t warned = 0;   // lost, after a WAIT that told the client of too few replicas
  std::vector<LossRow> rows;  // of what happened, by class
  bool operator==(const LossTable&) const = default;
};

}  // namespace sim
