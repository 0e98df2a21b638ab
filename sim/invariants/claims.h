// What the protocol promises, claim by claim, and which invariant holds a run to it.
//
// The table is what docs/invariants.md prints. A claim without an invariant says why none can check
// it: an oracle of another kind does, or it is no promise at all.
#pragma once

#include <span>
#include <string_view>

namespace sim {

struct ClaimInfo {
  std::string_view number;      // "15.8" of the protocol reference, or "D15.2" of its techniques
  std::string_view text;        // in our own words
  std::string_view checked_by;  // invariants, comma-separated; empty: by none
  std::string_view remark;      // how far, or why not; may be empty where an invariant is named
};

// In order of their numbers.
std::span<const ClaimInfo> claims();

}  // namespace sim
