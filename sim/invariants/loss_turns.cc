// Turns of fortune: who took over from whom, who lost what it had, and which keys were handed over.
#include <utility>

#include "sim/invariants/losses.h"

namespace sim {

Losses::Place Losses::place_of(MachineId machine) const {
  const auto place = places_.find(machine);
  return place == places_.end() ? Place{} : place->second;
}

void Losses::see_replication(const Record& record, const Directory& directory) {
  const auto* up = std::get_if<event::ReplicationUp>(&record.event);
  if (up == nullptr) return;
  places_[record.machine] = {number_of(up->replid), up->offset};
  if (up->how != event::SyncKind::kFull) return;
  Turn turn{Turn::Kind::kCopied, record.at, record.machine};
  turn.keys = up->keys;
  turn.place = place_of(record.machine);
  turn.other = directory.machine_of(up->primary).value_or(kNoMachine);
  const event::Claim* claim = directory.claim(turn.other);
  turn.other_epoch = claim == nullptr ? 0 : claim->config_epoch;
  turns_.push_back(turn);
}

// The other replicas of the primary that is replaced, by which to tell whether the right one won.
void Losses::see_promotion(const Record& record, const event::Promoted& promoted,
                           const Stage& stage, Turn& turn) const {
  const Directory& directory = stage.directory();
  const SimTime long_ago = record.at - minority_window_;
  const bool quiet =
      reach_changed_ <= long_ago && !stage.disturbed() && stage.undisturbed_since() <= long_ago;
  const auto settled = [&](MachineId machine) {
    const auto since = stage.serving_since(machine);
    return since && *since <= long_ago;
  };
  for (const MachineId machine : directory.replicas()) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr || machine == record.machine || claim->replica_of != promoted.old_primary)
      continue;
    if (!directory.is_serving(machine)) continue;
    if (!stage.connectivity().mutual(machine, record.machine)) continue;
    turn.rivals.push_back(
        {machine, place_of(machine), quiet && settled(machine) && settled(record.machine)});
  }
  turn.epoch = promoted.epoch;
  const auto stood = ranks_.find(record.machine);
  turn.rank = stood == ranks_.end() ? 0 : stood->second;
}

// For whom a primary drops its keys: whom it follows now, or, while it is still a primary, the one
// it had replaced, if that one is back. kNoMachine: for nobody.
MachineId Losses::retaken_by(MachineId machine, const Directory& directory) const {
  const event::Claim* claim = directory.claim(machine);
  if (claim != nullptr && claim->role == Role::kReplica) {
    return directory.machine_of(claim->replica_of).value_or(kNoMachine);
  }
  for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
    if (turn->kind != Turn::Kind::kPromoted || turn->machine != machine) continue;
    const event::Claim* before = directory.claim(turn->other);
    const bool back = before != nullptr && directory.is_up(turn->other) &&
                      before->role == Role::kPrimary && before->slots->count() > 0;
    return back ? turn->other : kNoMachine;
  }
  return kNoMachine;
}

// "m1 client-1 | m2 m3 m4", or, where only ways are cut, "m1 > m2, m1 > m3".
void Losses::see_sides(const event::Reachability& reach) {
  constexpr std::size_t kLongest = 200;
  if (reach.plane == "client" || reach.plane == "replication") return;
  std::string text;
  for (const std::vector<std::string>& group : reach.groups) {
    if (!text.empty()) text += " |";
    for (const std::string& name : group) text += (text.empty() ? "" : " ") + name;
  }
  for (const auto& [from, to] : reach.cut) {
    text += (text.empty() ? "" : ", ") + from + " > " + to;
  }
  if (text.size() > kLongest) text = text.substr(0, kLongest) + " ...";
  sides_now_ = 0;
  while (sides_now_ < sides_.size() && sides_[sides_now_] != text) ++sides_now_;
  if (sides_now_ == sides_.size()) sides_.push_back(std::move(text));
}

void Losses::see_turn(const Record& record, const Stage& stage) {
  const Directory& directory = stage.directory();
  Turn turn{Turn::Kind::kPromoted, record.at, record.machine};
  if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
    turn.other = directory.machine_of(promoted->old_primary).value_or(kNoMachine);
    turn.takeover = promoted->takeover;
    turn.manual = promoted->manual;
    turn.coordinated = coordinated_.erase(record.machine) > 0 && promoted->manual;
    turn.place = place_of(record.machine);
    see_promotion(record, *promoted, stage, turn);
    outbid_[turn.other] = promoted->epoch;
  } else if (const auto* stood = std::get_if<event::ElectionStarted>(&record.event)) {
    ranks_[record.machine] = stood->rank;
    return;
  } else if (const auto* removed = std::get_if<event::KeysRemoved>(&record.event)) {
    const event::Claim* claim = directory.claim(record.machine);
    if (claim != nullptr)
      removals_.push_back({record.at, record.machine, removed->key, claim->slots});
    return;
  } else if (const auto* manual = std::get_if<event::ManualFailover>(&record.event)) {
    if (manual->phase == "offset matched") coordinated_.insert(record.machine);
    if (manual->phase == "requested" || manual->phase == "timed out") {
      coordinated_.erase(record.machine);
    }
    return;
  } else if (const auto* started = std::get_if<event::NodeStarted>(&record.event)) {
    places_.erase(record.machine);
    if (started->incarnation == 0) return;
    turn.kind = Turn::Kind::kRestarted;
    turn.keys = started->keys_loaded;
  } else if (const auto* dropped = std::get_if<event::KeysDropped>(&record.event)) {
    if (dropped->keys == 0) return;
    turn.kind = Turn::Kind::kDropped;
    turn.keys = dropped->keys;
    turn.other = retaken_by(record.machine, directory);
    const event::Claim* claim = directory.claim(turn.other);
    turn.other_epoch = claim == nullptr ? 0 : claim->config_epoch;
  } else if (std::holds_alternative<event::MachineCrashed>(record.event) ||
             std::holds_alternative<event::ProgramExited>(record.event)) {
    turn.kind = Turn::Kind::kDied;
  } else {
    return;
  }
  turns_.push_back(turn);
}

// Keys of a slot go from one primary to another, a few at a time, and the slot is open until they
// are all there. Which of its keys went when is not known; a real server tells only that the slot
// was open.
void Losses::see_migration(const Record& record, const Directory& directory) {
  Turn turn{Turn::Kind::kOpened, record.at, record.machine};
  if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
    turn.other = directory.machine_of(opened->other).value_or(kNoMachine);
    turn.slot = opened->slot;
    if (opened->importing) std::swap(turn.machine, turn.other);
    ways_[opened->slot] = {turn.machine, turn.other};
  } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
    turn.kind = Turn::Kind::kClosed;
    turn.slot = closed->slot;
  } else if (const auto* moved = std::get_if<event::KeysMigrated>(&record.event)) {
    const auto way = ways_.find(moved->slot);
    if (moved->copied || moved->keys == 0 || way == ways_.end()) return;
    turn.kind = Turn::Kind::kMigrated;
    turn.slot = moved->slot;
    turn.other = way->second.second;
    turn.place = place_of(turn.other);
  } else {
    return;
  }
  turns_.push_back(turn);
}

}  // namespace sim
