// Operations: of which parts one consists, and the words of redis-cli for each.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/time.h"
#include "sim/base/types.h"
#include "sim/scenario/operations.h"

namespace sim {

// One after the other; the next begins only when the one before it came off.
enum class OperationPart : std::uint8_t {
  kReshard,  // programs, from here ...
  kRebalance,
  kFix,
  kMoveAway,  // every slot of the subject to the others
  kAddNode,
  kDelNode,
  kForget,    // ... to here: all forget the subject's old id
  kHandOver,  // the subject's slots go to a replica of its
  kAwaitHandOver,
  kStop,  // the subject's program dies, and its disk with it
  kStart,
  kAwaitStart,  // until it has said who it is now
  kAwaitJoin,   // until all members know each other, the subject included
};
std::deque<OperationPart> parts_of(const OperationStep& step);
// "reshard 100 slots from all to m7": selectors as written.
std::string operation_text(const OperationStep& step);

// An operation under way.
struct ActiveOperation {
  std::uint32_t step = 0;  // index in the plan
  std::deque<OperationPart> ahead;
  std::uint32_t ticket = 0;          // of the program that runs; 0: none
  std::optional<MachineId> subject;  // who joins, leaves or is replaced
  NodeName old_id;                   // the subject's, when it all began
  std::optional<SlotId> shard;       // a slot of the shard that the subject belonged to then
};

// What the words of an operation need to know of the world as it is now.
struct OperationStage {
  std::function<std::vector<MachineId>(const Selector&)> resolve;
  std::function<std::optional<NodeName>(MachineId)> id;
  std::function<Endpoint(MachineId)> endpoint;
  std::function<bool(MachineId)> is_primary;
  std::function<std::optional<MachineId>(SlotId)> owner;
  std::function<std::optional<MachineId>(std::optional<MachineId> other_than)> anybody;
};
using Words = std::vector<std::string>;
// The program of such a part; or why there is none, as a sentence: "nobody is spare:3".
std::variant<Words, std::string> words_of(OperationPart part, const OperationStep& step,
                                          const ActiveOperation& operation,
                                          const OperationStage& stage);

}  // namespace sim
