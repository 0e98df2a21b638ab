// What one node knows about each member of its cluster, laid out for a thousand nodes with a
// thousand peers each.
//
// A row is split in two: `PeerHot` (16 bytes) is all that cron, gossip building and gossip reading
// touch; `PeerCold` (56 bytes) is what a packet from that very peer touches besides. Things few
// peers have (failure reports, hostnames, times of failure and of votes) live in side tables of
// ClusterState. Rows are stable: a removed peer leaves a free row, which the next newcomer takes.
// Row 0 is the node itself.
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
  // Last PONG, or what gossip says about one. (44 bits: 278 years either side of 1970.)
  std::int64_t pong_received_ms() const { return static_cast<std::int64_t>(word_) >> kPongAt; }
  void set_pong_received(std::int64_t ms) {
    word_ = (word_ & kBelowPong) | static_cast<std::uint64_t>(ms) << kPongAt;
  }

  std::uint16_t flags() const { return word_ & 0xffff; }  // bus::flag bits
  bool has(std::uint16_t flag) const { return (word_ & flag) != 0; }
  void set(std::uint16_t flag) { set_flags(static_cast<std::uint16_t>(flags() | flag)); }
  void clear(std::uint16_t flag) { set_flags(static_cast<std::uint16_t>(flags() & ~flag)); }
  void set_flags(std::uint16_t flags) {
    if (flags == this->flags()) return;
    word_ = (word_ & ~std::uint64_t{0xffff}) | flags;
    profile_ = {};
  }
  bool is_primary() const { return has(bus::flag::kMaster); }
  bool is_replica() const { return has(bus::flag::kSlave); }

  bool linked() const { return (word_ & kLinked) != 0; }      // though it may still be connecting
  bool pinged() const { return (word_ & kPinged) != 0; }      // a PING is outstanding
  std::uint32_t ping_sent_s() const { return ping_sent_s_; }  // 0: none is outstanding
  bool serving() const { return (word_ & kServing) != 0; }    // slots are bound to it
  void set_linked(bool linked) { put(kLinked, linked); }
  void set_serving(bool serving) { put(kServing, serving); }

  bool used() const { return (word_ & kUsed) != 0; }

 private:
  friend class PeerTable;
  static constexpr std::uint64_t kLinked = 1 << 16, kPinged = 1 << 17, kServing = 1 << 18,
                                 kUsed = 1 << 19;
  static constexpr int kPongAt = 20;
  static constexpr std::uint64_t kBelowPong = (1 << kPongAt) - 1;
  void put(std::uint64_t bit, bool on) { word_ = on ? word_ | bit : word_ & ~bit; }

  std::uint64_t word_ = 0;         // flags, the four bits above, and the time of the PONG
  std::uint32_t ping_sent_s_ = 0;  // low bits, as the bus carries it
  ProfileRef profile_;             // name, address and flags in one; none: to be made again
};
static_assert(sizeof(PeerHot) == 16);

struct PeerCold {
  std::int64_t data_received_ms = 0;  // last valid packet of any type, on either link
  std::uint64_t config_epoch = 0;
  std::uint64_t offset = 0;        // replication offset of its last header
  SlotsRef slots = no_slots();     // slots bound to it; agrees with ClusterState::owners
  std::uint32_t dialled_link = 0;  // serials of the two links, 0: none
  std::uint32_t accepted_link = 0;
  PeerId primary;  // whom it replicates; none for a primary, or if that node is unknown

 private:
  friend class PeerTable;
  NameRef name_;  // none: a free row
  AddressRef address_;
  // When the last PING left: what is beyond the 32 bits of seconds in PeerHot, and below a second.
  std::int16_t ping_sent_high_ = 0, ping_sent_rest_ms_ = 0;
};
static_assert(sizeof(PeerCold) <= 56);

class PeerTable {
 public:
  PeerHot& hot(PeerId peer) { return hot_[peer.value]; }
  const PeerHot& hot(PeerId peer) const { return hot_[peer.value]; }
  PeerCold& cold(PeerId peer) { return cold_[peer.value]; }
  const PeerCold& cold(PeerId peer) const { return cold_[peer.value]; }

  NameRef name(PeerId peer) const { return cold(peer).name_; }
  AddressRef address(PeerId peer) const { return cold(peer).address_; }
  void set_address(PeerId peer, AddressRef address);
  // When the outstanding PING left; 0: none is outstanding.
  std::int64_t ping_sent_ms(PeerId peer) const;
  void set_ping_sent(PeerId peer, std::int64_t ms);
  // Name, address and flags of the peer, as gossip tells them.
  ProfileRef profile(PeerId peer, Names& names) {
    const ProfileRef known = hot(peer).profile_;
    return known.is_none() ? make_profile(peer, names) : known;
  }

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
  // So many peers will be added soon: their rows take no more memory than they need.
  void reserve(std::size_t peers);
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
  void put_name(NameRef name, PeerId peer);
  ProfileRef make_profile(PeerId peer, Names& names);

  std::vector<PeerHot> hot_;
  std::vector<PeerCold> cold_;
  std::vector<PeerId> by_name_;      // indexed by NameRef::index
  std::vector<std::uint32_t> free_;  // free rows
  std::vector<std::uint64_t> marks_;
  std::uint32_t known_ = 0;
};

// Whom each slot is bound to, as runs of equal owners: 4 bytes for each run instead of 64 kB for
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
            SlotId{static_cast<std::uint16_t>(end - 1)}, runs_[i].owner());
    }
  }

 private:
  class Run {
   public:
    // Precondition: the owner is among the first 65,535 rows.
    Run(std::uint32_t first_slot, PeerId owner);
    PeerId owner() const { return row_ == kNobody ? kNoPeer : PeerId{row_}; }
    std::uint16_t first;

   private:
    static constexpr std::uint16_t kNobody = 0xffff;
    std::uint16_t row_;
  };
  std::size_t run_of(std::uint32_t slot) const;
  std::vector<Run> runs_{{0, kNoPeer}};  // ascending; neighbours differ; the first begins at 0
};

}  // namespace sim
