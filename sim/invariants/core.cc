#include "sim/invariants/core.h"

#include <algorithm>

#include "sim/invariants/verdict.h"

namespace sim {

void Core::see(const Record& record) {
  if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
    if (fault->kind == kCoreOnlyFault)
      left_out_.insert(fault->targets.begin(), fault->targets.end());
  } else if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    if (phase->phase == event::Phase::kSettling) healed_at_ = record.at;
  } else if (const auto* hindered = std::get_if<event::ElectionHindered>(&record.event)) {
    hindered_[record.machine] = hindered->why;
  } else if (std::holds_alternative<event::ElectionScheduled>(record.event)) {
    hindered_.erase(record.machine);
  } else if (std::holds_alternative<event::ElectionStarted>(record.event)) {
    if (record.at >= healed_at_) stood_.insert(record.machine);
  } else if (const auto* start = std::get_if<event::MachineStarted>(&record.event)) {
    if (start->disk == "lost") never_synced_.insert(record.machine);
    open_.erase(record.machine);  // what its nodes.conf has of them it tells again
  } else if (std::holds_alternative<event::ReplicationUp>(record.event)) {
    never_synced_.erase(record.machine);
  } else if (const auto* opened = std::get_if<event::SlotOpened>(&record.event)) {
    open_[record.machine].insert(opened->slot.value);
  } else if (const auto* closed = std::get_if<event::SlotClosed>(&record.event)) {
    open_[record.machine].erase(closed->slot.value);
  } else if (const auto* clock = std::get_if<event::ClockStepped>(&record.event)) {
    stepped_back_ |= clock->by_ms < 0;
  }
}

std::vector<MachineId> Core::members(const Directory& directory) const {
  std::vector<MachineId> members = directory.cluster_nodes();
  std::erase_if(members, [&](MachineId machine) { return !includes(machine); });
  return members;
}

std::optional<Core::Excuse> Core::no_majority(const Directory& directory) const {
  const std::vector<MachineId> voters = directory.voting_primaries();
  const auto live = std::count_if(voters.begin(), voters.end(), [&](MachineId voter) {
    return includes(voter) && directory.is_serving(voter);
  });
  if (static_cast<std::uint32_t>(live) >= directory.quorum()) return std::nullopt;
  return Excuse{"no majority: " + std::to_string(live) + " of " + std::to_string(voters.size()) +
                    " primaries run" + (is_part() ? " in the core" : ""),
                SlotSet().set(), 0};
}

std::string Core::why_not(MachineId replica, const Stage& stage, int& row) const {
  const Directory& directory = stage.directory();
  const std::string name{directory.name(replica)};
  if (!directory.is_serving(replica)) return name + " does not run";
  if (never_synced_.count(replica) > 0) return name + " has no data";
  // Data that grew too old while nobody elected it excuse nothing.
  if (stood_.count(replica) > 0) return {};
  const auto hindered = hindered_.find(replica);
  if (hindered == hindered_.end() || !hindered->second.ends_with("data is too old")) return {};
  if (stage.is_orphan(replica)) {
    row = 20;
    return name + " was restarted while its primary was dead, and cannot tell how old its data are";
  }
  return name + "'s data are older than cluster-replica-validity-factor allows";
}

std::optional<Core::Excuse> Core::lost(int shard, const Stage& stage) const {
  const Directory& directory = stage.directory();
  const SlotSet& home = directory.home(shard)->slots();
  std::vector<MachineId> replicas;
  for (const MachineId machine : members(directory)) {
    const event::Claim* claim = directory.claim(machine);
    if (claim == nullptr) continue;
    if (directory.is_serving(machine) && (claim->slots->slots() & home).any()) return std::nullopt;
    if (claim->role == Role::kReplica && directory.shard_of(machine) == shard)
      replicas.push_back(machine);
  }
  Excuse excuse{"shard-" + std::to_string(shard) + " has nobody in the core", home, 0};
  if (full_coverage_) excuse.slots.set();
  std::string all;
  for (const MachineId replica : replicas) {
    const std::string why = why_not(replica, stage, excuse.row);
    if (why.empty()) return std::nullopt;  // it could have stood
    all += (all.empty() ? "" : "; ") + why;
  }
  if (!all.empty()) excuse.why = "shard-" + std::to_string(shard) + " is lost: " + all;
  return excuse;
}

std::vector<Core::Excuse> Core::excuses(const Stage& stage) const {
  const Directory& directory = stage.directory();
  std::vector<Excuse> excuses;
  if (const auto none = no_majority(directory)) excuses.push_back(*none);
  for (std::uint32_t shard = 0; shard < directory.shard_count(); ++shard) {
    if (directory.home(static_cast<int>(shard))->count() == 0) continue;
    if (const auto gone = lost(static_cast<int>(shard), stage)) excuses.push_back(*gone);
  }
  for (const auto& [machine, slots] : open_) {
    if (slots.empty() || !includes(machine)) continue;
    Excuse excuse{"an operator has left " + counted(slots.size(), "open slot") + " on " +
                      std::string(directory.name(machine)),
                  {},
                  0};
    for (const std::uint16_t slot : slots) excuse.slots.set(slot);
    excuses.push_back(std::move(excuse));
  }
  if (stepped_back_) excuses.push_back({"a wall clock was stepped back", SlotSet().set(), 37});
  return excuses;
}

}  // namespace sim
