// Who reaches whom, told as records whenever cuts change: pictures and timelines are drawn from
// them.
#include <numeric>
#include <utility>

#include "sim/world/world_impl.h"

namespace sim {
namespace {

constexpr std::pair<Plane, std::string_view> kPlanes[] = {
    {Plane::kBus, "bus"}, {Plane::kClient, "client"}, {Plane::kReplication, "replication"}};

}  // namespace

bool World::Impl::reaches(MachineId from, MachineId to, Plane plane) const {
  if (!graph.path(at(from).vertex, at(to).vertex).has_value()) return false;
  for (const LeverId id : levers.on_directions()) {
    const Lever& lever = levers[id];
    if (lever.kind == LeverKind::kCut && lever.concerns(from, to, plane)) return false;
  }
  return true;
}

// Groups: machines joined by ways that are open in both directions. What is cut inside a group is
// listed by pairs.
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
    const std::size_t n = machines.size();
    std::vector<std::uint32_t> group(n);
    std::iota(group.begin(), group.end(), 0u);
    const auto root = [&](std::uint32_t m) {
      while (group[m] != m) m = group[m] = group[group[m]];
      return m;
    };
    std::vector<Direction> cuts;
    for (std::uint32_t a = 0; a < n; ++a) {
      for (std::uint32_t b = a + 1; b < n; ++b) {
        const bool there = reaches(MachineId{a}, MachineId{b}, plane);
        const bool back = reaches(MachineId{b}, MachineId{a}, plane);
        if (!there) cuts.push_back({MachineId{a}, MachineId{b}});
        if (!back) cuts.push_back({MachineId{b}, MachineId{a}});
        if (!there || !back) continue;
        const std::uint32_t ra = root(a), rb = root(b);
        group[std::max(ra, rb)] = std::min(ra, rb);
      }
    }
    event::Reachability said;
    said.plane = planes_differ ? std::string(name) : "all";
    std::map<std::uint32_t, std::vector<std::string>> groups;
    for (std::uint32_t m = 0; m < n; ++m) groups[root(m)].push_back(people[m].name);
    if (groups.size() > 1) {
      for (auto& [first, names] : groups) said.groups.push_back(std::move(names));
    }
    for (const Direction& cut_way : cuts) {
      // Between groups that is what being apart means, unless just one way is cut.
      const bool apart = root(cut_way.from.value) != root(cut_way.to.value);
      if (apart && !reaches(cut_way.to, cut_way.from, plane)) continue;
      said.cut.emplace_back(people[cut_way.from.value].name, people[cut_way.to.value].name);
    }
    record(kNoMachine, Source::kWorld, std::move(said));
    if (!planes_differ) return;
  }
}

}  // namespace sim
