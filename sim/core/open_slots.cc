#include "sim/core/open_slots.h"

#include <algorithm>
#include <charconv>

#include "sim/core/epochs.h"
#include "sim/core/membership.h"
#include "sim/core/shards.h"
#include "sim/core/slots_config.h"

namespace sim {
namespace {

using OpenSlots = std::map<SlotId, PeerId>;

PeerId other_end(const OpenSlots& open, SlotId slot) {
  if (open.empty()) return kNoPeer;
  const auto found = open.find(slot);
  return found == open.end() ? kNoPeer : found->second;
}

void open(Server& server, Pass& pass, OpenSlots& slots, SlotId slot, PeerId other, bool importing) {
  const auto [at, is_new] = slots.emplace(slot, other);
  if (!is_new && at->second == other) return;
  at->second = other;
  pass.note(event::SlotOpened{slot, importing, peer_name(server, other)});
}

void close(Pass& pass, OpenSlots& slots, SlotId slot, bool importing) {
  if (slots.erase(slot) != 0) pass.note(event::SlotClosed{slot, importing});
}

// Closes those whose other end `fits`.
template <class Fits>
void close_where(Pass& pass, OpenSlots& slots, bool importing, Fits fits) {
  std::vector<SlotId> closed;
  for (const auto& [slot, other] : slots) {
    if (fits(other)) closed.push_back(slot);
  }
  for (const SlotId slot : closed) close(pass, slots, slot, importing);
}

// The slot is the claimer's now.
void follow_taken(Server& server, Pass& pass, PeerId claimer, SlotId slot) {
  const ClusterState& cluster = server.cluster;
  if (!same_shard(server, claimer, kMyself)) close_migrating(server, pass, slot);
  const PeerId from = importing_from(cluster, slot);
  if (from.is_none() || from == claimer) return;
  if (same_shard(server, claimer, from)) {
    open_importing(server, pass, slot, claimer);
  } else {
    close_importing(server, pass, slot);
  }
}

// My source let go of the slot, and nobody has told me that it is mine: I take it.
void take_relinquished(Server& server, Pass& pass, SlotId slot) {
  close_importing(server, pass, slot);
  if (slot_owner(server.cluster, slot) == kMyself) return;
  SlotSet one;
  one.set(slot.value);
  bind_slots(server, pass, one, kMyself, my_config_epoch(server.cluster),
             event::RebindCause::kRelinquished);
  bump_epoch_without_consensus(server, pass, event::EpochCause::kCommand);
}

}  // namespace

PeerId migrating_to(const ClusterState& cluster, SlotId slot) {
  return other_end(cluster.migrating_to, slot);
}

PeerId importing_from(const ClusterState& cluster, SlotId slot) {
  return other_end(cluster.importing_from, slot);
}

void open_migrating(Server& server, Pass& pass, SlotId slot, PeerId to) {
  open(server, pass, server.cluster.migrating_to, slot, to, false);
}

void open_importing(Server& server, Pass& pass, SlotId slot, PeerId from) {
  open(server, pass, server.cluster.importing_from, slot, from, true);
}

void close_migrating(Server& server, Pass& pass, SlotId slot) {
  close(pass, server.cluster.migrating_to, slot, false);
}

void close_importing(Server& server, Pass& pass, SlotId slot) {
  close(pass, server.cluster.importing_from, slot, true);
}

void close_all_slots(Server& server, Pass& pass) {
  const auto all = [](PeerId) { return true; };
  close_where(pass, server.cluster.migrating_to, false, all);
  close_where(pass, server.cluster.importing_from, true, all);
}

void close_slots_with(Server& server, Pass& pass, PeerId peer) {
  const auto is_peer = [peer](PeerId other) { return other == peer; };
  close_where(pass, server.cluster.migrating_to, false, is_peer);
  close_where(pass, server.cluster.importing_from, true, is_peer);
}

std::vector<nodes_conf::OpenSlot> list_open_slots(const Server& server) {
  const ClusterState& cluster = server.cluster;
  std::vector<nodes_conf::OpenSlot> listed;
  for (const auto& [slot, to] : cluster.migrating_to) {
    listed.push_back({slot, false, peer_name(server, to)});
  }
  for (const auto& [slot, from] : cluster.importing_from) {
    if (cluster.migrating_to.count(slot) != 0) continue;
    listed.push_back({slot, true, peer_name(server, from)});
  }
  std::sort(listed.begin(), listed.end(),
            [](const auto& a, const auto& b) { return a.slot < b.slot; });
  return listed;
}

std::string encode_open_slots(const Server& server) {
  std::string text;
  const auto add = [&](const OpenSlots& open, char direction) {
    for (const auto& [slot, other] : open) {
      text.append(std::to_string(slot.value)).append(1, direction);
      text.append(peer_name(server, other).view()).append(1, ',');
    }
  };
  add(server.cluster.importing_from, '<');
  add(server.cluster.migrating_to, '>');
  return text;
}

void open_slots_as_told(Server& server, Pass& pass, std::string_view text) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    std::uint16_t slot = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), slot);
    const std::string_view rest = one.substr(static_cast<std::size_t>(end - one.data()));
    if (error != std::errc{} || slot >= kSlotCount || rest.size() != 41) continue;
    const PeerId other = find_peer(server, rest.substr(1));
    if (other.is_none()) continue;
    if (rest[0] == '<') open_importing(server, pass, SlotId{slot}, other);
    if (rest[0] == '>') open_migrating(server, pass, SlotId{slot}, other);
  }
}

void repoint_open_slots(Server& server, Pass& pass, PeerId claimer, std::uint64_t epoch,
                        const SlotSet& claims, const SlotSet& taken) {
  const ClusterState& cluster = server.cluster;
  each_slot(taken, [&](SlotId slot) { follow_taken(server, pass, claimer, slot); });
  for (const auto& [slot, to] : OpenSlots(cluster.migrating_to)) {
    if (claims.test(slot.value) || to == claimer || !same_shard(server, to, claimer)) continue;
    const bool deposed =
        cluster.peers.cold(to).config_epoch < epoch || cluster.peers.hot(to).is_replica();
    if (deposed) open_migrating(server, pass, slot, claimer);
  }
  if (!am_primary(cluster)) return;
  for (const auto& [slot, from] : OpenSlots(cluster.importing_from)) {
    if (!claims.test(slot.value) && from == claimer) take_relinquished(server, pass, slot);
  }
}

}  // namespace sim
