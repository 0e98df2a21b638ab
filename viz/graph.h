// Graphviz DOT of a cluster picture, in four ways.
//
// combined   regions, zones, racks and hosts as nested boxes, primaries with their slots, replicas
//            under them, replication, cuts, sides of a partition, PFAIL and FAIL
// physical   places and what connects them: links with latency and state, how many paths lie on
//            each, articulation points, bridges, the smallest cut; who stands on which host
// logical    shards: slot ranges, primary and replicas
// beliefs    who holds whom for PFAIL or FAIL, as a matrix
//
// Of a large cluster, nodes, hosts and shards that are alike are drawn as one. The text is
// valid input for `dot`, the same for the same picture; running `dot` is the caller's.
#pragma once

#include <string>

#include "viz/cluster_map.h"
#include "viz/picture.h"

namespace sim {

std::string to_dot(const ClusterPicture& picture);
// `map`: the places and links as they are at that moment, with the links' routes.
std::string physical_dot(const ClusterPicture& picture, const ClusterMap& map);
std::string logical_dot(const ClusterPicture& picture);
std::string beliefs_dot(const ClusterPicture& picture);

}  // namespace sim
