// A running cluster as somebody pasted it: its nodes, as one of them described them. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/types.h"
#include "sim/scenario/problems.h"

namespace sim {

// A slot on the move, as the node that was asked marks it.
struct PastedOpenSlot {
  SlotId slot;
  bool importing = false;  // else migrating
  std::string other;       // id of the node at the other end
};

struct PastedNode {
  Place place;     // where it is told of
  std::string id;  // 40 digits
  std::string ip;  // as announced; empty if nobody knows it
  std::uint16_t port = 0;
  std::string hostname;  // "" if it announces none; likewise the next three
  std::string nodename;  // cluster-announce-human-nodename of 7.2 and later
  std::string zone;      // availability-zone of Valkey
  std::string shard_id;
  enum class Role : std::uint8_t { kUnknown, kPrimary, kReplica } role = Role::kUnknown;
  std::string follows;                     // id of its primary; "" if it is none, or nobody knows
  bool failed = false;                     // held for FAIL
  bool suspected = false;                  // PFAIL in the view of the node that was asked
  bool handshake = false;                  // in the middle of a MEET: no member yet
  bool no_failover = false;                // cluster-replica-no-failover
  SlotSet slots;                           // of a primary
  std::vector<PastedOpenSlot> open_slots;  // of the node that was asked

  std::string address() const { return ip + ':' + std::to_string(port); }
  // What a person would call it: its hostname or else its address, or else its id.
  std::string label() const;
};

struct PastedCluster {
  std::vector<PastedNode> nodes;  // in order of the text
};

// Reads CLUSTER NODES, a nodes.conf, or CLUSTER SHARDS, as a terminal or a pipe showed them:
// prompts, the command itself, code fences and blank lines round it do no harm. What cannot be read
// is added to `problems`, all of it; then the result is not to be used. Never throws.
//
// The forms are those of redis 3.0 to 7.4 and of Valkey 7.2 to 9: protocol §3.2 and the sources of
// redis-cli (how it shows replies).
PastedCluster read_pasted_cluster(std::string_view text, Problems& problems);

}  // namespace sim
