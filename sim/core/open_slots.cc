#include "sim/core/open_slots.h"

#include <algorithm>

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

}  // namespace sim
