#include "sim/base/slot_set.h"

#include "sim/base/hash.h"

namespace sim {

SharedSlots::SharedSlots(const SlotSet& slots)
    : slots_(slots), count_(static_cast<std::uint32_t>(slots.count())), hash_(0) {
  // Hashed by range, not by the bitset's memory: its layout is the library's business.
  for (const SlotRange& range : slot_ranges(slots)) {
    hash_ = fold64(hash_, (std::uint64_t{range.first.value} << 16) | range.last.value);
  }
}

const std::string& SharedSlots::text() const {
  if (text_.empty() && count_ > 0) text_ = format_slots(slots_);
  return text_;
}

SlotsRef share_slots(const SlotSet& slots) {
  return slots.none() ? no_slots() : SlotsRef(new SharedSlots(slots));
}

const SlotsRef& no_slots() {
  static const SlotsRef empty(new SharedSlots(SlotSet{}));
  return empty;
}

std::vector<SlotRange> slot_ranges(const SlotSet& slots) {
  // From a slot to the next gap and from the gap to the next slot: a step a range, not a slot.
  const SlotSet gaps = ~slots;
  std::vector<SlotRange> ranges;
  for (std::size_t first = slots._Find_first(); first < slots.size();) {
    const std::size_t end = gaps._Find_next(first);
    ranges.push_back(
        {SlotId{static_cast<std::uint16_t>(first)}, SlotId{static_cast<std::uint16_t>(end - 1)}});
    first = end < slots.size() ? slots._Find_next(end) : end;
  }
  return ranges;
}

std::string format_slots(const SlotSet& slots) {
  std::string text;
  for (const SlotRange& range : slot_ranges(slots)) {
    if (!text.empty()) text += ' ';
    text += std::to_string(range.first.value);
    if (range.last != range.first) text += "-" + std::to_string(range.last.value);
  }
  return text;
}

}  // namespace sim
