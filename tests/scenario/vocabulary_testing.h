// A small vocabulary of our own, so that the language is tested without faults and workloads.
#pragma once

#include <string>

#include "sim/scenario/scenario.h"

namespace sim {

// Faults crash, partition (both last), reset (momentary) and meet (not for the nemesis); workload
// register; some names.
const Vocabulary& small_vocabulary();

// A scenario that is sound but for what `more` adds: members of the document, as JSON with a
// leading comma.
Loaded load(const std::string& more);
// The same, and it must be sound; the first variant.
Scenario loaded(const std::string& more);
// All messages, each on a line of its own, without source lines and carets.
std::string messages(const Loaded& result);

}  // namespace sim
