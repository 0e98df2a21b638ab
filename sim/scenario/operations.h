// What an operator does to a whole cluster, with redis-cli --cluster or as that does it.
//
// An operation is a step of the timeline that takes its time: it begins when the step fires, and is
// done, or has failed, later. Selectors mean whoever they mean when the part of the operation that
// needs them begins.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/slot_set.h"
#include "sim/base/time.h"
#include "sim/scenario/selector.h"

namespace sim {

// The machines at which operators work: one for those of this world, one for redis-cli itself.
inline constexpr std::string_view kOperatorMachine = "operator";
inline constexpr std::string_view kRedisCliMachine = "redis-cli";

enum class OperationKind : std::uint8_t {
  kReshard,
  kRebalance,
  kFix,
  kAddNode,
  kRemoveNode,
  kReplaceNode
};
struct OperationInfo {
  std::string_view name;  // "reshard"
  OperationKind kind;
  std::string_view example;  // a timeline step as JSON, complete and valid beside a spare
};
std::span<const OperationInfo> operations();
const OperationInfo* find_operation(std::string_view name);

struct OperationStep {
  OperationKind kind{};
  bool real = false;            // by redis-cli itself, a process
  std::optional<Selector> via;  // the node it is told; a live one if not given
  enum class Expect : std::uint8_t { kDone, kFailed, kAny } expect = Expect::kDone;
  Duration within{};  // then the operator is stopped

  std::optional<Selector> node;        // who joins, leaves or is replaced
  std::optional<Selector> replica_of;  // whom the newcomer follows

  // reshard, rebalance
  Selector from;                  // reshard: whose slots; its default means everybody's
  std::optional<Selector> to;     // reshard
  std::uint32_t slots = 0;        // reshard: so many, or these:
  std::vector<SlotRange> ranges;  // reshard
  std::vector<std::pair<Selector, std::uint32_t>> weights;
  std::uint32_t threshold = 2;  // per cent
  bool use_empty = false;
  std::uint32_t pipeline = 10;  // keys in a MIGRATE
  Duration timeout{};           // of a MIGRATE

  bool move_slots = false;   // remove-node: its slots go to the others first
  bool new_address = false;  // replace-node
  Duration down{};           // replace-node: between the old program and the new one

  std::string name() const;  // "reshard"
  std::string_view machine() const { return real ? kRedisCliMachine : kOperatorMachine; }
  std::string expected() const;  // in words: "done within 10m"
};

}  // namespace sim
