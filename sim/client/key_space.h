// The keys a workload may touch, by number, and what happens to them when a node is added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

struct KeySpace {
  std::string prefix;       // "register:"
  std::uint32_t count = 1;  // keys are numbered 0..count-1
  // 0: no hash tags. Otherwise the keys share so many tags, so that keys of one tag share a slot:
  // "register:{3}:17".
  std::uint32_t hash_tags = 0;

  // Precondition: number < count.
  std::string key(std::uint32_t number) const;
  bool operator==(const KeySpace&) const = default;
};

// Client-side sharding without slots: hash(key) mod n (twemproxy's "modula"). Keys with equal hash
// tags stay together. Precondition: nodes > 0.
std::uint32_t modulo_owner(std::string_view key, std::uint32_t nodes);

// How many of `keys` change owner when one node joins `nodes` nodes.
struct KeysMoved {
  std::uint64_t keys = 0;
  std::uint64_t moved = 0;
  // In hundredths of a percent, rounded down: 7500 is 75 %.
  std::int64_t percent_x100() const {
    return keys == 0 ? 0 : static_cast<std::int64_t>(moved * 10000 / keys);
  }
};
// ... under hash(key) mod n: about n/(n+1) of all.
KeysMoved moved_by_modulo(const KeySpace& keys, std::uint32_t nodes);
// ... when the nodes own the hash slots evenly and each gives an even part of them to the newcomer:
// about 1/(n+1).
KeysMoved moved_by_slots(const KeySpace& keys, std::uint32_t nodes);

}  // namespace sim
