// Equal slot sets, kept once.
//
// A million views of a 1,000-node cluster mention a thousand slot sets of 2 kB; loading and
// rebinding make them anew in every node, and this gives all of them the same one. A pure cache,
// shared like `Names`: it carries no meaning.
#pragma once

#include <cstdint>
#include <map>

#include "sim/base/slot_set.h"

namespace sim {

class SlotsPool {
 public:
  SlotsRef share(const SlotSet& slots);

 private:
  // By hash; what nobody else uses any more is swept out when the table has doubled.
  std::multimap<std::uint64_t, SlotsRef> by_hash_;
  std::size_t sweep_at_ = 64;
};

}  // namespace sim
