#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// Everything on the route waits and comes through at the end: nothing is lost, nobody is told.
class Clog final : public FaultOnRoute<Clog> {
 public:
  Clog(Route route, PlaneSet planes) : FaultOnRoute("packets held", std::move(route), planes) {}

  LeverId pull(Levers& levers, std::vector<Direction> directions, PlaneSet planes) const {
    return levers.clog(std::move(directions), planes);
  }
  std::string describe(const std::string& route) const { return "clog " + route; }
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
