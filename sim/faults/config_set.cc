#include "sim/faults/fault_base.h"

namespace sim {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// CONFIG SET at the nodes' consoles.
class ConfigSet final : public FaultOf<ConfigSet> {
 public:
  ConfigSet(Selector node, Settings settings)
      : FaultOf("directives set"), node_(std::move(node)), settings_(std::move(settings)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    for (const MachineId machine : stage.resolve(node_)) {
      if (!stage.levers().is_up(machine)) continue;
      targets_.push_back(machine);
      for (const auto& [name, value] : settings_) {
        const auto ticket = stage.levers().console(machine, {"CONFIG", "SET", name, value});
        done_count_ += ticket != 0 ? 1 : 0;
      }
    }
    done_ = describe(names(stage.levers().cast(), targets_));
    return std::nullopt;
  }

 private:
  std::string intent() const override { return describe(to_text(node_)); }
  std::string describe(const std::string& whom) const {
    std::string text;
    for (const auto& [name, value] : settings_)
      text += (text.empty() ? "set " : ", ") + name + ' ' + value;
    return text + " on " + whom;
  }

  Selector node_;
  Settings settings_;
};

}  // namespace

std::unique_ptr<Fault> make_config_set(Options& options) {
  Selector node = options.selector("node");
  Settings settings = options.directives("config");
  if (settings.empty())
    options.problem("config", "expected directives such as {\"cluster-node-timeout\": 2000}");
  return std::make_unique<ConfigSet>(std::move(node), std::move(settings));
}

}  // namespace sim
