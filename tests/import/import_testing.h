// What the tests of importing share.
#pragma once

#include <string>

#include "sim/import/cluster.h"

namespace sim {

inline const std::string kA(40, 'a'), kB(40, 'b'), kC(40, 'c'), kD(40, 'd'), kE(40, 'e');

// What was read, a line a node: "aaaa 10.0.0.1:6379 primary 0-99"; or the messages, each on a line,
// without the quoted source.
std::string read_as_text(const std::string& pasted);
// The cluster; the text must be sound.
PastedCluster read_soundly(const std::string& pasted);

}  // namespace sim
