// Names of nodes that a test tells apart at a glance.
#pragma once

#include <string>

#include "sim/base/types.h"

namespace sim {

// Forty times the same letter.
inline NodeName id(char letter) {
  return NodeName::from(std::string(40, letter));
}

}  // namespace sim
