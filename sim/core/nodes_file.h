// nodes.conf: what of the cluster survives a restart. (Protocol §3.2, §3.3.)
#pragma once

#include "sim/core/pass.h"
#include "sim/core/server.h"
#include "sim/wire/nodes_conf.h"

namespace sim {

// Fills the cluster state at boot; a missing or empty file makes a new node. A corrupt one ends the
// program.
void load_nodes_file(Server& server, Pass& pass, const DiskImage& disk);
// A server without a cluster: it knows itself, and nothing is on disk.
void make_standalone(Server& server, Pass& pass);
// At once, as one write padded to the old size.
void save_nodes_file(Server& server, Pass& pass, bool sync);
// At the end of the pass, before anything is sent.
inline void save_later(ClusterState& cluster, bool sync) {
  cluster.todo |= sync ? todo::kSaveConfig | todo::kFsyncConfig : todo::kSaveConfig;
}
// The line of a peer, in nodes.conf as in CLUSTER NODES.
nodes_conf::Line peer_line(const Server& server, PeerId peer);

}  // namespace sim
