#include "sim/invariants/stage.h"

#include <algorithm>
#include <array>

#include "sim/invariants/core.h"

namespace sim {

bool bends_delays(std::string_view fault_kind) {
  // Told by records of their own (cuts, crashes, pauses, clocks), or harmless to delays.
  constexpr std::array<std::string_view, 15> kVisible = {
      "partition",  "flap",       "cut-link",    "crash",
      "restart",    "pause",      "zone-outage", "rolling-restart",
      "clock-jump", "clock-skew", "clock-drift", "failover",
      "meet",       "forget",     kCoreOnlyFault};
  return std::find(kVisible.begin(), kVisible.end(), fault_kind) == kVisible.end();
}

bool changes_config(const Event& event) {
  if (const auto* began = std::get_if<event::FaultBegan>(&event))
    return began->kind == "config-set";
  const auto* reply = std::get_if<event::StepReply>(&event);
  return reply != nullptr && reply->command.starts_with("CONFIG SET");
}

Stage::Stage(const Cast& cast, Duration messages_late)
    : directory_(cast), connectivity_(cast), lives_(cast.size()), messages_late_(messages_late) {}

void Stage::see(const Record& record) {
  now_ = record.at;
  weighed_ = may_change_majority(record);
  if (makes_orphan(record)) orphans_.insert(record.machine);
  if (std::holds_alternative<event::ReplicationUp>(record.event)) orphans_.erase(record.machine);
  directory_.see(record);
  connectivity_.see(record);
  see_faults(record);
  see_life(record);
  if (weighed_ && !forming_) weigh(record.at);
}

// Asked before the directory has seen the record, so that a claim can be compared with the one
// before it.
bool Stage::may_change_majority(const Record& record) const {
  if (const auto* claim = std::get_if<event::Claim>(&record.event)) {
    const event::Claim* before = directory_.claim(record.machine);
    return before == nullptr || !directory_.is_up(record.machine) || before->role != claim->role ||
           before->config_epoch != claim->config_epoch || !same_slots(before->slots, claim->slots);
  }
  return Directory::changes_serving(record.event) ||
         std::holds_alternative<event::MachineStarted>(record.event) ||
         std::holds_alternative<event::PhaseBegan>(record.event) ||
         std::holds_alternative<event::Reachability>(record.event);
}

// Asked before the directory has seen the record: what it followed is what it claimed last.
bool Stage::makes_orphan(const Record& record) const {
  const auto* start = std::get_if<event::MachineStarted>(&record.event);
  if (start == nullptr || start->incarnation == 0) return false;
  const event::Claim* claim = directory_.claim(record.machine);
  if (claim == nullptr || claim->role != Role::kReplica) return false;
  const auto primary = directory_.machine_of(claim->replica_of);
  return primary && !directory_.is_up(*primary);
}

void Stage::see_faults(const Record& record) {
  if (const auto* began = std::get_if<event::FaultBegan>(&record.event)) {
    if (bends_delays(began->kind))
      bending_[began->id] = began->kind == "message" ? messages_late_ : Duration{};
    reconfigured_ |= began->kind == "config-set";
  } else if (const auto* ended = std::get_if<event::FaultEnded>(&record.event)) {
    const auto bent = bending_.find(ended->id);
    if (!ended->never && bent != bending_.end()) {
      undisturbed_since_ = std::max(undisturbed_since_, record.at + bent->second);
      bending_.erase(bent);
    }
  } else if (const auto* phase = std::get_if<event::PhaseBegan>(&record.event)) {
    forming_ = phase->phase == event::Phase::kForming;
  }
}

void Stage::see_life(const Record& record) {
  if (record.machine.value >= lives_.size()) return;
  Life& life = lives_[record.machine.value];
  const bool serving = directory_.is_serving(record.machine);
  const bool anew = std::holds_alternative<event::MachineStarted>(record.event);
  if (!serving) {
    life.serving_since = life.isolated_since = std::nullopt;
    if (!life.silent_since) life.silent_since = record.at;
  } else if (!life.serving_since || anew) {
    life.serving_since = record.at;
    life.silent_since.reset();
    if (life.isolated_since) life.isolated_since = record.at;
  }
}

// Voters are the primaries whose claims nobody has outranked. Each machine counts those that its
// component of the network still has.
void Stage::weigh(SimTime now) {
  const std::vector<MachineId> voters = directory_.voting_primaries();
  const std::size_t quorum = voters.size() / 2 + 1;
  const auto reachable_from = [&](MachineId machine) {
    return static_cast<std::size_t>(
        std::count_if(voters.begin(), voters.end(), [&](MachineId voter) {
          return directory_.is_serving(voter) && connectivity_.connected(machine, voter);
        }));
  };
  const std::size_t serving_voters = static_cast<std::size_t>(std::count_if(
      voters.begin(), voters.end(), [&](MachineId voter) { return directory_.is_serving(voter); }));
  for (std::uint32_t i = 0; i < lives_.size(); ++i) {
    const MachineId machine{i};
    Life& life = lives_[i];
    if (!directory_.is_cluster_node(machine) || !directory_.is_serving(machine)) continue;
    const std::size_t reachable = connectivity_.whole() ? serving_voters : reachable_from(machine);
    const bool isolated = !voters.empty() && reachable < quorum;
    if (isolated && !life.isolated_since) life.isolated_since = now;
    if (!isolated && life.isolated_since) {
      life.isolation_lasted = now - *life.isolated_since;
      life.isolated_since.reset();
      life.rejoined_at = now;
    }
  }
}

std::optional<SimTime> Stage::isolated_since(MachineId machine) const {
  return machine.value < lives_.size() ? lives_[machine.value].isolated_since : std::nullopt;
}

std::optional<SimTime> Stage::rejoined_at(MachineId machine) const {
  return machine.value < lives_.size() ? lives_[machine.value].rejoined_at : std::nullopt;
}

Duration Stage::isolation_lasted(MachineId machine) const {
  return machine.value < lives_.size() ? lives_[machine.value].isolation_lasted : Duration{};
}

std::optional<SimTime> Stage::serving_since(MachineId machine) const {
  return machine.value < lives_.size() ? lives_[machine.value].serving_since : std::nullopt;
}

std::optional<SimTime> Stage::silent_since(MachineId machine) const {
  return machine.value < lives_.size() ? lives_[machine.value].silent_since : std::nullopt;
}

bool Stage::hears_unreachable(MachineId machine) const {
  if (connectivity_.whole()) return false;
  const std::vector<MachineId> nodes = directory_.cluster_nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](MachineId other) {
    return connectivity_.reaches(other, machine) && !connectivity_.reaches(machine, other);
  });
}

}  // namespace sim
