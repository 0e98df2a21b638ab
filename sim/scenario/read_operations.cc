// Operations: what an operator does to a whole cluster.
#include <algorithm>
#include <array>
#include <chrono>

#include "sim/scenario/reader.h"

namespace sim {
namespace {

constexpr std::array<OperationInfo, 6> kOperations{
    {{"add-node", OperationKind::kAddNode,
      R"({"at": "5s", "do": "add-node", "node": "spare:0", "replica_of": "primary:shard-0"})"},
     {"fix", OperationKind::kFix, R"({"at": "5s", "do": "fix"})"},
     {"rebalance", OperationKind::kRebalance,
      R"({"at": "5s", "do": "rebalance", "use_empty": true, "weights": {"m1": 2}})"},
     {"remove-node", OperationKind::kRemoveNode,
      R"({"at": "5s", "do": "remove-node", "node": "m3", "move_slots": true})"},
     {"replace-node", OperationKind::kReplaceNode,
      R"({"at": "5s", "do": "replace-node", "node": "primary:shard-0", "new_address": true})"},
     {"reshard", OperationKind::kReshard,
      R"({"at": "5s", "do": "reshard", "from": "m1", "to": "m2", "slots": 100, "with": "redis-cli"})"}}};

}  // namespace

std::span<const OperationInfo> operations() {
  return kOperations;
}

const OperationInfo* find_operation(std::string_view name) {
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const OperationInfo& known) { return known.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

std::string OperationStep::name() const {
  for (const OperationInfo& known : kOperations) {
    if (known.kind == kind) return std::string(known.name);
  }
  return {};
}

std::string OperationStep::expected() const {
  if (expect == Expect::kAny) return "any end";
  return expect == Expect::kFailed ? "failure" : "success within " + format_duration(within);
}

namespace reader {
namespace {

std::optional<Selector> read_one(Options& options, std::string_view key, bool required) {
  if (!required && !options.has(key)) return std::nullopt;
  Selector selector = options.selector(key);
  if (selector.plural())
    options.problem(key, quote(to_text(selector)) + " may mean several nodes; expected one");
  return selector;
}

void read_slots_to_move(Options& options, OperationStep& step) {
  const JsonRef node = options.raw("slots");
  if (!node || node->kind == JsonNode::Kind::kNumber) {
    step.slots = static_cast<std::uint32_t>(options.integer("slots", {1, kSlotCount}));
    return;
  }
  for (const std::string& text : options.texts("slots")) {
    const auto ranges = parse_slots(text);
    if (!ranges || ranges->empty()) {
      options.problem(
          "slots", "expected a number of slots or ranges such as \"0-99 200\", got " + quote(text));
      continue;
    }
    step.ranges.insert(step.ranges.end(), ranges->begin(), ranges->end());
  }
  if (step.real) {
    options.problem("slots", "redis-cli moves a number of slots, not those it is told",
                    "an operator of the simulation does: leave out \"with\"");
  }
}

void read_moving(Options& options, OperationStep& step) {
  step.pipeline = static_cast<std::uint32_t>(options.integer("pipeline", 10, {1, 10'000}));
  step.timeout = options.duration("timeout", Duration{std::chrono::seconds{60}}, kSomeTime);
}

// {"m4": 0, "primary:shard-1": 2}
void read_weights(Options weights, OperationStep& step) {
  for (const std::string& word : weights.keys()) {
    const auto weight = static_cast<std::uint32_t>(weights.integer(word, {0, 1'000}));
    SelectorMistake wrong;
    const std::optional<Selector> whom = parse_selector(word, weights.known(), wrong);
    if (!whom) {
      weights.problem(word, wrong.what, wrong.hint);
    } else {
      step.weights.emplace_back(*whom, weight);
    }
  }
  weights.finish();
}

}  // namespace

OperationStep read_operation(Options& options, OperationKind kind) {
  OperationStep step;
  step.kind = kind;
  step.real =
      options.one_of<bool>("with", {{kOperatorMachine, false}, {kRedisCliMachine, true}}, false);
  step.via = read_one(options, "via", false);
  using Expect = OperationStep::Expect;
  step.expect = options.one_of<Expect>(
      "expect", {{"done", Expect::kDone}, {"failed", Expect::kFailed}, {"any", Expect::kAny}},
      Expect::kDone);
  step.within = options.duration("within", Duration{std::chrono::minutes{10}}, kSomeTime);
  const bool moves = kind == OperationKind::kReshard || kind == OperationKind::kRebalance ||
                     kind == OperationKind::kFix;
  if (!moves) step.node = read_one(options, "node", true);
  switch (kind) {
    case OperationKind::kReshard:
      step.from = options.selector("from", Selector{});
      step.to = read_one(options, "to", true);
      read_slots_to_move(options, step);
      break;
    case OperationKind::kRebalance:
      read_weights(options.object("weights"), step);
      step.threshold = static_cast<std::uint32_t>(options.integer("threshold", 2, {1, 100}));
      step.use_empty = options.boolean("use_empty", false);
      break;
    case OperationKind::kFix:
      break;
    case OperationKind::kAddNode:
      step.replica_of = read_one(options, "replica_of", false);
      break;
    case OperationKind::kRemoveNode:
      step.move_slots = options.boolean("move_slots", false);
      break;
    case OperationKind::kReplaceNode:
      step.replica_of = read_one(options, "replica_of", false);
      step.new_address = options.boolean("new_address", false);
      step.down = options.duration("down", Duration{std::chrono::seconds{1}}, kSomeTime);
      break;
  }
  if (moves || kind == OperationKind::kRemoveNode) read_moving(options, step);
  return step;
}

}  // namespace reader
}  // namespace sim
