#include "sim/faults/fault_base.h"

#include <algorithm>

namespace sim {

std::string names(const Cast& cast, const Machines& machines) {
  constexpr std::size_t kShown = 6;
  if (machines.empty()) return "nobody";
  std::string text;
  const std::size_t shown = machines.size() <= kShown + 1 ? machines.size() : kShown;
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : " ") + cast[machines[i].value].name;
  if (shown < machines.size()) text += " and " + std::to_string(machines.size() - shown) + " more";
  return text;
}

bool holds(const Machines& machines, MachineId machine) {
  return std::find(machines.begin(), machines.end(), machine) != machines.end();
}

Machines everyone_but(const Cast& cast, const Machines& machines) {
  std::vector<bool> taken(cast.size());
  for (const MachineId machine : machines) taken[machine.value] = true;
  Machines rest;
  for (std::uint32_t i = 0; i < cast.size(); ++i) {
    if (!taken[i]) rest.push_back(MachineId{i});
  }
  return rest;
}

Machines servers_of(const Cast& cast, const Machines& machines) {
  Machines servers;
  for (const MachineId machine : machines) {
    if (is_server(cast[machine.value].kind)) servers.push_back(machine);
  }
  return servers;
}

void shuffle(Machines& machines, Choices& choices) {
  for (std::size_t i = 0; i + 1 < machines.size(); ++i) {
    std::swap(machines[i], machines[i + choices.choose(Site::kFaultTarget, machines.size() - i)]);
  }
}

std::vector<Direction> one_way(const Machines& from, const Machines& to) {
  std::vector<Direction> directions;
  directions.reserve(from.size() * to.size());
  for (const MachineId a : from) {
    for (const MachineId b : to) {
      if (a != b) directions.push_back({a, b});
    }
  }
  return directions;
}

std::vector<Direction> both_ways(const Machines& a, const Machines& b) {
  std::vector<Direction> directions = one_way(a, b);
  const std::vector<Direction> back = one_way(b, a);
  directions.insert(directions.end(), back.begin(), back.end());
  return directions;
}

namespace {

constexpr std::array<Word<Plane>, 3> kPlanes{
    {{"bus", Plane::kBus}, {"client", Plane::kClient}, {"replication", Plane::kReplication}}};

}  // namespace

PlaneSet read_planes(Options& options) {
  const std::vector<Plane> all{Plane::kBus, Plane::kClient, Plane::kReplication};
  PlaneSet planes = 0;
  for (const Plane plane :
       options.some_of<Plane>("planes", {kPlanes[0], kPlanes[1], kPlanes[2]}, all)) {
    planes = static_cast<PlaneSet>(planes | plane_set(plane));
  }
  if (planes == 0 && options.has("planes"))
    options.problem("planes", "expected at least one plane");
  return planes;
}

std::string planes_text(PlaneSet planes) {
  if (planes == kAllPlanes) return {};
  std::string text;
  for (const Word<Plane>& word : kPlanes) {
    if ((planes & plane_set(word.value)) != 0)
      text += (text.empty() ? " (" : ", ") + std::string(word.name);
  }
  return text + ')';
}

// ---- Routes ----

Route Route::read(Options& options) {
  Route route;
  const bool node = options.has("node"), pair = options.has("from") || options.has("to");
  if (node == pair) {
    options.problem("", node ? "either \"node\" or \"from\" and \"to\", not both"
                             : "whose traffic? expected \"node\", or \"from\" and \"to\"");
  }
  if (node) {
    route.node_ = options.selector("node");
    route.way_ = options.one_of<Way>(
        "direction", {{"both", Way::kBoth}, {"in", Way::kIn}, {"out", Way::kOut}}, Way::kBoth);
  } else if (pair) {
    route.from_ = options.selector("from");
    route.to_ = options.selector("to");
    route.way_ = options.boolean("both_ways", false) ? Way::kBoth : Way::kOut;
  }
  return route;
}

Route Route::of(Selector node) {
  Route route;
  route.node_ = std::move(node);
  return route;
}

Route::Found Route::find(FaultStage& stage) const {
  const Cast& cast = stage.levers().cast();
  Found found;
  Machines here = stage.resolve(node_ ? *node_ : *from_);
  Machines there = node_ ? everyone_but(cast, here) : stage.resolve(*to_);
  found.targets = here;
  const std::string others = node_ ? "everyone else" : names(cast, there);
  if (way_ == Way::kBoth) {
    found.directions = both_ways(here, there);
    found.text = names(cast, here) + " and " + others;
  } else if (way_ == Way::kIn) {
    found.directions = one_way(there, here);
    found.text = others + " -> " + names(cast, here);
  } else {
    found.directions = one_way(here, there);
    found.text = names(cast, here) + " -> " + others;
  }
  return found;
}

std::string Route::text() const {
  const std::string here = to_text(node_ ? *node_ : *from_);
  const std::string there = node_ ? "everyone else" : to_text(*to_);
  if (way_ == Way::kBoth) return here + " and " + there;
  return way_ == Way::kIn ? there + " -> " + here : here + " -> " + there;
}

// ---- For the nemesis ----

Selector random_victim(Choices& choices) {
  Selector victim;
  victim.kind = choices.choose(Site::kFaultTarget, 2) == 0 ? Selector::Kind::kAnyReplica
                                                           : Selector::Kind::kAnyPrimary;
  return victim;
}

Duration random_time(Choices& choices, std::initializer_list<Duration> mildest_first) {
  return *(mildest_first.begin() + choices.choose(Site::kFaultTime, mildest_first.size()));
}

}  // namespace sim
