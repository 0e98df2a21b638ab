#include "sim/faults/fault_base.h"
#include "sim/trace/describe.h"

namespace sim {
namespace {

// Every open connection on the route is reset.
class Reset final : public FaultOf<Reset> {
 public:
  Reset(Route route, PlaneSet planes)
      : FaultOf("connections reset"), route_(std::move(route)), planes_(planes) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    Route::Found found = route_.find(stage);
    targets_ = found.targets;
    done_count_ = stage.levers().reset_connections(std::move(found.directions), planes_);
    done_ = "reset " + effects_text(done_count_, "connections") + " between " + found.text +
            planes_text(planes_);
    return std::nullopt;
  }

 private:
  std::string intent() const override {
    return "reset the connections between " + route_.text() + planes_text(planes_);
  }

  Route route_;
  PlaneSet planes_;
};

}  // namespace

std::unique_ptr<Fault> make_reset(Options& options) {
  Route route = Route::read(options);
  return std::make_unique<Reset>(std::move(route), read_planes(options));
}

std::unique_ptr<Fault> random_reset(Choices& choices, const Cast&) {
  return std::make_unique<Reset>(Route::of(random_victim(choices)), kAllPlanes);
}

}  // namespace sim
