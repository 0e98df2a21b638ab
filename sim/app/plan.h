// Scenario + seed -> Plan: everything a run needs, with nothing left to read from the scenario
// file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/app/process_machine.h"
#include "sim/core/mutation.h"
#include "sim/faults/fault.h"
#include "sim/invariants/invariant.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

namespace sim {

// What the command line adds to a scenario.
struct PlanOptions {
  std::uint64_t seed = 1;
  bool through_wire = false;
  bool record_deliveries = false;
  bool sight_bus = false;     // the world tells of messages of the bus (World::take_sightings)
  PlaneSet sight_frames = 0;  // and of the connections of these planes (World::take_frames)
  Mutation mutation = Mutation::kNone;
  // Records or overrides what the world, its machines, faults and nemesis choose; may be null.
  std::shared_ptr<const ChoicePolicy> choice_policy;
  ProcessHost process_host;  // null: a scenario with processes cannot be planned
  // As slotsim diff runs it. Faults begin up to a second after the cluster has formed: what forms
  // it falls on ticks, and with each run's faults at one place between ticks, runs would tell one
  // time instead of their spread. And processes log whom they suspect (loglevel debug, of which the
  // rest is dropped).
  bool as_in_diff = false;
  bool idle_faults = false;      // faults are made to do nothing, to see that it is noticed
  bool judge_invariants = true;  // false: to measure what they cost
};

struct PlannedStep {
  Step step;                           // addresses in the words of programs filled in
  std::shared_ptr<const Fault> fault;  // for fault steps; cloned when it fires
  bool lasts = false;
};

// One server as the cluster is formed.
struct PlannedNode {
  MachineId machine;
  Endpoint endpoint;
  int primary = -1;  // index among the nodes, -1: a primary
  std::vector<SlotRange> slots;
  PlannedServer::Part part = PlannedServer::Part::kMember;
  bool is_member() const { return part == PlannedServer::Part::kMember; }
  bool in_a_cluster() const { return is_member() || part == PlannedServer::Part::kOther; }
};

struct Plan {
  std::uint64_t seed = 1;
  Duration start_delay{};  // between forming and t = 0
  Scenario scenario;       // with the seed's swarm values drawn
  WorldSpec world;
  std::vector<PlannedNode> nodes;
  std::vector<MachineId> clients;   // boot when the cluster has formed
  std::vector<MachineId> auditors;  // boot when it has settled
  std::optional<MachineId> prober;  // asks for progress; boots when everything is healed
  bool idle_faults = false;
  std::vector<MachineId> programs;  // of the scenario's machines, in its order; boot with clients
  std::vector<PlannedStep> steps;
  bool judge_invariants = true;
  RunFacts facts;
};

// Machines whose specs say so are started by a lever only.
inline constexpr SimTime kNotByItself = SimTime::max();

// Throws ScenarioError if the values this seed draws make no sense together, or if there are
// processes and nobody to host them.
std::shared_ptr<const Plan> make_plan(const Scenario& scenario, const PlanOptions& options);

}  // namespace sim
