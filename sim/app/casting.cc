#include "sim/app/casting.h"

#include <algorithm>

#include "sim/wire/crc16.h"

namespace sim {
namespace {

using Machines = std::vector<MachineId>;
using Kind = Selector::Kind;

Machines one_of(const Machines& candidates, Choices& choices) {
  if (candidates.empty()) return {};
  return {candidates[choices.choose(Site::kFaultTarget, candidates.size())]};
}

Machines just(std::optional<MachineId> machine) {
  return machine ? Machines{*machine} : Machines{};
}

template <class Predicate>
Machines servers_where(const Directory& directory, Predicate fits) {
  Machines chosen;
  for (const MachineId machine : directory.cluster_nodes()) {
    if (fits(directory.cast()[machine.value])) chosen.push_back(machine);
  }
  return chosen;
}

Machines shard_members(const Directory& directory, int shard) {
  Machines members = just(directory.last_primary_of(shard));
  for (const MachineId replica : directory.replicas_of(shard)) members.push_back(replica);
  return members;
}

// The primaries a majority can do without: those at the end of the list.
Machines minority(const Directory& directory) {
  const Machines majority = directory.majority();
  Machines rest;
  for (const MachineId primary : directory.primaries()) {
    if (std::find(majority.begin(), majority.end(), primary) == majority.end())
      rest.push_back(primary);
  }
  return rest;
}

Machines clients(const Directory& directory) {
  Machines found;
  for (std::uint32_t i = 0; i < directory.cast().size(); ++i) {
    const MachineInfo& info = directory.cast()[i];
    if (info.kind == MachineKind::kClient && info.name.starts_with("client"))
      found.push_back(MachineId{i});
  }
  return found;
}

Machines spare(const Directory& directory, std::uint32_t number) {
  for (std::uint32_t i = 0; i < directory.size(); ++i) {
    if (directory.is_spare(MachineId{i}) && number-- == 0) return {MachineId{i}};
  }
  return {};
}

Machines all_servers(const Directory& directory) {
  return servers_where(directory, [](const MachineInfo&) { return true; });
}

Machines select(const Selector& selector, const Directory& directory, Choices& choices) {
  const int shard = static_cast<int>(selector.number);
  const std::string& name = selector.name;
  switch (selector.kind) {
    case Kind::kMachine:
      return just(directory.find(name));
    // A primary that has just died is still the one that is meant, until somebody takes over.
    case Kind::kPrimaryOf: {
      const auto live = directory.primary_of(shard);
      return just(live ? live : directory.last_primary_of(shard));
    }
    case Kind::kReplicaOf:
      return one_of(directory.replicas_of(shard), choices);
    case Kind::kReplicasOf:
      return directory.replicas_of(shard);
    case Kind::kShard:
      return shard_members(directory, shard);
    case Kind::kAnyPrimary:
      return one_of(directory.primaries(), choices);
    case Kind::kAnyReplica:
      return one_of(directory.replicas(), choices);
    case Kind::kAnyNode: {
      Machines live;
      for (const MachineId machine : directory.cluster_nodes()) {
        if (directory.is_up(machine)) live.push_back(machine);
      }
      return one_of(live, choices);
    }
    case Kind::kPrimaries:
      return directory.primaries();
    case Kind::kReplicas:
      return directory.replicas();
    case Kind::kMajority:
      return directory.majority();
    case Kind::kMinority:
      return minority(directory);
    case Kind::kAll:
      return all_servers(directory);
    case Kind::kClients:
      return clients(directory);
    case Kind::kZone:
      return servers_where(directory, [&](const MachineInfo& m) { return m.zone == name; });
    case Kind::kRack:
      return servers_where(directory, [&](const MachineInfo& m) { return m.rack == name; });
    case Kind::kHost:
      return servers_where(directory, [&](const MachineInfo& m) { return m.host == name; });
    case Kind::kRegion:
      return servers_where(directory, [&](const MachineInfo& m) { return m.region == name; });
    case Kind::kOwnerOfKey:
      return just(directory.owner_of(slot_of(name)));
    case Kind::kOwnerOfSlot:
      return just(directory.owner_of(SlotId{static_cast<std::uint16_t>(selector.number)}));
    case Kind::kSpare:
      return spare(directory, selector.number);
    case Kind::kHitBy:
      return directory.hit_by(name);
    case Kind::kUnion: {
      Machines together;
      for (const Selector& part : selector.parts) {
        const Machines found = select(part, directory, choices);
        together.insert(together.end(), found.begin(), found.end());
      }
      return together;
    }
    case Kind::kNot: {
      const Machines excluded = select(selector.parts.at(0), directory, choices);
      Machines rest = all_servers(directory);
      std::erase_if(rest, [&](MachineId m) {
        return std::find(excluded.begin(), excluded.end(), m) != excluded.end();
      });
      return rest;
    }
  }
  return {};
}

}  // namespace

std::vector<MachineId> resolve(const Selector& selector, const Directory& directory,
                               Choices& choices) {
  Machines machines = select(selector, directory, choices);
  std::sort(machines.begin(), machines.end());
  machines.erase(std::unique(machines.begin(), machines.end()), machines.end());
  return machines;
}

}  // namespace sim
