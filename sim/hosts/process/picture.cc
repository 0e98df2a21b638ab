#include "sim/hosts/process/picture.h"

#include <algorithm>

#include "sim/base/hash.h"

namespace sim {
namespace {

using event::Suspicion;

PictureOfNode picture_of(const nodes_conf::Line& line) {
  PictureOfNode node;
  node.flags = line.flags & static_cast<std::uint16_t>(~(bus::flag::kPfail | bus::flag::kFail));
  node.role = (line.flags & bus::flag::kSlave) != 0 ? Role::kReplica : Role::kPrimary;
  node.primary = line.replica_of;
  node.slots = share_slots(line.slots);
  node.config_epoch = line.config_epoch;
  node.suspicion = (line.flags & bus::flag::kFail) != 0    ? Suspicion::kFail
                   : (line.flags & bus::flag::kPfail) != 0 ? Suspicion::kPfail
                                                           : Suspicion::kNone;
  node.linked = line.connected;
  return node;
}

bool votes(const PictureOfNode& node) {
  return node.role == Role::kPrimary && node.slots->count() > 0;
}

// The reason in the words of a ClusterNode, as far as the picture knows it.
std::string trouble_with_health(const Picture& picture) {
  SlotSet covered;
  std::uint32_t reachable = 0;
  for (const auto& [id, node] : picture.nodes) {
    if (node.suspicion != Suspicion::kFail) covered |= node.slots->slots();
    reachable += votes(node) && node.suspicion == Suspicion::kNone ? 1 : 0;
  }
  if (reachable < picture.quorum()) {
    return "minority: " + std::to_string(reachable) + " of " + std::to_string(picture.voters()) +
           " primaries reachable";
  }
  for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
    if (!covered.test(slot)) return "slot " + std::to_string(slot) + " is not covered";
  }
  return "it does not say why";
}

}  // namespace

bool Picture::is_primary() const {
  const auto found = nodes.find(id);
  return found == nodes.end() || found->second.role == Role::kPrimary;
}

NodeName Picture::my_primary() const {
  const auto found = nodes.find(id);
  return found == nodes.end() ? NodeName{} : found->second.primary;
}

std::uint32_t Picture::voters() const {
  return static_cast<std::uint32_t>(std::count_if(
      nodes.begin(), nodes.end(), [](const auto& node) { return votes(node.second); }));
}

void load(Picture& picture, const nodes_conf::File& file) {
  picture.nodes.clear();
  for (const nodes_conf::Line& line : file.lines) {
    if (line.flags == 0) continue;  // only mentioned by others
    picture.nodes[line.id] = picture_of(line);
    if ((line.flags & bus::flag::kMyself) == 0) continue;
    picture.id = line.id;
    picture.config_epoch = line.config_epoch;
  }
  picture.current_epoch = file.current_epoch;
  picture.last_vote_epoch = file.last_vote_epoch;
}

void start(Picture& picture, const Seen& seen) {
  if (picture.started) return;
  picture.started = true;
  seen.tell(event::NodeStarted{picture.id, picture.incarnation, picture.current_epoch,
                               picture.last_vote_epoch, picture.keys_loaded});
  tell_claim(picture, seen);
}

void tell_claim(Picture& picture, const Seen& seen) {
  if (!picture.started || picture.id.is_none()) return;
  const PictureOfNode& me = picture.me();
  const bool primary = me.role == Role::kPrimary;
  event::Claim claim{picture.id,           me.role,
                     me.primary,           primary ? me.slots : no_slots(),
                     picture.config_epoch, picture.current_epoch};
  const event::Claim& told = picture.told;
  if (picture.has_told && told.id == claim.id && told.role == claim.role &&
      told.replica_of == claim.replica_of && same_slots(told.slots, claim.slots) &&
      told.config_epoch == claim.config_epoch && told.current_epoch == claim.current_epoch) {
    return;
  }
  picture.told = claim;
  picture.has_told = true;
  seen.tell(std::move(claim));
}

void rename_myself(Picture& picture, const NodeName& id) {
  if (picture.id == id) return;
  PictureOfNode me;
  if (const auto old = picture.nodes.find(picture.id); old != picture.nodes.end()) {
    me = old->second;
    picture.nodes.erase(old);
  }
  me.flags |= bus::flag::kMyself;
  if ((me.flags & bus::flag::kSlave) == 0) me.flags |= bus::flag::kMaster;
  picture.id = id;
  picture.nodes[id] = std::move(me);
}

void set_epochs(Picture& picture, std::uint64_t current, std::uint64_t config,
                event::EpochCause cause, const Seen& seen) {
  if (current == picture.current_epoch && config == picture.config_epoch) return;
  if (picture.started) {
    seen.tell(
        event::EpochChanged{picture.current_epoch, current, picture.config_epoch, config, cause});
  }
  picture.current_epoch = current;
  picture.config_epoch = config;
}

void set_health(Picture& picture, bool ok, const Seen& seen) {
  if (picture.ok == ok) return;
  picture.ok = ok;
  seen.tell(event::HealthChanged{ok, ok ? "" : trouble_with_health(picture)});
}

void learn(Picture& picture, const NodeName& node, const Seen& seen) {
  if (node.is_none() || picture.knows(node)) return;
  picture.nodes[node] = {};
  picture.forgotten.erase(node);
  seen.tell(event::PeerLearned{node});
}

void forget(Picture& picture, const NodeName& node, std::string why, const Seen& seen) {
  const auto found = picture.nodes.find(node);
  if (node == picture.id || found == picture.nodes.end()) return;
  const SlotsRef slots = found->second.slots;
  rebind(picture, slots->slots(), NodeName{}, 0, seen);
  picture.nodes.erase(found);
  for (auto& [id, other] : picture.nodes) other.reporters.erase(node);
  picture.forgotten.insert(node);
  seen.tell(event::PeerForgotten{node, std::move(why)});
}

void set_suspicion(Picture& picture, const NodeName& node, Suspicion to, std::uint32_t reports,
                   const Seen& seen) {
  const auto found = picture.nodes.find(node);
  if (found == picture.nodes.end() || found->second.suspicion == to) return;
  PictureOfNode& peer = found->second;
  if (to == Suspicion::kNone) peer.lifted_ping_s = peer.suspect_ping_s;
  seen.tell(event::SuspicionChanged{node, peer.suspicion, to, reports,
                                    reports == 0 ? 0 : picture.quorum()});
  peer.suspicion = to;
}

std::uint32_t reports_about(const Picture& picture, const NodeName& node) {
  const auto found = picture.nodes.find(node);
  const std::size_t others = found == picture.nodes.end() ? 0 : found->second.reporters.size();
  return static_cast<std::uint32_t>(others) + (picture.is_primary() ? 1 : 0);
}

void rebind(Picture& picture, const SlotSet& slots, const NodeName& owner, std::uint64_t epoch,
            const Seen& seen) {
  const auto to = picture.nodes.find(owner);
  SlotSet unowned = to == picture.nodes.end() ? slots : slots & ~to->second.slots->slots();
  if (unowned.none()) return;
  for (auto& [id, node] : picture.nodes) {
    const SlotSet gone = node.slots->slots() & unowned;
    if (id == owner || gone.none()) continue;
    seen.tell(event::SlotsRebound{share_slots(gone), id, owner, epoch});
    node.slots = share_slots(node.slots->slots() & ~gone);
    unowned &= ~gone;
  }
  if (to == picture.nodes.end()) return;
  if (unowned.any()) seen.tell(event::SlotsRebound{share_slots(unowned), {}, owner, epoch});
  to->second.slots = share_slots(to->second.slots->slots() | slots);
}

void set_open_slots(Picture& picture, const std::vector<nodes_conf::OpenSlot>& open,
                    const Seen& seen) {
  auto before = std::exchange(picture.open_slots, {});
  for (const nodes_conf::OpenSlot& slot : open) picture.open_slots[slot.slot] = slot;
  for (const auto& [id, slot] : before) {
    const auto now = picture.open_slots.find(id);
    const bool closed = now == picture.open_slots.end() || now->second.importing != slot.importing;
    if (closed) seen.tell(event::SlotClosed{id, slot.importing});
  }
  for (const auto& [id, slot] : picture.open_slots) {
    const auto known = before.find(id);
    if (known != before.end() && known->second == slot) continue;
    seen.tell(event::SlotOpened{id, slot.importing, slot.other});
  }
}

void follow(Picture& picture, const NodeName& primary, const Seen& seen) {
  PictureOfNode& me = picture.me();
  if (me.role == Role::kReplica && me.primary == primary) return;
  const bool was_primary = me.role == Role::kPrimary;
  me.role = Role::kReplica;
  me.primary = primary;
  me.flags = static_cast<std::uint16_t>((me.flags & ~bus::flag::kMaster) | bus::flag::kSlave);
  picture.manual = picture.election.open = false;
  seen.tell(event::Following{primary, was_primary});
}

void promote(Picture& picture, bool takeover, const Seen& seen) {
  PictureOfNode& me = picture.me();
  if (me.role == Role::kPrimary) return;
  const NodeName old = std::exchange(me.primary, NodeName{});
  const PictureOfElection& election = picture.election;
  if (!takeover && picture.config_epoch < election.epoch) {
    set_epochs(picture, election.epoch, election.epoch, event::EpochCause::kElection, seen);
  }
  seen.tell(event::Promoted{old, picture.config_epoch, takeover ? 0 : election.votes,
                            takeover ? 0 : picture.quorum(), takeover, picture.manual});
  me.role = Role::kPrimary;
  me.flags = static_cast<std::uint16_t>((me.flags & ~bus::flag::kSlave) | bus::flag::kMaster);
  if (const auto before = picture.nodes.find(old); before != picture.nodes.end()) {
    const SlotsRef slots = before->second.slots;
    rebind(picture, slots->slots(), picture.id, picture.config_epoch, seen);
  }
  if (picture.manual) seen.tell(event::ManualFailover{"done"});
  picture.manual = picture.taking_over = picture.election.open = false;
}

void begin_election(Picture& picture, std::uint64_t epoch, const Seen& seen) {
  PictureOfElection& election = picture.election;
  if (election.epoch == epoch) return;
  set_epochs(picture, epoch, picture.config_epoch, event::EpochCause::kElection, seen);
  election.epoch = epoch;
  election.votes = 0;
  election.open = true;
  election.hindrance.clear();
  seen.tell(event::ElectionStarted{picture.my_primary(), epoch, election.rank, picture.quorum(),
                                   picture.manual});
}

void hinder(Picture& picture, const std::string& why, const Seen& seen) {
  PictureOfElection& election = picture.election;
  if (election.hindrance == why) return;
  election.hindrance = why;
  seen.tell(event::ElectionHindered{why});
}

void link_up(Picture& picture, event::SyncKind how, const Seen& seen) {
  PictureOfLink& link = picture.link;
  link.up = true;
  link.trouble.clear();
  seen.tell(event::ReplicationUp{picture.my_primary(), how, link.replid, link.offset, link.keys});
}

void link_down(Picture& picture, const Seen& seen) {
  PictureOfLink& link = picture.link;
  if (!std::exchange(link.up, false)) return;
  seen.tell(
      event::ReplicationDown{link.trouble.empty() ? "the connection was lost" : link.trouble});
  link.trouble.clear();
}

// ---- The answer to a probe ----

namespace {

// As sim/core/view.cc has it, so that the views of both kinds of nodes can be compared.
std::uint64_t belief_about(const NodeName& id, const PictureOfNode& node) {
  constexpr std::uint16_t kAgreed = bus::flag::kMaster | bus::flag::kSlave | bus::flag::kNoAddr;
  const std::uint16_t failed = node.suspicion == Suspicion::kFail ? bus::flag::kFail : 0;
  std::uint64_t hash = fold64(content_hash(id), (node.flags & kAgreed) | failed);
  hash = fold64(hash, content_hash(node.primary));
  return fold64(hash, node.slots->hash());
}

event::PeerView describe(const NodeName& id, const PictureOfNode& node) {
  event::PeerView view;
  view.id = id;
  view.role = node.role;
  view.replica_of = node.primary;
  view.suspicion = node.suspicion;
  view.slots = node.slots;
  view.config_epoch = node.config_epoch;
  view.no_address = (node.flags & bus::flag::kNoAddr) != 0;
  view.linked = node.linked;
  return view;
}

void add_counters(const Picture& picture, event::ViewSnapshot& view) {
  for (std::size_t type = 0; type < bus::kTypeCount; ++type) {
    const std::string name(bus::stats_name(static_cast<bus::Type>(type)));
    if (picture.sent[type] != 0) view.counters["bus_sent_" + name] = picture.sent[type];
    if (picture.received[type] != 0) view.counters["bus_received_" + name] = picture.received[type];
  }
}

}  // namespace

event::ViewSnapshot view_of(const Picture& picture, bool full) {
  event::ViewSnapshot view;
  view.id = picture.id;
  view.healthy = picture.ok;
  view.known_nodes = static_cast<std::uint32_t>(picture.nodes.size());
  view.offset = picture.offset;
  view.replication_up = picture.link.up;
  view.current_epoch = picture.current_epoch;
  view.config_epoch = picture.config_epoch;
  view.last_vote_epoch = picture.last_vote_epoch;
  for (const auto& [id, node] : picture.nodes) {
    view.fingerprint += belief_about(id, node);
    view.suspected += node.suspicion == Suspicion::kNone ? 0 : 1;
    if (id == picture.id) view.writable = picture.ok && !picture.writes_paused && votes(node);
    if (full) view.peers.push_back(describe(id, node));
  }
  add_counters(picture, view);
  return view;
}

}  // namespace sim
