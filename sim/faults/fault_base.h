// What faults have in common: levers they hold and let go, names in plain words, who is hit on the
// network.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/fault.h"

namespace sim {

using Machines = std::vector<MachineId>;

// "m1 m2", "m1 m2 m3 m4 m5 m6 and 34 more", "nobody".
std::string names(const Cast& cast, const Machines& machines);
// Every machine, clients and auditors included, that is not in `machines`; in order.
Machines everyone_but(const Cast& cast, const Machines& machines);
// The servers among them.
Machines servers_of(const Cast& cast, const Machines& machines);
bool holds(const Machines& machines, MachineId machine);
// In an order chosen by `Site::kFaultTarget`; all outcomes 0 keep the order.
void shuffle(Machines& machines, Choices& choices);

// Both directions between every machine of one side and every machine of the other.
std::vector<Direction> both_ways(const Machines& a, const Machines& b);
std::vector<Direction> one_way(const Machines& from, const Machines& to);

// "planes": a list of "bus", "client" and "replication"; all if not given.
PlaneSet read_planes(Options& options);
// "" for all, " (bus)", " (bus, replication)".
std::string planes_text(PlaneSet planes);

// Which traffic: all of "node"'s (or only in or out of it, by "direction"), or that "from" ... "to"
// (in both directions with "both_ways").
class Route {
 public:
  static Route read(Options& options);
  static Route of(Selector node);

  struct Found {
    std::vector<Direction> directions;
    Machines targets;
    std::string text;  // "m1 and everyone else", "m1 -> m2"
  };
  Found find(FaultStage& stage) const;
  std::string text() const;  // selectors as written

 private:
  enum class Way : std::uint8_t { kBoth, kIn, kOut };
  std::optional<Selector> node_, from_, to_;
  Way way_ = Way::kBoth;
};

// One of these with `Site::kFaultTarget`; the first is the mildest.
Selector random_victim(Choices& choices);  // a replica, then a primary
// One of a list of times, mildest first, with `Site::kFaultTime`.
Duration random_time(Choices& choices, std::initializer_list<Duration> mildest_first);

// A fault that is copied as a value and keeps the levers it has pulled. `Self` is the fault itself.
template <class Self>
class FaultOf : public Fault {
 public:
  std::unique_ptr<Fault> clone() const final {
    return std::make_unique<Self>(static_cast<const Self&>(*this));
  }
  std::optional<SimTime> act(FaultStage& stage) override = 0;
  void end(FaultStage& stage) override { let_go(stage); }
  Effects effects(const Levers& levers) const override {
    Effects sum{done_count_, unit_};
    for (const LeverId lever : pulled_) sum.count += levers.effects(lever);
    return sum;
  }
  std::string text() const override { return done_.empty() ? intent() : done_; }
  Machines targets() const override { return targets_; }

 protected:
  explicit FaultOf(std::string_view unit) : unit_(unit) {}
  FaultOf(const FaultOf&) = default;

  // One line before it has fired, selectors as written.
  virtual std::string intent() const = 0;

  void hold(LeverId lever) {
    held_.push_back(lever);
    pulled_.push_back(lever);
  }
  void let_go(FaultStage& stage, LeverId lever) {
    std::erase(held_, lever);
    stage.levers().release(lever);
  }
  void let_go(FaultStage& stage) {
    for (const LeverId lever : std::exchange(held_, {})) stage.levers().release(lever);
  }

  std::string done_;  // what happened, once it has
  Machines targets_;
  std::uint64_t done_count_ = 0;  // effects other than of levers
  std::string_view unit_;

 private:
  std::vector<LeverId> held_, pulled_;
};

// A fault that pulls one lever on every machine that is meant. `Self` says which, and in what
// words:
//   LeverId pull(Levers& levers, MachineId machine) const;
//   std::string describe(const std::string& whom) const;
template <class Self>
class FaultOnMachines : public FaultOf<Self> {
 public:
  std::optional<SimTime> act(FaultStage& stage) final {
    this->targets_ = stage.resolve(node_);
    for (const MachineId machine : this->targets_) this->hold(self().pull(stage.levers(), machine));
    this->done_ = self().describe(names(stage.levers().cast(), this->targets_));
    return std::nullopt;
  }

 protected:
  FaultOnMachines(std::string_view unit, Selector node)
      : FaultOf<Self>(unit), node_(std::move(node)) {}

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
  std::string intent() const final { return self().describe(to_text(node_)); }

  Selector node_;
};

// A fault that pulls one lever on a route. `Self` says which, and in what words:
//   LeverId pull(Levers& levers, std::vector<Direction> directions, PlaneSet planes) const;
//   std::string describe(const std::string& route) const;   without the planes
template <class Self>
class FaultOnRoute : public FaultOf<Self> {
 public:
  std::optional<SimTime> act(FaultStage& stage) final {
    Route::Found found = route_.find(stage);
    this->targets_ = found.targets;
    this->done_ = self().describe(found.text) + planes_text(planes_);
    this->hold(self().pull(stage.levers(), std::move(found.directions), planes_));
    return std::nullopt;
  }

 protected:
  FaultOnRoute(std::string_view unit, Route route, PlaneSet planes)
      : FaultOf<Self>(unit), route_(std::move(route)), planes_(planes) {}

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
  std::string intent() const final { return self().describe(route_.text()) + planes_text(planes_); }

  Route route_;
  PlaneSet planes_;
};

}  // namespace sim
