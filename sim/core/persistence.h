// What survives on disk besides nodes.conf: the append-only file and the snapshot file.
//
// "appendonly.aof" holds the write commands as RESP, as a real one does. "dump.rdb" is written in
// an encoding of our own for now: the data as commands, preceded by what a real RDB's aux fields
// say (replication id and offset). See replication_payloads.h. A real RDB file is read as well.
#pragma once

#include <cstdint>
#include <string>

#include "sim/node/node.h"

namespace sim {

class Pass;
struct Server;
namespace resp {
class RequestPayload;
}

struct Snapshot;

struct Persistence {
  std::string aof_buffer;      // written before sleeping
  std::uint64_t aof_size = 0;  // bytes in the file, buffer not included
  bool aof_selected = false;   // SELECT 0 stands before the first write
  bool aof_unsynced = false;
  std::int64_t aof_last_sync_s = 0;
};

// At boot, after nodes.conf: loads the AOF if appendonly is on, else the snapshot. With a snapshot,
// a replica may PSYNC where it stopped and a primary's old id becomes its second one (protocol
// §10.2).
void persistence_load(Server& server, Pass& pass, const DiskImage& disk, bool as_replica);
// What a start would load, in bytes: of the file itself, and of the weight that it stands for.
// Nothing where loading has no price.
struct Stored {
  std::uint64_t real_bytes = 0, virtual_bytes = 0;
};
Stored persistence_stored(const Server& server, const DiskImage& disk);
// What a snapshot says about replication is taken over: by a replica to go on where it stopped, by
// a primary so that its replicas can.
void adopt_history(Server& server, const Snapshot& snapshot, bool as_replica);
// The program ends: flushes and syncs the AOF; writes the snapshot if `save_on_shutdown`, unless
// the shutdown says otherwise.
void persistence_shutdown(Server& server, Pass& pass);
// SAVE: writes the snapshot.
void persistence_save(Server& server, Pass& pass);
// Says what a snapshot held that this node cannot, if anything.
void note_left_out(Pass& pass, const Snapshot& snapshot);
// Writes dump.rdb whole: to another file, synced, then renamed.
void persistence_store_snapshot(Server& server, Pass& pass, std::string bytes);
// Writes what the pass appended; with appendfsync always, syncs it before any reply leaves.
void persistence_before_sleep(Server& server, Pass& pass);
// appendfsync everysec.
void persistence_cron(Server& server, Pass& pass);
// A write command that took effect; no-op unless appendonly.
void persistence_append(Server& server, const resp::RequestPayload& request);
// Writes the AOF anew from the keyspace: after a full synchronisation, and when appendonly is
// switched on.
void persistence_rewrite_aof(Server& server, Pass& pass);

}  // namespace sim
