// A set of hash slots, and the shared immutable form in which views, packets and records pass it
// around.
#pragma once

#include <bitset>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/types.h"

namespace sim {

using SlotSet = std::bitset<kSlotCount>;

// A slot set that never changes once made; it knows its count and hash, so comparing two is cheap.
// There is one shared empty set. In a 1,000-node run a million views point at a thousand of these
// instead of holding 2 kB each.
class SharedSlots : public boost::intrusive_ref_counter<SharedSlots, boost::thread_unsafe_counter> {
 public:
  explicit SharedSlots(const SlotSet& slots);
  const SlotSet& slots() const { return slots_; }
  std::uint32_t count() const { return count_; }
  std::uint64_t hash() const { return hash_; }
  bool test(SlotId slot) const { return slots_.test(slot.value); }
  // format_slots() of it, made when first asked for.
  const std::string& text() const;

 private:
  SlotSet slots_;
  std::uint32_t count_;
  std::uint64_t hash_;
  mutable std::string text_;
};
using SlotsRef = boost::intrusive_ptr<const SharedSlots>;  // never null

SlotsRef share_slots(const SlotSet& slots);
const SlotsRef& no_slots();
inline bool same_slots(const SlotsRef& a, const SlotsRef& b) {
  return a == b || (a->hash() == b->hash() && a->slots() == b->slots());
}

// Calls `visit(SlotId)` for each slot of the set, ascending; its cost is that of those there are.
template <class Visit>
void each_slot(const SlotSet& slots, Visit visit) {
  for (std::size_t slot = slots._Find_first(); slot < slots.size(); slot = slots._Find_next(slot)) {
    visit(SlotId{static_cast<std::uint16_t>(slot)});
  }
}

struct SlotRange {
  SlotId first, last;  // inclusive
  bool operator==(const SlotRange&) const = default;
};
std::vector<SlotRange> slot_ranges(const SlotSet& slots);
// "0-5460 10922" as in nodes.conf; "" for the empty set.
std::string format_slots(const SlotSet& slots);
// The ranges of such a text, with `between` between them; nullopt: it is none.
std::optional<std::vector<SlotRange>> parse_slots(std::string_view text, char between = ' ');

}  // namespace sim
