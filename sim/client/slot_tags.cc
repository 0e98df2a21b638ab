#include "sim/client/slot_tags.h"

#include <cstdint>

#include "sim/base/types.h"
#include "sim/wire/crc16.h"

namespace sim {

std::vector<std::string> slot_tags() {
  std::vector<std::string> tags(kSlotCount);
  for (std::uint32_t number = 0, missing = kSlotCount; missing > 0; ++number) {
    std::string tag = std::to_string(number);
    std::string& of_slot = tags[slot_of(tag).value];
    if (!of_slot.empty()) continue;
    of_slot = std::move(tag);
    --missing;
  }
  return tags;
}

}  // namespace sim
