#include "viz/picture.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace sim {
namespace {

// Planes by how much a cut of them hurts: when several are cut, the picture shows the first.
constexpr std::array<std::string_view, 4> kPlanes = {"all", "bus", "replication", "client"};

// Faults that leave a network there, but worse.
constexpr std::array<std::string_view, 6> kSlowing = {"delay", "loss",         "bandwidth",
                                                      "clog",  "swizzle-clog", "flap"};

bool is_node(const MachineInfo& info) {
  return is_server(info.kind);
}

// Marks shards all of which stand in one rack or zone, where there are others to stand in.
void mark_within(ClusterPicture& picture, const std::vector<MachineId>& shard,
                 std::string MachineInfo::*place, const char* word) {
  const std::string& name = picture.nodes.at(shard.front()).info.*place;
  const auto stands_there = [&](const PictureNode& node) { return node.info.*place == name; };
  const bool all_of_it = std::all_of(
      shard.begin(), shard.end(), [&](MachineId id) { return stands_there(picture.nodes.at(id)); });
  const bool everybody = std::all_of(picture.nodes.begin(), picture.nodes.end(),
                                     [&](const auto& one) { return stands_there(one.second); });
  if (name.empty() || !all_of_it || everybody) return;
  for (const MachineId id : shard) picture.nodes.at(id).shard_within = word;
}

void mark_shared_places(ClusterPicture& picture) {
  std::map<MachineId, std::vector<MachineId>> shards;  // by primary, which comes first
  for (auto& [id, node] : picture.nodes) {
    if (node.role != Role::kReplica || !node.follows) continue;
    PictureNode& primary = picture.nodes.at(*node.follows);
    if (shards[*node.follows].empty()) shards[*node.follows].push_back(*node.follows);
    shards[*node.follows].push_back(id);
    if (!node.info.host.empty() && primary.info.host == node.info.host)
      node.shares_host = primary.shares_host = true;
  }
  for (const auto& [primary, shard] : shards) {
    mark_within(picture, shard, &MachineInfo::zone, "zone");
    mark_within(picture, shard, &MachineInfo::rack, "rack");
  }
}

}  // namespace

PictureFold::PictureFold(const Scene& scene) : scene_(scene), who_(scene.cast) {}

void PictureFold::see(const Record& record) {
  if (zero_ && scene_.at && record.at > *zero_ + *scene_.at) return;
  if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    if (phase->phase == event::Phase::kFaults) zero_ = record.at;
  }
  last_ = record.at;
  who_.see(record);
  see_event(record);
}

void PictureFold::see_event(const Record& record) {
  if (const auto* suspicion = std::get_if<event::SuspicionChanged>(&record.event)) {
    held_[{record.machine, suspicion->peer}] = suspicion->to;
  } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
    // A new incarnation suspects nobody.
    held_.erase(held_.lower_bound({record.machine, NodeName{}}),
                held_.lower_bound({MachineId{record.machine.value + 1}, NodeName{}}));
    snapshots_.erase(record.machine);
  } else if (const auto* snapshot = std::get_if<event::ViewSnapshot>(&record.event)) {
    if (!snapshot->peers.empty()) snapshots_[record.machine] = *snapshot;
  } else if (const auto* network = std::get_if<event::Reachability>(&record.event)) {
    if (network->groups.empty() && network->cut.empty()) {
      network_.erase(network->plane);
    } else {
      network_[network->plane] = *network;
    }
  } else if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
    faults_[began->id] = *began;
  } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
    if (!ended->never) faults_.erase(ended->id);
  }
}

ClusterPicture PictureFold::picture() const {
  ClusterPicture picture;
  picture.scenario = scene_.scenario;
  picture.seed = scene_.seed;
  picture.at = scene_.at ? *scene_.at : last_ - zero_.value_or(SimTime{});
  picture.view = scene_.view;
  picture.single_points = scene_.single_points;
  for (const auto& [id, fault] : faults_)
    picture.faults.push_back(fault.text.empty() ? fault.kind : fault.text);
  add_nodes(picture);
  add_slots(picture);
  const auto viewer = who_.find(scene_.view);
  if (viewer) {
    apply_view(picture, *viewer);
  } else {
    add_majority_suspicions(picture);
  }
  mark_shared_places(picture);
  add_network(picture);
  add_beliefs(picture);
  return picture;
}

void PictureFold::add_nodes(ClusterPicture& picture) const {
  for (std::uint32_t i = 0; i < who_.size(); ++i) {
    const MachineId id{i};
    const MachineInfo& info = who_.cast()[i];
    if (!is_node(info)) {
      ++picture.clients;
      continue;
    }
    PictureNode& node = picture.nodes[id];
    node.info = info;
    node.up = who_.is_up(id);
    node.paused = who_.is_paused(id);
    node.healthy = who_.is_healthy(id);
    node.role = who_.role(id);
    node.alone = who_.is_spare(id) && !who_.is_member(id);
    const event::Claim* claim = who_.claim(id);
    if (claim == nullptr) continue;
    node.config_epoch = claim->config_epoch;
    node.slots = claim->slots->slots();
    if (claim->role == Role::kReplica) node.follows = who_.machine_of(claim->replica_of);
  }
}

// A claim that a live node outranks is stale: the owner to show is the one a client would be sent
// to in the end.
void PictureFold::add_slots(ClusterPicture& picture) const {
  std::map<MachineId, SlotSet> effective;
  for (const auto& [id, node] : picture.nodes) {
    SlotSet outranked;
    for (const auto& [other_id, other] : picture.nodes) {
      if (other_id != id && other.up && other.config_epoch > node.config_epoch)
        outranked |= other.slots;
    }
    effective[id] = node.slots & ~outranked;
  }
  for (auto& [id, node] : picture.nodes) {
    node.stale = static_cast<std::uint32_t>(node.slots.count() - effective[id].count());
    node.slots = effective[id];
  }
}

void PictureFold::add_majority_suspicions(ClusterPicture& picture) const {
  struct Count {
    std::uint32_t fail = 0, suspected = 0;
  };
  std::map<MachineId, Count> counts;
  for (const auto& [who_holds_whom, suspicion] : held_) {
    const auto peer = who_.machine_of(who_holds_whom.second);
    if (!peer || !who_.is_serving(who_holds_whom.first) || suspicion == event::Suspicion::kNone)
      continue;
    ++counts[*peer].suspected;
    if (suspicion == event::Suspicion::kFail) ++counts[*peer].fail;
  }
  std::uint32_t serving = 0;
  for (const auto& entry : picture.nodes)
    serving += who_.is_serving(entry.first) && who_.is_member(entry.first);
  for (auto& [id, node] : picture.nodes) {
    const Count count = counts[id];
    const std::uint32_t observers = serving - (who_.is_serving(id) ? 1 : 0);
    const auto most = [observers](std::uint32_t n) { return 2 * n > observers; };
    node.observers = observers;
    node.held_as = most(count.fail)        ? event::Suspicion::kFail
                   : most(count.suspected) ? event::Suspicion::kPfail
                                           : event::Suspicion::kNone;
    node.held_by = node.held_as == event::Suspicion::kFail ? count.fail : count.suspected;
  }
}

void PictureFold::apply_view(ClusterPicture& picture, MachineId viewer) const {
  for (const auto& [who_holds_whom, suspicion] : held_) {
    const auto peer = who_.machine_of(who_holds_whom.second);
    if (who_holds_whom.first != viewer || !peer) continue;
    const auto node = picture.nodes.find(*peer);
    if (node != picture.nodes.end()) node->second.held_as = suspicion;
  }
  const auto found = snapshots_.find(viewer);
  picture.view_probed = found != snapshots_.end();
  if (!picture.view_probed) return;
  for (auto& [id, node] : picture.nodes) node.known = id == viewer;
  for (const event::PeerView& peer : found->second.peers) {
    const auto id = who_.machine_of(peer.id);
    const auto node = id ? picture.nodes.find(*id) : picture.nodes.end();
    if (node == picture.nodes.end()) continue;
    node->second.known = !peer.handshake;
    node->second.role = peer.role;
    node->second.slots = peer.slots->slots();
    node->second.stale = 0;
    node->second.config_epoch = peer.config_epoch;
    node->second.held_as = peer.suspicion;
    node->second.follows =
        peer.role == Role::kReplica ? who_.machine_of(peer.replica_of) : std::optional<MachineId>();
  }
}

void PictureFold::add_beliefs(ClusterPicture& picture) const {
  for (const auto& [who_holds_whom, suspicion] : held_) {
    const auto peer = who_.machine_of(who_holds_whom.second);
    if (!peer || suspicion == event::Suspicion::kNone || !who_.is_serving(who_holds_whom.first) ||
        !picture.nodes.contains(who_holds_whom.first) || !picture.nodes.contains(*peer))
      continue;
    picture.beliefs.push_back({who_holds_whom.first, *peer, suspicion});
  }
  std::sort(picture.beliefs.begin(), picture.beliefs.end(),
            [](const ClusterPicture::Belief& a, const ClusterPicture::Belief& b) {
              return std::pair(a.observer, a.peer) < std::pair(b.observer, b.peer);
            });
}

void PictureFold::add_network(ClusterPicture& picture) const {
  for (const auto& [id, fault] : faults_) {
    if (std::find(kSlowing.begin(), kSlowing.end(), fault.kind) == kSlowing.end()) continue;
    for (const MachineId target : fault.targets) {
      const auto node = picture.nodes.find(target);
      if (node != picture.nodes.end()) node->second.slowed = fault.kind;
    }
  }
  const std::vector<MachineId> voters = who_.voting_primaries();
  picture.votes = static_cast<std::uint32_t>(voters.size());
  for (const std::string_view plane : kPlanes) {
    const auto found = network_.find(std::string(plane));
    if (found == network_.end()) continue;
    picture.cut_plane = plane;
    for (const auto& group : found->second.groups) {
      std::vector<MachineId> side;
      for (const std::string& name : group) {
        const auto id = who_.find(name);
        if (id && picture.nodes.contains(*id)) side.push_back(*id);
      }
      if (side.empty()) continue;  // clients only
      std::uint32_t votes = 0;
      for (const MachineId id : side) {
        picture.nodes.at(id).side = static_cast<std::uint32_t>(picture.sides.size());
        votes += std::count(voters.begin(), voters.end(), id) > 0 && who_.is_up(id) ? 1 : 0;
      }
      picture.sides.push_back(std::move(side));
      picture.side_votes.push_back(votes);
    }
    for (const auto& [from_name, to_name] : found->second.cut) {
      const auto from = who_.find(from_name), to = who_.find(to_name);
      if (from && to && picture.nodes.contains(*from) && picture.nodes.contains(*to)) {
        picture.one_way_cuts.emplace_back(*from, *to);
      }
    }
    return;
  }
}

bool is_summarised(const ClusterPicture& picture) {
  constexpr std::size_t kOneByOne = 72;  // nodes that still fit a page
  return picture.nodes.size() > kOneByOne;
}

std::string what_stands_out(const ClusterPicture& picture, const PictureNode& node) {
  std::string text;
  const auto add_if = [&](bool is_so, const std::string& what) {
    if (is_so) text += (text.empty() ? "" : ", ") + what;
  };
  const auto lives = [&](MachineId id) {
    const PictureNode& other = picture.nodes.at(id);
    return other.up && other.held_as == event::Suspicion::kNone;
  };
  const bool primary = node.role == Role::kPrimary;
  add_if(!node.known, "not known here");
  add_if(!node.up, "DOWN");
  add_if(node.up && node.paused, "PAUSED");
  add_if(node.held_as == event::Suspicion::kPfail, "? PFAIL");
  add_if(node.held_as == event::Suspicion::kFail, "X FAIL");
  add_if(!node.slowed.empty(), "~ " + node.slowed);
  if (node.info.kind != MachineKind::kClusterNode) {
    add_if(true, "standalone");
  } else if (node.alone) {
    add_if(true, "spare");
  } else if (primary != node.info.planned_primary) {
    add_if(true, primary ? "promoted" : "demoted");
  }
  add_if(node.stale > 0, "outdated claim");
  add_if(primary && !node.alone && node.slots.none() && node.stale == 0, "no slots");
  add_if(!primary && (!node.follows || !lives(*node.follows)), "follows nobody alive");
  return text;
}

}  // namespace sim
