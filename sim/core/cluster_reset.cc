#include "sim/core/cluster_reset.h"

#include "sim/core/data.h"
#include "sim/core/epochs.h"
#include "sim/core/manual_failover.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/replication.h"
#include "sim/core/role.h"
#include "sim/core/slots_config.h"

namespace sim {
namespace {

// Neither the AOF nor replicas hear of the flush.
void turn_into_primary(Server& server, Pass& pass) {
  set_peer_as_primary(server, pass, kMyself);
  replication_promote(server, pass);
  drop_all_keys(server, pass, "CLUSTER RESET");
}

void take_new_name(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  NameRef name = server.names->intern(random_node_name(pass));
  while (!cluster.peers.find(name).is_none()) name = server.names->intern(random_node_name(pass));
  cluster.peers.rename(kMyself, name);
  cluster.view_cache = {};
}

}  // namespace

void reset_cluster(Server& server, Pass& pass, bool hard) {
  ClusterState& cluster = server.cluster;
  pass.note(event::Remark{hard ? "CLUSTER RESET HARD" : "CLUSTER RESET SOFT"});
  if (!am_primary(cluster)) turn_into_primary(server, pass);
  close_all_slots(server, pass);
  reset_manual_failover(server, pass);
  SlotSet all;
  all.set();
  bind_slots(server, pass, all, kNoPeer, 0);
  for (std::uint32_t row = 1; row < cluster.peers.rows(); ++row) {
    const PeerId peer{row};
    if (cluster.peers.hot(peer).used()) forget_peer(server, pass, peer, "CLUSTER RESET");
  }
  if (hard) {
    if (server.mutation != Mutation::kResetKeepsEpochs) {
      set_epochs(server, pass, 0, 0, event::EpochCause::kCommand);
      cluster.last_vote_epoch = 0;
    }
    cluster.shards.clear();
    take_new_name(server, pass);
  }
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, true);
}

}  // namespace sim
