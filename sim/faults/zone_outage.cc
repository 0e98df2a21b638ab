#include "sim/faults/machines.h"

namespace sim {
namespace {

enum class Means : std::uint8_t { kPower, kNetwork };

// All machines of a zone lose their power, or the zone loses its network (inside it goes on as
// before). Clients and auditors that stand there are cut off too, but keep their power: they are
// the world outside.
class ZoneOutage final : public FaultOf<ZoneOutage> {
 public:
  ZoneOutage(std::string zone, Means means)
      : FaultOf(means == Means::kPower ? "programs killed" : "packets stopped"),
        zone_(std::move(zone)),
        means_(means) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const Cast& cast = stage.levers().cast();
    const Machines zone = stage.resolve(Selector{Selector::Kind::kZone, zone_, 0, {}});
    if (means_ == Means::kPower) {
      for (const MachineId machine : zone) {
        if (stop(stage, machine, StopMode::kPower)) targets_.push_back(machine);
      }
      done_count_ = targets_.size();
    } else {
      targets_ = zone;
      Machines inside = zone;
      for (const MachineId machine : everyone_but(cast, zone)) {
        const MachineInfo& info = cast[machine.value];
        if (!is_server(info.kind) && info.zone == zone_) inside.push_back(machine);
      }
      hold(stage.levers().cut(both_ways(inside, everyone_but(cast, inside)), kAllPlanes));
    }
    done_ = intent() + ": " + names(cast, targets_);
    return std::nullopt;
  }
  void end(FaultStage& stage) override {
    let_go(stage);
    if (means_ != Means::kPower) return;
    for (const MachineId machine : targets_) start_again(stage, machine, DiskMode::kKeep);
  }

 private:
  std::string intent() const override {
    return (means_ == Means::kPower ? "cut the power of zone " : "cut the network of zone ") +
           zone_;
  }

  std::string zone_;
  Means means_;
};

}  // namespace

std::unique_ptr<Fault> make_zone_outage(Options& options) {
  const std::string zone = options.text("zone");
  if (options.known() != nullptr && !zone.empty()) {
    SelectorMistake mistake;
    if (!parse_selector("zone:" + zone, options.known(), mistake))
      options.problem("zone", mistake.what, mistake.hint);
  }
  const Means means = options.one_of<Means>(
      "means", {{"power", Means::kPower}, {"network", Means::kNetwork}}, Means::kPower);
  return std::make_unique<ZoneOutage>(zone, means);
}

std::unique_ptr<Fault> random_zone_outage(Choices& choices, const Cast& cast) {
  std::vector<std::string> zones;
  for (const MachineInfo& info : cast) {
    bool known = false;
    for (const std::string& zone : zones) known = known || zone == info.zone;
    if (!known) zones.push_back(info.zone);
  }
  // The last zone holds the fewest primaries.
  const std::size_t index = choices.choose(Site::kFaultTarget, zones.size());
  const Means means = choices.choose(Site::kFaultKind, 2) == 0 ? Means::kNetwork : Means::kPower;
  return std::make_unique<ZoneOutage>(zones[zones.size() - 1 - index], means);
}

}  // namespace sim
