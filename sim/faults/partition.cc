#include <algorithm>

#include "sim/faults/fault_base.h"

namespace sim {
namespace {

enum class Shape : std::uint8_t {
  kGroups,         // "groups": each cut off from all others; who is in none forms one more group
  kIsolate,        // "node": each machine alone
  kHalves,         // a random half of the servers against the rest
  kMinorityThird,  // a random third of the servers against the rest
  kMajorityRing,   // each server sees a majority, each another one (Jepsen's "majorities-ring")
  kBridge,         // two halves that hear each other only through the one server that hears both
  kOneWay,         // "from" does not reach "to"; the other direction works
  kZone,           // "zone" against the rest, clients with their zone
  kRoles,          // primaries against replicas; clients with the primaries
  kLink,           // "from" and "to" do not reach each other
};

Selector selector_of(Selector::Kind kind) {
  Selector selector;
  selector.kind = kind;
  return selector;
}

// Silence between parts of the world. Streams stall, then flush when it is over or time out.
class Partition final : public FaultOf<Partition> {
 public:
  Partition(Shape shape, PlaneSet planes)
      : FaultOf("packets stopped"), shape_(shape), planes_(planes) {}

  Selector node = selector_of(Selector::Kind::kAll);  // of shapes that choose: among whom
  std::vector<Selector> groups;
  Selector from, to;
  std::string zone;

  std::optional<SimTime> act(FaultStage& stage) override {
    std::vector<Direction> directions;
    switch (shape_) {
      case Shape::kGroups:
        directions = cut_groups(stage);
        break;
      case Shape::kIsolate:
        directions = isolate(stage);
        break;
      case Shape::kHalves:
        directions = cut_part(stage, 2);
        break;
      case Shape::kMinorityThird:
        directions = cut_part(stage, 3);
        break;
      case Shape::kMajorityRing:
        directions = ring(stage);
        break;
      case Shape::kBridge:
        directions = bridge(stage);
        break;
      case Shape::kOneWay:
        directions = pair(stage, false);
        break;
      case Shape::kLink:
        directions = pair(stage, true);
        break;
      case Shape::kZone:
        directions = cut_zone(stage);
        break;
      case Shape::kRoles:
        directions = cut_roles(stage);
        break;
    }
    done_ += planes_text(planes_);
    if (!directions.empty()) hold(stage.levers().cut(std::move(directions), planes_));
    return std::nullopt;
  }

 private:
  std::vector<Direction> cut_groups(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    std::vector<Machines> sides;
    Machines named;
    for (const Selector& group : groups) {
      Machines side = stage.resolve(group);
      // A machine that two selectors mean stands with the first.
      std::erase_if(side, [&](MachineId machine) { return holds(named, machine); });
      named.insert(named.end(), side.begin(), side.end());
      sides.push_back(std::move(side));
    }
    targets_ = sides.front();
    sides.push_back(everyone_but(cast, named));
    return between(cast, sides);
  }

  std::vector<Direction> isolate(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    targets_ = stage.resolve(node);
    std::vector<Direction> directions = both_ways(targets_, everyone_but(cast, targets_));
    const std::vector<Direction> among = one_way(targets_, targets_);
    directions.insert(directions.end(), among.begin(), among.end());
    done_ = "cut " + names(cast, targets_) + " off from everyone";
    return directions;
  }

  // A random 1/n of the servers, and of the clients, against the rest.
  std::vector<Direction> cut_part(FaultStage& stage, std::size_t n) {
    const Cast& cast = stage.levers().cast();
    Machines side = stage.resolve(node);
    shuffle(side, stage.choices());
    side.resize(side.size() / n);
    std::sort(side.begin(), side.end());
    targets_ = side;
    for (const MachineId machine : everyone_but(cast, side)) {
      const bool client = !is_server(cast[machine.value].kind);
      if (client && stage.choices().chance(Site::kFaultTarget, 1, n)) side.push_back(machine);
    }
    return between(cast, {side, everyone_but(cast, side)});
  }

  std::vector<Direction> ring(FaultStage& stage) {
    Machines ring = stage.resolve(node);
    shuffle(ring, stage.choices());
    targets_ = ring;
    const std::size_t size = ring.size();
    const std::size_t majority = size / 2 + 1;
    std::vector<Direction> directions;
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) {
        const std::size_t apart = i < j ? j - i : i - j;
        if (std::min(apart, size - apart) > majority / 2) directions.push_back({ring[i], ring[j]});
      }
    }
    done_ = "let each of " + names(stage.levers().cast(), ring) +
            " hear only its neighbours in this ring";
    return directions;
  }

  std::vector<Direction> bridge(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    Machines chosen = stage.resolve(node);
    if (chosen.size() < 3) {
      done_ = "too few servers for a bridge";
      return {};
    }
    shuffle(chosen, stage.choices());
    const MachineId middle = chosen.back();
    chosen.pop_back();
    chosen.resize(chosen.size() / 2);
    std::sort(chosen.begin(), chosen.end());
    targets_ = chosen;
    Machines here = chosen;
    here.push_back(middle);
    const Machines there = servers_of(cast, everyone_but(cast, here));
    done_ = "let " + names(cast, chosen) + " and " + names(cast, there) +
            " hear each other only through " + names(cast, {middle});
    return both_ways(chosen, there);
  }

  std::vector<Direction> pair(FaultStage& stage, bool both) {
    const Cast& cast = stage.levers().cast();
    targets_ = stage.resolve(from);
    const Machines others = stage.resolve(to);
    done_ = "cut " + names(cast, targets_) + (both ? " and " : " -> ") + names(cast, others);
    return both ? both_ways(targets_, others) : one_way(targets_, others);
  }

  std::vector<Direction> cut_zone(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    targets_ = stage.resolve(Selector{Selector::Kind::kZone, zone, 0, {}});
    Machines side = targets_;
    for (const MachineId machine : everyone_but(cast, side)) {
      const MachineInfo& info = cast[machine.value];
      if (!is_server(info.kind) && info.zone == zone) side.push_back(machine);
    }
    return between(cast, {side, everyone_but(cast, side)});
  }

  std::vector<Direction> cut_roles(FaultStage& stage) {
    const Cast& cast = stage.levers().cast();
    targets_ = stage.resolve(selector_of(Selector::Kind::kReplicas));
    return between(cast, {targets_, everyone_but(cast, targets_)});
  }

  // Each side against each other; says so.
  std::vector<Direction> between(const Cast& cast, const std::vector<Machines>& sides) {
    std::vector<Direction> directions;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (sides[i].empty()) continue;
      done_ += (done_.empty() ? "cut " : " | ") + names(cast, sides[i]);
      for (std::size_t j = i + 1; j < sides.size(); ++j) {
        const std::vector<Direction> more = both_ways(sides[i], sides[j]);
        directions.insert(directions.end(), more.begin(), more.end());
      }
    }
    return directions;
  }

  std::string intent() const override {
    std::string text = "cut ";
    switch (shape_) {
      case Shape::kGroups:
        for (const Selector& group : groups) text += to_text(group) + " | ";
        text += "the rest";
        break;
      case Shape::kIsolate:
        text += to_text(node) + " off from everyone";
        break;
      case Shape::kHalves:
        text += "a random half of " + to_text(node) + " off";
        break;
      case Shape::kMinorityThird:
        text += "a random third of " + to_text(node) + " off";
        break;
      case Shape::kMajorityRing:
        text += to_text(node) + " into a ring of majorities";
        break;
      case Shape::kBridge:
        text += to_text(node) + " into halves with a bridge";
        break;
      case Shape::kOneWay:
        text += to_text(from) + " -> " + to_text(to);
        break;
      case Shape::kLink:
        text += to_text(from) + " and " + to_text(to);
        break;
      case Shape::kZone:
        text += "zone " + zone + " | the rest";
        break;
      case Shape::kRoles:
        text += "replicas | primaries";
        break;
    }
    return text + planes_text(planes_);
  }

  Shape shape_;
  PlaneSet planes_;
};

Shape read_shape(Options& options) {
  const Shape otherwise = options.has("groups") ? Shape::kGroups : Shape::kIsolate;
  return options.one_of<Shape>("shape",
                               {{"groups", Shape::kGroups},
                                {"isolate", Shape::kIsolate},
                                {"halves", Shape::kHalves},
                                {"minority-third", Shape::kMinorityThird},
                                {"majority-ring", Shape::kMajorityRing},
                                {"bridge", Shape::kBridge},
                                {"one-way", Shape::kOneWay},
                                {"zone", Shape::kZone},
                                {"roles", Shape::kRoles},
                                {"link", Shape::kLink}},
                               otherwise);
}

void read_zone(Options& options, Partition& partition) {
  partition.zone = options.text("zone");
  SelectorMistake mistake;
  if (options.known() == nullptr || partition.zone.empty()) return;
  if (!parse_selector("zone:" + partition.zone, options.known(), mistake)) {
    options.problem("zone", mistake.what, mistake.hint);
  }
}

}  // namespace

std::unique_ptr<Fault> make_partition(Options& options) {
  const Shape shape = read_shape(options);
  auto partition = std::make_unique<Partition>(shape, read_planes(options));
  switch (shape) {
    case Shape::kGroups:
      partition->groups = options.selectors("groups");
      if (partition->groups.empty()) options.problem("groups", "expected at least one group");
      break;
    case Shape::kIsolate:
      partition->node = options.selector("node");
      break;
    case Shape::kHalves:
    case Shape::kMinorityThird:
    case Shape::kMajorityRing:
    case Shape::kBridge:
      partition->node = options.selector("node", selector_of(Selector::Kind::kAll));
      break;
    case Shape::kOneWay:
    case Shape::kLink:
      partition->from = options.selector("from");
      partition->to = options.selector("to");
      break;
    case Shape::kZone:
      read_zone(options, *partition);
      break;
    case Shape::kRoles:
      break;
  }
  return partition;
}

std::unique_ptr<Fault> random_partition(Choices& choices, const Cast&) {
  constexpr std::array<Shape, 6> kMildestFirst{Shape::kIsolate,       Shape::kLink,
                                               Shape::kMinorityThird, Shape::kBridge,
                                               Shape::kMajorityRing,  Shape::kHalves};
  const Shape shape = kMildestFirst[choices.choose(Site::kFaultKind, kMildestFirst.size())];
  const PlaneSet planes =
      choices.choose(Site::kFaultKind, 2) == 0 ? plane_set(Plane::kBus) : kAllPlanes;
  auto partition = std::make_unique<Partition>(shape, planes);
  if (shape == Shape::kIsolate) partition->node = random_victim(choices);
  if (shape == Shape::kLink) {
    partition->from = random_victim(choices);
    partition->to = selector_of(Selector::Kind::kAnyNode);
  }
  return partition;
}

}  // namespace sim
