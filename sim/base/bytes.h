// Immutable shared bytes, stretches of them, and integers in network order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

using SharedBytes = std::shared_ptr<const std::string>;
inline SharedBytes share(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// A stretch of shared bytes. Files that differ in a line can share the rest.
struct Slice {
  SharedBytes bytes;
  std::size_t from = 0, size = 0;

  Slice(SharedBytes all) : bytes(std::move(all)), size(bytes->size()) {}  // NOLINT: is a Slice
  Slice(SharedBytes of, std::size_t begin, std::size_t count)
      : bytes(std::move(of)), from(begin), size(count) {}
  std::string_view view() const { return std::string_view(*bytes).substr(from, size); }
};
using Slices = std::vector<Slice>;

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
