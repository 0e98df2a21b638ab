#include "sim/core/slots_config.h"

#include <map>

#include "sim/core/broken.h"
#include "sim/core/data.h"
#include "sim/core/epochs.h"
#include "sim/core/gossip.h"
#include "sim/core/links.h"
#include "sim/core/membership.h"
#include "sim/core/mutation.h"
#include "sim/core/nodes_file.h"
#include "sim/core/open_slots.h"
#include "sim/core/pubsub.h"
#include "sim/core/role.h"
#include "sim/core/shards.h"

namespace sim {
namespace {

// Does any primary have a replica? (A node of neither role counts as a primary here.)
bool replicas_are_a_custom(const PeerTable& peers) {
  for (std::uint32_t row = 0; row < peers.rows(); ++row) {
    const PeerId primary = peers.cold(PeerId{row}).primary;
    if (!peers.hot(PeerId{row}).used() || primary.is_none()) continue;
    if (!peers.hot(primary).is_replica()) return true;
  }
  return false;
}

// A node that gets its first slot wants replicas, if replicas are a custom here at all.
void set_slots(Server& server, PeerId peer, const SlotSet& slots) {
  PeerTable& peers = server.cluster.peers;
  const bool had_none = !peers.hot(peer).serving();
  peers.cold(peer).slots = server.names->share(slots);
  peers.hot(peer).set_serving(slots.any());
  if (had_none && slots.any() && replicas_are_a_custom(peers)) {
    peers.hot(peer).set(bus::flag::kMigrateTo);
  }
}

// What a claim does to the map, before anything is done about it.
struct ClaimOutcome {
  SlotSet taken;  // slots that go to the claimer
  SlotSet dirty;  // of these, mine with keys in them
  std::uint32_t claimed = 0, taken_from_us = 0;
  bool new_primary = false;  // my shard lost a slot to the claimer
};

ClaimOutcome weigh_claim(Server& server, PeerId claimer, std::uint64_t epoch,
                         const SlotSet& claims) {
  ClusterState& cluster = server.cluster;
  const PeerId us = primary_of_my_shard(cluster);
  const bool remember = !deviates(server, Deviation::kNoOwnerNotClaiming);
  // What it does not claim any more stays bound, for routing and coverage, but is anybody's to
  // take.
  const SlotSet& had = cluster.peers.cold(claimer).slots->slots();
  if (remember) cluster.not_claiming |= had & ~claims;
  cluster.not_claiming &= ~(had & claims);
  ClaimOutcome outcome;
  outcome.claimed = static_cast<std::uint32_t>(claims.count());
  const bool by_hand = !deviates(server, Deviation::kOpenSlotsRepointed) &&
                       server.mutation != Mutation::kClaimsTakeImported;
  each_slot(claims & ~had, [&](SlotId slot) {
    if (by_hand && !importing_from(cluster, slot).is_none()) return;
    const PeerId owner = slot_owner(cluster, slot);
    const std::uint64_t owner_epoch = owner.is_none() ? 0 : cluster.peers.cold(owner).config_epoch;
    const bool free = owner.is_none() || cluster.not_claiming.test(slot.value);
    if (!free && owner_epoch >= epoch && server.mutation != Mutation::kIgnoreSlotEpoch) return;
    if (owner == kMyself && server.mutation == Mutation::kNoDemotion) return;
    if (owner == kMyself && server.keyspace.count_in_slot(slot) != 0) {
      outcome.dirty.set(slot.value);
    }
    if (owner == us) {
      outcome.new_primary = true;
      ++outcome.taken_from_us;
    }
    outcome.taken.set(slot.value);
  });
  return outcome;
}

// A shard without slots, mine, has a new primary: no slot tells of it.
bool leads_my_empty_shard(const Server& server, PeerId claimer, std::uint64_t epoch) {
  const ClusterState& cluster = server.cluster;
  if (!deviates(server, Deviation::kEmptyShardFailsOver) || my_primary(cluster) == claimer) {
    return false;
  }
  const PeerId us = primary_of_my_shard(cluster);
  return !us.is_none() && !cluster.peers.hot(us).serving() &&
         !cluster.peers.hot(claimer).serving() && same_shard(server, claimer, kMyself) &&
         cluster.peers.cold(us).config_epoch < epoch;
}

// The shard I belong to may have moved: to the claimer, or to my primary's primary.
void move_with_slots(Server& server, Pass& pass, PeerId claimer, std::uint64_t epoch,
                     const ClaimOutcome& outcome) {
  ClusterState& cluster = server.cluster;
  const PeerId us = primary_of_my_shard(cluster);
  if (outcome.new_primary && us.is_none()) {
    // A replica that does not know its primary takes "bound to nobody" for "bound to my primary".
    return pass.exit(kSegfaultExit, "segmentation fault: curmaster is NULL in a slot update");
  }
  const bool emptied = outcome.new_primary && !cluster.peers.hot(us).serving();
  const bool allowed =
      server.config.cluster_allow_replica_migration || outcome.claimed == outcome.taken_from_us;
  const PeerId grand = us.is_none() || us == kMyself ? kNoPeer : cluster.peers.cold(us).primary;
  if (server.mutation == Mutation::kFollowsOldPrimary && us != kMyself) return;
  if ((emptied && allowed) ||
      (!outcome.new_primary && leads_my_empty_shard(server, claimer, epoch))) {
    follow(server, pass, claimer);
  } else if (!grand.is_none() && grand != kMyself) {
    follow(server, pass, grand);
  } else {
    const bool drops = server.mutation != Mutation::kLostSlotKeepsKeys;
    if (drops && outcome.dirty.any()) drop_slot_keys(server, pass, outcome.dirty);
    return;
  }
  cluster.todo |= todo::kUpdateState;
  save_later(cluster, true);
}

}  // namespace

void bind_slots(Server& server, Pass& pass, const SlotSet& slots, PeerId owner, std::uint64_t epoch,
                event::RebindCause cause) {
  ClusterState& cluster = server.cluster;
  std::map<PeerId, SlotSet> moved;  // by previous owner
  each_slot(slots, [&](SlotId slot) {
    const PeerId from = slot_owner(cluster, slot);
    if (from != owner) moved[from].set(slot.value);
  });
  if (moved.empty()) return;
  const SlotSet free = slots & cluster.not_claiming;
  remove_shard_channels(server, pass, slots, owner);
  cluster.owners.assign(slots, owner);
  if (deviates(server, Deviation::kClaimBitCleared)) cluster.not_claiming &= ~slots;
  const NodeName to = peer_name(server, owner);
  for (const auto& [from, gone] : moved) {
    pass.note(event::SlotsRebound{server.names->share(gone), peer_name(server, from), to, epoch,
                                  cause, from.is_none() ? 0 : cluster.peers.cold(from).config_epoch,
                                  server.names->share(gone & free)});
    if (!from.is_none() && server.mutation != Mutation::kOldOwnerCounts) {
      set_slots(server, from, cluster.peers.cold(from).slots->slots() & ~gone);
    }
  }
  if (!owner.is_none()) {
    set_slots(server, owner, cluster.peers.cold(owner).slots->slots() | slots);
  }
  cluster.view_cache = {};
}

void unbind_all(Server& server, Pass& pass, PeerId peer, event::RebindCause cause) {
  const SlotsRef slots = server.cluster.peers.cold(peer).slots;
  if (slots->count() != 0) bind_slots(server, pass, slots->slots(), kNoPeer, 0, cause);
}

void match_slots_with_data(Server& server, Pass& pass) {
  ClusterState& cluster = server.cluster;
  if (!am_primary(cluster) || server.keyspace.empty()) return;
  const SlotSet occupied = server.keyspace.occupied_slots();
  SlotSet unbound;
  bool changed = false;
  each_slot(occupied, [&](SlotId slot) {
    const PeerId owner = slot_owner(cluster, slot);
    if (owner == kMyself || !importing_from(cluster, slot).is_none()) return;
    changed = true;
    if (owner.is_none()) {
      unbound.set(slot.value);
    } else {
      open_importing(server, pass, slot, owner);
    }
  });
  if (!changed) return;
  bind_slots(server, pass, unbound, kMyself, cluster.peers.cold(kMyself).config_epoch,
             event::RebindCause::kData);
  save_nodes_file(server, pass, true);
}

bool unclaimed(const ClusterState& cluster, SlotId slot) {
  return cluster.not_claiming.test(slot.value) || cluster.owners.owner(slot).is_none();
}

void update_slots(Server& server, Pass& pass, PeerId claimer, std::uint64_t epoch,
                  const SlotsRef& claims) {
  if (claimer == kMyself) return;
  ClusterState& cluster = server.cluster;
  const ClaimOutcome outcome = weigh_claim(server, claimer, epoch, claims->slots());
  if (outcome.taken.any()) {
    bind_slots(server, pass, outcome.taken, claimer, epoch, event::RebindCause::kClaim);
    cluster.not_claiming &= ~outcome.taken;
    cluster.todo |= todo::kUpdateState;
    save_later(cluster, true);
  }
  if (deviates(server, Deviation::kOpenSlotsRepointed)) {
    repoint_open_slots(server, pass, claimer, epoch, claims->slots(), outcome.taken);
  }
  move_with_slots(server, pass, claimer, epoch, outcome);
}

void correct_stale_claims(Server& server, Pass& pass, PeerId sender, const bus::Header& header) {
  if (server.mutation == Mutation::kNeverUpdate) return;
  if (deviates(server, Deviation::kUpdateOnlyPrimaries) && !header.replica_of.is_none()) return;
  ClusterState& cluster = server.cluster;
  PeerId better = kNoPeer;
  const SlotSet& theirs = cluster.peers.cold(sender).slots->slots();
  each_slot(header.slots->slots() & ~theirs & ~cluster.not_claiming, [&](SlotId slot) {
    if (!better.is_none()) return;
    const PeerId owner = slot_owner(cluster, slot);
    if (owner.is_none() || cluster.peers.cold(owner).config_epoch <= header.config_epoch) return;
    better = owner;
  });
  if (better.is_none()) return;
  const PeerCold& owner = cluster.peers.cold(better);
  bus::Message message = build_message(server, bus::Type::kUpdate);
  message.body = bus::Update{owner.config_epoch, cluster.peers.name(better),
                             server.names->share(owner.slots->slots() & ~cluster.not_claiming)};
  send_to(server, pass, sender, message);
}

void read_update(Server& server, Pass& pass, PeerId sender, const bus::Update& update) {
  ClusterState& cluster = server.cluster;
  const PeerId subject = mentioned_peer(server, update.node);
  if (sender.is_none() || subject.is_none()) return;
  if (cluster.peers.cold(subject).config_epoch >= update.config_epoch) return;
  if (cluster.peers.hot(subject).is_replica()) set_peer_as_primary(server, pass, subject);
  if (subject == kMyself) {
    // Genuine nodes never send this; a real server has no guard against it either.
    set_epochs(server, pass, cluster.current_epoch, update.config_epoch, event::EpochCause::kSeen);
  }
  cluster.peers.cold(subject).config_epoch = update.config_epoch;
  save_later(cluster, true);
  update_slots(server, pass, subject, update.config_epoch, update.slots);
}

}  // namespace sim
