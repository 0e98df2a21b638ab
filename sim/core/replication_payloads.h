// What travels on a replication link besides plain commands and replies: the stream of writes, and
// the snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/costs.h"
#include "sim/base/types.h"
#include "sim/core/keyspace.h"
#include "sim/node/payload.h"
#include "sim/wire/resp.h"

namespace sim {

using RequestRef = boost::intrusive_ptr<const resp::RequestPayload>;

// A stretch of the replication stream: whole commands. Its bytes are what offsets count.
class StreamPayload final : public Payload {
 public:
  explicit StreamPayload(std::vector<RequestRef> commands);
  PayloadKind kind() const override { return PayloadKind::kReplication; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override;
  std::string_view label() const override { return "repl:STREAM"; }
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override;
  const std::vector<RequestRef>& commands() const { return commands_; }

 private:
  std::vector<RequestRef> commands_;
  std::size_t size_ = 0;
};
using StreamRef = boost::intrusive_ptr<const StreamPayload>;

// A point-in-time copy of a primary's data, with its place in the stream.
struct Snapshot {
  NodeName replid;  // none: the data have no history that a replica could go on from
  std::int64_t offset = 0;
  std::optional<std::uint64_t> chain;  // ReplicationState::chain; none: who sent it keeps none
  Keyspace keyspace;
  std::int64_t taken_at_s = 0;  // unix time, for people
  std::string left_out = {};    // what the file also held and we cannot: "2 hash, 1 stream"
  Weight weight = {};           // what it holds beyond the keyspace
  std::string open_slots = {};  // of its primary, if it tells its replicas; see open_slots.h
};

// The commands that make an entry: SET or RPUSH, and PEXPIREAT.
std::vector<resp::Command> commands_of(const Entry& entry);
// The content of dump.rdb, in an interim encoding: a header line "SLOTSIM-SNAPSHOT 1 <replid>
// <offset> <chain> <keys>\r\n" (behind it, for data with a weight, its keys, bytes and RDB bytes),
// the keys as RESP commands (SET, RPUSH, PEXPIREAT), and a trailing line "END <data hash>\r\n".
std::string encode_snapshot(const Snapshot& snapshot);
bool decode_snapshot(std::string_view bytes, Snapshot& snapshot);

// What a full synchronisation sends. `size()` is what the RDB file would weigh, roughly, and not
// the length of `bytes()`, which would have to be made for it: a big keyspace takes its time on a
// link as it would in reality.
class SnapshotPayload final : public Payload {
 public:
  // Diskless synchronisation ends the file by a mark, a disk-based one announces its length.
  enum class Framing : std::uint8_t { kMark, kLength };

  explicit SnapshotPayload(Snapshot snapshot, Framing framing = Framing::kMark);
  PayloadKind kind() const override { return PayloadKind::kReplication; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override;  // framed; see snapshot_rdb.h
  std::string_view label() const override { return "repl:RDB"; }
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override;
  const Snapshot& snapshot() const { return snapshot_; }

 private:
  Snapshot snapshot_;
  Framing framing_;
  std::size_t size_;
};
using SnapshotRef = boost::intrusive_ptr<const SnapshotPayload>;

// A part of a snapshot's weight, which goes ahead of it. On the wire it would be empty lines, by
// which a primary says that the snapshot is still to come (protocol §10.1): so many bytes, and
// nothing in them.
class SnapshotPart final : public Payload {
 public:
  explicit SnapshotPart(std::uint64_t size) : size_(size) {}
  PayloadKind kind() const override { return PayloadKind::kReplication; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override { return std::string(size_, '\n'); }
  std::string_view label() const override { return "repl:RDB"; }
  std::uint64_t hash() const override;
  // Their number is all there is to encode.
  PayloadRef through_wire() const override { return PayloadRef(new SnapshotPart(size_)); }

 private:
  std::uint64_t size_;
};

}  // namespace sim
