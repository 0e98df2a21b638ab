// Claim: clusters that run beside each other never come to know each other's nodes, even where one
// is given an address that the other's nodes still have in their tables.
// - Source: Cluster spec, "Nodes handshake" (only MEET, and nodes already trusted, introduce);
//   protocol §5.4, §14 row 28.
// - Scope: always.
// - Kills: ping-introduces.
//
// Known defect: row 28 (there is no id of a cluster: a node that is told to MEET believes whoever
// answers) when an operator has typed a MEET.
#include <string>

#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

class ClustersStayApart final : public CopyableVerdict<ClustersStayApart> {
 public:
  explicit ClustersStayApart(const RunFacts& facts)
      : CopyableVerdict("no other cluster runs beside this one") {
    for (const MachineInfo& info : facts.cast) others_ = others_ || !info.cluster.empty();
  }

  void see(const Record& record, const Stage& stage) override {
    if (!others_) return;
    if (const auto* learned = std::get_if<event::PeerLearned>(&record.event)) {
      see_learned(record, learned->peer, stage.directory());
    } else if (const auto* reply = std::get_if<event::StepReply>(&record.event)) {
      if (reply->command.starts_with("CLUSTER MEET")) introduced_ = true;
    } else if (const auto* fault = std::get_if<event::FaultBegan>(&record.event)) {
      if (fault->kind == "meet") introduced_ = true;
    } else if (std::holds_alternative<event::Claim>(record.event)) {
      evidence();
    }
  }

  std::string numbers() const override {
    return counted(strangers_, "node") + " of another cluster became known";
  }

 private:
  void see_learned(const Record& record, const NodeName& id, const Directory& directory) {
    const Cast& cast = directory.cast();
    const auto peer = directory.machine_of(id);
    if (!peer || record.machine.value >= cast.size()) return;
    if (cast[peer->value].cluster == cast[record.machine.value].cluster) return;
    ++strangers_;
    const std::string what = std::string(directory.name(record.machine)) + " came to know " +
                             std::string(directory.name(*peer)) + ", a node of another cluster";
    if (introduced_)
      return known_defect(record.at, record.sequence, 28, what + ", after a MEET was typed");
    violation(record, what + ", and nobody had introduced them");
  }

  bool others_ = false, introduced_ = false;
  std::uint64_t strangers_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_clusters_stay_apart(const RunFacts& facts) {
  return std::make_unique<ClustersStayApart>(facts);
}

}  // namespace sim
