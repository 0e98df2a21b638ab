// What travels on a replication link besides plain commands and replies: the stream of writes, and
// the snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  std::uint64_t chain = 0;  // see ReplicationState::chain
  Keyspace keyspace;
};

// The payload of a full synchronisation, and the content of dump.rdb. Interim encoding: a header
// line "SLOTSIM-SNAPSHOT 1 <replid> <offset> <chain> <keys>\r\n", the keys as RESP commands (SET,
// RPUSH, PEXPIREAT), and a trailing line "END <data hash>\r\n".
// Its size on the wire is an estimate of what the RDB file would weigh, so that a big keyspace
// takes its time. The commands that make an entry: SET or RPUSH, and PEXPIREAT.
std::vector<resp::Command> commands_of(const Entry& entry);
std::string encode_snapshot(const Snapshot& snapshot);
bool decode_snapshot(std::string_view bytes, Snapshot& snapshot);

// `size()` is what the RDB file would weigh, roughly, and not the length of the interim `bytes()`:
// a big keyspace takes its time on a link as it would in reality.
class SnapshotPayload final : public Payload {
 public:
  explicit SnapshotPayload(Snapshot snapshot);
  PayloadKind kind() const override { return PayloadKind::kReplication; }
  std::size_t size() const override { return size_; }
  std::string bytes() const override { return encode_snapshot(snapshot_); }
  std::string_view label() const override { return "repl:RDB"; }
  std::uint64_t hash() const override;
  PayloadRef through_wire() const override;
  const Snapshot& snapshot() const { return snapshot_; }

 private:
  Snapshot snapshot_;
  std::size_t size_;
};

}  // namespace sim
