#include "sim/base/slot_set.h"

#include <charconv>

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

std::optional<std::vector<SlotRange>> parse_slots(std::string_view text, char between) {
  std::vector<SlotRange> ranges;
  while (!text.empty()) {
    const std::size_t end = text.find(between);
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    std::uint16_t ends[2] = {0, 0};
    const char* const stop = word.data() + word.size();
    auto parsed = std::from_chars(word.data(), stop, ends[0]);
    if (parsed.ec != std::errc{}) return std::nullopt;
    ends[1] = ends[0];
    if (parsed.ptr != stop) {
      if (*parsed.ptr != '-') return std::nullopt;
      parsed = std::from_chars(parsed.ptr + 1, stop, ends[1]);
      if (parsed.ec != std::errc{} || parsed.ptr != stop) return std::nullopt;
    }
    if (ends[0] > ends[1] || ends[1] >= kSlotCount) return std::nullopt;
    ranges.push_back({SlotId{ends[0]}, SlotId{ends[1]}});
  }
  return ranges;
}

}  // namespace sim
