// Who reaches whom, told as records whenever cuts change: pictures and timelines are drawn from
// them.
#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

constexpr std::pair<Plane, std::string_view> kPlanes[] = {
    {Plane::kBus, "bus"}, {Plane::kClient, "client"}, {Plane::kReplication, "replication"}};

// Machines that are joined, each group named by the first of it.
class Groups {
 public:
  explicit Groups(std::size_t machines) : towards_first_(machines) {
    std::iota(towards_first_.begin(), towards_first_.end(), 0u);
  }
  MachineId first(MachineId machine) {
    std::uint32_t m = machine.value;
    while (towards_first_[m] != m) m = towards_first_[m] = towards_first_[towards_first_[m]];
    return MachineId{m};
  }
  void join(MachineId a, MachineId b) {
    const std::uint32_t one = first(a).value, other = first(b).value;
    towards_first_[std::max(one, other)] = std::min(one, other);
  }

 private:
  std::vector<std::uint32_t> towards_first_;
};

}  // namespace

bool World::Impl::reaches(MachineId from, MachineId to, Plane plane) const {
  if (!graph.path(at(from).vertex, at(to).vertex).has_value()) return false;
  for (const LeverId id : levers.on_directions()) {
    const Lever& lever = levers[id];
    if (lever.kind == LeverKind::kCut && lever.concerns(from, to, plane)) return false;
  }
  return true;
}

void World::Impl::say_reachability() {
  bool any = !levers.cut_links().empty();
  bool planes_differ = false;
  for (const LeverId id : levers.on_directions()) {
    if (levers[id].kind != LeverKind::kCut) continue;
    any = true;
    planes_differ |= levers[id].planes != kAllPlanes;
  }
  if (!any) return record(kNoMachine, Source::kWorld, event::Reachability{"all", {}, {}});
  for (const auto& [plane, name] : kPlanes) {
    event::Reachability said = reachability(plane);
    said.plane = planes_differ ? std::string(name) : "all";
    record(kNoMachine, Source::kWorld, std::move(said));
    if (!planes_differ) return;
  }
}

// There are a few kinds of machines, as a rule, however many machines: a partition makes two.
std::vector<std::vector<MachineId>> World::Impl::alike(Plane plane) const {
  const std::vector<Topology::Ways> ways = graph.ways();
  std::map<std::pair<Topology::Ways, std::vector<std::uint64_t>>, std::vector<MachineId>> kinds;
  for (std::uint32_t m = 0; m < machines.size(); ++m) {
    std::vector<std::uint64_t> marks;
    for (const LeverId id : levers.on_directions()) {
      const Lever& lever = levers[id];
      if (lever.kind != LeverKind::kCut || (lever.planes & plane_set(plane)) == 0) continue;
      marks.push_back(lever.directions.mark(MachineId{m}));
    }
    kinds[{ways[at(MachineId{m}).vertex.value], std::move(marks)}].push_back(MachineId{m});
  }
  std::vector<std::vector<MachineId>> result;
  for (auto& [kind, members] : kinds) result.push_back(std::move(members));
  return result;
}

// Groups: machines joined by ways that are open in both directions. What is cut inside a group is
// listed by pairs.
event::Reachability World::Impl::reachability(Plane plane) const {
  struct Cut {
    const std::vector<MachineId>*some, *others;
    bool there, back;
  };
  const std::vector<std::vector<MachineId>> kinds = alike(plane);
  Groups groups(machines.size());
  std::vector<Cut> cuts;
  for (auto some = kinds.begin(); some != kinds.end(); ++some) {
    for (auto others = some; others != kinds.end(); ++others) {
      if (others == some && some->size() == 1) continue;
      const MachineId one = some->front(), other = others->back();
      const bool there = reaches(one, other, plane), back = reaches(other, one, plane);
      if (!there || !back) {
        cuts.push_back({&*some, &*others, there, back});
        continue;
      }
      for (const MachineId machine : *some) groups.join(machine, other);
      for (const MachineId machine : *others) groups.join(machine, one);
    }
  }
  std::vector<Direction> listed;
  for (const auto& [some, others, there, back] : cuts) {
    // Between groups that is what being apart means, unless just one way is cut.
    const bool apart = groups.first(some->front()) != groups.first(others->back());
    if (apart && !there && !back) continue;
    for (const MachineId a : *some) {
      for (const MachineId b : *others) {
        if (a == b) continue;
        if (!there) listed.push_back({a, b});
        if (!back && some != others) listed.push_back({b, a});
      }
    }
  }
  std::sort(listed.begin(), listed.end(), [](const Direction& a, const Direction& b) {
    const auto pair = [](const Direction& way) { return std::minmax(way.from, way.to); };
    return pair(a) != pair(b) ? pair(a) < pair(b) : a < b;
  });
  event::Reachability said;
  std::map<MachineId, std::vector<std::string>> by_first;
  for (std::uint32_t m = 0; m < machines.size(); ++m) {
    by_first[groups.first(MachineId{m})].push_back(people[m].name);
  }
  if (by_first.size() > 1) {
    for (auto& [first, names] : by_first) said.groups.push_back(std::move(names));
  }
  for (const auto& [from, to] : listed) {
    said.cut.emplace_back(people[from.value].name, people[to.value].name);
  }
  return said;
}

}  // namespace sim
