#include "sim/wire/slots_pool.h"

#include <algorithm>

namespace sim {

SlotsRef SlotsPool::share(const SlotSet& slots) {
  SlotsRef made = share_slots(slots);
  if (made == no_slots()) return made;
  const auto [first, last] = by_hash_.equal_range(made->hash());
  for (auto at = first; at != last; ++at) {
    if (at->second->slots() == slots) return at->second;
  }
  if (by_hash_.size() >= sweep_at_) {
    std::erase_if(by_hash_, [](const auto& entry) { return entry.second->use_count() == 1; });
    sweep_at_ = std::max<std::size_t>(64, 2 * by_hash_.size());
  }
  by_hash_.emplace(made->hash(), made);
  return made;
}

}  // namespace sim
