// Replication as state: ids and offsets, the backlog, the link to my primary, the replicas attached
// to me. (Protocol §10.)
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/core/replication_payloads.h"
#include "sim/wire/primary_reader.h"

namespace sim {

// The last `capacity` bytes of the stream, for replicas that missed a moment of it. A copy shares
// what it holds.
class Backlog {
 public:
  bool exists() const { return exists_; }
  // Offsets are those of the first byte after what a replica has: a replica at offset 100 asks for
  // 101.
  std::int64_t first_offset() const;                // of the oldest byte still held
  std::int64_t end_offset() const { return end_; }  // one past the newest
  std::int64_t length() const { return end_ - first_offset(); }

  void create(std::int64_t next_offset, std::uint64_t capacity);
  void free();
  void resize(std::uint64_t capacity);
  void append(StreamRef chunk);
  // Everything from `offset` to the end, as one payload (null if that is nothing). `possible` is
  // false if `offset` lies outside what is held, or inside a command, which only a history that is
  // not ours can ask for.
  StreamRef from(std::int64_t offset, bool& possible) const;

 private:
  struct Piece {
    std::int64_t begin = 0;
    StreamRef chunk;
  };
  // Pieces are kept in blocks, so that copying a backlog copies some dozens of pointers.
  struct Block : boost::intrusive_ref_counter<Block, boost::thread_unsafe_counter> {
    std::vector<Piece> pieces;
  };
  void trim();

  bool exists_ = false;
  std::uint64_t capacity_ = 0;
  std::int64_t begin_ = 0, end_ = 0;
  std::deque<boost::intrusive_ptr<Block>> blocks_;
};

// A replica attached to me, from its PSYNC on.
struct AttachedReplica {
  enum class State : std::uint8_t {
    kWaitsForSnapshot,  // full synchronisation not started: diskless sync waits for more replicas
    kWaitsForFile,      // a child writes the snapshot to disk; the stream is withheld from here on
    kReceives,          // the snapshot is on its way out, bit by bit
    kAwaitsAck,         // snapshot sent; the stream is withheld until the first ACK
    kOnline,
  };
  ConnId conn;
  Endpoint listens;  // its address as REPLCONF told it
  State state{};
  bool takes_open_slots = false;  // a version that can be sent SETSLOT (see set_slot.h)
  std::int64_t waiting_since_s = 0;
  std::int64_t ack_offset = 0;
  std::int64_t ack_at_s = 0;            // cached wall
  std::uint64_t unsent_bytes = 0;       // not yet taken by the kernel
  std::int64_t progress_at_s = 0;       // when that last changed
  std::int64_t over_limit_since_s = 0;  // above the soft output buffer limit; 0: it is not
  std::vector<StreamRef> withheld;
  std::uint64_t withheld_bytes = 0;
  SnapshotRef snapshot;           // that it waits for or receives
  std::uint64_t weight_sent = 0;  // of that
  std::uint64_t handed_over = 0;  // bytes of it since `unsent_bytes` was told
  // As a real server counts them: it has sent the snapshot.
  bool is_online() const { return state == State::kAwaitsAck || state == State::kOnline; }
};

// The child that writes a snapshot, as long as that takes time. Somebody waits for it.
struct SnapshotChild {
  SnapshotRef snapshot;
  bool to_disk = false;
  MonotonicTime begun;
};

struct PrimaryLink {
  enum class State : std::uint8_t {
    kNone,         // no primary to follow
    kMustConnect,  // the next cron dials
    kConnecting,
    kHandshake,    // PING and REPLCONFs are answered one by one
    kAwaitsPsync,  // +FULLRESYNC or +CONTINUE is due
    kTransfer,     // the snapshot is due
    kLoading,      // the snapshot is being loaded
    kUp,
  };

  std::optional<Endpoint> primary;  // none: I am a replication primary
  State state = State::kNone;
  ConnId conn;
  std::uint32_t replies_due = 0;        // of the handshake
  bool greeted = false;                 // the first of them, to PING, has come
  std::int64_t last_io_s = 0;           // of connect, handshake, transfer
  std::int64_t last_interaction_s = 0;  // of the live link; cached wall
  std::int64_t down_since_s = 0;        // 0: "for ever"
  // The end of a full synchronisation, while it is under way.
  NodeName sync_replid;
  std::int64_t sync_offset = 0;
  SnapshotRef snapshot;          // while kLoading
  std::vector<StreamRef> early;  // what came behind the snapshot while it is being loaded
  // A transaction of the stream whose EXEC has not come yet: it counts, and is applied, as a whole.
  std::vector<RequestRef> transaction;
  PrimaryReader reader;  // of raw bytes, which a real server sends
};

struct ReplicationState {
  NodeName replid;                  // minted at boot
  NodeName replid2;                 // none if unset
  std::int64_t second_offset = -1;  // first offset at which replid2 is no longer ours
  std::int64_t offset = 0;          // master_repl_offset: bytes of the stream so far
  // Running hash over the commands of the stream, told in StreamAt notes. Primary and replica agree
  // on it at equal (replid, offset). A real server's snapshot does not tell it; who went on from
  // one keeps none, and neither do its replicas, until a history begins that nobody shares.
  std::uint64_t chain = 0;
  bool chain_known = true;
  std::optional<std::uint64_t> told_chain() const {
    return chain_known ? std::optional(chain) : std::nullopt;
  }
  bool stream_selected = false;  // SELECT 0 was put into the stream (23 bytes)
  bool writes_moved = false;     // a StreamAt note is due
  // History of a primary I followed, or of my own time as one, is at hand for PSYNC ("cached
  // master").
  bool cached = false;

  Backlog backlog;
  std::vector<RequestRef> pending;  // appended to the stream in this pass, not yet in the backlog

  PrimaryLink link;
  std::map<ConnId, AttachedReplica> replicas;
  std::optional<SnapshotChild> child;
  std::int64_t no_replicas_since_s = 0;
  std::uint64_t cron_runs = 0;
  std::int64_t good_replicas =
      0;  // for min-replicas-to-write; recomputed once a second and on attach and detach
  std::uint64_t applied_writes = 0;   // from the stream, since boot
  std::set<std::string> passed_over;  // commands of the stream that this node cannot run
};

}  // namespace sim
