#include "sim/invariants/final_views.h"

#include <algorithm>

#include "sim/base/hash.h"
#include "sim/invariants/verdict.h"

namespace sim {
namespace {

bool same_owners(const FinalViews::Owners& a, const FinalViews::Owners& b) {
  return a.hash == b.hash &&
         std::equal(a.by_id.begin(), a.by_id.end(), b.by_id.begin(), b.by_id.end(),
                    [](const FinalViews::Owner& one, const FinalViews::Owner& other) {
                      return one.id == other.id && same_slots(one.slots, other.slots);
                    });
}

// Field by field: a copy of the whole would be one of a thousand peers.
event::ViewSnapshot of_itself(const event::ViewSnapshot& view) {
  event::ViewSnapshot kept;
  kept.id = view.id;
  kept.healthy = view.healthy;
  kept.writable = view.writable;
  kept.fingerprint = view.fingerprint;
  kept.known_nodes = view.known_nodes;
  kept.suspected = view.suspected;
  kept.keys = view.keys;
  kept.data_hash = view.data_hash;
  kept.offset = view.offset;
  kept.replication_up = view.replication_up;
  kept.current_epoch = view.current_epoch;
  kept.config_epoch = view.config_epoch;
  kept.last_vote_epoch = view.last_vote_epoch;
  kept.occupied = view.occupied;
  const auto itself = std::find_if(view.peers.begin(), view.peers.end(),
                                   [&](const event::PeerView& peer) { return peer.id == view.id; });
  if (itself != view.peers.end()) kept.peers.push_back(*itself);
  return kept;
}

}  // namespace

void FinalViews::see(const Record& record, const Directory& directory) {
  if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    if (view->peers.empty()) return;
    views_[record.machine] = {record.at, record.sequence, of_itself(*view), owners_in(*view)};
  } else if (const auto* reach = std::get_if<event::Reachability>(&record.event)) {
    cut_ = reach->groups.size() > 1 || !reach->cut.empty();
    last_disturbance_ = record.at;
  } else if (std::holds_alternative<event::MachineStarted>(record.event) ||
             std::holds_alternative<event::MachineResumed>(record.event)) {
    if (directory.is_cluster_node(record.machine)) last_disturbance_ = record.at;
  } else if (std::holds_alternative<event::MachineCrashed>(record.event) ||
             std::holds_alternative<event::ProgramExited>(record.event) ||
             std::holds_alternative<event::MachinePaused>(record.event)) {
    views_.erase(record.machine);
    if (directory.is_cluster_node(record.machine)) last_disturbance_ = record.at;
  }
}

// Nodes list their peers in different orders, hence sorted.
std::shared_ptr<const FinalViews::Owners> FinalViews::owners_in(
    const event::ViewSnapshot& view) const {
  Owners owners;
  for (const event::PeerView& peer : view.peers) {
    if (peer.slots->count() > 0) owners.by_id.push_back({peer.id, peer.slots});
  }
  std::sort(owners.by_id.begin(), owners.by_id.end(),
            [](const Owner& a, const Owner& b) { return a.id < b.id; });
  for (const Owner& owner : owners.by_id) {
    owners.hash = fold64(fold64(owners.hash, hash_text(owner.id.view())), owner.slots->hash());
  }
  for (const auto& [machine, other] : views_) {
    if (same_owners(*other.owners, owners)) return other.owners;
  }
  owners.by_id.shrink_to_fit();
  return std::make_shared<const Owners>(std::move(owners));
}

std::string FinalViews::not_quiescent(Duration quiet) const {
  if (views_.empty()) return "no node was asked for its full view at the end";
  if (settle_from_ == SimTime::max()) return "the scenario never heals, so nothing is promised";
  if (cut_) return "the network was still cut at the end";
  SimTime first = SimTime::max();
  for (const auto& [machine, view] : views_) first = std::min(first, view.at);
  const SimTime calm = std::max(settle_from_, last_disturbance_);
  if (first >= calm + quiet) return {};
  return "the views are from " + words(first - calm) + " after the last change, " + words(quiet) +
         " are needed";
}

}  // namespace sim
