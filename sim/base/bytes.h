// Immutable shared bytes, and integers in network order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sim {

using SharedBytes = std::shared_ptr<const std::string>;
inline SharedBytes share(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

template <class Int>
void append_big_endian(std::string& out, Int value) {
  for (int shift = static_cast<int>(sizeof(Int)) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((static_cast<std::uint64_t>(value) >> shift) & 0xff);
  }
}
// Precondition: `bytes` holds sizeof(Int) bytes from `offset` on.
template <class Int>
Int read_big_endian(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[offset + i]);
  }
  return static_cast<Int>(value);
}

}  // namespace sim
