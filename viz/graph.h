// Graphviz DOT of a cluster picture: regions, zones, racks and hosts as nested boxes, primaries
// with their slots, replicas under them, replication, cuts, sides of a partition, PFAIL and FAIL,
// single points of failure.
//
// Meaning is never carried by colour alone: every colour comes with a shape, a line style or a
// word, and the colours are Okabe and Ito's, which colour-blind people can tell apart. The text is
// valid input for `dot`; running it is the caller's.
#pragma once

#include <string>

#include "viz/picture.h"

namespace sim {

std::string to_dot(const ClusterPicture& picture);

}  // namespace sim
