// Turns of fortune: who took over from whom, who lost what it had, and which keys were handed over.
#include <utility>

#include "sim/invariants/losses.h"

namespace sim {

Losses::Place Losses::place_of(MachineId machine) const {
  const auto place = places_.find(machine);
  return place == places_.end() ? Place{} : place->second;
}

void Losses::see_replication(const Record& record) {
  const auto* up = std::get_if<event::ReplicationUp>(&record.event);
  if (up == nullptr) return;
  places_[record.machine] = {up->replid, up->offset};
  if (up->how != event::SyncKind::kFull) return;
  Turn turn{Turn::Kind::kCopied, record.at, record.machine};
  turn.keys = up->keys;
  turn.other = stage_.directory().machine_of(up->primary).value_or(kNoMachine);
  turns_.push_back(turn);
}

void Losses::see_turn(const Record& record) {
  Turn turn{Turn::Kind::kPromoted, record.at, record.machine};
  if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
    turn.other = stage_.directory().machine_of(promoted->old_primary).value_or(kNoMachine);
    turn.takeover = promoted->takeover;
    turn.coordinated = coordinated_.erase(record.machine) > 0 && promoted->manual;
    turn.place = place_of(record.machine);
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
void Losses::see_migration(const Record& record) {
  const Directory& directory = stage_.directory();
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
