// What my primary sent of its data becomes mine: everything of my own goes, then the snapshot is
// loaded. (Protocol §10.2.)
#include <utility>

#include "sim/core/data.h"
#include "sim/core/mutation.h"
#include "sim/core/open_slots.h"
#include "sim/core/persistence.h"
#include "sim/core/replication_internal.h"
#include "sim/core/snapshot_rdb.h"

namespace sim {
namespace {

// Everything of my own goes at this moment: data, cached history, backlog, sub-replicas. Until the
// end of loading the offset reads 0.
void let_go_of_everything(Server& server, Pass& pass) {
  server.replication.cached = false;
  disconnect_replicas(server, pass);
  server.replication.backlog.free();
  if (server.mutation == Mutation::kFullSyncKeepsOwn) return;
  drop_all_keys(server, pass, "flushed before a full synchronisation");
}

}  // namespace

void take_snapshot(Server& server, Pass& pass, SnapshotRef snapshot) {
  PrimaryLink& link = server.replication.link;
  persistence_store_snapshot(server, pass, encode_snapshot(snapshot->snapshot()));
  let_go_of_everything(server, pass);
  link.state = PrimaryLink::State::kLoading;
  link.snapshot = std::move(snapshot);
  const std::uint64_t real = link.snapshot->size();
  const std::uint64_t weight = link.snapshot->snapshot().weight.rdb_bytes;
  if (!begin_loading(server, pass, Loading::From::kPrimary, real, weight)) {
    replication_loaded(server, pass);
  }
}

void replication_loaded(Server& server, Pass& pass) {
  ReplicationState& replication = server.replication;
  PrimaryLink& link = replication.link;
  const SnapshotRef payload = std::exchange(link.snapshot, nullptr);
  std::uint64_t number = 0;
  payload->snapshot().keyspace.each_by_age([&](const Entry& entry) {
    if (server.mutation == Mutation::kSnapshotSkipsKeys && ++number % 16 == 0) return;
    server.keyspace.put(entry.slot_id(), entry.key, entry.value, entry.expire_at_ms);
  });
  server.weight = payload->snapshot().weight;
  if (deviates(server, Deviation::kOpenSlotsReplicated)) {
    open_slots_as_told(server, pass, payload->snapshot().open_slots);
  }
  replication.replid = link.sync_replid;
  replication.offset = link.sync_offset;
  replication.chain = payload->snapshot().chain.value_or(0);
  replication.chain_known = payload->snapshot().chain.has_value();
  clear_second_id(replication);
  link_is_up(server, pass, event::SyncKind::kFull);
  if (server.config.appendonly) persistence_rewrite_aof(server, pass);
  if (link.conn.is_none()) {
    lose_link(server, pass, "connection lost while loading");
    return connect_to_primary(server, pass);
  }
  send_ack(server, pass);
  for (const StreamRef& chunk : std::exchange(link.early, {})) {
    replication_link_received(server, pass, *chunk);
  }
  read_on(server, pass);
}

// A file that cannot be read costs a real server its data too, and a damaged one its life.
void load_rdb(Server& server, Pass& pass, std::string_view bytes) {
  auto decoded = decode_rdb(bytes);
  if (const auto* broken = std::get_if<rdb::Broken>(&decoded)) {
    let_go_of_everything(server, pass);
    const std::string why = "cannot load the snapshot of the primary: " + broken->why;
    if (!broken->foreign) return pass.exit(1, why);
    return drop_link(server, pass, why.c_str());
  }
  auto& snapshot = std::get<Snapshot>(decoded);
  note_left_out(pass, snapshot);
  take_snapshot(server, pass, new SnapshotPayload(std::move(snapshot)));
}

}  // namespace sim
