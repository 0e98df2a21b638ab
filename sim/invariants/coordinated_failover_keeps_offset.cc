// Claim: in a coordinated failover the primary takes no writes once it has paused them, and the
// replica takes over with all that the primary had written until then.
// - Source: CLUSTER FAILOVER, "implementation details"; protocol §7.10, §15.19.
// - Scope: always.
// - Kills: manual-failover-does-not-wait, manual-failover-does-not-pause.
//
// FORCE and TAKEOVER promise nothing of the kind, and no primary pauses for them; nor does a
// failover during which the primary fails. A real server tells neither offsets nor when it applies
// a write, so that it is not checked.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/invariants/bounds.h"
#include "sim/invariants/stage.h"
#include "sim/invariants/verdict.h"
#include "sim/trace/directory.h"

namespace sim {
namespace {

constexpr Duration kTimeout = 5s;

class CoordinatedFailoverKeepsOffset final
    : public CopyableVerdict<CoordinatedFailoverKeepsOffset> {
 public:
  explicit CoordinatedFailoverKeepsOffset(const RunFacts& facts)
      : CopyableVerdict("no primary paused its writes for a failover"),
        processes_(facts.processes),
        lasts_(kTimeout - clock_slack(facts)),
        nodes_(facts.cast.size()) {}

  void see(const Record& record, const Stage& stage) override {
    const Directory& directory = stage.directory();
    if (record.machine.value >= nodes_.size() || processes_.count(record.machine) > 0) return;
    Node& node = nodes_[record.machine.value];
    if (const auto* manual = std::get_if<event::ManualFailover>(&record.event)) {
      see_manual(record, *manual, node);
    } else if (const auto* write = std::get_if<event::WriteApplied>(&record.event)) {
      see_write(record, *write, node, directory);
    } else if (const auto* stream = std::get_if<event::StreamAt>(&record.event)) {
      node.offset = std::max(node.offset, stream->offset);
    } else if (const auto* up = std::get_if<event::ReplicationUp>(&record.event)) {
      node.offset = up->offset;
    } else if (const auto* promoted = std::get_if<event::Promoted>(&record.event)) {
      see_promotion(record, *promoted, node, directory);
    } else if (std::holds_alternative<event::NodeStarted>(record.event)) {
      node = {};
    } else if (Directory::changes_serving(record.event) ||
               std::holds_alternative<event::Following>(record.event)) {
      node.paused.reset();
    }
  }

  std::string numbers() const override {
    return counted(pauses_, "pause") + ", " + counted(completed_, "failover") + " completed";
  }

 private:
  struct Node {
    std::optional<SimTime> paused;  // since when, as a primary
    std::uint64_t record = 0;
    std::int64_t offset = 0;             // of the last write that it has
    SimTime asked{Duration::min() / 2};  // as a replica, for the last time
  };

  void see_manual(const Record& record, const event::ManualFailover& manual, Node& node) {
    if (manual.phase == "requested") {
      node.asked = record.at;
    } else if (manual.phase == "timed out") {
      node.paused.reset();
    } else if (manual.phase == "primary resumed writes") {
      node.paused.reset();
    } else if (manual.phase == "primary paused writes") {
      evidence();
      ++pauses_;
      node.paused = record.at;
      node.record = record.sequence;
    }
  }

  void see_write(const Record& record, const event::WriteApplied& write, Node& node,
                 const Directory& directory) {
    node.offset = std::max(node.offset, write.offset);
    if (!node.paused || record.at >= *node.paused + lasts_) return;
    if (directory.role(record.machine) != Role::kPrimary) return;
    violation(record, std::string{directory.name(record.machine)} + " applied a write for slot " +
                          std::to_string(write.slot.value) + " " + words(record.at - *node.paused) +
                          " after it had paused writes for a failover (record " +
                          std::to_string(node.record) + ")");
  }

  void see_promotion(const Record& record, const event::Promoted& promoted, const Node& winner,
                     const Directory& directory) {
    const auto old = directory.machine_of(promoted.old_primary);
    if (!promoted.manual || promoted.takeover || !old || old->value >= nodes_.size()) return;
    const Node& primary = nodes_[old->value];
    if (!primary.paused || *primary.paused < winner.asked) return;
    ++completed_;
    if (winner.offset >= primary.offset) return;
    violation(record, std::string{directory.name(record.machine)} + " took over from " +
                          std::string{directory.name(*old)} + " in a coordinated failover with " +
                          "writes up to offset " + std::to_string(winner.offset) +
                          ", and those up to " + std::to_string(primary.offset) +
                          " had been taken before the pause (record " +
                          std::to_string(primary.record) + ")");
  }

  std::set<MachineId> processes_;
  Duration lasts_;
  std::vector<Node> nodes_;  // by machine
  std::uint64_t pauses_ = 0, completed_ = 0;
};

}  // namespace

std::unique_ptr<Invariant> make_coordinated_failover_keeps_offset(const RunFacts& facts) {
  return std::make_unique<CoordinatedFailoverKeepsOffset>(facts);
}

}  // namespace sim
