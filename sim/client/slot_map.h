// A client's idea of who serves which hash slot: learned from CLUSTER SLOTS and MOVED, always
// possibly stale.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/base/types.h"
#include "sim/wire/resp.h"

namespace sim {

class SlotMap {
 public:
  SlotMap() : shard_of_(kSlotCount, kNobody) {}

  // Null if the slot's owner is not known.
  const Endpoint* primary(SlotId slot) const;
  // Empty if there are none, or none known.
  const std::vector<Endpoint>& replicas(SlotId slot) const;
  bool empty() const { return shards_.empty(); }

  // "MOVED <slot> <owner>": this one slot.
  void moved(SlotId slot, Endpoint owner);
  // Replaces everything by a reply to CLUSTER SLOTS. `asked` stands in where the reply leaves the
  // address empty, as it does for a node that does not know its own. False, and nothing changed, if
  // the reply does not have that form.
  bool learn(const resp::Value& reply, Endpoint asked);
  // Every endpoint mentioned, in order of slots, primaries before their replicas; each once.
  std::vector<Endpoint> endpoints() const;

 private:
  static constexpr std::uint16_t kNobody = 0xffff;
  struct Shard {
    Endpoint primary;
    std::vector<Endpoint> replicas;
  };
  std::vector<Shard> shards_;
  std::vector<std::uint16_t> shard_of_;  // by slot
};

// The parts of "MOVED 3999 10.0.0.2:6381", or of "ASK ..." (`word`). `asked` stands in for an empty
// host. False if it is not of that form.
bool parse_redirection(std::string_view error, std::string_view word, Endpoint asked, SlotId& slot,
                       Endpoint& owner);

}  // namespace sim
