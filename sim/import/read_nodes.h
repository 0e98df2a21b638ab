// The parts of reading what was pasted; nobody outside this room includes this.
#pragma once

#include <vector>

#include "sim/import/cluster.h"
#include "sim/import/pasted_lines.h"

namespace sim {

// A line a node: CLUSTER NODES, and nodes.conf with its line of "vars".
void read_nodes(const std::vector<PastedLine>& lines, PastedCluster& cluster, Problems& problems);
// CLUSTER SHARDS, as redis-cli shows it on a terminal (RESP2 or RESP3, indented or not), into a
// pipe, or with --json.
void read_shards(const std::vector<PastedLine>& lines, PastedCluster& cluster, Problems& problems);

bool is_node_id(std::string_view text);

}  // namespace sim
