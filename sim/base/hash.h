// 64-bit mixing and hashing, the same on every machine and compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sim {

// The golden ratio's fraction, odd: multiplying by it is a bijection that stirs the upper bits.
inline constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15u;

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection whose output bits each depend
// on all input bits.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x += kGoldenGamma;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}
// Folds one more word into a running hash; order matters.
constexpr std::uint64_t fold64(std::uint64_t hash, std::uint64_t word) {
  return mix64(hash ^ (word + 0x632be59bd9b4e019u));
}

// XXH3-64 of bytes.
std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t seed = 0);
inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0) {
  return hash_bytes(text.data(), text.size(), seed);
}

}  // namespace sim
