// Healing a core only: a majority of the primaries, and for each shard whose primary is not among
// them a replica. The rest stays broken for ever. (TigerBeetle's liveness mode, for Redis Cluster.)
#include <algorithm>

#include "sim/app/run.h"
#include "sim/invariants/core.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

bool holds(const std::vector<MachineId>& machines, MachineId machine) {
  return std::find(machines.begin(), machines.end(), machine) != machines.end();
}

MachineId draw(std::vector<MachineId>& from, Choices& choices) {
  const auto at =
      from.begin() + static_cast<std::ptrdiff_t>(choices.choose(Site::kFaultTarget, from.size()));
  const MachineId drawn = *at;
  from.erase(at);
  return drawn;
}

}  // namespace

// Whom a fault holds that the scenario wants to last: nothing that heals reaches them.
bool Run::is_held_forever(MachineId machine) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const ActiveFault& active) {
    return active.forever && holds(active.fault->targets(), machine);
  });
}

std::vector<MachineId> Run::choose_core() {
  ChoiceStream stream(plan_->seed, "plan:core");
  Choices choices(stream, world_choice_policy());
  std::vector<MachineId> primaries = directory_.voting_primaries();
  std::erase_if(primaries, [&](MachineId primary) { return is_held_forever(primary); });
  std::vector<MachineId> core;
  while (core.size() < directory_.quorum() && !primaries.empty())
    core.push_back(draw(primaries, choices));
  for (int shard = 0; shard < static_cast<int>(directory_.shard_count()); ++shard) {
    const std::optional<MachineId> primary = directory_.last_primary_of(shard);
    if (!primary || holds(core, *primary)) continue;
    std::vector<MachineId> live, down;
    for (const MachineId machine : directory_.cluster_nodes()) {
      if (directory_.role(machine) != Role::kReplica || directory_.shard_of(machine) != shard ||
          is_held_forever(machine)) {
        continue;
      }
      (directory_.is_serving(machine) ? live : down).push_back(machine);
    }
    std::vector<MachineId>& replicas = live.empty() ? down : live;
    if (!replicas.empty()) {
      core.push_back(draw(replicas, choices));
    } else if (!is_held_forever(*primary)) {
      core.push_back(*primary);  // nobody else has the data
    }
  }
  std::sort(core.begin(), core.end());
  return core;
}

// Who is not in the core is cut off from it, and stays as he is.
void Run::leave_out_all_but(const std::vector<MachineId>& core) {
  left_out_ = directory_.cluster_nodes();
  std::erase_if(left_out_, [&](MachineId machine) { return holds(core, machine); });
  std::vector<Direction> both_ways;
  for (const MachineId in : core) {
    for (const MachineId out : left_out_) both_ways.insert(both_ways.end(), {{in, out}, {out, in}});
  }
  core_cut_ = world_.levers().cut(std::move(both_ways), kAllPlanes);
  core_fault_ = next_fault_id_++;
  std::vector<std::string> names;
  for (const MachineId machine : core) names.emplace_back(directory_.name(machine));
  world_.note(event::FaultBegan{core_fault_, std::string(kCoreOnlyFault),
                                "only " + name_list(names) + " are healed, for good", left_out_});
}

// Ends what the core suffers from. A fault that hits only others stays for good, unless it keeps
// two of the core apart all the same, as a partition into many parts does.
void Run::heal_core(const std::vector<MachineId>& core) {
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    const std::vector<MachineId> targets = faults_[i].fault->targets();
    const bool elsewhere =
        !targets.empty() && std::all_of(targets.begin(), targets.end(),
                                        [&](MachineId target) { return is_left_out(target); });
    if (!faults_[i].forever && !elsewhere) end_fault(i);
  }
  const Levers& levers = world_.levers();
  bool whole = true;
  for (const MachineId from : core) {
    for (const MachineId to : core) {
      for (const Plane plane : {Plane::kBus, Plane::kClient, Plane::kReplication})
        whole = whole && (from == to || levers.reaches(from, to, plane));
    }
  }
  for (std::uint32_t i = 0; i < faults_.size(); ++i) {
    if (faults_[i].ended || faults_[i].forever) continue;
    if (!whole) end_fault(i);
    faults_[i].forever = true;
  }
}

bool Run::is_left_out(MachineId machine) const {
  return holds(left_out_, machine);
}

void Run::tell_core_end() {
  if (core_fault_ == 0) return;
  world_.note(event::FaultEnded{core_fault_, world_.levers().effects(core_cut_), "packets lost",
                                false, true});
}

}  // namespace sim
