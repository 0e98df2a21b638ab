#include "sim/client/key_space.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/wire/crc16.h"

namespace sim {

std::string KeySpace::key(std::uint32_t number) const {
  CHECK(number < count);
  std::string key = prefix;
  if (hash_tags > 0) key += "{" + std::to_string(number % hash_tags) + "}:";
  return key += std::to_string(number);
}

std::uint32_t modulo_owner(std::string_view key, std::uint32_t nodes) {
  CHECK(nodes > 0);
  return static_cast<std::uint32_t>(hash_text(hash_tag(key)) % nodes);
}

KeysMoved moved_by_modulo(const KeySpace& keys, std::uint32_t nodes) {
  KeysMoved result{keys.count, 0};
  for (std::uint32_t i = 0; i < keys.count; ++i) {
    const std::string key = keys.key(i);
    result.moved += modulo_owner(key, nodes) != modulo_owner(key, nodes + 1) ? 1u : 0u;
  }
  return result;
}

KeysMoved moved_by_slots(const KeySpace& keys, std::uint32_t nodes) {
  CHECK(nodes > 0);
  // Of every node's range of slots the newcomer takes the last 1/(n+1); all others stay where they
  // are.
  const auto moves = [nodes](SlotId slot) {
    const std::uint32_t owner = slot.value * nodes / kSlotCount;
    const std::uint32_t first = (owner * kSlotCount + nodes - 1) / nodes;
    const std::uint32_t end = ((owner + 1) * kSlotCount + nodes - 1) / nodes;
    return slot.value >= first + (end - first) * nodes / (nodes + 1);
  };
  KeysMoved result{keys.count, 0};
  for (std::uint32_t i = 0; i < keys.count; ++i) {
    result.moved += moves(slot_of(keys.key(i))) ? 1u : 0u;
  }
  return result;
}

}  // namespace sim
