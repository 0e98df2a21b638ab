#include "sim/app/operations.h"

#include <chrono>

#include "sim/base/check.h"

namespace sim {
namespace {

// Why an operation cannot even be typed.
struct Nobody {
  std::string what;
};

class Typist {
 public:
  Typist(const OperationStep& step, const ActiveOperation& operation, const OperationStage& stage)
      : step_(step), operation_(operation), stage_(stage) {}

  Words type(OperationPart part) {
    switch (part) {
      case OperationPart::kReshard:
        return reshard();
      case OperationPart::kRebalance:
        return rebalance();
      case OperationPart::kFix:
        return fix();
      case OperationPart::kMoveAway:
        return move_away();
      case OperationPart::kAddNode:
        return add_node();
      case OperationPart::kDelNode:
        return {"redis-cli", "--cluster", "del-node", address(entry(operation_.subject)),
                id(subject())};
      case OperationPart::kForget:
        return {"redis-cli",
                "--cluster",
                "call",
                address(entry(operation_.subject)),
                "cluster",
                "forget",
                std::string(operation_.old_id.view())};
      default:
        break;
    }
    CHECK(false);  // the others are no programs
  }

 private:
  MachineId one(const Selector& selector) const {
    const std::vector<MachineId> meant = stage_.resolve(selector);
    if (meant.empty()) throw Nobody{"nobody is " + to_text(selector)};
    return meant.front();
  }
  MachineId subject() const {
    if (!operation_.subject) throw Nobody{"nobody is " + to_text(*step_.node)};
    return *operation_.subject;
  }
  std::string id(MachineId machine) const {
    const auto known = stage_.id(machine);
    if (!known) throw Nobody{"a node has never said who it is"};
    return std::string(known->view());
  }
  std::string address(MachineId machine) const { return format_endpoint(stage_.endpoint(machine)); }
  // The node that redis-cli is told, and asks for all others.
  MachineId entry(std::optional<MachineId> other_than) const {
    if (step_.via) return one(*step_.via);
    const auto anybody = stage_.anybody(other_than);
    if (!anybody) throw Nobody{"no node is up"};
    return *anybody;
  }

  std::string sources(MachineId target) const {
    if (step_.from.kind == Selector::Kind::kAll) return "all";
    std::string ids;
    for (const MachineId machine : stage_.resolve(step_.from)) {
      if (machine == target || !stage_.is_primary(machine)) continue;
      ids += (ids.empty() ? "" : ",") + id(machine);
    }
    if (ids.empty()) throw Nobody{"no other primary is " + to_text(step_.from)};
    return ids;
  }

  void add_moving(Words& words) const {
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(step_.timeout);
    words.insert(words.end(), {"--cluster-pipeline", std::to_string(step_.pipeline),
                               "--cluster-timeout", std::to_string(timeout.count())});
  }

  Words reshard() const {
    const MachineId target = one(*step_.to);
    Words words{"redis-cli",    "--cluster",
                "reshard",      address(step_.via ? one(*step_.via) : target),
                "--cluster-to", id(target)};
    if (step_.ranges.empty()) {
      words.insert(words.end(), {"--cluster-from", sources(target), "--cluster-slots",
                                 std::to_string(step_.slots), "--cluster-yes"});
    } else {
      std::string ranges;
      for (const SlotRange& range : step_.ranges) {
        ranges += (ranges.empty() ? "" : ",") + std::to_string(range.first.value) + '-' +
                  std::to_string(range.last.value);
      }
      words.insert(words.end(), {"--slot-ranges", ranges});
    }
    add_moving(words);
    return words;
  }

  Words rebalance() const {
    Words words{"redis-cli",        "--cluster",           "rebalance",
                address(entry({})), "--cluster-threshold", std::to_string(step_.threshold)};
    if (step_.use_empty) words.emplace_back("--cluster-use-empty-masters");
    for (const auto& [whom, weight] : step_.weights) {
      for (const MachineId machine : stage_.resolve(whom)) {
        words.insert(words.end(), {"--cluster-weight", id(machine) + '=' + std::to_string(weight)});
      }
    }
    add_moving(words);
    return words;
  }

  Words fix() const {
    Words words{"redis-cli", "--cluster", "fix", address(entry({}))};
    add_moving(words);
    return words;
  }

  Words move_away() const {
    Words words{"redis-cli",           "--cluster",
                "rebalance",           address(entry(operation_.subject)),
                "--cluster-weight",    id(subject()) + "=0",
                "--cluster-threshold", "1"};
    add_moving(words);
    return words;
  }

  Words add_node() const {
    Words words{"redis-cli", "--cluster", "add-node", address(subject()),
                address(entry(operation_.subject))};
    std::optional<MachineId> primary;
    if (step_.replica_of) {
      primary = one(*step_.replica_of);
    } else if (operation_.shard) {
      primary = stage_.owner(*operation_.shard);
      if (!primary) throw Nobody{"the shard has no primary that a newcomer could follow"};
    }
    if (primary)
      words.insert(words.end(), {"--cluster-slave", "--cluster-master-id", id(*primary)});
    return words;
  }

  const OperationStep& step_;
  const ActiveOperation& operation_;
  const OperationStage& stage_;
};

std::string slots_text(const OperationStep& step) {
  if (step.ranges.empty())
    return std::to_string(step.slots) + (step.slots == 1 ? " slot" : " slots") + " from " +
           to_text(step.from);
  SlotSet slots;
  for (const SlotRange& range : step.ranges) {
    for (std::size_t slot = range.first.value; slot <= range.last.value; ++slot) slots.set(slot);
  }
  return "slots " + format_slots(slots);
}

}  // namespace

std::deque<OperationPart> parts_of(const OperationStep& step) {
  switch (step.kind) {
    case OperationKind::kReshard:
      return {OperationPart::kReshard};
    case OperationKind::kRebalance:
      return {OperationPart::kRebalance};
    case OperationKind::kFix:
      return {OperationPart::kFix};
    case OperationKind::kAddNode:
      return {OperationPart::kAddNode, OperationPart::kAwaitJoin};
    case OperationKind::kRemoveNode:
      if (step.move_slots) return {OperationPart::kMoveAway, OperationPart::kDelNode};
      return {OperationPart::kDelNode};
    case OperationKind::kReplaceNode:
      // Forgotten while nobody is at its address, so that the newcomer is not taken for it.
      return {OperationPart::kHandOver, OperationPart::kAwaitHandOver, OperationPart::kStop,
              OperationPart::kForget,   OperationPart::kStart,         OperationPart::kAwaitStart,
              OperationPart::kAddNode,  OperationPart::kAwaitJoin};
  }
  return {};
}

std::string operation_text(const OperationStep& step) {
  const std::string with = step.real ? " with redis-cli" : "";
  const std::string newcomer =
      step.replica_of ? " as a replica of " + to_text(*step.replica_of) : "";
  switch (step.kind) {
    case OperationKind::kReshard:
      return "reshard " + slots_text(step) + " to " + to_text(*step.to) + with;
    case OperationKind::kRebalance:
      return "rebalance the slots" + with;
    case OperationKind::kFix:
      return "fix what is open" + with;
    case OperationKind::kAddNode:
      return "add " + to_text(*step.node) + newcomer + with;
    case OperationKind::kRemoveNode:
      return "remove " + to_text(*step.node) + (step.move_slots ? ", its slots first" : "") + with;
    case OperationKind::kReplaceNode:
      return "replace " + to_text(*step.node) + " by an empty node" +
             (step.new_address ? " at another address" : "") + newcomer + with;
  }
  return {};
}

std::variant<Words, std::string> words_of(OperationPart part, const OperationStep& step,
                                          const ActiveOperation& operation,
                                          const OperationStage& stage) {
  try {
    return Typist(step, operation, stage).type(part);
  } catch (const Nobody& nobody) {
    return nobody.what;
  }
}

}  // namespace sim
