// The checksum at the end of an RDB file: CRC-64 with the polynomial of Jones, reflected, from 0.
#pragma once

#include <cstdint>
#include <string_view>

namespace sim {

// Of what follows bytes whose checksum is `before`.
std::uint64_t crc64(std::string_view bytes, std::uint64_t before = 0);

}  // namespace sim
