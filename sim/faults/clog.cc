#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Everything on the route waits and comes through at the end: nothing is lost, nobody is told.
class Clog final : public FaultOf<Clog> {
 public:
  Clog(Route route, PlaneSet planes)
      : FaultOf("packets held"), route_(std::move(route)), planes_(planes) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Route::Found found = route_.find(stage);
    targets_ = found.targets;
    done_ = "clog " + found.text + planes_text(planes_);
    hold(stage.levers().clog(std::move(found.directions), planes_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return "clog " + route_.text() + planes_text(planes_); }

  Route route_;
  PlaneSet planes_;
};

}  // namespace

std::unique_ptr<Fault> make_clog(Options& options) {
  Route route = Route::read(options);
  return std::make_unique<Clog>(std::move(route), read_planes(options));
}

std::unique_ptr<Fault> random_clog(Choices& choices, const Cast&) {
  return std::make_unique<Clog>(Route::of(random_victim(choices)), kAllPlanes);
}

}  // namespace sim
