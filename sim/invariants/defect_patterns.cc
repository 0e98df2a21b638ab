#include "sim/invariants/defect_patterns.h"

#include <algorithm>

namespace sim {
namespace {

// Where somebody has been told of a slot's epoch and the candidate has not (protocol §7.2 step 6).
bool is_about_epoch(const std::string& why) {
  return why.starts_with("slot ") && why.find(" has epoch ") != std::string::npos;
}

SlotSet claimed_by_the_living(const Stage& stage) {
  const Directory& directory = stage.directory();
  SlotSet claimed;
  for (const MachineId machine : directory.primaries())
    claimed |= directory.claim(machine)->slots->slots();
  return claimed;
}

}  // namespace

void DefectPatterns::see(const Record& record, const Stage& stage) {
  const Directory& directory = stage.directory();
  if (const auto* moved = std::get_if<event::SlotsRebound>(&record.event)) {
    const event::Claim* mine = directory.claim(record.machine);
    if (stage.forming() || mine == nullptr || mine->id != moved->from || moved->to.is_none())
      return;
    const auto taker = directory.machine_of(moved->to);
    const event::Claim* theirs = taker ? directory.claim(*taker) : nullptr;
    each_slot(moved->slots->slots(), [&](SlotId slot) {
      if (theirs == nullptr || !theirs->slots->slots().test(slot.value))
        given_[slot.value] = {record.machine, moved->to};
    });
  } else if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
    std::erase_if(given_, [&](const auto& entry) {
      return entry.second.by != record.machine && claim->slots->slots().test(entry.first);
    });
  } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
    replaced_[promoted->old_primary] = record.machine;
    const event::Claim* mine = directory.claim(record.machine);
    if (mine != nullptr) refused_.erase(mine->id);
  } else if (const auto* refused = std::get_if<event::VoteRefused>(&record.event)) {
    if (is_about_epoch(refused->why)) refused_[refused->candidate] = refused->why;
  } else if (const auto* forgot = std::get_if<event::PeerForgotten>(&record.event)) {
    const bool typed = forgot->why == "CLUSTER FORGET" || forgot->why.empty();  // "": a process
    if (typed) forgotten_[forgot->peer] = record.machine;
  } else if (const auto* view = std::get_if<event::ViewSnapshot>(&record.event)) {
    see_view(record.machine, *view);
  }
}

void DefectPatterns::see_view(MachineId machine, const event::ViewSnapshot& view) {
  if (view.peers.empty()) return;
  addressless_.erase(machine);
  for (auto& [peer, machines] : still_know_) machines.erase(machine);
  for (const event::PeerView& peer : view.peers) {
    if (peer.no_address) addressless_[machine] = peer.id;
    if (forgotten_.count(peer.id) > 0) still_know_[peer.id].insert(machine);
  }
}

std::optional<DefectPatterns::Found> DefectPatterns::find(const Stage& stage) const {
  if (auto found = refused_votes(stage)) return found;
  if (auto found = unclaimed_slots(stage)) return found;
  if (auto found = known_again(stage)) return found;
  return without_address(stage);
}

std::optional<DefectPatterns::Found> DefectPatterns::refused_votes(const Stage& stage) const {
  const Directory& directory = stage.directory();
  for (const auto& [candidate, why] : refused_) {
    const auto machine = directory.machine_of(candidate);
    if (!machine || !directory.is_serving(*machine)) continue;
    const int shard = directory.shard_of(*machine);
    if (shard < 0 || directory.primary_of(shard)) continue;
    return Found{14, std::string(stage.name(*machine)) + " is refused votes: " + why};
  }
  return std::nullopt;
}

std::optional<DefectPatterns::Found> DefectPatterns::unclaimed_slots(const Stage& stage) const {
  const Directory& directory = stage.directory();
  const SlotSet claimed = claimed_by_the_living(stage);
  for (const MachineId machine : directory.down()) {
    const event::Claim* last = directory.claim(machine);
    if (last == nullptr || last->role != Role::kPrimary) continue;
    const SlotSet missing = last->slots->slots() & ~claimed;
    const auto replaced = replaced_.find(last->id);
    if (missing.none() || replaced == replaced_.end()) continue;
    return Found{4, std::string(stage.name(replaced->second)) + " replaced " +
                        std::string(stage.name(machine)) + " without slot " +
                        format_slots(missing)};
  }
  for (const auto& [slot, given] : given_) {
    if (claimed.test(slot)) continue;
    return Found{3, std::string(stage.name(given.by)) + " gave slot " + std::to_string(slot) +
                        " to " + directory.label(given.to) + ", which does not claim it"};
  }
  return std::nullopt;
}

std::optional<DefectPatterns::Found> DefectPatterns::known_again(const Stage& stage) const {
  for (const auto& [peer, machines] : still_know_) {
    const auto whose = stage.directory().machine_of(peer);
    if (machines.empty() || (whose && stage.directory().is_serving(*whose))) continue;
    return Found{27, std::string(stage.name(forgotten_.at(peer))) + " had forgotten " +
                         stage.directory().label(peer) + ", which is dead, and " +
                         std::string(stage.name(*machines.begin())) + " knows it"};
  }
  return std::nullopt;
}

std::optional<DefectPatterns::Found> DefectPatterns::without_address(const Stage& stage) const {
  for (const auto& [machine, peer] : addressless_) {
    const auto whose = stage.directory().machine_of(peer);
    if (!whose || !stage.directory().is_serving(*whose)) continue;
    return Found{44, std::string(stage.name(machine)) + " has no address for " +
                         std::string(stage.name(*whose)) + ", which runs"};
  }
  return std::nullopt;
}

}  // namespace sim
