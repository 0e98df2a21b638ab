// Why a cluster does not come to rest: the known defects that leave one stuck, each by its pattern
// in the trace.
//
// - Row 3: a node gave a slot away by command to one that never claimed it, and nobody claims it.
// - Row 4: a primary died and was replaced, and its successor did not take a slot that it had just
//   been given.
// - Row 14: a replica asks for votes with an epoch that is too old for its primary's slots, and its
//   shard has no primary.
// - Row 27: a dead node that was forgotten by some is known to others, or again.
// - Row 44: a node has no address for another one, which runs.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/base/slot_set.h"
#include "sim/invariants/stage.h"
#include "sim/trace/record.h"

namespace sim {

class DefectPatterns {
 public:
  struct Found {
    int row = 0;
    std::string why;
  };

  // `stage` has seen the record.
  void see(const Record& record, const Stage& stage);
  // As things stand now.
  std::optional<Found> find(const Stage& stage) const;

 private:
  void see_view(MachineId machine, const event::ViewSnapshot& view);
  std::optional<Found> refused_votes(const Stage& stage) const;
  std::optional<Found> unclaimed_slots(const Stage& stage) const;
  std::optional<Found> known_again(const Stage& stage) const;
  std::optional<Found> without_address(const Stage& stage) const;

  struct Given {
    MachineId by;
    NodeName to;
  };
  std::map<std::uint32_t, Given> given_;     // by slot: given away, not claimed since
  std::map<NodeName, MachineId> replaced_;   // who was replaced, by whom
  std::map<NodeName, std::string> refused_;  // candidates: why they were refused last
  std::map<NodeName, MachineId> forgotten_;  // who was forgotten, by whom last
  std::map<NodeName, std::set<MachineId>>
      still_know_;                             // of these: in whose last full view they are
  std::map<MachineId, NodeName> addressless_;  // in whose last full view who has no address
};

}  // namespace sim
