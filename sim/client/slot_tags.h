// A hash tag for each slot, for whoever wants a key in it: "{3007}anything".
#pragma once

#include <string>
#include <vector>

namespace sim {

// By slot: the least number that hashes to it.
std::vector<std::string> slot_tags();

}  // namespace sim
