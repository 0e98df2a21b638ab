#include "sim/faults/fault_base.h"

namespace sim {
namespace {

// A link of the topology goes down; what can be routed round it is.
class CutLink final : public FaultOf<CutLink> {
 public:
  explicit CutLink(std::vector<std::string> ends)
      : FaultOf("packets re-routed or stopped"), ends_(std::move(ends)) {}

  std::optional<SimTime> act(FaultStage& stage) override {
    const Topology& topology = stage.levers().topology();
    const std::optional<VertexId> a = vertex(stage, ends_[0]), b = vertex(stage, ends_[1]);
    const std::optional<LinkId> link = a && b ? topology.link_between(*a, *b) : std::nullopt;
    done_ = link ? intent() : "there is no link between " + ends_[0] + " and " + ends_[1];
    if (link) hold(stage.levers().cut_link(*link));
    return std::nullopt;
  }

 private:
  // "zone:a" is a vertex of that name; a machine means the host it stands on.
  static std::optional<VertexId> vertex(FaultStage& stage, const std::string& end) {
    for (const MachineInfo& info : stage.levers().cast()) {
      if (info.name == end) return stage.levers().topology().find("host:" + info.host);
    }
    return stage.levers().topology().find(end);
  }

  std::string intent() const override {
    return "cut the link between " + ends_[0] + " and " + ends_[1];
  }

  std::vector<std::string> ends_;
};

}  // namespace

std::unique_ptr<Fault> make_cut_link(Options& options) {
  std::vector<std::string> ends = options.texts("between");
  if (ends.size() != 2) {
    if (options.has("between")) {
      options.problem("between",
                      "expected two ends such as [\"zone:a\", \"zone:b\"] or [\"m1\", \"zone:a\"]");
    }
    ends.resize(2);
  }
  return std::make_unique<CutLink>(std::move(ends));
}

}  // namespace sim
