#include <algorithm>

#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Nodes stop being heard one by one, and come back in another order (FoundationDB's "swizzle").
// Each of the nodes is taken with one chance in two; it is clogged at some moment of the first half
// and freed at some moment of the second.
class SwizzleClog final : public FaultOf<SwizzleClog> {
 public:
  SwizzleClog(Selector nodes, PlaneSet planes, Duration over)
      : FaultOf("packets held"), nodes_(std::move(nodes)), planes_(planes), over_(over) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const SimTime now = stage.levers().now();
    if (done_.empty()) draw(stage, now);
    while (!moments_.empty() && moments_.front().at <= now) {
      const Moment moment = moments_.front();
      moments_.erase(moments_.begin());
      const Machines one{moment.machine};
      if (moment.begins) {
        const Cast& cast = stage.levers().cast();
        clogged_by_.push_back(
            {moment.machine,
             stage.levers().clog(both_ways(one, everyone_but(cast, one)), planes_)});
        hold(clogged_by_.back().second);
      } else {
        const auto found =
            std::find_if(clogged_by_.begin(), clogged_by_.end(),
                         [&](const auto& clogged) { return clogged.first == moment.machine; });
        let_go(stage, found->second);
      }
    }
    return moments_.empty() ? std::nullopt : std::optional(moments_.front().at);
  }

 private:
  struct Moment {
    SimTime at;
    MachineId machine;
    bool begins = false;
  };

  void draw(FaultStage& stage, SimTime now) {
    const auto half = static_cast<std::uint64_t>(over_.count() / 2);
    for (const MachineId machine : stage.resolve(nodes_)) {
      if (!stage.choices().chance(Site::kFaultTarget, 1, 2)) continue;
      targets_.push_back(machine);
      const Duration begin{
          static_cast<std::int64_t>(stage.choices().choose(Site::kFaultTime, half))};
      const Duration end{
          static_cast<std::int64_t>(half + stage.choices().choose(Site::kFaultTime, half))};
      moments_.push_back({now + begin, machine, true});
      moments_.push_back({now + end, machine, false});
    }
    std::sort(moments_.begin(), moments_.end(), [](const Moment& a, const Moment& b) {
      return std::pair(a.at, a.machine) < std::pair(b.at, b.machine);
    });
    done_ = describe(names(stage.levers().cast(), targets_));
  }

  std::string intent() const override { return describe(to_text(nodes_)); }
  std::string describe(const std::string& whom) const {
    return "swizzle-clog " + whom + " over " + format_duration(over_) + planes_text(planes_);
  }

  Selector nodes_;
  PlaneSet planes_;
  Duration over_;
  std::vector<Moment> moments_;
  std::vector<std::pair<MachineId, LeverId>> clogged_by_;
};

}  // namespace

std::unique_ptr<Fault> make_swizzle_clog(Options& options) {
  Selector nodes = options.selector("node", Selector{});
  const PlaneSet planes = read_planes(options);
  return std::make_unique<SwizzleClog>(std::move(nodes), planes,
                                       options.duration("over", 10s, {1ms, kTimeMax}));
}

std::unique_ptr<Fault> random_swizzle_clog(Choices& choices, const Cast&) {
  const PlaneSet planes =
      choices.choose(Site::kFaultKind, 2) == 0 ? plane_set(Plane::kBus) : kAllPlanes;
  return std::make_unique<SwizzleClog>(Selector{}, planes, random_time(choices, {1s, 5s, 20s}));
}

}  // namespace sim
