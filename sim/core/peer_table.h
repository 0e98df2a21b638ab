// What one node knows about each member of its cluster, laid out for a thousand nodes with a
// thousand peers each.
//
// A row is split in two: `PeerHot` (32 bytes) is all that cron, gossip building and gossip reading
// touch; `PeerCold` is what a packet from that very peer touches besides. Things few peers have
// (failure reports, hostnames, times of failure and of votes) live in side tables of ClusterState.
// Rows are stable: a removed peer leaves a free row, which the next newcomer takes. Row 0 is the
// node itself.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/wire/bus.h"
#include "sim/wire/names.h"

namespace sim {

// A row of this node's own table. Means nothing to any other node.
struct PeerId {
  std::uint32_t value = 0xffffffff;
  auto operator<=>(const PeerId&) const = default;
  constexpr bool is_none() const { return value == 0xffffffff; }
};
inline constexpr PeerId kNoPeer{};
inline constexpr PeerId kMyself{0};

struct PeerHot {
  std::int64_t ping_sent_ms = 0;      // when the outstanding PING left; 0: none is outstanding
  std::int64_t pong_received_ms = 0;  // last PONG, or what gossip says about one
  NameRef name;                       // none: a free row
  AddressRef address;
  PeerId primary;           // whom it replicates; none for a primary, or if that node is unknown
  std::uint16_t flags = 0;  // bus::flag bits
  std::uint16_t slot_count : 15 = 0;
  std::uint16_t linked : 1 = 0;  // I have a link to it, though it may still be connecting

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  void set(std::uint16_t flag) { flags = static_cast<std::uint16_t>(flags | flag); }
  void clear(std::uint16_t flag) { flags = static_cast<std::uint16_t>(flags & ~flag); }
  bool used() const { return !name.is_none(); }
  bool is_primary() const { return has(bus::flag::kMaster); }
  bool is_replica() const { return has(bus::flag::kSlave); }
};
static_assert(sizeof(PeerHot) == 32);

struct PeerCold {
  std::int64_t data_received_ms = 0;  // last valid packet of any type, on either link
  std::uint64_t config_epoch = 0;
  std::uint64_t offset = 0;        // replication offset of its last header
  SlotsRef slots = no_slots();     // slots bound to it; agrees with ClusterState::owners
  std::uint32_t dialled_link = 0;  // serials of the two links, 0: none
  std::uint32_t accepted_link = 0;
};
static_assert(sizeof(PeerCold) <= 40);

class PeerTable {
 public:
  PeerHot& hot(PeerId peer) { return hot_[peer.value]; }
  const PeerHot& hot(PeerId peer) const { return hot_[peer.value]; }
  PeerCold& cold(PeerId peer) { return cold_[peer.value]; }
  const PeerCold& cold(PeerId peer) const { return cold_[peer.value]; }

  // The row of the peer of that name, kNoPeer if there is none.
  PeerId find(NameRef name) const {
    return name.index < by_name_.size() && name.index != 0 ? by_name_[name.index] : kNoPeer;
  }
  // Hints that these will be read soon. In a cluster of a thousand nearly every row a packet
  // touches is a cache miss, and this lets them be fetched side by side.
  void expect(PeerId peer) const { __builtin_prefetch(&hot_[peer.value]); }
  void expect(NameRef name) const {
    if (name.index < by_name_.size()) __builtin_prefetch(&by_name_[name.index]);
  }
  // Precondition: no peer has that name.
  PeerId add(NameRef name);
  // Precondition: nothing refers to the row any more.
  void remove(PeerId peer);
  // Precondition: no peer has the new name.
  void rename(PeerId peer, NameRef name);

  // Rows in use, myself included; and an upper bound of row numbers, for iterating.
  std::uint32_t known() const { return known_; }
  std::uint32_t rows() const { return static_cast<std::uint32_t>(hot_.size()); }
  // A mark on a row, for whoever picks some; he unmarks them all again.
  bool marked(PeerId peer) const { return (marks_[peer.value / 64] >> (peer.value % 64) & 1) != 0; }
  void mark(PeerId peer) { marks_[peer.value / 64] |= std::uint64_t{1} << (peer.value % 64); }
  void unmark_all() { std::fill(marks_.begin(), marks_.end(), 0); }
  // Calls `visit(PeerId)` for every row in use, in row order.
  template <class Visit>
  void each(Visit visit) const {
    for (std::uint32_t row = 0; row < hot_.size(); ++row) {
      if (hot_[row].used()) visit(PeerId{row});
    }
  }

 private:
  std::vector<PeerHot> hot_;
  std::vector<PeerCold> cold_;
  std::vector<PeerId> by_name_;      // indexed by NameRef::index
  std::vector<std::uint32_t> free_;  // free rows
  std::vector<std::uint64_t> marks_;
  std::uint32_t known_ = 0;
};

// Whom each slot is bound to, as runs of equal owners: 8 bytes for each run instead of 64 kB for
// each node.
class SlotOwners {
 public:
  PeerId owner(SlotId slot) const;
  void assign(SlotId slot, PeerId owner);
  // Every slot of `slots` goes to `owner` (kNoPeer: unassigned).
  void assign(const SlotSet& slots, PeerId owner);
  // Calls `visit(SlotId first, SlotId last, PeerId owner)` for each run, ascending; unassigned runs
  // too.
  template <class Visit>
  void each_run(Visit visit) const {
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const std::uint32_t end = i + 1 < runs_.size() ? runs_[i + 1].first : kSlotCount;
      visit(SlotId{static_cast<std::uint16_t>(runs_[i].first)},
            SlotId{static_cast<std::uint16_t>(end - 1)}, runs_[i].owner);
    }
  }

 private:
  struct Run {
    std::uint32_t first;
    PeerId owner;
  };
  std::size_t run_of(std::uint32_t slot) const;
  std::vector<Run> runs_{{0, kNoPeer}};  // ascending; neighbours differ; the first begins at 0
};

}  // namespace sim
