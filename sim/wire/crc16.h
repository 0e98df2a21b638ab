// Key hashing: CRC-16/XMODEM of the key or its hash tag, modulo 16384. (Protocol §1; cluster spec,
// "Key distribution model".)
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/types.h"

namespace sim {

std::uint16_t crc16(std::string_view bytes);
// The part of the key that is hashed: between the first '{' and the first '}' after it, if anything
// lies between them.
std::string_view hash_tag(std::string_view key);
SlotId slot_of(std::string_view key);

}  // namespace sim
