#include "sim/invariants/final_views.h"

#include <algorithm>

#include "sim/invariants/verdict.h"

namespace sim {

FinalViews::FinalViews(const RunFacts& facts, Peers peers)
    : directory_(facts.cast), peers_(peers), settle_from_(facts.settle_from) {}

void FinalViews::see(const Record& record) {
  directory_.see(record);
  if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    if (view->peers.empty()) return;
    View& kept = views_[record.machine];
    kept = {record.at, record.sequence, *view};
    if (peers_ == Peers::kItself) {
      std::erase_if(kept.said.peers,
                    [&](const event::PeerView& peer) { return peer.id != view->id; });
      kept.said.peers.shrink_to_fit();
    }
  } else if (const auto* reach = std::get_if<event::Reachability>(&record.event)) {
    cut_ = reach->groups.size() > 1 || !reach->cut.empty();
    last_disturbance_ = record.at;
  } else if (std::holds_alternative<event::MachineStarted>(record.event) ||
             std::holds_alternative<event::MachineResumed>(record.event)) {
    if (directory_.is_cluster_node(record.machine)) last_disturbance_ = record.at;
  } else if (std::holds_alternative<event::MachineCrashed>(record.event) ||
             std::holds_alternative<event::ProgramExited>(record.event) ||
             std::holds_alternative<event::MachinePaused>(record.event)) {
    views_.erase(record.machine);
    if (directory_.is_cluster_node(record.machine)) last_disturbance_ = record.at;
  }
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
